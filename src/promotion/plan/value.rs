//! A plan as a value: what a promotion will do, why, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::diff::{DriftDiff, FilesDiff, RenderedDiff};
use crate::lineage::Difference;
use crate::model::{CommitSha, EnvironmentName, FileEdit, Location, RepoPath, Word, read_word};
use crate::policy::Finding;
use crate::promotion::commit::Commit;
use crate::promotion::deployed::{OnClusters, Reach};
use crate::promotion::environment::Environment;
use crate::promotion::error::PlanError;
use crate::promotion::key::Key;
use crate::promotion::plan_id::PlanId;
use crate::promotion::planned_edit::PlannedEdit;
use crate::promotion::remark::{NotPromoted, Warning};
use crate::promotion::rendering::NotRendered;
use crate::promotion::rules::By;

/// What a promotion will do and what comes of it.
///
/// It may be made in another process than the one that carries it out. What that one knows by itself, since it asked
/// for the plan, does not cross: [`Plan::asked_for`] puts it in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Tells two plans apart; the same on every machine for the same files and configuration.
    pub id: PlanId,
    /// Where configuration comes from.
    #[serde(skip, default = "nobody_said")]
    pub source: Environment,
    /// Where it goes.
    #[serde(skip, default = "nobody_said")]
    pub target: Environment,
    /// The commit the files are from; `None` outside git.
    #[serde(skip)]
    pub commit: Option<CommitSha>,
    /// The earlier commit that the source's files are from, where somebody asked for one.
    #[serde(skip)]
    pub source_at: Option<CommitSha>,
    /// What changes in the target overlay, in the order of the paths. Empty: nothing to promote.
    pub edits: Vec<PlannedEdit>,
    /// Whether an installed kustomize built the target, and not the engine of this program.
    pub built_by_kustomize: bool,
    /// What the cluster will see: the target before and after the promotion, masked.
    pub rendered: RenderedDiff,
    /// What the edits do to files, masked.
    pub files: FilesDiff,
    /// What still differs between the source and the target after the promotion, masked.
    pub drift: DriftDiff,
    /// What the gates say about the target after the promotion, what is new marked as such.
    pub findings: Vec<Finding>,
    /// Findings that the configuration suppresses.
    pub suppressed: usize,
    /// What a person should know although the plan can be carried out.
    pub warnings: Vec<Warning>,
    /// What the source's kustomization has and the promotion leaves behind, in its order.
    pub not_promoted: Vec<NotPromoted>,
    /// What could not be rendered, and why.
    pub not_rendered: Vec<NotRendered>,
    /// How the edits were decided.
    pub method: Method,
    /// What differed and what becomes of it, in the order of paths; empty where files are copied.
    pub differences: Vec<Difference>,
    /// Kustomizations below the target's that it does not build, as something of their own may point at
    /// them, with what the edits change there.
    pub below: Vec<(RepoPath, RenderedDiff)>,
    /// Edited files of charts below, and of values for charts, which nothing renders here.
    pub of_charts: Vec<RepoPath>,
    /// What objects of the repository deploy of the target, by the clusters' names.
    pub reaches: Vec<Reach>,
    /// What other clusters than those of `rendered` will see, where something else is changed on the way there.
    pub clusters: Vec<OnClusters>,
    /// Commits of the source that this brings, oldest first, as far as whoever plans knows them.
    pub commits: Vec<Commit>,
}

/// How the edits of a plan were decided, and why so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// The way.
    pub by: By,
    /// Why: words that follow "by changes, since …".
    #[serde(deserialize_with = "read_word")]
    pub because: Word,
}

fn nobody_said() -> Environment {
    let name = EnvironmentName::parse("environment").expect("a fixed name is one");
    Environment::new(name, RepoPath::root())
}

impl Plan {
    /// A plan that another process made, with what was asked for.
    ///
    /// # Errors
    /// [`PlanError::OutsideTarget`] if it would write anywhere else, whatever came over that process.
    pub fn asked_for(
        self,
        (source, target): (&Environment, &Environment),
        commit: Option<&CommitSha>,
    ) -> Result<Self, PlanError> {
        if let Some(edit) = self.file_edits().find(|edit| !edit.path.is_within(&target.path)) {
            return Err(PlanError::OutsideTarget { at: Location::file(edit.path.clone()) });
        }
        Ok(Self { source: source.clone(), target: target.clone(), commit: commit.cloned(), ..self })
    }

    /// Whether there is nothing to promote.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Which promotion it is.
    #[must_use]
    pub fn key(&self) -> Key {
        self.target.key_from(&self.source.name)
    }

    /// Whether nothing can be said of what the cluster will see.
    #[must_use]
    pub fn is_not_rendered(&self) -> bool {
        self.not_rendered.iter().any(|missing| missing.is_target)
    }

    /// What the gates say about the promotion as a whole.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.findings.iter().filter(|finding| finding.blocks()).count() {
            0 => Verdict::Passed,
            errors => Verdict::Blocked { errors },
        }
    }

    /// The edits without their causes, in the order of the paths.
    pub fn file_edits(&self) -> impl Iterator<Item = &FileEdit> {
        self.edits.iter().map(|planned| &planned.edit)
    }
}

/// Whether the gates let a promotion pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It brings no error.
    Passed,
    /// It brings errors: its check fails.
    Blocked {
        /// How many.
        errors: usize,
    },
}
