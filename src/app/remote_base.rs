//! Remote bases: which repositories are allowed, and how their URLs are read.
//!
//! A URL is split as kustomize does it (`api/internal/git/repospec.go`). Only HTTPS and SSH are
//! spoken, and what is fetched is decided by the allowed name, not by the text of the URL.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kustomize::{RemoteResolver, RemoteTree};
use crate::model::{RemotePattern, RepoPath};
use crate::workdir::RemoteCache;

/// Fetches the bases of allowed repositories by git.
#[derive(Debug)]
pub struct GitBases {
    allowed: Vec<RemotePattern>,
    cache: RemoteCache,
    resolved: AtomicUsize,
}

/// Builds of a plan that ask for more have remote bases that lead in a circle.
const MOST: usize = 500;

impl GitBases {
    /// Bases of the repositories that one of `allowed` means, kept in `cache`.
    #[must_use]
    pub fn new(allowed: Vec<RemotePattern>, cache: PathBuf) -> Self {
        Self { allowed, cache: RemoteCache::new(cache), resolved: AtomicUsize::new(0) }
    }
}

impl RemoteResolver for GitBases {
    fn resolve(&self, url: &str) -> Result<RemoteTree, String> {
        let base = RemoteBase::allowed(url, &self.allowed)?;
        if self.resolved.fetch_add(1, Ordering::Relaxed) >= MOST {
            return Err(format!("more than {MOST} remote bases, so they lead in a circle"));
        }
        let files = self
            .cache
            .open(&base.clone_url(), base.reference)
            .map_err(|error| error.to_string())?;
        Ok(RemoteTree {
            files: Arc::new(files),
            path: base.path.clone(),
            repository: base.clone_url(),
            reference: base.reference.to_owned(),
        })
    }
}

/// Where commits of other repositories are kept.
#[must_use]
pub fn remote_cache_directory(
    variable: impl Fn(&str) -> Option<OsString>,
    temporary: PathBuf,
) -> PathBuf {
    user_cache(variable).unwrap_or(temporary).join("overlift/remote")
}

/// The user's cache, by the XDG base directory specification; on Windows the user's local data.
pub(super) fn user_cache(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let directory = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let own = if cfg!(windows) {
        directory("LOCALAPPDATA")
    } else {
        directory("HOME").map(|home| home.join(".cache"))
    };
    directory("XDG_CACHE_HOME").or(own)
}

/// A URL of a directory in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteBase<'a> {
    pub(super) host: &'a str,
    pub(super) repository: &'a str,
    pub(super) path: RepoPath,
    pub(super) reference: &'a str,
    over_ssh: bool,
}

impl<'a> RemoteBase<'a> {
    /// What a URL means, if its repository is allowed and a ref says which commit is meant; else why not.
    pub(super) fn allowed(url: &'a str, allowed: &[RemotePattern]) -> Result<Self, String> {
        let base = Self::parse(url)
            .ok_or("it is no `https://HOST/OWNER/NAME//PATH?ref=REF`, nor the same by SSH")?;
        let name = base.name();
        if !allowed.iter().any(|allowed| allowed.allows(&name)) {
            return Err(format!("`{name}` is not allowed"));
        }
        if base.reference.is_empty() {
            return Err("no `?ref=` says which commit is meant".to_owned());
        }
        Ok(base)
    }

    fn parse(url: &'a str) -> Option<Self> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let place = place.strip_prefix("git::").unwrap_or(place);
        let (over_ssh, place) = match (place.strip_prefix("https://"), place.strip_prefix("ssh://"))
        {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => (place.contains('@'), place),
        };
        let place = place.strip_prefix("git@").unwrap_or(place);
        let end = place.find(['/', ':'])?;
        let (host, rest) = (&place[..end], &place[end + 1..]);
        let (repository, path) = split_path(rest)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let plain =
            |text: &str| !text.is_empty() && text.chars().all(fits) && !text.starts_with('-');
        let mut parts = query.split('&').filter_map(|part| part.split_once('='));
        let reference = parts.rfind(|(key, _)| matches!(*key, "ref" | "version"));
        let base = Self {
            host,
            repository,
            path: RepoPath::parse(path.trim_start_matches('/')).ok()?,
            reference: reference.map_or("", |(_, reference)| reference),
            over_ssh,
        };
        let is_plain = plain(host) && plain(repository) && !repository.contains("..");
        is_plain.then_some(base)
    }

    /// What configuration calls the repository.
    fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// What git fetches from.
    pub(super) fn clone_url(&self) -> String {
        let scheme = if self.over_ssh { "ssh://git@" } else { "https://" };
        format!("{scheme}{}/{}.git", self.host, self.repository)
    }
}

/// `OWNER/NAME` and the path below it: after `//`, after `.git`, or after the second part.
fn split_path(rest: &str) -> Option<(&str, &str)> {
    let (repository, path) = if let Some((repository, path)) = rest.split_once("//") {
        (repository, path)
    } else if let Some(at) = rest.find(".git") {
        (&rest[..at], &rest[at + 4..])
    } else {
        let second = rest.match_indices('/').nth(1).map_or(rest.len(), |(at, _)| at);
        rest.split_at(second)
    };
    let repository = repository.trim_matches('/');
    let repository = repository.strip_suffix(".git").unwrap_or(repository);
    repository.contains('/').then_some((repository, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_as_kustomize_splits_them() {
        for url in [
            "https://github.com/org/repo//deploy/base?ref=v1",
            "https://github.com/org/repo/deploy/base?ref=v1",
            "https://github.com/org/repo.git/deploy/base?ref=v1&timeout=90s",
            "github.com/org/repo/deploy/base?ref=v1",
            "git::https://github.com/org/repo.git//deploy/base?version=v1",
        ] {
            let base = RemoteBase::parse(url).unwrap();
            assert_eq!(base.name(), "github.com/org/repo", "{url}");
            assert_eq!((base.path.as_str(), base.reference), ("deploy/base", "v1"), "{url}");
            assert_eq!(base.clone_url(), "https://github.com/org/repo.git");
        }
        let base = RemoteBase::parse("git@github.com:org/repo.git//x?ref=v1").unwrap();
        assert_eq!(base.clone_url(), "ssh://git@github.com/org/repo.git");
        assert_eq!(
            RemoteBase::parse("https://host/group/sub/repo.git?ref=1").unwrap().repository,
            "group/sub/repo"
        );
    }

    #[test]
    fn what_could_mean_something_else_is_no_base() {
        for url in [
            "ext::sh -c id",
            "https://github.com/org/../other/x?ref=1",
            "https://-oProxyCommand=id/org/repo?ref=1",
            "https://github.com/org/repo//../..?ref=1",
            "https://user:word@github.com/org/repo?ref=1",
            "file:///etc/x/y",
            "https://github.com/org",
        ] {
            assert_eq!(RemoteBase::parse(url), None, "{url}");
        }
    }

    #[test]
    fn nothing_is_fetched_that_was_not_allowed_or_not_pinned() {
        let cache = tempfile::tempdir().unwrap();
        let bases = GitBases::new(
            vec![RemotePattern::parse("github.com/org/repo").unwrap()],
            cache.path().to_owned(),
        );
        let refused = |url: &str| bases.resolve(url).unwrap_err();
        assert_eq!(
            refused("https://github.com/org/other?ref=1"),
            "`github.com/org/other` is not allowed"
        );
        assert!(refused("https://github.com/org/repo").contains("?ref="));
        assert_eq!(cache.path().read_dir().unwrap().count(), 0);
    }
}
