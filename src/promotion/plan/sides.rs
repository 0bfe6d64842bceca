//! The source, and the target before and after a plan's edits, as their clusters get them.

use super::super::deployed::Deployed;
use super::super::error::PlanError;
use super::super::plan_request::PlanRequest;
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::{Attempts, Builds, NotRendered, weigh};
use super::super::rules::By;
use super::clusters::{by_content, first_sides};
use super::now::Now;
use super::tried::with_all_files;
use crate::deployer::Variant;
use crate::model::FileEdit;

/// What is compared and checked.
pub(super) struct Sides {
    /// Who deploys what, before and after the edits.
    pub(super) deployed: Deployed,
    /// The builds, of the target as the first of its clusters get it.
    pub(super) builds: Builds,
    /// What could not be rendered, and why.
    pub(super) not_rendered: Vec<NotRendered>,
    /// The target's clusters by what they get, those of the builds first.
    pub(super) variants: Vec<Variant>,
    /// What could not be done for some cluster.
    pub(super) faults: Vec<String>,
}

impl Sides {
    /// Builds the target with the edits, and says what the builds are good for.
    ///
    /// # Errors
    /// [`PlanError`] for the build that stops the promotion, or files that are not here.
    pub(super) fn build(
        request: &PlanRequest<'_>,
        now: Now,
        edits: &[PlannedEdit],
        by: By,
    ) -> Result<Self, PlanError> {
        let (source, target) = (request.source, request.target);
        let plain: Vec<&FileEdit> = edits.iter().map(|planned| &planned.edit).collect();
        let deployed = now.deployed.edited(request.files, &plain);
        let mut faults = Vec::new();
        let sides = first_sides(request, target, &deployed, now.target, edits, &mut faults);
        let (before, after) = (with_all_files(target, sides.0)?, with_all_files(target, sides.1)?);
        let attempts = Attempts { source: now.source, before, after };
        let (builds, not_rendered) = weigh(attempts, by, source, target)?;
        let variants = by_content(&deployed, target, not_rendered.is_empty());
        Ok(Self { deployed, builds, not_rendered, variants, faults })
    }
}
