//! What GitHub calls its things: repositories, branches, pull requests, installations, deliveries.
//!
//! They come from payloads and answers, so each is checked once, here, and can be put into a path
//! of a request afterwards without further thought.

use std::fmt;
use std::num::NonZeroU64;

use super::InvalidName;

/// What an error shows of a text at most.
const SHOWN: usize = 120;

fn invalid(what: &'static str, text: &str, rule: &'static str) -> InvalidName {
    InvalidName { what, text: text.chars().take(SHOWN).collect(), rule }
}

/// A repository: `owner/name`.
///
/// Two names are the same repository for GitHub when they differ in case only; it answers with the
/// spelling of the owner, and so do we.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoName {
    owner: String,
    name: String,
}

impl RepoName {
    /// Checks a text of the form `owner/name`.
    ///
    /// # Errors
    /// [`InvalidName`] if it has another form.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        const RULE: &str = "`owner/name` of letters, digits, `-`, `_` and `.`";
        let fits = |part: &str| {
            (1..=100).contains(&part.len())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
                && part.chars().any(|c| c != '.')
        };
        match text.split_once('/') {
            Some((owner, name)) if fits(owner) && fits(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(invalid("repository name", text, RULE)),
        }
    }

    /// The name that it is known by where case does not matter, as on GitHub.
    #[must_use]
    pub fn key(&self) -> String {
        self.to_string().to_lowercase()
    }

    /// The person or organisation that owns it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name without its owner.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// The name of a branch without `refs/heads/`, by the rules of `git check-ref-format`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchName(String);

impl BranchName {
    /// Checks a branch name.
    ///
    /// # Errors
    /// [`InvalidName`] if git would refuse it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        const RULE: &str = "a name that `git check-ref-format --branch` accepts, at most 244 bytes";
        let part_fits =
            |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
        let char_fits = |c: char| !c.is_ascii_control() && !" ~^:?*[\\".contains(c);
        let fits = text.len() <= 244
            && text != "@"
            && text != "HEAD"
            && !text.starts_with('-')
            && !text.ends_with('.')
            && !text.contains("..")
            && !text.contains("@{")
            && text.split('/').all(part_fits)
            && text.chars().all(char_fits);
        if fits { Ok(Self(text.to_owned())) } else { Err(invalid("branch name", text, RULE)) }
    }

    /// The branch that a full reference names; `None` for a tag or anything else.
    #[must_use]
    pub fn from_reference(reference: &str) -> Option<Self> {
        Self::parse(reference.strip_prefix("refs/heads/")?).ok()
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of a pull request in its repository, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullRequestNumber(NonZeroU64);

impl PullRequestNumber {
    /// Takes a number; `None` for zero, which GitHub never gives.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for PullRequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The installation of a GitHub App at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallationId(pub u64);

impl fmt::Display for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id that GitHub gives to one webhook delivery (`X-GitHub-Delivery`); a redelivery keeps it.
///
/// GitHub sends GUIDs. Any visible ASCII text up to 200 characters is taken, since GitHub Enterprise
/// Server and proxies have sent other forms, and nothing here depends on the form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidName`] if it is empty, long, or holds spaces or other unprintable characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(invalid("delivery id", text, "1 to 200 visible ASCII characters"))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_have_two_plain_parts() {
        let name = RepoName::parse("octo-org/mesh.config").unwrap();
        assert_eq!((name.owner(), name.name()), ("octo-org", "mesh.config"));
        for bad in ["", "a", "a/", "/a", "a/b/c", "a/..", "../a", "a b/c", "a/b?x", "ä/b"] {
            assert!(RepoName::parse(bad).is_err(), "{bad}");
        }
    }

    /// The list was checked with `git check-ref-format --branch`.
    #[test]
    fn branch_names_follow_git() {
        for good in ["main", "promote/a-to-b", "odd#name", "release/1.x", "äöü", "a@b", "x%2Fy"]
        {
            assert!(BranchName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/a", "a/", "a//b", "a..b", ".a", "a/.b", "a.lock", "a b", "a~1", "a^", "a:b",
            "a?", "a*", "a[", "a\\b", "a\u{7f}", "@", "a@{b", "-a", "a.", "HEAD",
        ] {
            assert!(BranchName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_heads_are_branches() {
        assert_eq!(BranchName::from_reference("refs/heads/a/b").unwrap().as_str(), "a/b");
        assert_eq!(BranchName::from_reference("refs/tags/v1"), None);
    }

    #[test]
    fn delivery_ids_are_visible_text() {
        assert!(DeliveryId::parse("72d3162e-cc78-11e3-81ab-4c9367dc0958").is_ok());
        for bad in ["", "a b", "a\n", "é", &"a".repeat(201)] {
            assert!(DeliveryId::parse(bad).is_err(), "{bad}");
        }
    }
}
