//! Promotions in a local checkout: the command's use cases.
//!
//! The plan is the service's: same configuration, same engine, same id. Only where files come from
//! (the working tree, or a commit of it) and where edits go (the working tree, or a branch) differs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::checking::Checking;
use super::clock::Clock;
use crate::config::{CONFIG_PATH, ConfigError, Loads, RepositoryConfig, starting_configuration};
use crate::deployer::Deployers;
use crate::kustomize::{BuildOptions, ForeignEngine, LoadRestrictor, RemoteResolver, Version};
use crate::model::{
    BlobId, BranchName, CommitSha, EditedFiles, Entry, File, FileEdit, Files, Location, RepoPath,
};
use crate::promotion::{
    self, By, Environment, Key, LastPromotion, Past, Plan, PlanError, PlanRequest, Proposal, Prune,
    TemplateError, Trailers, Wish,
};
use crate::workdir::{
    self, BranchCommit, BranchMove, Checkout, CommitTree, NewCommit, Repository, WorkdirError,
};

use super::known_past::MOST_CLAIMS;
use super::local_past::{LocalPast, LocalPasts, claims};
use super::remote_base::GitBases;
use super::snapshot::GivenConfiguration;
use super::source_then::SourceThen;

/// Why a promotion in a checkout fails.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The checkout cannot be read or written.
    #[error(transparent)]
    Workdir(#[from] WorkdirError),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The promotion cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is a configuration already.
    #[error("there is a `.github/overlift.yaml` already; it was not changed")]
    Configured,
    /// A text of the pull request cannot be made.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The source is asked for as of a commit that the history does not lead to.
    #[error(
        "`{revision}` is not in the history of what is promoted: name a commit of this branch that has `{source_environment}`"
    )]
    NotInHistory {
        /// As somebody wrote it.
        revision: String,
        /// The source.
        source_environment: String,
    },
}

impl LocalError {
    /// The place a person has to look at.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Config(error) => error.location(),
            Self::Plan(error) => error.location(),
            Self::Workdir(_) | Self::Template(_) | Self::Configured | Self::NotInHistory { .. } => {
                None
            }
        }
    }

    /// Whether a checkout with more history, or a checkout at all, would have the answer.
    #[must_use]
    pub const fn is_about_history(&self) -> bool {
        matches!(
            self,
            Self::Plan(PlanError::HistoryCutOff { .. })
                | Self::Workdir(WorkdirError::Shallow | WorkdirError::NothingToPlan(_))
        )
    }
}

/// A checkout, seen as its working tree or as one of its commits.
#[derive(Debug)]
pub struct Workspace {
    checkout: Checkout,
    tree: Option<CommitTree>,
    commit: Option<CommitSha>,
    remote_cache: Option<PathBuf>,
    engine: Option<Arc<dyn ForeignEngine>>,
    wish: Wish,
    /// The commit that the source is taken from, if somebody asked for another than that of the target.
    source_then: Option<SourceThen>,
    /// The files that differ from the commit that is checked out, once somebody asked.
    uncommitted: OnceLock<BTreeSet<RepoPath>>,
    /// The past of all environments, once many are planned.
    pasts: OnceLock<LocalPasts>,
    load_restrictor: Option<LoadRestrictor>,
    version: Option<Version>,
    /// What deploys the folders, once somebody asked.
    deployers: OnceLock<Arc<Deployers>>,
    /// The configuration that was given in place of the repository's own.
    given: OnceLock<GivenConfiguration>,
}

/// For more pairs than this, the whole history is read once; for fewer, the last commits of each.
const FEW_PAIRS: usize = 4;

/// Which files of the working tree may be written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Those that are as the commit has them.
    Committed,
    /// All.
    All,
}

/// What one environment lacks of another.
#[derive(Debug)]
pub struct Pending {
    /// The environment that has it, and the one that lacks it.
    pub key: Key,
    /// The promotion, or why there is none.
    pub plan: Result<Plan, LocalError>,
}

/// What [`Workspace::commit`] made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The branch.
    pub branch: BranchName,
    /// What happened to it.
    pub moved: BranchMove,
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
            let wish = Wish::default();
            return Ok(Self {
                checkout,
                tree: None,
                commit,
                remote_cache: None,
                engine: None,
                load_restrictor: None,
                version: None,
                wish,
                source_then: None,
                uncommitted: OnceLock::new(),
                pasts: OnceLock::new(),
                deployers: OnceLock::new(),
                given: OnceLock::new(),
            });
        };
        let none = || WorkdirError::NoRepository(checkout.root().to_path_buf());
        let repository = repository.ok_or_else(none)?;
        let commit = repository.resolve(revision)?;
        let tree = CommitTree::open(repository, commit.clone())?;
        let (tree, commit) = (Some(tree), Some(commit));
        let wish = Wish::default();
        Ok(Self {
            checkout,
            tree,
            commit,
            remote_cache: None,
            engine: None,
            wish,
            source_then: None,
            load_restrictor: None,
            version: None,
            uncommitted: OnceLock::new(),
            pasts: OnceLock::new(),
            deployers: OnceLock::new(),
            given: OnceLock::new(),
        })
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

    /// The configuration: `file` in place of the repository's own, or what the overlays tell.
    ///
    /// # Errors
    /// [`ConfigError`] with the line to edit.
    pub fn configuration(&self, file: Option<&Path>) -> Result<RepositoryConfig, LocalError> {
        match file {
            None => Ok(RepositoryConfig::load(self.files())?),
            Some(file) => {
                let given = GivenConfiguration::read(file)?;
                let given = self.given.get_or_init(|| given);
                Ok(RepositoryConfig::parse(&given.text, &given.path, self.files())?)
            }
        }
    }

    /// Proposes a configuration from the files and their history, whether there is one already or not.
    ///
    /// # Errors
    /// [`ConfigError`] if there are no environments.
    pub fn starting_configuration(&self) -> Result<String, LocalError> {
        let found = RepositoryConfig::discover(&self.checkout)?;
        let told = self.is_told_by_history(&found)?;
        Ok(starting_configuration(&self.checkout, told)?)
    }

    /// Whether the history tells something about one of the promotions there could be.
    fn is_told_by_history(&self, found: &RepositoryConfig) -> Result<bool, LocalError> {
        for (source, target) in found.pipeline.pairs() {
            let past = self.past(source, target)?;
            let tells = past.as_ref().is_some_and(|past| {
                past.cut_off() || past.history().tells_something(&source.path, &target.path)
            });
            if tells {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a configuration, or anything else, stands where one belongs.
    ///
    /// # Errors
    /// [`WorkdirError`] if that cannot be looked at.
    pub fn is_configured(&self) -> Result<bool, LocalError> {
        let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
        let (_, entry) = self.checkout.look_up(&path).map_err(WorkdirError::from)?;
        // Whatever stands there, be it no file, is somebody's.
        Ok(entry != Entry::Missing)
    }

    /// Writes a configuration where there is none.
    ///
    /// # Errors
    /// [`WorkdirError`] if something stands there or it cannot be written.
    pub fn write_configuration(&self, text: &str) -> Result<(), WorkdirError> {
        let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
        let after = Some(File::regular(text.as_bytes()));
        workdir::apply(self.checkout.root(), &[FileEdit { path, before: None, after }])
    }

    /// Plans a promotion.
    ///
    /// # Errors
    /// [`LocalError`] with the place to edit.
    pub fn plan(&self, configuration: &RepositoryConfig, key: &Key) -> Result<Plan, LocalError> {
        let (source, target) = configuration.pipeline.pair(key)?;
        let allowed = &configuration.remote_bases;
        let checking = Checking::here(&target.gates, allowed, &Clock::system());
        self.plan_by(configuration, (source, target), &checking)
    }

    fn plan_by(
        &self,
        configuration: &RepositoryConfig,
        (source, target): (&Environment, &Environment),
        checking: &Checking,
    ) -> Result<Plan, LocalError> {
        // git lists while it is asked for the past.
        if self.tree.is_none() {
            let root = RepoPath::root();
            // What deploys them may be anywhere, and so may be what the gates measure by.
            self.checkout
                .list_ahead(&[&source.path, &target.path, &root])
                .map_err(WorkdirError::from)?;
        }
        let last = self.last_promotion(source, target)?;
        let past = self.past(source, target)?;
        let then = self.edits_to_then(source)?;
        let edited = EditedFiles::new(self.files(), &then);
        self.rehearse(&target.key_from(&source.name), self.given.get(), past.as_ref())?;
        let history = past.as_ref().map(LocalPast::history);
        let request = PlanRequest {
            files: if then.is_empty() { self.files() } else { &edited },
            options: &self.build_options(configuration),
            source,
            target,
            commit: self.commit.as_ref(),
            last_promotion: match &last {
                Last::NotLooked => LastPromotion::NotLooked,
                Last::HistoryCutOff => LastPromotion::HistoryCutOff,
                Last::None => LastPromotion::None,
                Last::Tree(tree) => LastPromotion::Files(tree),
            },
            past: match (&past, &history) {
                (Some(past), _) if past.cut_off() => Past::CutOff,
                (Some(past), Some(history)) => Past::Known { history, points: &past.points },
                _ => Past::None,
            },
            wish: &self.wish,
            checks: checking.checks(),
            deployers: self.deployers(),
        };
        let (plan, is_committed) = std::thread::scope(|scope| {
            // git takes as long as half a plan.
            let asked = scope.spawn(|| self.is_committed());
            let plan = promotion::plan(&request);
            (plan, asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (plan, is_committed) = (plan?, is_committed?);
        // A working tree with uncommitted changes is no commit.
        let source_at = self.source_then.as_ref().map(|then| then.commit.clone());
        Ok(Plan { commit: plan.commit.filter(|_| is_committed), source_at, ..plan })
    }

    /// What makes of the files those in which the source is as it was, if that was asked for.
    fn edits_to_then(&self, source: &Environment) -> Result<Vec<FileEdit>, WorkdirError> {
        match (&self.source_then, self.checkout.repository()) {
            (Some(then), Some(repository)) => then.edits(repository, self.files(), &source.path),
            _ => Ok(Vec::new()),
        }
    }

    /// What deploys the folders; read once for all plans.
    pub(super) fn deployers(&self) -> Option<&Arc<Deployers>> {
        if let Some(known) = self.deployers.get() {
            return Some(known);
        }
        // What a checkout does not have, nobody can fetch.
        let read = Deployers::read(self.files()).ok()?;
        Some(self.deployers.get_or_init(|| Arc::new(read)))
    }

    /// What git knows of the two environments' past; `None` if nobody needs it, or there is none.
    fn past(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<Option<LocalPast>, LocalError> {
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return Ok(None);
        };
        let mut past = match self.pasts.get() {
            Some(pasts) => pasts.of(repository, (source, target))?,
            None => LocalPast::read(repository, from, (source, target))?,
        };
        if let Some(then) = self.source_then.as_ref().filter(|_| !past.cut_off())
            && !then.cut(repository, &mut past, (source, target))?
        {
            // A copy needs no past: what was the target's own is not told then.
            if target.rules.by == Some(By::Files) {
                return Ok(None);
            }
            return Err(LocalError::NotInHistory {
                revision: then.revision.clone(),
                source_environment: source.name.to_string(),
            });
        }
        Ok(Some(past))
    }

    /// What this checkout's git knows of the past as of a commit of the whole repository; `None` if that is not
    /// all, or not what was meant.
    pub(super) fn past_of(
        &self,
        commit: &CommitSha,
        pair: (&Environment, &Environment),
    ) -> Option<LocalPast> {
        let repository = self.checkout.repository().filter(|it| it.prefix().is_root())?;
        LocalPast::read(repository, commit, pair).ok().filter(|past| !past.cut_off())
    }

    /// Contents of the past that this checkout's git has, by their ids.
    pub(super) fn past_contents(&self, ids: &BTreeSet<BlobId>) -> BTreeMap<BlobId, Arc<[u8]>> {
        self.checkout.repository().map(|repository| repository.contents(ids)).unwrap_or_default()
    }

    fn last_promotion(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<Last, WorkdirError> {
        if target.rules.prune != Prune::Removed {
            return Ok(Last::NotLooked);
        }
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return Ok(Last::None);
        };
        for most in [1, MOST_CLAIMS] {
            let claims = claims(repository, from, (source, target), most)?;
            let is_all = claims.len() < most;
            for (commit, promotion) in claims {
                let then = match CommitTree::open(repository, commit) {
                    Ok(tree) => tree,
                    // The promotion is known and what it was made from is not: as good as cut off.
                    Err(WorkdirError::UnknownRevision(_)) => return Ok(Last::HistoryCutOff),
                    Err(error) => return Err(error),
                };
                let edits = match repository.resolve(&format!("{promotion}^")) {
                    Ok(before) => workdir::edits_between(repository, &before, &promotion)?,
                    // The first commit of all, or of what a shallow clone has.
                    Err(WorkdirError::UnknownRevision(_)) => continue,
                    Err(error) => return Err(error),
                };
                let is_one = promotion::is_promotion(&edits, &then, (source, target));
                if is_one.map_err(WorkdirError::from)? {
                    return Ok(Last::Tree(then));
                }
            }
            if is_all {
                break;
            }
        }
        Ok(if repository.is_shallow()? { Last::HistoryCutOff } else { Last::None })
    }

    /// What each environment lacks of those that it may be promoted from.
    ///
    /// A pair that cannot be planned is no fault of the others, so each carries its own.
    #[must_use]
    pub fn pending(&self, configuration: &RepositoryConfig) -> Vec<Pending> {
        let pending = |(source, target): (&Environment, &Environment)| {
            let key = target.key_from(&source.name);
            Pending { plan: self.plan(configuration, &key), key }
        };
        if configuration.pipeline.pairs().count() > FEW_PAIRS {
            self.read_pasts(configuration);
        }
        configuration.pipeline.pairs().map(pending).collect()
    }

    /// Reads the past of all environments at once. Where that cannot be done, each pair says why.
    fn read_pasts(&self, configuration: &RepositoryConfig) {
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return;
        };
        let both = configuration.pipeline.pairs().flat_map(|(source, target)| [source, target]);
        if let Ok(pasts) = LocalPasts::read(repository, from, both) {
            // Whoever was first has read the same.
            let _ = self.pasts.set(pasts);
        }
    }

    /// Whether the files that plans are made from are those of a commit.
    fn is_committed(&self) -> Result<bool, WorkdirError> {
        Ok(self.tree.is_some() || self.uncommitted()?.is_empty())
    }

    /// The files that are not as the commit that is checked out has them; none outside git.
    fn uncommitted(&self) -> Result<&BTreeSet<RepoPath>, WorkdirError> {
        if let Some(known) = self.uncommitted.get() {
            return Ok(known);
        }
        let found = match (self.checkout.repository(), &self.commit) {
            (Some(repository), Some(_)) => repository.uncommitted()?,
            _ => BTreeSet::new(),
        };
        Ok(self.uncommitted.get_or_init(|| found))
    }

    /// Writes the plan's edits to the working tree. Unless it has to be so (`force`), work that nobody
    /// committed is not written over.
    ///
    /// # Errors
    /// [`WorkdirError`] if a file changed after the plan was made, has uncommitted work or cannot be
    /// written.
    pub fn write(&self, plan: &Plan, overwrite: Overwrite) -> Result<(), WorkdirError> {
        if overwrite == Overwrite::Committed {
            let work = self.uncommitted()?;
            let in_the_way = |edit: &&FileEdit| work.contains(&edit.path);
            let paths: Vec<RepoPath> =
                plan.file_edits().filter(in_the_way).map(|edit| edit.path.clone()).collect();
            if !paths.is_empty() {
                return Err(WorkdirError::Uncommitted(paths));
            }
        }
        workdir::apply(self.checkout.root(), &edits(plan))
    }

    /// Makes the plan's commit on the branch that the configuration names, and touches neither the
    /// working tree nor the branch that is checked out.
    ///
    /// # Errors
    /// [`LocalError`] if the branch is not ours to move.
    pub fn commit(
        &self,
        configuration: &RepositoryConfig,
        plan: &Plan,
    ) -> Result<Committed, LocalError> {
        let none = || WorkdirError::NoRepository(self.checkout.root().to_path_buf());
        let repository = self.checkout.repository().ok_or_else(none)?;
        let parent = self.commit.as_ref().ok_or_else(none)?;
        let Proposal { branch, commit_message, .. } = promotion::propose(plan, None)?;
        let edits = edits(plan);
        let new = NewCommit { parent, edits: &edits, message: &commit_message };
        let ours = |found: &BranchCommit| {
            self.carries_out_a_plan(repository, configuration, found).unwrap_or(false)
        };
        let moved = repository.commit_to_branch(branch.as_str(), &new, ours)?;
        Ok(Committed { branch, moved })
    }

    /// Whether a commit has our trailers and makes of its parent exactly the edits of the plan that they name.
    ///
    /// Trailers alone can be written, or kept while a commit is amended, by anybody. The plan's id covers its
    /// edits and what they do to the target's build, so that it does not matter with which configuration
    /// or which wishes the plan was made.
    fn carries_out_a_plan(
        &self,
        repository: &Repository,
        configuration: &RepositoryConfig,
        found: &BranchCommit,
    ) -> Result<bool, LocalError> {
        let (Some(trailers), [parent]) =
            (Trailers::parse(&found.message), found.parents.as_slice())
        else {
            return Ok(false);
        };
        let before = Self {
            checkout: Checkout::new(repository.root().to_path_buf()),
            tree: Some(CommitTree::open(repository, parent.clone())?),
            commit: Some(parent.clone()),
            remote_cache: self.remote_cache.clone(),
            engine: self.engine.clone(),
            wish: self.wish.clone(),
            source_then: None,
            uncommitted: OnceLock::new(),
            pasts: OnceLock::new(),
            deployers: OnceLock::new(),
            given: OnceLock::new(),
            load_restrictor: self.load_restrictor,
            version: self.version,
        };
        let is_plan = |configuration: &RepositoryConfig| -> Result<bool, LocalError> {
            let pair = configuration.pipeline.pair(&trailers.key())?;
            let edits = workdir::edits_between(repository, parent, &found.id)?;
            let is_inside = edits.iter().all(|edit| edit.path.is_within(&pair.1.path));
            // What lies beside the plan's root is no plan's either.
            if !is_inside || repository.write_tree(parent, &edits)? != found.tree {
                return Ok(false);
            }
            let options = before.build_options(configuration);
            let nothing = Checking::nothing();
            let request = PlanRequest {
                files: before.files(),
                options: &options,
                source: pair.0,
                target: pair.1,
                commit: Some(parent),
                last_promotion: LastPromotion::NotLooked,
                past: Past::None,
                wish: &self.wish,
                checks: nothing.checks(),
                deployers: before.deployers(),
            };
            Ok(promotion::plan_id_of(&request, edits)?.as_str() == trailers.plan.as_str())
        };
        let by_its_own = before.configuration(None).and_then(|own| is_plan(&own));
        Ok(by_its_own.unwrap_or(false) || is_plan(configuration)?)
    }
}

/// Which files a kustomization may load by a configuration: never those beyond the repository.
pub(super) const fn restrictor(configuration: &RepositoryConfig) -> LoadRestrictor {
    match configuration.loads {
        Loads::BelowItself => LoadRestrictor::RootOnly,
        Loads::OfRepository => LoadRestrictor::None,
    }
}

/// Owns what [`LastPromotion`] borrows.
enum Last {
    NotLooked,
    HistoryCutOff,
    None,
    Tree(CommitTree),
}

fn edits(plan: &Plan) -> Vec<FileEdit> {
    plan.file_edits().cloned().collect()
}

impl GivenConfiguration {
    /// Reads a configuration that may be outside the repository.
    ///
    /// # Errors
    /// [`WorkdirError`] if it cannot be read.
    pub fn read(file: &Path) -> Result<Self, WorkdirError> {
        Ok(Self { path: shown(file), text: workdir::read_input(file)? })
    }
}

/// How messages name a configuration that may be outside the repository.
fn shown(file: &Path) -> RepoPath {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    RepoPath::parse(&file.to_string_lossy()).or_else(|_| RepoPath::parse(&name)).unwrap_or_default()
}
