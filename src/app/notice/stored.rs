//! A notice as the store keeps it.

use serde::{Deserialize, Serialize};

/// A notice as the store keeps it. Fields are added with a default, never renamed.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredNotice {
    pub(super) format: String,
    pub(super) event: String,
    pub(super) repository: String,
    pub(super) application: Option<String>,
    pub(super) source: Option<String>,
    pub(super) target: Option<String>,
    pub(super) number: Option<u64>,
    pub(super) url: Option<String>,
    pub(super) summary: String,
}
