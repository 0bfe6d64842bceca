//! A credential is a text with one way out.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A credential was configured with nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is empty")]
pub struct EmptyCredential {
    /// What it should have been, such as `webhook secret`.
    pub what: &'static str,
}

/// A token, key or secret. Its text is wiped from memory when it is dropped, and shows nowhere:
/// `Debug` prints a placeholder, and there is no `Display`.
#[derive(Clone)]
pub struct Credential(SecretString);

impl Credential {
    /// Takes a text, without the white space around it (files end in a newline).
    ///
    /// # Errors
    /// [`EmptyCredential`] if nothing remains; `what` is the name for the message.
    pub fn new(what: &'static str, text: &str) -> Result<Self, EmptyCredential> {
        match text.trim() {
            "" => Err(EmptyCredential { what }),
            text => Ok(Self(SecretString::from(text.to_owned()))),
        }
    }

    /// The text, for the one place that sends it or computes with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<credential>")
    }
}

/// The secrets that a webhook may be signed with: one, or several while they are rotated.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(Vec<Credential>);

impl WebhookSecrets {
    /// Reads secrets that are separated by commas.
    ///
    /// # Errors
    /// [`EmptyCredential`] if there is none or one of them is empty: an HMAC takes an empty key, and
    /// anybody could sign with that.
    pub fn parse(text: &str) -> Result<Self, EmptyCredential> {
        text.split(',').map(|secret| Credential::new("webhook secret", secret)).collect()
    }

    /// The secrets, at least one, in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Credential> {
        self.0.iter()
    }
}

impl FromIterator<Credential> for WebhookSecrets {
    fn from_iter<I: IntoIterator<Item = Credential>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_does_not_print() {
        let token = Credential::new("token", "ghp_abc\n").unwrap();
        assert_eq!(format!("{token:?}"), "<credential>");
        assert_eq!(token.expose(), "ghp_abc");
    }

    #[test]
    fn several_secrets_are_separated_by_commas() {
        let secrets = WebhookSecrets::parse("old, new\n").unwrap();
        assert_eq!(secrets.iter().map(Credential::expose).collect::<Vec<_>>(), ["old", "new"]);
        assert_eq!(format!("{secrets:?}"), "WebhookSecrets([<credential>, <credential>])");
    }

    #[test]
    fn an_empty_secret_is_refused() {
        for text in ["", " \n", "a,,b", "a,", ","] {
            assert!(WebhookSecrets::parse(text).is_err(), "{text:?}");
        }
    }
}
