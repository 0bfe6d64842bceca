//! A repository at one commit, with file contents fetched when somebody needs them.
//!
//! The pure rooms say which files they lack; [`Snapshot::compute`] fetches those and asks again. So a warm
//! promotion fetches only what changed, without anybody having to know beforehand what that is.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::checking::Checking;
use crate::config::{CONFIG_PATH, ConfigError, RepositoryConfig};
use crate::github::{BlobSha, Commit, GithubError, RepoTree, Repository, TreeEntry, TreeSha};
use crate::kustomize::{Build, BuildError, BuildOptions};
use crate::model::{BlobId, CommitSha, File, FileEdit, FileTree, Files, Location, RepoPath};
use crate::promotion::{
    self, Environment, GivenEdit, LastPromotion, Plan, PlanError, PlanRequest, Prune, Stepping,
    Wish,
};
use crate::traffic::{Aim, Done, Next, ShiftError, next_step};

use super::github_past::RemotePast;
use super::known_past::{Found, MOST_CLAIMS, planned_on};
use super::limit::LimitMet;
use super::local::Workspace;
use super::service_build::options_of_service;
use super::trial::{Lacking, PlanTrial, Trial, Tried};

/// A configuration in place of the repository's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenConfiguration {
    /// How errors name it.
    pub path: RepoPath,
    /// What it says.
    pub text: String,
}

/// A commit and its files.
#[derive(Clone)]
pub(super) struct Snapshot {
    repository: Repository,
    /// The commit.
    pub(super) commit: CommitSha,
    /// What is where in it.
    pub(super) tree: Arc<RepoTree>,
    pub(super) files: Arc<FileTree>,
    local: Option<Arc<Workspace>>,
}

/// An error that may only say that file contents are not here yet.
pub(super) trait Lacks {
    /// The files, if that is what it says.
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>>;
}

impl Lacks for ConfigError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for PlanError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for ShiftError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for BuildError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Snapshot {
    /// Lists the files of a commit.
    pub(super) async fn open(
        repository: &Repository,
        commit: &CommitSha,
        tree: &TreeSha,
    ) -> Result<Self, GithubError> {
        let tree = repository.fetch_tree(tree).await?;
        let mut files = FileTree::new();
        for (path, entry) in &tree.entries {
            if entry.mode.file_mode().is_some() {
                files.insert_unknown(path.clone());
            }
        }
        Ok(Self {
            repository: repository.clone(),
            commit: commit.clone(),
            tree: Arc::new(tree),
            files: Arc::new(files),
            local: None,
        })
    }

    /// The same with a checkout at hand: what it has need not be fetched, whatever is checked out there, since
    /// a file counts only if its hash is right.
    pub(super) fn with_local(self, local: Option<Arc<Workspace>>) -> Self {
        Self { local, ..self }
    }

    /// Another commit of the repository.
    pub(super) async fn beside(
        &self,
        commit: &CommitSha,
        tree: &TreeSha,
    ) -> Result<Self, GithubError> {
        Ok(Self::open(&self.repository, commit, tree).await?.with_local(self.local.clone()))
    }

    /// The configuration: the one that is given, or the repository's own.
    pub(super) async fn configuration(
        &mut self,
        given: Option<&GivenConfiguration>,
    ) -> Result<Result<RepositoryConfig, ConfigError>, GithubError> {
        if let Some(met) = self.rehearse(Trial::configuration(given.cloned())).await? {
            let path = given.map_or_else(|| RepoPath::parse(CONFIG_PATH), |it| Ok(it.path.clone()));
            let at = Location::file(path.unwrap_or_else(|_| RepoPath::root()));
            return Ok(Err(ConfigError::Stopped { at, reason: met.sentence() }));
        }
        let given = given.cloned();
        self.compute(move |files| match &given {
            None => RepositoryConfig::load(files),
            Some(given) => RepositoryConfig::parse(&given.text, &given.path, files),
        })
        .await
    }

    /// The content of a file, if it is there.
    pub(super) async fn text(&mut self, path: &RepoPath) -> Result<Option<Arc<[u8]>>, GithubError> {
        self.fetch(&BTreeSet::from([path.clone()])).await?;
        Ok(self.files.file(path).ok().flatten().map(|file| file.content))
    }

    /// Builds an overlay.
    pub(super) async fn build(
        &mut self,
        overlay: &RepoPath,
    ) -> Result<Result<Build, BuildError>, GithubError> {
        if self.rehearse(Trial::build(overlay)).await?.is_some() {
            let limit = "a minute or 512 MiB";
            return Ok(Err(BuildError::TooLarge { dir: overlay.clone(), limit }));
        }
        let overlay = overlay.clone();
        let options = BuildOptions::default();
        self.compute(move |files| promotion::render(files, &overlay, &options)).await
    }

    /// With a checkout at hand its git fetches remote bases; the service has no git.
    fn build_options(&self, configuration: &RepositoryConfig) -> BuildOptions {
        match &self.local {
            Some(workspace) => workspace.build_options(configuration),
            None => options_of_service(configuration),
        }
    }

    /// Tries something in a process of its own, with all files that it asks for; tells the limit that it met.
    async fn rehearse(&mut self, trial: Trial) -> Result<Option<LimitMet>, GithubError> {
        loop {
            let (files, task) = (Arc::clone(&self.files), trial.clone());
            let tried = match tokio::task::spawn_blocking(move || task.run(&files)).await {
                Ok(tried) => tried,
                Err(_) => return Ok(Some(LimitMet::Killed)),
            };
            match tried {
                Tried::Lacks(Lacking { files, past }) => {
                    let fetched = self.fetch(&files).await?;
                    if !self.fetch_past(&trial, &past).await? && !fetched {
                        return Ok(None);
                    }
                }
                Tried::Met(met) => return Ok(Some(met)),
                Tried::Ended => return Ok(None),
            }
        }
    }

    /// Fetches contents of the past for a trial; false if there is nothing to fetch.
    async fn fetch_past(
        &self,
        trial: &Trial,
        missing: &BTreeSet<BlobId>,
    ) -> Result<bool, GithubError> {
        let Some(past) = trial.past() else { return Ok(false) };
        if missing.is_empty() {
            return Ok(false);
        }
        past.add(self.contents(missing).await?);
        Ok(true)
    }

    /// Contents of the past: those that a checkout at hand has, else GitHub's.
    async fn contents(&self, missing: &BTreeSet<BlobId>) -> Result<Found, GithubError> {
        let format = self.tree.sha.format();
        let right = |(id, content): &(BlobId, Arc<[u8]>)| {
            BlobSha::of(content, format).as_str() == id.0.as_str()
        };
        let local = self.local.as_ref().map(|local| local.past_contents(missing));
        let here: BTreeMap<_, _> = local.into_iter().flatten().filter(right).collect();
        let wanted = missing.iter().filter(|id| !here.contains_key(*id)).cloned().collect();
        let mut found = self.repository.fetch_past_blobs(&wanted).await?;
        found.extend(here.into_iter().map(|(id, content)| (id, Some(content))));
        Ok(found)
    }

    /// What is known of two environments' past: from the checkout at hand if it has all of it, else from GitHub.
    async fn past(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<Result<RemotePast, PlanError>, GithubError> {
        let local = self.local.as_ref();
        if let Some(past) = local.and_then(|it| it.past_of(&self.commit, (source, target))) {
            return Ok(Ok(RemotePast::Local(Arc::new(past))));
        }
        RemotePast::from_github(&self.repository, &self.commit, (source, target)).await
    }

    /// Plans a promotion. `given` is a configuration in place of the repository's own.
    pub(super) async fn plan(
        &mut self,
        (configuration, given): (&RepositoryConfig, Option<&GivenConfiguration>),
        (source, target): (&Environment, &Environment),
        checking: Checking,
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let key = target.key_from(&source.name);
        let past = match self.past(source, target).await? {
            Ok(past) => past,
            Err(error) => return Ok(Err(error)),
        };
        let known = past.known();
        let plan = PlanTrial { key, given: given.cloned(), past: known.clone(), edits: None };
        let trial = Trial::plan(plan, checking.fetched());
        if let Some(met) = self.rehearse(trial).await? {
            return Ok(Err(PlanError::Stopped { reason: met.sentence() }));
        }
        let last = self.last_promotion(source, target).await?;
        let options = self.build_options(configuration);
        let commit = self.commit.clone();
        let (source, target) = (source.clone(), target.clone());
        let plan = Arc::new(move |files: &FileTree| {
            let history = past.history();
            promotion::plan(&PlanRequest {
                files,
                options: &options,
                source: &source,
                target: &target,
                commit: Some(&commit),
                last_promotion: match &last {
                    None if target.rules.prune == Prune::Never => LastPromotion::NotLooked,
                    None => LastPromotion::None,
                    Some(then) => LastPromotion::Files(&**then),
                },
                past: past.as_past(&history),
                wish: &Wish::default(),
                checks: checking.checks(),
                deployers: None,
            })
        });
        loop {
            let plan = Arc::clone(&plan);
            let planned = self.compute(move |files| plan(files)).await?;
            let missing = known.as_ref().map(|past| past.take_missing()).unwrap_or_default();
            let Some(past) = known.as_ref().filter(|_| !missing.is_empty()) else {
                return Ok(planned);
            };
            past.add(self.contents(&missing).await?);
        }
    }

    /// The step that is next in an environment; `done` is what weights do not tell.
    pub(super) async fn next_step(
        &mut self,
        configuration: &RepositoryConfig,
        target: &Environment,
        done: Done,
    ) -> Result<Result<Next, ShiftError>, GithubError> {
        if let Some(met) = self.rehearse(Trial::build(&target.path)).await? {
            return Ok(Err(ShiftError::Stopped { reason: met.sentence() }));
        }
        let (options, target) = (self.build_options(configuration), target.clone());
        self.compute(move |files| {
            let build = promotion::render(files, &target.path, &options)?;
            next_step(&target.rollouts, &build, &done)
        })
        .await
    }

    /// The edits of a step, and what it is like.
    pub(super) async fn step_edits(
        &mut self,
        configuration: &RepositoryConfig,
        target: &Environment,
        aim: &Aim,
    ) -> Result<Result<(Stepping, Vec<GivenEdit>), ShiftError>, GithubError> {
        if let Some(met) = self.rehearse(Trial::build(&target.path)).await? {
            return Ok(Err(ShiftError::Stopped { reason: met.sentence() }));
        }
        let (options, target) = (self.build_options(configuration), target.clone());
        let aimed = aim.clone();
        let edits =
            self.compute(move |files| promotion::step_edits(files, &target, &options, &aimed));
        Ok(edits.await?.map(|(shift, edits)| {
            let (before, stale) = (shift.before, shift.stale);
            let aim = aim.clone();
            (Stepping { aim, before, back: false, because: None, stale }, edits)
        }))
    }

    /// Plans edits of the target that are given: a promotion that is taken back, or a step.
    pub(super) async fn plan_edits(
        &mut self,
        configuration: &RepositoryConfig,
        (source, target): (&Environment, &Environment),
        edits: Vec<GivenEdit>,
        checking: Checking,
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let (key, given) = (target.key_from(&source.name), None);
        let plan = PlanTrial { key, given, past: None, edits: Some(edits.clone()) };
        if let Some(met) = self.rehearse(Trial::plan(plan, checking.fetched())).await? {
            return Ok(Err(PlanError::Stopped { reason: met.sentence() }));
        }
        let options = self.build_options(configuration);
        let commit = self.commit.clone();
        let (source, target) = (source.clone(), target.clone());
        let wish = Wish { edits: Some(edits), ..Wish::default() };
        let plan = move |files: &FileTree| {
            promotion::plan(&PlanRequest {
                files,
                options: &options,
                source: &source,
                target: &target,
                commit: Some(&commit),
                last_promotion: LastPromotion::NotLooked,
                past: promotion::Past::None,
                wish: &wish,
                checks: checking.checks(),
                deployers: None,
            })
        };
        self.compute(plan).await
    }

    /// A file of the commit, fetched if it is not here; `None` if there is none.
    pub(super) async fn file(&mut self, path: &RepoPath) -> Result<Option<File>, GithubError> {
        if !self.tree.entries.contains_key(path) {
            return Ok(None);
        }
        self.fetch(&[path.clone()].into()).await?;
        Ok(self.files.file(path).ok().flatten())
    }

    /// All files of the commit that the last promotion of this pair was planned on, by the trailers in the
    /// history; `None` if there was none, or nobody needs it.
    async fn last_promotion(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<Option<Arc<FileTree>>, GithubError> {
        if target.rules.prune == Prune::Never {
            return Ok(None);
        }
        let (key, below) = (target.key_from(&source.name), Some(&target.path));
        for most in [1, MOST_CLAIMS] {
            let mut claims = Vec::new();
            let look = |commit: &Commit| {
                claims.extend(planned_on(&commit.message, &key).map(|on| (on, commit.clone())));
                claims.len() == most
            };
            self.repository.walk_history(&self.commit, below, look).await?;
            let is_all = claims.len() < most;
            for (planned_on, promotion) in claims {
                let then = self.promoted_then(&planned_on, &promotion, (source, target)).await?;
                if then.is_some() {
                    return Ok(then);
                }
            }
            if is_all {
                break;
            }
        }
        Ok(None)
    }

    /// The files that a promotion was planned on, if a commit that says it is one did what one does.
    async fn promoted_then(
        &self,
        planned_on: &CommitSha,
        promotion: &Commit,
        (source, target): (&Environment, &Environment),
    ) -> Result<Option<Arc<FileTree>>, GithubError> {
        let Some(parent) = promotion.parents.first() else { return Ok(None) };
        let Some(parent) = self.repository.fetch_commit(parent).await? else { return Ok(None) };
        let Some(then) = self.repository.fetch_commit(planned_on).await? else { return Ok(None) };
        let mut before = self.beside(&parent.sha, &parent.tree).await?;
        let mut after = self.beside(&promotion.sha, &promotion.tree).await?;
        let mut then = self.beside(&then.sha, &then.tree).await?;
        let both = before.tree.entries.keys().chain(after.tree.entries.keys());
        let changed =
            both.filter(|path| before.tree.entries.get(path) != after.tree.entries.get(path));
        let changed: BTreeSet<RepoPath> = changed.cloned().collect();
        if changed.iter().any(|path| !path.is_within(&target.path)) {
            return Ok(None);
        }
        let theirs = changed
            .iter()
            .filter_map(|path| source.path.join(path.strip_prefix(&target.path)?).ok());
        then.fetch(&theirs.collect()).await?;
        before.fetch(&changed).await?;
        after.fetch(&changed).await?;
        let file = |of: &Self, path: &RepoPath| of.files.file(path).ok().flatten();
        let edit = |path: &RepoPath| FileEdit {
            path: path.clone(),
            before: file(&before, path),
            after: file(&after, path),
        };
        let edits: Vec<FileEdit> = changed.iter().map(edit).collect();
        let is_one = promotion::is_promotion(&edits, &*then.files, (source, target));
        Ok(is_one.is_ok_and(|is_one| is_one).then_some(then.files))
    }

    /// Computes something from the files, on a thread of its own, and fetches what it lacks.
    pub(super) async fn compute<T, E, F>(&mut self, compute: F) -> Result<Result<T, E>, GithubError>
    where
        F: Fn(&FileTree) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: Lacks + Send + 'static,
    {
        let compute = Arc::new(compute);
        loop {
            let (files, compute) = (Arc::clone(&self.files), Arc::clone(&compute));
            let result = match tokio::task::spawn_blocking(move || compute(&files)).await {
                Ok(result) => result,
                Err(stopped) => match stopped.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    // The runtime ends, and this future with it.
                    Err(_) => std::future::pending().await,
                },
            };
            let Err(error) = &result else { return Ok(result) };
            let Some(paths) = error.lacking() else { return Ok(result) };
            let paths = paths.clone();
            if !self.fetch(&paths).await? {
                return Ok(result);
            }
        }
    }

    /// Fetches the contents of files; false if none of them was missing.
    pub(super) async fn fetch(&mut self, paths: &BTreeSet<RepoPath>) -> Result<bool, GithubError> {
        let entries: Vec<_> = paths
            .iter()
            .filter(|path| matches!(self.files.file(path), Ok(None)))
            .filter_map(|path| self.tree.entries.get(path).map(|entry| (path, entry)))
            .collect();
        let mut contents: BTreeMap<BlobSha, Arc<[u8]>> = entries
            .iter()
            .filter_map(|(path, entry)| Some((entry.sha.clone(), self.read_local(path, entry)?)))
            .collect();
        let shas = entries.iter().map(|(_, entry)| &entry.sha);
        let wanted = shas.filter(|sha| !contents.contains_key(sha)).cloned().collect();
        contents.extend(self.repository.fetch_blobs(&wanted, &self.commit).await?);
        let files = Arc::make_mut(&mut self.files);
        let mut fetched = false;
        for (path, entry) in entries {
            if let (Some(mode), Some(content)) = (entry.mode.file_mode(), contents.get(&entry.sha))
            {
                files.insert(path.clone(), File { mode, content: Arc::clone(content) });
                fetched = true;
            }
        }
        Ok(fetched)
    }

    fn read_local(&self, path: &RepoPath, entry: &TreeEntry) -> Option<Arc<[u8]>> {
        let content = self.local.as_ref()?.files().file(path).ok()??.content;
        (BlobSha::of(&content, self.tree.sha.format()) == entry.sha).then_some(content)
    }

    /// Tells whether one of these files is another one in `other`.
    pub(super) fn differs<'a>(
        &self,
        other: &Self,
        paths: impl IntoIterator<Item = &'a RepoPath>,
    ) -> bool {
        paths.into_iter().any(|path| self.tree.entries.get(path) != other.tree.entries.get(path))
    }

    /// All files below a directory.
    pub(super) fn below<'a>(
        &'a self,
        directory: &'a RepoPath,
    ) -> impl Iterator<Item = &'a RepoPath> {
        self.tree.entries.keys().filter(move |path| path.is_within(directory))
    }
}

/// What a set of files is in a tree, as one word: equal words, equal files.
pub(super) fn digest<'a>(tree: &RepoTree, paths: impl IntoIterator<Item = &'a RepoPath>) -> String {
    let mut hash = Sha256::new();
    for path in paths {
        hash.update(path.as_str());
        let entry = tree.entries.get(path);
        let (mode, sha) = entry.map_or(("", ""), |entry| (entry.mode.git(), entry.sha.as_str()));
        hash.update(format!("\0{mode} {sha}\0"));
    }
    hex::encode(hash.finalize())
}
