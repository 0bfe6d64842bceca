//! Who may see which pages: sessions of people who signed in with GitHub.
//!
//! What a person may read is asked once, at sign-in, and holds for an hour; then GitHub is asked again, which
//! a browser that is still signed in there does by itself. The store has a hash of what the browser holds, so
//! that every replica knows the session and a copy of the database opens nothing.

use sha2::{Digest as _, Sha256};

use super::App;
use crate::github::{GithubError, SignIn};
use crate::store::{Millis, NewPageSession, StoreError};

/// How long what GitHub said of a person holds.
pub const RIGHTS_MS: Millis = 3_600_000;

/// What a page may show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Everything: to whoever has the token of the pages.
    #[default]
    All,
    /// What GitHub lets a person read, by their session.
    Of(String),
}

/// A person who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSession {
    /// Who it is.
    pub login: String,
    /// What they may see.
    pub sight: Sight,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Nobody can sign in here.
    #[error("there is no sign-in with GitHub")]
    NotOffered,
    /// GitHub does not say who it is.
    #[error(transparent)]
    Github(#[from] GithubError),
    /// The session cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sight {
    /// The session whose rights count; empty for all.
    pub(super) fn session(&self) -> &str {
        match self {
            Self::All => "",
            Self::Of(session) => session,
        }
    }
}

impl App {
    /// The same, with an App that people sign in to.
    #[must_use]
    pub fn with_sign_in(mut self, sign_in: Option<SignIn>) -> Self {
        self.sign_in = sign_in;
        self
    }

    /// Where a browser goes to sign in; `None` if that is not offered.
    #[must_use]
    pub fn sign_in_address(&self, state: &str) -> Option<String> {
        self.sign_in.as_ref().map(|it| it.address(state))
    }

    /// Signs somebody in who came back with a code, and returns what their browser has to hold.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(&self, code: &str) -> Result<String, SignInError> {
        let sign_in = self.sign_in.as_ref().ok_or(SignInError::NotOffered)?;
        let visitor = sign_in.visitor(code).await?;
        let held = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        let now = self.clock.now();
        let session = NewPageSession {
            id: &id_of(&held),
            login: &visitor.login,
            repositories: &visitor.repositories,
            until: now + RIGHTS_MS,
        };
        self.store.open_page_session(session, now).await?;
        tracing::info!(login = visitor.login, "signed in to the pages");
        Ok(held)
    }

    /// Whose session a browser holds; `None` if there is none any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_session(&self, held: &str) -> Result<Option<PageSession>, StoreError> {
        let id = id_of(held);
        let login = self.store.page_session(&id, self.clock.now()).await?;
        Ok(login.map(|login| PageSession { login, sight: Sight::Of(id) }))
    }

    /// Ends the session that a browser holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_out(&self, held: &str) -> Result<(), StoreError> {
        self.store.close_page_session(&id_of(held)).await
    }

    /// Whether a page may show a repository.
    pub(super) async fn sees(&self, sight: &Sight, repository: &str) -> Result<bool, StoreError> {
        match sight {
            Sight::All => Ok(true),
            Sight::Of(session) => self.store.page_session_sees(session, repository).await,
        }
    }
}

fn id_of(held: &str) -> String {
    hex::encode(Sha256::digest(held.as_bytes()))
}
