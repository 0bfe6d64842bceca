//! Who did something on GitHub.

use serde::Deserialize;

/// A person or a program with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name, such as `octocat` or `overlift[bot]`.
    pub login: String,
    /// Whether it is a program.
    pub bot: bool,
}

/// An account as payloads and answers write it.
#[derive(Deserialize)]
pub(super) struct WireAccount {
    login: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl From<WireAccount> for Account {
    fn from(account: WireAccount) -> Self {
        let bot = account.kind.as_deref() == Some("Bot") || account.login.ends_with("[bot]");
        Self { login: account.login, bot }
    }
}
