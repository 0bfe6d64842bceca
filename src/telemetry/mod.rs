//! Logs and metrics: where they go and what they are called.
//!
//! Adapters emit `tracing` events and know no counters; `app` and `server` move the counters through the
//! functions of [`metric`], so that each name and each label is written once.

mod log;
pub mod metric;

pub use log::{LogFormat, start_logging};
