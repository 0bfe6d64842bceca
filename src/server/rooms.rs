//! What every page needs.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::access::PageAccess;
use super::live::Live;
use crate::app::App;

/// The app as a page sees it, and who may see it. Cloning shares it.
#[derive(Clone)]
pub(super) struct Rooms {
    pub(super) app: App,
    pub(super) access: PageAccess,
    pub(super) github: Arc<str>,
    pub(super) live: Live,
    /// Sign-ins that are looked at: each asks GitHub.
    pub(super) sign_ins: Arc<Semaphore>,
}

impl Rooms {
    /// The address of a pull request.
    pub(super) fn pull_request(&self, repository: &str, number: u64) -> String {
        format!("{}/{repository}/pull/{number}", self.github)
    }
}
