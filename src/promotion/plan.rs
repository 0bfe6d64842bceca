//! A plan: what a promotion would do, as a value. Making it touches nothing.

use std::collections::BTreeSet;
use std::fmt;

use crate::diff::{DriftDiff, FilesDiff, RenderedDiff};
use crate::kustomize::Build;
use crate::model::{CommitSha, EnvironmentName, FileEdit, Files, Location, RepoPath};
use crate::policy::Finding;

use super::error::PlanError;
use super::pipeline::{Environment, Pipeline};

/// What a promotion will do and what comes of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Tells two plans apart; the same on every machine for the same files and configuration.
    pub id: PlanId,
    /// Where configuration comes from.
    pub source: Environment,
    /// Where it goes.
    pub target: Environment,
    /// The commit the files are from; `None` outside git.
    pub commit: Option<CommitSha>,
    /// What changes in the target overlay, in the order of the paths. Empty: nothing to promote.
    pub edits: Vec<PlannedEdit>,
    /// The source and the target, before and after, built.
    pub builds: Builds,
    /// What the cluster will see: the target before and after the promotion, masked.
    pub rendered: RenderedDiff,
    /// What the edits do to files, masked.
    pub files: FilesDiff,
    /// What still differs between the source and the target after the promotion, masked.
    pub drift: DriftDiff,
    /// What the rules say about the target after the promotion.
    pub findings: Vec<Finding>,
    /// What a person should know although the plan can be carried out.
    pub warnings: Vec<Warning>,
    /// What the source's kustomization has and the promotion leaves behind, in its order.
    pub not_promoted: Vec<NotPromoted>,
}

impl Plan {
    /// Whether there is nothing to promote.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The edits without their causes, in the order of the paths.
    pub fn file_edits(&self) -> impl Iterator<Item = &FileEdit> {
        self.edits.iter().map(|planned| &planned.edit)
    }
}

/// The three builds of a plan.
#[derive(Clone, Debug)]
pub struct Builds {
    /// The source as it is.
    pub source: Build,
    /// The target as it is.
    pub before: Build,
    /// The target as it will be.
    pub after: Build,
}

/// A plan's id: SHA-256, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(String);

impl PlanId {
    /// Reads an id, such as one from a commit's trailer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        (text.len() == 64 && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The id, whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One file's edit and why it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEdit {
    /// The edit; its path is within the target overlay.
    pub edit: FileEdit,
    /// Why, in the order of the steps of a promotion; at least one.
    pub causes: Vec<Cause>,
}

/// Why a file is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The source has it at this path.
    Copied {
        /// The source's file.
        from: RepoPath,
    },
    /// Fields of the copied file keep the target's value.
    Kept {
        /// The field paths as configured.
        fields: Vec<String>,
    },
    /// The source had it at the last promotion and has it no more.
    Pruned,
    /// The kustomization gets an entry for a copied file.
    Wired {
        /// The kustomization's field.
        field: &'static str,
        /// The file, as the entry names it.
        entry: String,
    },
    /// The kustomization loses the entry of a pruned file.
    Unwired {
        /// The kustomization's field.
        field: &'static str,
        /// The file, as the entry names it.
        entry: String,
    },
    /// A kustomization field is carried.
    Carried {
        /// The field.
        field: &'static str,
        /// The keys of the entries that change, such as image names; empty for one value.
        keys: Vec<String>,
    },
}

/// Something to know about a plan, with the place to look at if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// One sentence, lower case, without a final period, without a Secret's value.
    pub message: String,
    /// Where to look.
    pub at: Option<Location>,
}

/// A part of the source's kustomization that stays behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPromoted {
    /// The kustomization's field.
    pub field: &'static str,
    /// What is meant, without values: a path, a generator's name, a patch's target.
    pub entry: String,
    /// Why it stays behind.
    pub reason: NotPromotedReason,
    /// Its place in the source's kustomization.
    pub at: Location,
}

/// Why an entry stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotPromotedReason {
    /// It is written in the kustomization itself: an inline patch, literals.
    WithoutFile,
    /// `promotion.copy` does not match its file, or `promotion.exclude` does.
    NotCopied,
    /// The target references the file with other keys (`target`, `options`), which stay.
    OtherKeys,
}

/// The files at the last promotion of the same source to the same target, for `prune: removed`.
#[derive(Clone, Copy)]
pub enum LastPromotion<'a> {
    /// Nobody looked, since nothing is to be pruned.
    NotLooked,
    /// The history ends before one was found: it was cut off by a shallow clone.
    HistoryCutOff,
    /// There is none in the whole history.
    None,
    /// All files of the source's commit then.
    Files(&'a dyn Files),
}

/// What to promote.
#[derive(Clone, Copy)]
pub struct PlanRequest<'a> {
    /// The repository's files.
    pub files: &'a dyn Files,
    /// Environments and rules.
    pub pipeline: &'a Pipeline,
    /// The source environment's name.
    pub source: &'a EnvironmentName,
    /// The target environment's name.
    pub target: &'a EnvironmentName,
    /// The commit the files are from, if they are from one.
    pub commit: Option<&'a CommitSha>,
    /// What the source was at the last promotion.
    pub last_promotion: LastPromotion<'a>,
}

/// Plans a promotion.
///
/// # Errors
/// [`PlanError`] with the place a person has to edit; [`PlanError::Unknown`] names files whose
/// content the caller has to fetch before asking again.
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan, PlanError> {
    let (source, target) = endpoints(request)?;
    let _ = (source, target);
    Err(PlanError::Unknown(BTreeSet::new()))
}

/// The two environments, if one may be promoted into the other.
fn endpoints<'a>(
    request: &PlanRequest<'a>,
) -> Result<(&'a Environment, &'a Environment), PlanError> {
    let find = |name: &EnvironmentName| {
        request.pipeline.environment(name.as_str()).ok_or_else(|| PlanError::UnknownEnvironment {
            name: name.clone(),
            known: request.pipeline.environments().iter().map(|e| e.name.clone()).collect(),
        })
    };
    let (source, target) = (find(request.source)?, find(request.target)?);
    if !target.from.contains(&source.name) {
        return Err(PlanError::NotAllowed {
            source_environment: source.name.clone(),
            target: target.name.clone(),
            allowed: target.from.clone(),
        });
    }
    Ok((source, target))
}
