//! What the App can ask about itself: where it is installed, and which deliveries failed.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::call::Call;
use super::error::found;
use super::identity::Who;
use super::{Github, GithubError};
use crate::model::{DeliveryId, InstallationId, RepoName};

/// One attempt of GitHub's to deliver an event, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// The attempt's own number, for [`Github::fetch_delivery`].
    pub id: u64,
    /// The delivery; all attempts of one share it.
    pub delivery: DeliveryId,
    /// When, in GitHub's words (ISO 8601).
    pub delivered_at: String,
    /// The event's name.
    pub event: String,
    /// What we answered; 0 if GitHub reached nobody.
    pub status_code: u16,
}

/// The content of a delivery, as it was or should have been posted. `Debug` leaves the body out: no log may have it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveryContent {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The event's name.
    pub event: String,
    /// The body; its bytes may differ from what was signed, its meaning does not.
    pub body: Vec<u8>,
}

impl fmt::Debug for DeliveryContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut content = f.debug_struct("DeliveryContent");
        content.field("delivery", &self.delivery).field("event", &self.event);
        content.finish_non_exhaustive()
    }
}

/// A repository that the App is installed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledRepository {
    /// The repository.
    pub name: RepoName,
    /// The installation that reaches it.
    pub installation: InstallationId,
}

#[derive(Deserialize)]
struct WireAttempt {
    id: u64,
    guid: String,
    #[serde(default)]
    delivered_at: String,
    event: String,
    #[serde(default)]
    status_code: u16,
}

#[derive(Deserialize)]
struct WireDelivery {
    guid: String,
    event: String,
    request: WireRequest,
}

#[derive(Deserialize)]
struct WireRequest {
    payload: Value,
}

#[derive(Deserialize)]
struct WireInstallation {
    id: u64,
    suspended_at: Option<String>,
}

#[derive(Deserialize)]
struct WireRepositories {
    repositories: Vec<WireRepository>,
}

#[derive(Deserialize)]
struct WireRepository {
    full_name: String,
}

impl Github {
    /// The attempts to deliver, newest first, until `enough` says so; only an App has them. GitHub keeps
    /// them for some days.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn walk_deliveries(
        &self,
        mut enough: impl FnMut(&DeliveryAttempt) -> bool,
    ) -> Result<(), GithubError> {
        let path = "/app/hook/deliveries?per_page=100".to_owned();
        let call = Call::get("list the deliveries", path);
        let page = |page: Vec<WireAttempt>| {
            page.into_iter().filter_map(attempt).any(|attempt| enough(&attempt))
        };
        self.0.pages(Who::App, call, page).await.map(|_| ())
    }

    /// The content of a delivery, by one of its attempts; `None` if GitHub has forgotten it.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_delivery(
        &self,
        attempt: u64,
    ) -> Result<Option<DeliveryContent>, GithubError> {
        const REQUEST: &str = "read the delivery";
        let call =
            Call::get(REQUEST, format!("/app/hook/deliveries/{attempt}")).limited(32 << 20, 2);
        let Some(wire) = found(self.0.json::<WireDelivery>(Who::App, call).await)? else {
            return Ok(None);
        };
        let delivery = DeliveryId::parse(&wire.guid).map_err(|error| GithubError::BadAnswer {
            request: REQUEST,
            reason: error.to_string(),
        })?;
        let body = match wire.request.payload {
            Value::String(text) => text.into_bytes(),
            payload => payload.to_string().into_bytes(),
        };
        Ok(Some(DeliveryContent { delivery, event: wire.event, body }))
    }

    /// All repositories that the App is installed on, suspended installations left out.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_installed_repositories(
        &self,
    ) -> Result<Vec<InstalledRepository>, GithubError> {
        let mut installations = Vec::new();
        let call =
            Call::get("list the installations", "/app/installations?per_page=100".to_owned());
        let collect = |page: Vec<WireInstallation>| {
            let active = page.into_iter().filter(|wire| wire.suspended_at.is_none());
            installations.extend(active.map(|wire| InstallationId(wire.id)));
            false
        };
        self.0.pages(Who::App, call, collect).await?;
        let mut repositories = Vec::new();
        for installation in installations {
            let path = "/installation/repositories?per_page=100".to_owned();
            let call = Call::get("list the installation's repositories", path);
            let collect = |page: WireRepositories| {
                let names =
                    page.repositories.iter().flat_map(|wire| RepoName::parse(&wire.full_name));
                repositories.extend(names.map(|name| InstalledRepository { name, installation }));
                false
            };
            self.0.pages(Who::Installation(installation), call, collect).await?;
        }
        Ok(repositories)
    }

    /// The name of the account that our comments and pull requests have.
    ///
    /// # Errors
    /// Any failure of asking; a workflow's token may not ask, which is [`GithubError::Forbidden`].
    pub async fn fetch_login(&self) -> Result<String, GithubError> {
        #[derive(Deserialize)]
        struct App {
            slug: String,
        }
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        const REQUEST: &str = "find our own name";
        if self.is_app() {
            let call = Call::get(REQUEST, "/app".to_owned()).conditional();
            return Ok(format!("{}[bot]", self.0.json::<App>(Who::App, call).await?.slug));
        }
        let call = Call::get(REQUEST, "/user".to_owned()).conditional();
        Ok(self.0.json::<User>(Who::Token, call).await?.login)
    }
}

fn attempt(wire: WireAttempt) -> Option<DeliveryAttempt> {
    Some(DeliveryAttempt {
        id: wire.id,
        delivery: DeliveryId::parse(&wire.guid).ok()?,
        delivered_at: wire.delivered_at,
        event: wire.event,
        status_code: wire.status_code,
    })
}
