//! Deciding a promotion: pipeline, plan, pull request texts. Nothing here reads or writes outside.

mod error;
mod pipeline;
mod plan;
mod rules;

pub use error::{BuildState, PlanError};
pub use pipeline::{Environment, Pipeline, PipelineError, Trigger};
pub use plan::{
    Builds, Cause, LastPromotion, NotPromoted, NotPromotedReason, Plan, PlanId, PlanRequest,
    PlannedEdit, Warning, plan,
};
pub use rules::{CarriedField, Entries, InvalidRule, Keep, PathGlob, Prune, Rules};
