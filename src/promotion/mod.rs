//! Deciding a promotion: pipeline, plan, pull request texts. Nothing here reads or writes outside.

mod beside;
mod body;
mod carry;
mod changes;
mod chart_folder;
mod commit;
mod commit_message;
mod copy;
mod counts;
mod deployed;
mod draft;
mod environment;
mod error;
mod keep;
mod key;
mod lifecycle;
mod markdown;
mod nothing;
mod overlay;
mod phrase;
mod pipeline;
mod plain;
mod plain_text;
mod plan;
mod plan_id;
mod plan_request;
mod planned_edit;
mod preview;
mod proposal;
mod pull_request;
mod remark;
mod rendering;
mod rules;
mod side_by_side;
mod stepping;
mod telling;
mod template;
mod traffic;
mod unbuilt;
mod wire;
mod words;

pub use beside::stays_beside;
pub use body::{Marker, Standing, ticked, ticked_items, with_standing};
pub use changes::is_promotion;
pub use commit_message::{StepTrailer, Trailers, check_commit_message};
pub use counts::{counts as resource_counts, summary};
pub use deployed::reached;
pub use environment::{Environment, Trigger};
pub use error::{BuildState, PlanError, ToldError};
pub use key::{Intent, Key, Wanted};
pub use lifecycle::{
    Decision, Opening, Planned, Presence, Reason, Request, Situation, Tip, decide,
};
pub use markdown::{inline, quote};
pub use nothing::nothing;
pub use phrase::Phrase;
pub use pipeline::{
    NameRank, Pipeline, PipelineError, Sources, Stage, StageFolder, sources_by_name,
};
pub use plan::{Plan, Verdict, plan, plan_id_of};
pub use plan_id::PlanId;
pub use plan_request::{Checks, GivenEdit, LastPromotion, Past, PlanRequest, Wish};
pub use planned_edit::{Cause, PlannedEdit};
pub use preview::{Preview, Previewed, Reached, preview, preview_body};
pub use proposal::{Proposal, Undoing, checklist_of, propose, propose_undo, undo_branch};
pub use pull_request::{
    CHECKLIST_ITEM_LIMIT, CHECKLIST_LIMIT, ChecklistItem, DEFAULT_BRANCH, DEFAULT_CHECKLIST,
    DEFAULT_COMMIT_MESSAGE, DEFAULT_LABELS, DEFAULT_TITLE, PullRequestSettings,
    render_checklist_item, render_labels, render_title,
};
pub use remark::{NotPromotedReason, Warning};
pub use rendering::{render, render_deployed, rendered_without, unbuilt};
pub use rules::{By, CarriedField, InvalidRule, Keep, PathGlob, Prune, Rules};
pub use stepping::{Stepping, propose_step, step_branch, step_edits, steps_of};
pub use telling::{Group, Telling};
pub use template::{Template, TemplateError, Values, Variables};
