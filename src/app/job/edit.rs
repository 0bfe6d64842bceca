//! What people did on a pull request.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::store::Millis;

/// Somebody edited a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Edit {
    /// Who, by login.
    pub(in crate::app) by: String,
    /// When, by GitHub's clock.
    pub(in crate::app) at: Millis,
    /// What was ticked before.
    pub(in crate::app) before: BTreeSet<String>,
    /// What was ticked afterwards.
    pub(in crate::app) after: BTreeSet<String>,
}

/// Somebody released a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Release {
    pub(in crate::app) by: String,
    pub(in crate::app) reason: String,
    pub(in crate::app) comment: u64,
}
