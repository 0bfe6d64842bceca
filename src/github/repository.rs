//! A repository on GitHub. Other files add its branches, its commits, what it contains, its pull requests, its
//! conversation and its reports.

use std::sync::Arc;

use super::client::Client;
use super::identity::Who;
use crate::model::RepoName;

/// A repository, with the credential that reaches it.
#[derive(Clone)]
pub struct Repository {
    pub(super) client: Arc<Client>,
    pub(super) name: RepoName,
    pub(super) who: Who,
}

impl Repository {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &RepoName {
        &self.name
    }

    /// The host that has its pages: `github.com`, or an Enterprise Server's.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.client.origin.host().unwrap_or_default();
        host.strip_prefix("api.").unwrap_or(host).to_owned()
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.name)
    }
}
