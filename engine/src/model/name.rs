//! Names that come from outside and are checked once.

use std::fmt;

/// Why a text is not the name it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: {rule}")]
pub struct InvalidName {
    /// What the text should have been.
    pub what: &'static str,
    /// The text.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

/// The name of an environment: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidName`] if it does not follow the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        narrow(text, "environment name").map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an application, one of several in a repository: `[A-Za-z0-9][A-Za-z0-9._-]*`, at
/// most 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationName(String);

impl ApplicationName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidName`] if it does not follow the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        narrow(text, "application name").map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that is safe in a branch, a trailer, a path and a lane.
pub(super) fn narrow(text: &str, what: &'static str) -> Result<String, InvalidName> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(fits)
    {
        return Ok(text.to_owned());
    }
    Err(InvalidName {
        what,
        text: text.chars().take(120).collect(),
        rule: "letters, digits, `.`, `_` and `-`, the first a letter or digit, at most 100",
    })
}

/// The id of a commit: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitSha(String);

impl CommitSha {
    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidName`] if it has another length or other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let fits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if matches!(text.len(), 40 | 64) && text.bytes().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidName {
            what: "commit id",
            text: text.chars().take(120).collect(),
            rule: "40 or 64 lower-case hexadecimal digits",
        })
    }

    /// The id, whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, as git shows them.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_names_are_narrow() {
        assert!(EnvironmentName::parse("pre-prod.eu_1").is_ok());
        for bad in ["", "-a", ".a", "a b", "a/b", "ä", &"a".repeat(101)] {
            assert!(EnvironmentName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn commit_ids_are_whole_and_lower_case() {
        assert!(CommitSha::parse(&"a".repeat(40)).is_ok());
        assert!(CommitSha::parse(&"A".repeat(40)).is_err());
        assert!(CommitSha::parse("abc").is_err());
    }
}
