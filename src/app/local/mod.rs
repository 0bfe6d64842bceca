//! Promotions in a local checkout: the command's use cases.
//!
//! The plan is the service's: same configuration, same engine, same id. Only where files come from
//! (the working tree, or a commit of it) and where edits go (the working tree, or a branch) differs.

mod configuration;
mod error;
mod last_promotion;
mod past;
mod plan;
mod sandboxed;
mod source_then;
mod step;
mod workspace;
mod write;

pub use error::LocalError;
pub use plan::Pending;
pub use workspace::Workspace;
pub use write::{Committed, Overwrite};
