//! A checkout as what plans are made from: its files, its commit, its git, and what was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::super::build_options::restrictor;
use super::super::given_configuration::GivenConfiguration;
use super::super::remote_base::GitBases;
use super::past::{LocalPast, LocalPasts};
use super::source_then::SourceThen;
use crate::config::RepositoryConfig;
use crate::deployer::Deployers;
use crate::kustomize::{
    AbsentFiles, BuildOptions, ForeignEngine, LoadRestrictor, RemoteResolver, Version,
};
use crate::lineage::ReadVersions;
use crate::model::{BlobId, CommitSha, Files, RepoPath};
use crate::promotion::{Environment, Trailers, Wish};
use crate::workdir::{self, Checkout, CommitTree, Repository, Way, WorkdirError};

/// A checkout, seen as its working tree or as one of its commits.
#[derive(Debug)]
pub struct Workspace {
    pub(super) checkout: Checkout,
    pub(super) tree: Option<CommitTree>,
    pub(super) commit: Option<CommitSha>,
    pub(super) remote_cache: Option<PathBuf>,
    pub(super) engine: Option<Arc<dyn ForeignEngine>>,
    pub(super) wish: Wish,
    /// The commit that the source is taken from, if somebody asked for another than that of the target.
    pub(super) source_then: Option<SourceThen>,
    /// The files that differ from the commit that is checked out, once somebody asked.
    pub(super) uncommitted: OnceLock<BTreeSet<RepoPath>>,
    /// The way to the commit, once somebody asked.
    pub(super) way: OnceLock<Arc<Way>>,
    /// The past of all environments, once many are planned.
    pub(super) pasts: OnceLock<LocalPasts>,
    /// What versions of files say that were read for some pair.
    pub(super) versions: ReadVersions,
    pub(super) load_restrictor: Option<LoadRestrictor>,
    pub(super) version: Option<Version>,
    /// What deploys the folders, once somebody asked.
    pub(super) deployers: OnceLock<Option<Arc<Deployers>>>,
    /// The configuration that was given in place of the repository's own.
    pub(super) given: OnceLock<GivenConfiguration>,
}

impl Workspace {
    /// Opens the repository around `directory`: its working tree, or the commit that `revision` names.
    ///
    /// # Errors
    /// [`WorkdirError`] if there is none, or no such commit.
    pub fn open(directory: &Path, revision: Option<&str>) -> Result<Self, WorkdirError> {
        let checkout = Checkout::new(workdir::plan_root(directory)?);
        let repository = checkout.repository();
        let Some(revision) = revision else {
            let commit = repository.map(Repository::head).transpose()?.flatten();
            return Ok(Self::of(checkout, None, commit));
        };
        let none = || WorkdirError::NoRepository(checkout.root().to_path_buf());
        let repository = repository.ok_or_else(none)?;
        let commit = repository.resolve(revision)?;
        let tree = CommitTree::open(repository, commit.clone())?;
        Ok(Self::of(checkout, Some(tree), Some(commit)))
    }

    /// The files of `checkout`, or those of a commit of it, with nothing asked for beyond the configuration.
    pub(super) fn of(
        checkout: Checkout,
        tree: Option<CommitTree>,
        commit: Option<CommitSha>,
    ) -> Self {
        Self {
            checkout,
            tree,
            commit,
            remote_cache: None,
            engine: None,
            wish: Wish::default(),
            source_then: None,
            load_restrictor: None,
            version: None,
            uncommitted: OnceLock::new(),
            way: OnceLock::new(),
            pasts: OnceLock::new(),
            versions: ReadVersions::default(),
            deployers: OnceLock::new(),
            given: OnceLock::new(),
        }
    }

    /// The same, able to fetch the remote bases that a configuration allows, and to keep them there.
    #[must_use]
    pub fn with_remote_cache(self, directory: PathBuf) -> Self {
        Self { remote_cache: Some(directory), ..self }
    }

    /// The same, with another engine in place of ours.
    #[must_use]
    pub fn with_engine(self, engine: Option<Arc<dyn ForeignEngine>>) -> Self {
        Self { engine, ..self }
    }

    /// The same, for what somebody asks for beyond the configuration.
    #[must_use]
    pub fn with_wish(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }

    /// The same, with the source as it was at a commit.
    ///
    /// # Errors
    /// [`WorkdirError`] if there is no such commit.
    pub fn with_source_at(self, revision: Option<&str>) -> Result<Self, WorkdirError> {
        let Some(revision) = revision else { return Ok(self) };
        let none = || WorkdirError::NoRepository(self.checkout.root().to_path_buf());
        let repository = self.checkout.repository().ok_or_else(none)?;
        let then = SourceThen::find(repository, revision)?;
        Ok(Self { source_then: Some(then), ..self })
    }

    /// How overlays are built by this configuration.
    #[must_use]
    pub fn build_options(&self, configuration: &RepositoryConfig) -> BuildOptions {
        let allowed = &configuration.remote_bases;
        let cache = self.remote_cache.as_ref().filter(|_| !allowed.is_empty());
        let remote = cache.map(|cache| GitBases::new(allowed.clone(), cache.clone()));
        BuildOptions {
            remote: remote.map(|remote| Arc::new(remote) as Arc<dyn RemoteResolver>),
            engine: self.engine.clone(),
            load_restrictor: self.load_restrictor.unwrap_or_else(|| restrictor(configuration)),
            version: self.version.unwrap_or(configuration.kustomize),
            absent_files: AbsentFiles::LeftOut,
            ..BuildOptions::default()
        }
    }

    /// The same, with other load restrictions than the configuration's.
    #[must_use]
    pub fn with_load_restrictor(self, load_restrictor: Option<LoadRestrictor>) -> Self {
        Self { load_restrictor, ..self }
    }

    /// The same, with another kustomize followed than the configuration's.
    #[must_use]
    pub fn with_version(self, version: Option<Version>) -> Self {
        Self { version, ..self }
    }

    /// The files that plans are made from.
    #[must_use]
    pub fn files(&self) -> &dyn Files {
        match &self.tree {
            Some(tree) => tree,
            None => &self.checkout,
        }
    }

    /// The commit that is checked out, or the one that was asked for; `None` outside git.
    #[must_use]
    pub const fn commit_id(&self) -> Option<&CommitSha> {
        self.commit.as_ref()
    }

    /// The git repository; `None` outside git.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        self.checkout.repository()
    }

    /// The files that differ from another state of the same repository.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn changed_since(&self, before: &Self) -> Result<BTreeSet<RepoPath>, WorkdirError> {
        let none = || WorkdirError::NoRepository(self.checkout.root().to_path_buf());
        let repository = self.checkout.repository().ok_or_else(none)?;
        let then = before.commit.as_ref().ok_or_else(none)?;
        repository.changed_files(then, self.commit.as_ref().filter(|_| self.tree.is_some()))
    }

    /// Where `origin` is, the repository that this one was cloned from; `None` if nobody knows.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn origin(&self) -> Result<Option<String>, WorkdirError> {
        self.checkout.repository().map_or(Ok(None), Repository::origin)
    }

    /// Where the plan's root is in its git repository; the root outside git.
    #[must_use]
    pub fn below(&self) -> &RepoPath {
        static ROOT: RepoPath = RepoPath::root();
        self.checkout.repository().map_or(&ROOT, Repository::prefix)
    }

    /// What deploys the folders; read once for all plans.
    pub(in crate::app) fn deployers(&self) -> Option<&Arc<Deployers>> {
        // What a checkout does not have, nobody can fetch.
        let read = || Deployers::read(self.files()).ok().map(Arc::new);
        self.deployers.get_or_init(read).as_ref()
    }

    /// Reads what every plan needs, whatever the configuration says, for a thread beside the one that plans. Where git
    /// has to be asked what there is, there is nothing to do ahead.
    pub fn read_ahead(&self) {
        if self.tree.is_none() && self.checkout.is_surely_clean() {
            self.deployers();
        }
    }

    /// What this checkout's git knows of the past as of a commit of the whole repository; `None` if that is not
    /// all, or not what was meant.
    pub(in crate::app) fn past_of(
        &self,
        commit: &CommitSha,
        pair: (&Environment, &Environment),
    ) -> Option<LocalPast> {
        let repository = self.checkout.repository().filter(|it| it.prefix().is_root())?;
        let way = Arc::new(repository.way(commit, Trailers::PLAN).ok()?);
        LocalPast::read(repository, &way, pair).ok().filter(|past| !past.cut_off())
    }

    /// The way to the commit that plans are made of; read once for all of them.
    pub(super) fn way(
        &self,
        repository: &Repository,
        to: &CommitSha,
    ) -> Result<&Arc<Way>, WorkdirError> {
        if let Some(known) = self.way.get() {
            return Ok(known);
        }
        let way = Arc::new(repository.way(to, Trailers::PLAN)?);
        Ok(self.way.get_or_init(|| way))
    }

    /// Contents of the past that this checkout's git has, by their ids.
    pub(in crate::app) fn past_contents(
        &self,
        ids: &BTreeSet<BlobId>,
    ) -> BTreeMap<BlobId, Arc<[u8]>> {
        self.checkout.repository().map(|repository| repository.contents(ids)).unwrap_or_default()
    }

    /// Whether the files that plans are made from are those of a commit.
    pub(super) fn is_committed(&self) -> Result<bool, WorkdirError> {
        Ok(self.tree.is_some() || self.uncommitted()?.is_empty())
    }

    /// The files that are not as the commit that is checked out has them; none outside git.
    pub(super) fn uncommitted(&self) -> Result<&BTreeSet<RepoPath>, WorkdirError> {
        if let Some(known) = self.uncommitted.get() {
            return Ok(known);
        }
        let found = match (self.checkout.repository(), &self.commit) {
            (Some(repository), Some(_)) if !self.checkout.is_surely_clean() => {
                repository.uncommitted()?
            }
            _ => BTreeSet::new(),
        };
        Ok(self.uncommitted.get_or_init(|| found))
    }
}
