//! The settings of the service: as they were typed, then as they are meant.
//!
//! [`RawSettings`] holds texts from flags and variables; [`Settings::check`] makes checked values of all of
//! them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::receivers::NoticeReceiver;
use crate::model::ReceiverName;
use crate::redact::{Credential, WebhookSecrets};

/// What flags and variables say; `None` where neither is given.
#[derive(Clone, Default)]
pub struct RawSettings {
    /// `OVERLIFT_LISTEN`.
    pub listen: Option<String>,
    /// `OVERLIFT_METRICS_LISTEN`.
    pub metrics_listen: Option<String>,
    /// `OVERLIFT_WEBHOOK_SECRET`.
    pub webhook_secret: Option<String>,
    /// `OVERLIFT_WEBHOOK_SECRET_FILE`.
    pub webhook_secret_file: Option<String>,
    /// `GITHUB_API_URL`.
    pub github_api_url: Option<String>,
    /// `GITHUB_TOKEN`.
    pub github_token: Option<String>,
    /// `OVERLIFT_APP_ID`.
    pub app_id: Option<String>,
    /// `OVERLIFT_APP_PRIVATE_KEY`.
    pub app_private_key: Option<String>,
    /// `OVERLIFT_APP_PRIVATE_KEY_FILE`.
    pub app_private_key_file: Option<String>,
    /// `OVERLIFT_DATABASE_URL`.
    pub database_url: Option<String>,
    /// `OVERLIFT_CACHE_DIR`.
    pub cache_dir: Option<String>,
    /// `OVERLIFT_PROMETHEUS_URL`.
    pub prometheus_url: Option<String>,
    /// `OVERLIFT_PROMETHEUS_TOKEN`.
    pub prometheus_token: Option<String>,
    /// `OVERLIFT_PROMETHEUS_TOKEN_FILE`.
    pub prometheus_token_file: Option<String>,
    /// `OVERLIFT_NOTICES_<NAME>_URL`, `…_SECRET` and their files: variables with their values.
    pub notices: Vec<(String, String)>,
    /// `OVERLIFT_PAGE_TOKEN`.
    pub page_token: Option<String>,
    /// `OVERLIFT_PAGE_TOKEN_FILE`.
    pub page_token_file: Option<String>,
    /// `OVERLIFT_APP_CLIENT_ID`.
    pub app_client_id: Option<String>,
    /// `OVERLIFT_APP_CLIENT_SECRET`.
    pub app_client_secret: Option<String>,
    /// `OVERLIFT_APP_CLIENT_SECRET_FILE`.
    pub app_client_secret_file: Option<String>,
}

/// The settings of the service, each checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on: `HOST:PORT`.
    pub listen: String,
    /// Another address for the metrics, which then are nowhere else.
    pub metrics_listen: Option<String>,
    /// What deliveries may be signed with.
    pub webhook_secrets: WebhookSecrets,
    /// The API's base, without a slash at its end.
    pub github_api_url: String,
    /// As whom to ask GitHub.
    pub identity: Identity,
    /// The database's address; a credential, since it may hold a password.
    pub database_url: Credential,
    /// Where trees and blobs are kept; `None` for memory.
    pub cache_dir: Option<String>,
    /// Who may see all pages; without it and without a sign-in there are none.
    pub page_token: Option<Credential>,
    /// The App that people sign in to, to see the pages of what they can read: its client id and secret.
    pub sign_in: Option<(String, Credential)>,
    /// Where notices go, by name.
    pub receivers: BTreeMap<ReceiverName, NoticeReceiver>,
    /// Where health queries go; `None` for nowhere.
    pub prometheus_url: Option<String>,
    /// The token for it.
    pub prometheus_token: Option<Credential>,
}

/// As whom to ask GitHub. An App counts where a token is given too: tokens lie about in environments.
#[derive(Clone, Debug)]
pub enum Identity {
    /// A personal or workflow token.
    Token(Credential),
    /// A GitHub App.
    App {
        /// Its id or client id.
        id: String,
        /// Its private key in PEM.
        private_key: Credential,
    },
}

/// Everything that is wrong with the settings; at least one fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// The faults, each naming its variable, none showing a credential.
    pub faults: Vec<SettingsFault>,
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// The variable; its flag has the same name in small letters.
    pub variable: Cow<'static, str>,
    /// What is wrong with it and what to do.
    pub reason: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used")?;
        for SettingsFault { variable, reason } in &self.faults {
            write!(f, "\n  {variable}: {reason}")?;
        }
        Ok(())
    }
}

impl Settings {
    /// Every credential in the settings, for the scrubber.
    pub fn credentials(&self) -> impl Iterator<Item = Credential> {
        let identity = match &self.identity {
            Identity::Token(token) => token,
            Identity::App { private_key, .. } => private_key,
        };
        let rest = [identity.clone(), self.database_url.clone()];
        let client_secret = self.sign_in.as_ref().map(|(_, secret)| secret.clone());
        let more = [self.page_token.clone(), client_secret, self.prometheus_token.clone()];
        let of_receiver = |it: &NoticeReceiver| [Some(it.url.clone()), it.secret.clone()];
        let receivers = self.receivers.values().flat_map(of_receiver);
        let more = more.into_iter().chain(receivers).flatten();
        self.webhook_secrets.iter().cloned().chain(rest).chain(more)
    }
}
