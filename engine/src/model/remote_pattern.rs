//! Repositories elsewhere that a build may fetch bases from.

use std::fmt;

use super::RepoName;

/// `HOST/OWNER/NAME`, where `*` stands for any one part: `github.com/our-org/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePattern(String);

/// Why a text is no [`RemotePattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRemotePattern {
    /// It has other parts than a host, an owner and a name.
    #[error(
        "`{0}` is no `HOST/OWNER/NAME`, such as `github.com/our-org/bases` or `github.com/our-org/*`"
    )]
    Parts(String),
    /// Any host would be allowed.
    #[error("`{0}` allows any host: write its name before the first slash")]
    AnyHost(String),
}

impl RemotePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`InvalidRemotePattern`] if it has fewer than three parts, or its host is not written out.
    pub fn parse(text: &str) -> Result<Self, InvalidRemotePattern> {
        let shown = || text.chars().take(200).collect();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let part = |part: &str| part == "*" || (!part.is_empty() && part.chars().all(fits));
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() < 3 || !parts.iter().copied().all(part) {
            return Err(InvalidRemotePattern::Parts(shown()));
        }
        if parts[0] == "*" {
            return Err(InvalidRemotePattern::AnyHost(shown()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// Whether a repository of GitHub is meant by its owner and name, at whatever host GitHub is.
    #[must_use]
    pub fn names(&self, repository: &RepoName) -> bool {
        let host = self.0.split('/').next().unwrap_or_default();
        self.allows(&format!("{host}/{repository}"))
    }

    /// Whether the repository is meant, whatever the case of its letters.
    #[must_use]
    pub fn allows(&self, repository: &str) -> bool {
        let repository = repository.to_ascii_lowercase();
        let (pattern, parts) = (self.0.split('/'), repository.split('/'));
        pattern.clone().count() == parts.clone().count()
            && pattern.zip(parts).all(|(wanted, part)| wanted == "*" || wanted == part)
    }
}

impl fmt::Display for RemotePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_part() {
        let allows =
            |pattern: &str, name: &str| RemotePattern::parse(pattern).unwrap().allows(name);
        assert!(allows("github.com/org/repo", "GitHub.com/Org/repo"));
        assert!(allows("github.com/org/*", "github.com/org/any"));
        assert!(!allows("github.com/org/*", "github.com/org/group/any"));
        assert!(!allows("github.com/org/*", "github.com/organisation/any"));
        assert!(!allows("github.com/org/*", "evil.com/org/any"));
        assert!(allows("git.example.com/*/*/bases", "git.example.com/a/b/bases"));
    }

    #[test]
    fn a_pattern_names_its_host() {
        for text in ["", "org/repo", "https://github.com/org/repo", "github.com/org/re*", "a//b"] {
            assert!(
                matches!(RemotePattern::parse(text), Err(InvalidRemotePattern::Parts(_))),
                "{text}"
            );
        }
        assert!(matches!(
            RemotePattern::parse("*/org/repo"),
            Err(InvalidRemotePattern::AnyHost(_))
        ));
    }
}
