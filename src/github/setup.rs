//! How an App and its installations are set up, for whoever operates us: permissions, events, webhook.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::call::Call;
use super::error::found;
use super::identity::Who;
use super::{Github, GithubError, Repository};
use crate::model::{CommitSha, InstallationId};

/// Permissions by name, such as `contents: write`.
pub type Permissions = BTreeMap<String, String>;

/// The App as its owner configured it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSetup {
    /// Its name in addresses.
    pub slug: String,
    /// What it asks for.
    pub permissions: Permissions,
    /// The events that it subscribes to.
    pub events: BTreeSet<String>,
}

/// Where the App's events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSetup {
    /// The address; empty if the webhook is not active.
    pub url: String,
    /// Whether deliveries are JSON.
    pub is_json: bool,
    /// Whether GitHub signs them.
    pub has_secret: bool,
    /// Whether GitHub checks the certificate of the address.
    pub checks_certificate: bool,
}

/// The App at one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationSetup {
    /// The installation.
    pub id: InstallationId,
    /// The account.
    pub account: String,
    /// What the account granted; new wishes of the App are not granted by themselves.
    pub permissions: Permissions,
    /// Whether somebody suspended it.
    pub suspended: bool,
}

impl Github {
    /// How the App is configured; only an App may ask.
    ///
    /// # Errors
    /// [`GithubError::Unauthorized`] if id and key do not belong together, or any failure of asking.
    pub async fn fetch_app_setup(&self) -> Result<AppSetup, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            slug: String,
            #[serde(default)]
            permissions: Permissions,
            #[serde(default)]
            events: BTreeSet<String>,
        }
        let call = Call::get("read the App's settings", "/app".to_owned());
        let Wire { slug, permissions, events } = self.0.json(Who::App, call).await?;
        Ok(AppSetup { slug, permissions, events })
    }

    /// Where the App's events go; `None` if it has no webhook.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_webhook_setup(&self) -> Result<Option<WebhookSetup>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            url: Option<String>,
            #[serde(default)]
            content_type: Option<String>,
            #[serde(default)]
            secret: Option<String>,
            #[serde(default)]
            insecure_ssl: Option<serde_json::Value>,
        }
        let call = Call::get("read the App's webhook", "/app/hook/config".to_owned());
        let wire = found(self.0.json::<Wire>(Who::App, call).await)?;
        Ok(wire.map(|wire| WebhookSetup {
            url: wire.url.unwrap_or_default(),
            is_json: wire.content_type.as_deref() == Some("json"),
            has_secret: wire.secret.is_some_and(|secret| !secret.is_empty()),
            // `0`, as a text or a number.
            checks_certificate: wire.insecure_ssl.is_none_or(|it| it == "0" || it == 0),
        }))
    }

    /// Where the App is installed, suspended installations included.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_installation_setups(&self) -> Result<Vec<InstallationSetup>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            id: u64,
            account: Option<Account>,
            #[serde(default)]
            permissions: Permissions,
            suspended_at: Option<String>,
        }
        #[derive(Deserialize)]
        struct Account {
            login: Option<String>,
            slug: Option<String>,
        }
        let mut setups = Vec::new();
        let call =
            Call::get("list the installations", "/app/installations?per_page=100".to_owned());
        let collect = |page: Vec<Wire>| {
            setups.extend(page.into_iter().map(|wire| InstallationSetup {
                id: InstallationId(wire.id),
                // An enterprise has a slug and no login.
                account: wire.account.and_then(|it| it.login.or(it.slug)).unwrap_or_default(),
                permissions: wire.permissions,
                suspended: wire.suspended_at.is_some(),
            }));
            false
        };
        self.0.pages(Who::App, call, collect).await?;
        Ok(setups)
    }
}

impl Repository {
    /// Whether the token may push here; `None` if GitHub does not say, as for an App.
    ///
    /// # Errors
    /// [`GithubError::NotFound`] if the token does not reach it, or any failure of asking.
    pub async fn fetch_may_push(&self) -> Result<Option<bool>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            permissions: Option<BTreeMap<String, bool>>,
        }
        let call = Call::get("look at the repository", self.path("")).conditional();
        let wire: Wire = self.client.json(self.who, call).await?;
        Ok(wire.permissions.and_then(|it| it.get("push").copied()))
    }

    /// The permissions without which something here cannot even be read, by their names; whether a token may
    /// write, GitHub tells only where something is written.
    ///
    /// # Errors
    /// Any failure of asking but a refusal.
    pub async fn fetch_unreadable(
        &self,
        head: &CommitSha,
    ) -> Result<Vec<&'static str>, GithubError> {
        let probes = [
            ("contents", format!("/git/commits/{head}")),
            ("pull_requests", "/pulls?state=open&per_page=1".to_owned()),
            ("issues", "/issues/1/comments?per_page=1".to_owned()),
            ("statuses", format!("/commits/{head}/status?per_page=1")),
            ("deployments", "/deployments?per_page=1".to_owned()),
        ];
        let mut lacking = Vec::new();
        for (name, path) in probes {
            let call = Call::get("look what the token may read", self.path(&path));
            match self.client.send(self.who, call).await {
                // What is not there, or not known there, says nothing of the token.
                Ok(_) | Err(GithubError::NotFound { .. }) => {}
                Err(GithubError::Forbidden { .. }) => lacking.push(name),
                Err(error) => return Err(error),
            }
        }
        Ok(lacking)
    }
}
