//! Paths inside a repository: relative, normalised, never outside.

use std::fmt;

use super::file_names::KUSTOMIZATION_NAMES;

/// A path below the repository's root: `/` between parts, no `.` or `..`, no leading or trailing
/// slash. The empty path is the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

/// Why a text is no [`RepoPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// The path begins with `/`.
    #[error("`{0}` is an absolute path")]
    Absolute(String),
    /// The path climbs above the root.
    #[error("`{0}` leads out of the repository")]
    Outside(String),
    /// The path holds a NUL byte, which no file system can store.
    #[error("`{0}` holds a character that no path can have")]
    Character(String),
}

impl RepoPath {
    /// The repository's root.
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Checks and normalises a path that is relative to the root.
    ///
    /// # Errors
    /// [`InvalidPath`] if it is absolute, leaves the root or holds a NUL byte.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        Self::root().join(text)
    }

    /// Resolves `relative` against this directory.
    ///
    /// # Errors
    /// [`InvalidPath`] if `relative` is absolute, leaves the root or holds a NUL byte.
    pub fn join(&self, relative: &str) -> Result<Self, InvalidPath> {
        if relative.starts_with('/') {
            return Err(InvalidPath::Absolute(relative.to_owned()));
        }
        if relative.contains('\0') {
            return Err(InvalidPath::Character(relative.replace('\0', "\u{fffd}")));
        }
        let mut path = String::with_capacity(self.0.len() + 1 + relative.len());
        path.push_str(&self.0);
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." if path.is_empty() => return Err(InvalidPath::Outside(relative.to_owned())),
                ".." => path.truncate(path.rfind('/').unwrap_or(0)),
                part => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(part);
                }
            }
        }
        Ok(Self(path))
    }

    /// Goes one part further, which is a name and nothing else.
    pub(super) fn push(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push('/');
        }
        self.0.push_str(name);
    }

    /// The path as text; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts between the slashes, outermost first.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The directory that holds this path; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.to_owned())))
    }

    /// The last part; empty for the root.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// Whether it is called as kustomize calls its file.
    #[must_use]
    pub fn is_kustomization(&self) -> bool {
        KUSTOMIZATION_NAMES.contains(&self.file_name())
    }

    /// What remains of this path below `dir`; `None` if it is not below it. The empty text is `dir` itself.
    #[must_use]
    pub fn strip_prefix(&self, dir: &Self) -> Option<&str> {
        if dir.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(dir.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// Whether this path is `dir` or below it.
    #[must_use]
    pub fn is_within(&self, dir: &Self) -> bool {
        self.strip_prefix(dir).is_some()
    }

    /// The relative text that leads from the directory `from` to this path, with `..` where needed.
    #[must_use]
    pub fn relative_to(&self, from: &Self) -> String {
        let (ours, theirs): (Vec<&str>, Vec<&str>) =
            (self.parts().collect(), from.parts().collect());
        let shared = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
        let mut parts = vec![".."; theirs.len() - shared];
        parts.extend(&ours[shared..]);
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn normalises_dots_and_slashes() {
        assert_eq!(path("./a//b/../c/").as_str(), "a/c");
        assert_eq!(path("a/..").as_str(), "");
    }

    #[test]
    fn refuses_what_leaves_the_root() {
        assert_eq!(RepoPath::parse("a/../../b"), Err(InvalidPath::Outside("a/../../b".into())));
        assert_eq!(RepoPath::parse("/etc"), Err(InvalidPath::Absolute("/etc".into())));
        assert!(RepoPath::parse("a\0b").is_err());
    }

    #[test]
    fn strips_whole_parts_only() {
        assert_eq!(path("overlays/dev/x").strip_prefix(&path("overlays/dev")), Some("x"));
        assert_eq!(path("overlays/development").strip_prefix(&path("overlays/dev")), None);
        assert_eq!(path("a").strip_prefix(&RepoPath::root()), Some("a"));
    }

    #[test]
    fn leads_back_from_another_directory() {
        assert_eq!(path("base/x").relative_to(&path("overlays/dev")), "../../base/x");
        assert_eq!(path("a").relative_to(&path("a")), ".");
    }
}
