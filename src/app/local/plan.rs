//! What a promotion in a checkout is, and what each environment lacks.

use std::sync::Arc;

use super::super::checking::Checking;
use super::super::clock::Clock;
use super::super::sandbox::{PlanQuestion, has_sandbox};
use super::error::LocalError;
use super::past::{LocalPast, LocalPasts};
use super::workspace::Workspace;
use crate::config::RepositoryConfig;
use crate::kustomize::BuildOptions;
use crate::model::{CommitSha, EditedFiles, FileEdit, RepoPath};
use crate::promotion::{self, By, Environment, Key, Past, Plan, PlanError, PlanRequest};
use crate::workdir::{Repository, WorkdirError};

/// For more pairs than this, the whole history is read once; for fewer, the last commits of each.
const FEW_PAIRS: usize = 4;

/// What one environment lacks of another.
#[derive(Debug)]
pub struct Pending {
    /// The environment that has it, and the one that lacks it.
    pub key: Key,
    /// The promotion, or why there is none.
    pub plan: Result<Plan, LocalError>,
}

impl Workspace {
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
        pair: (&Environment, &Environment),
        checking: &Checking,
    ) -> Result<Plan, LocalError> {
        let is_surely = self.tree.is_some() || self.checkout.is_surely_clean();
        let (plan, is_committed) = std::thread::scope(|scope| {
            if is_surely {
                return (self.plan_of_files(configuration, pair, checking), Ok(true));
            }
            // git takes longer than a plan.
            let asked = scope.spawn(|| self.is_committed());
            let plan = self.plan_of_files(configuration, pair, checking);
            (plan, asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (plan, is_committed) = (plan?, is_committed?);
        // A working tree with uncommitted changes is no commit.
        let source_at = self.source_then.as_ref().map(|then| then.commit.clone());
        Ok(Plan { commit: plan.commit.filter(|_| is_committed), source_at, ..plan })
    }

    fn plan_of_files(
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
        let files = if then.is_empty() { self.files() } else { &edited };
        let in_sandbox = || {
            let question = PlanQuestion {
                key: target.key_from(&source.name),
                given: self.given.get().cloned(),
                wish: self.wish.clone(),
                last: last.clone(),
                checked_on: Some(checking.day()),
                past: past.as_ref().map(|past| Arc::new(past.known())),
            };
            self.plan_in_sandbox(question, checking.fetched().clone(), files)
        };
        let history = past.as_ref().map(|past| past.history().sharing(&self.versions));
        let request = PlanRequest {
            files,
            options: &self.build_options(configuration),
            source,
            target,
            commit: self.commit.as_ref(),
            last_promotion: &last,
            past: match (&past, &history) {
                (Some(past), _) if past.cut_off() => Past::CutOff,
                (Some(past), Some(history)) => Past::Known { history, points: &past.points },
                _ => Past::None,
            },
            wish: &self.wish,
            checks: checking.checks(),
            deployers: self.deployers(),
        };
        let here = || promotion::plan(&request).map_err(LocalError::from);
        match has_sandbox() {
            false => here(),
            true if self.is_answered_by_sandbox(configuration, past.as_ref()) => {
                in_sandbox().and_then(|plan| Ok(plan.asked_for((source, target), request.commit)?))
            }
            // It is tried there before.
            true => match in_sandbox() {
                Err(error @ LocalError::Plan(PlanError::Stopped { .. })) => Err(error),
                _ => here(),
            },
        }
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

    /// Whether nothing of this checkout but its files and its past has a part in a plan: no installed kustomize, no
    /// git that fetches bases, no history that is cut off, of which people are told in other words.
    fn is_answered_by_sandbox(
        &self,
        configuration: &RepositoryConfig,
        past: Option<&LocalPast>,
    ) -> bool {
        let BuildOptions { remote, engine, .. } = self.build_options(configuration);
        let options = (self.load_restrictor, self.version);
        remote.is_none()
            && engine.is_none()
            && options == (None, None)
            && !past.is_some_and(LocalPast::cut_off)
    }

    /// What makes of the files those in which the source is as it was, if that was asked for.
    fn edits_to_then(&self, source: &Environment) -> Result<Vec<FileEdit>, WorkdirError> {
        match (&self.source_then, self.checkout.repository()) {
            (Some(then), Some(repository)) => then.edits(repository, self.files(), &source.path),
            _ => Ok(Vec::new()),
        }
    }

    /// What git knows of the two environments' past; `None` if nobody needs it, or there is none.
    pub(super) fn past(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<Option<LocalPast>, LocalError> {
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return Ok(None);
        };
        let mut past = match self.pasts.get() {
            Some(pasts) => pasts.of(repository, (source, target))?,
            None => self.past_of_pair(repository, from, (source, target))?,
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

    fn past_of_pair(
        &self,
        repository: &Repository,
        from: &CommitSha,
        pair: (&Environment, &Environment),
    ) -> Result<LocalPast, WorkdirError> {
        if let Some(way) = self.way.get() {
            return LocalPast::read(repository, way, pair);
        }
        let past = LocalPast::read_with_way(repository, from, pair)?;
        // Whoever was first has read the same.
        let _ = self.way.set(Arc::clone(past.way()));
        Ok(past)
    }

    /// Reads the past of all environments at once. Where that cannot be done, each pair says why.
    fn read_pasts(&self, configuration: &RepositoryConfig) {
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return;
        };
        let both = configuration.pipeline.pairs().flat_map(|(source, target)| [source, target]);
        let pasts =
            self.way(repository, from).and_then(|way| LocalPasts::read(repository, way, both));
        if let Ok(pasts) = pasts {
            // Whoever was first has read the same.
            let _ = self.pasts.set(pasts);
        }
    }
}
