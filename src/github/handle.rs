//! GitHub as the rest of the program holds it: repositories, and what is known of the connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::budget::Budget;
use super::call::Call;
use super::client::{Client, GithubSettings};
use super::error::found;
use super::identity::{Identity, Who};
use super::lock::lock;
use super::{Commit, GithubError, Repository};
use crate::model::{InstallationId, RepoName};

/// What GitHub leaves to one credential, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLeft {
    /// The installation; `None` for a token or the App itself.
    pub installation: Option<InstallationId>,
    /// Requests left in the window.
    pub remaining: u64,
    /// Requests of a whole window.
    pub limit: u64,
}

/// GitHub, as one credential sees it. Clones share everything.
#[derive(Clone)]
pub struct Github(pub(super) Arc<Client>);

impl Github {
    /// Checks the settings; nothing is sent yet.
    ///
    /// # Errors
    /// [`GithubError::Settings`] if the address, the key or the cache's directory cannot be used.
    pub fn new(settings: &GithubSettings) -> Result<Self, GithubError> {
        Ok(Self(Arc::new(Client::new(settings)?)))
    }

    /// A repository, to ask and to change.
    ///
    /// For an App, `installation` is what the event said; without it, it is asked from GitHub once.
    ///
    /// # Errors
    /// [`GithubError::NotInstalled`] if the App is not there, or any failure of asking.
    pub async fn repository(
        &self,
        name: &RepoName,
        installation: Option<InstallationId>,
    ) -> Result<Repository, GithubError> {
        let who = match self.0.identity {
            Identity::Token(_) => Who::Token,
            Identity::App(_) => Who::Installation(self.installation_of(name, installation).await?),
        };
        Ok(Repository { client: Arc::clone(&self.0), name: name.clone(), who })
    }

    async fn installation_of(
        &self,
        name: &RepoName,
        told: Option<InstallationId>,
    ) -> Result<InstallationId, GithubError> {
        #[derive(serde::Deserialize)]
        struct Wire {
            id: u64,
        }
        let known = || lock(&self.0.installations).get(name).copied();
        if let Some(id) = told.or_else(known) {
            lock(&self.0.installations).insert(name.clone(), id);
            return Ok(id);
        }
        let path = format!("/repos/{name}/installation");
        let found = found(
            self.0.json::<Wire>(Who::App, Call::get("find the App's installation", path)).await,
        )?;
        let id = found.ok_or_else(|| GithubError::NotInstalled { repository: name.clone() })?.id;
        lock(&self.0.installations).insert(name.clone(), InstallationId(id));
        Ok(InstallationId(id))
    }

    /// Whether we are an App, which has deliveries and installations to ask for.
    #[must_use]
    pub fn is_app(&self) -> bool {
        matches!(self.0.identity, Identity::App(_))
    }

    /// Where people look at this GitHub, without a slash at its end: `https://github.com`.
    #[must_use]
    pub fn web(&self) -> String {
        let origin = self.0.origin.to_string();
        let origin = origin.trim_end_matches('/');
        if origin == "https://api.github.com" { "https://github.com" } else { origin }.to_owned()
    }

    /// By how many seconds GitHub's clock is ahead of ours, by its last answer.
    #[must_use]
    pub fn clock_ahead_seconds(&self) -> Option<i64> {
        *lock(&self.0.ahead)
    }

    /// How many requests were answered, by our verb and HTTP status; status 0 is *no answer*.
    #[must_use]
    pub fn request_counts(&self) -> BTreeMap<(&'static str, u16), u64> {
        lock(&self.0.counts).clone()
    }

    /// What GitHub leaves to each credential that was used.
    #[must_use]
    pub fn rates_left(&self) -> Vec<RateLeft> {
        let budgets = lock(&self.0.budgets);
        let rate = |(who, budget): (&Who, &Budget)| {
            let (remaining, limit) = budget.left();
            let installation = match who {
                Who::Installation(id) => Some(*id),
                Who::Token | Who::App | Who::Reader(..) => None,
            };
            RateLeft { installation, remaining, limit }
        };
        budgets.iter().map(rate).filter(|rate| rate.limit > 0).collect()
    }

    /// Remembers a commit that a push told of, so that it need not be asked for. Its one parent has to be
    /// certain.
    pub fn note_commit(&self, name: &RepoName, commit: Commit) {
        self.0.pasts.note_commit(name, Arc::new(commit));
    }
}
