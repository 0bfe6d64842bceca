//! As whom we ask, and whose credential a request carries.

use http::HeaderValue;

use super::GithubError;
use super::app_key::AppKey;
use crate::model::InstallationId;
use crate::redact::Credential;

/// As whom we ask.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// A personal or workflow token.
    Token(Credential),
    /// A GitHub App, by its id (or client id) and its private key in PEM.
    App {
        /// The id.
        id: String,
        /// The key.
        private_key: Credential,
    },
}

/// Whose credential a request carries, and whose budget it counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The token of the settings.
    Token,
    /// The App itself: its installations, its deliveries.
    App,
    /// The App at one account.
    Installation(InstallationId),
    /// The App at one account, reading the files of one repository and nothing else: its place in
    /// `Client::scopes`.
    Reader(InstallationId, usize),
}

impl Who {
    /// Whose window of requests it counts against.
    pub(super) const fn budget(self) -> Self {
        match self {
            Self::Reader(id, _) => Self::Installation(id),
            who => who,
        }
    }
}

/// What proves it.
pub(super) enum Identity {
    Token(Credential),
    App(Box<AppKey>),
}

impl Identity {
    /// The proof that the settings give, if GitHub can be shown it.
    pub(super) fn of(authentication: &Authentication) -> Result<Self, GithubError> {
        match authentication {
            Authentication::Token(token) => {
                bearer(token)?;
                Ok(Self::Token(token.clone()))
            }
            Authentication::App { id, private_key } => {
                Ok(Self::App(Box::new(AppKey::parse(id, private_key)?)))
            }
        }
    }
}

/// The header of a credential; marked so that nothing prints it.
pub(super) fn bearer(credential: &Credential) -> Result<HeaderValue, GithubError> {
    let mut header =
        HeaderValue::from_str(&format!("Bearer {}", credential.expose())).map_err(|_| {
            GithubError::Settings { reason: "the token has characters that none has".into() }
        })?;
    header.set_sensitive(true);
    Ok(header)
}
