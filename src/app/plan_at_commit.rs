//! What is decided at a commit on GitHub: its configuration, a plan, a step. Each is tried in a process of its own
//! before, and asks for what it lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build_options::{build_overlay, options_of_service};
use super::checking::Checking;
use super::github_past::RemotePast;
use super::given_configuration::GivenConfiguration;
use super::known_past::Found;
use super::lacking::Lacking;
use super::limit::LimitMet;
use super::rehearsal::Rehearsal;
use super::snapshot::Snapshot;
use super::trial::{PlanTrial, Trial, Tried};
use crate::config::{CONFIG_PATH, ConfigError, RepositoryConfig};
use crate::github::{BlobSha, GithubError};
use crate::kustomize::{Build, BuildError, BuildOptions};
use crate::model::{BlobId, CommitSha, FileTree, Location, RepoPath};
use crate::promotion::{
    self, Environment, GivenEdit, LastPromotion, Past, Plan, PlanError, PlanRequest, Prune,
    Stepping, Wish,
};
use crate::traffic::{Aim, Done, Next, ShiftError, next_step};

/// A plan that is wanted, on its way to the thread that makes it.
struct Asked {
    options: BuildOptions,
    source: Environment,
    target: Environment,
    commit: CommitSha,
    wish: Wish,
    checking: Checking,
}

impl Asked {
    fn plan(
        &self,
        files: &FileTree,
        last_promotion: LastPromotion<'_>,
        past: Past<'_>,
    ) -> Result<Plan, PlanError> {
        promotion::plan(&PlanRequest {
            files,
            options: &self.options,
            source: &self.source,
            target: &self.target,
            commit: Some(&self.commit),
            last_promotion,
            past,
            wish: &self.wish,
            checks: self.checking.checks(),
            deployers: None,
        })
    }
}

impl Snapshot {
    /// The configuration: the one that is given, or the repository's own.
    pub(super) async fn configuration(
        &mut self,
        given: Option<&GivenConfiguration>,
    ) -> Result<Result<RepositoryConfig, ConfigError>, GithubError> {
        let _within = match self.rehearse(Trial::configuration(given.cloned())).await? {
            Ok(rehearsal) => rehearsal,
            Err(met) => {
                let path =
                    given.map_or_else(|| RepoPath::parse(CONFIG_PATH), |it| Ok(it.path.clone()));
                let at = Location::file(path.unwrap_or_else(|_| RepoPath::root()));
                return Ok(Err(ConfigError::Stopped { at, reason: met.sentence() }));
            }
        };
        let given = given.cloned();
        self.compute(move |files| GivenConfiguration::or_own(given.as_ref(), files)).await
    }

    /// Builds an overlay as the repository's own configuration says.
    pub(super) async fn build(
        &mut self,
        overlay: &RepoPath,
    ) -> Result<Result<Build, BuildError>, GithubError> {
        let Ok(_within) = self.rehearse(Trial::build(overlay)).await? else {
            let limit = "a minute or 512 MiB";
            return Ok(Err(BuildError::TooLarge { dir: overlay.clone(), limit }));
        };
        let (overlay, bases) = (overlay.clone(), self.bases.clone());
        self.compute(move |files| build_overlay(files, &overlay, &bases)).await
    }

    /// With a checkout at hand its git fetches remote bases; the service reads them by the API.
    fn build_options(&self, configuration: &RepositoryConfig) -> BuildOptions {
        match &self.local {
            Some(workspace) => workspace.build_options(configuration),
            None => options_of_service(configuration, &self.bases),
        }
    }

    /// Plans a promotion, of everything that differs if `all` is asked for. `given` is a configuration in place of
    /// the repository's own.
    pub(super) async fn plan(
        &mut self,
        (configuration, given): (&RepositoryConfig, Option<&GivenConfiguration>),
        (source, target): (&Environment, &Environment),
        all: bool,
        checking: Checking,
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let key = target.key_from(&source.name);
        let past = match self.past(source, target).await? {
            Ok(past) => past,
            Err(error) => return Ok(Err(error)),
        };
        let known = past.known();
        let plan = PlanTrial { key, given: given.cloned(), past: known.clone(), edits: None, all };
        let trial = Trial::plan(plan, checking.fetched());
        let _within = match self.rehearse(trial).await? {
            Ok(rehearsal) => rehearsal,
            Err(met) => return Ok(Err(PlanError::Stopped { reason: met.sentence() })),
        };
        let last = self.last_promotion(source, target).await?;
        let asked =
            self.asked(configuration, (source, target), Wish { all, ..Wish::default() }, checking);
        let plan = Arc::new(move |files: &FileTree| {
            let history = past.history();
            let last = match &last {
                None if asked.target.rules.prune == Prune::Never => LastPromotion::NotLooked,
                None => LastPromotion::None,
                Some(then) => LastPromotion::Files(&**then),
            };
            asked.plan(files, last, past.as_past(&history))
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

    /// Plans edits of the target that are given: a promotion that is taken back, or a step.
    pub(super) async fn plan_edits(
        &mut self,
        configuration: &RepositoryConfig,
        (source, target): (&Environment, &Environment),
        edits: Vec<GivenEdit>,
        checking: Checking,
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let (key, given) = (target.key_from(&source.name), None);
        let plan = PlanTrial { key, given, past: None, edits: Some(edits.clone()), all: false };
        let _within = match self.rehearse(Trial::plan(plan, checking.fetched())).await? {
            Ok(rehearsal) => rehearsal,
            Err(met) => return Ok(Err(PlanError::Stopped { reason: met.sentence() })),
        };
        let wish = Wish { edits: Some(edits), ..Wish::default() };
        let asked = self.asked(configuration, (source, target), wish, checking);
        self.compute(move |files| asked.plan(files, LastPromotion::NotLooked, Past::None)).await
    }

    fn asked(
        &self,
        configuration: &RepositoryConfig,
        (source, target): (&Environment, &Environment),
        wish: Wish,
        checking: Checking,
    ) -> Asked {
        Asked {
            options: self.build_options(configuration),
            source: source.clone(),
            target: target.clone(),
            commit: self.commit.clone(),
            wish,
            checking,
        }
    }

    /// The step that is next in an environment; `done` is what weights do not tell.
    pub(super) async fn next_step(
        &mut self,
        configuration: &RepositoryConfig,
        target: &Environment,
        done: Done,
    ) -> Result<Result<Next, ShiftError>, GithubError> {
        let _within = match self.rehearse(Trial::build(&target.path)).await? {
            Ok(rehearsal) => rehearsal,
            Err(met) => return Ok(Err(ShiftError::Stopped { reason: met.sentence() })),
        };
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
        let _within = match self.rehearse(Trial::build(&target.path)).await? {
            Ok(rehearsal) => rehearsal,
            Err(met) => return Ok(Err(ShiftError::Stopped { reason: met.sentence() })),
        };
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

    /// Tries something in a process of its own, with all files that it asks for; tells the limit that it met.
    /// Whoever goes on to make it keeps the rehearsal as long.
    async fn rehearse(&mut self, trial: Trial) -> Result<Result<Rehearsal, LimitMet>, GithubError> {
        let mut rehearsal = Rehearsal::of(self.repository.name().clone());
        loop {
            let (files, task) = (Arc::clone(&self.files), trial.clone().with_bases(&self.bases));
            match rehearsal.run(move |memory| task.run(&files, memory)).await {
                Tried::Lacks(Lacking { files, past, bases }) => {
                    let fetched = self.fetch(&files).await? | self.fetch_bases(bases).await?;
                    if !self.fetch_past(&trial, &past).await? && !fetched {
                        return Ok(Ok(rehearsal));
                    }
                }
                Tried::Met(met) => return Ok(Err(met)),
                Tried::Ended => return Ok(Ok(rehearsal)),
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
}
