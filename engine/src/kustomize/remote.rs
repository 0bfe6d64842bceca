//! Which texts name a git repository or a URL instead of a path, by the rules of kustomize
//! (`api/internal/git/repospec.go`), and who may fetch what they name.

use std::fmt;
use std::sync::Arc;

use super::error::BuildError;
use super::reference::Reference;
use crate::model::{Files, RepoPath};

/// Fetches remote bases and files. Without one they are refused.
pub trait RemoteResolver: fmt::Debug + Send + Sync {
    /// The files that `url` leads to.
    ///
    /// # Errors
    /// Why they are not to be had, as the end of a sentence.
    fn resolve(&self, url: &str) -> Result<RemoteTree, String>;
}

/// What a URL led to.
#[derive(Clone)]
pub struct RemoteTree {
    /// The files of the remote repository at the wanted commit.
    pub files: Arc<dyn Files + Send + Sync>,
    /// The directory or file that the URL means.
    pub path: RepoPath,
    /// The repository as `originAnnotations` names it.
    pub repository: String,
    /// The ref as written; empty for the default branch.
    pub reference: String,
}

impl fmt::Debug for RemoteTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTree")
            .field("path", &self.path)
            .field("repository", &self.repository)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// Fetches what a reference names, if somebody does.
///
/// # Errors
/// [`BuildError::Remote`] with the reason.
pub fn resolve(
    remote: Option<&dyn RemoteResolver>,
    reference: &Reference,
) -> Result<RemoteTree, BuildError> {
    let refused = |reason: String| BuildError::Remote {
        at: reference.at.clone(),
        url: reference.text.clone(),
        reason,
    };
    let Some(remote) = remote else {
        return Err(refused("nothing is fetched from elsewhere by default".to_owned()));
    };
    remote.resolve(&reference.text).map_err(refused)
}

/// Whether a text names a file behind HTTP.
#[must_use]
pub fn is_remote_file(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// Whether a text names a directory in a git repository.
#[must_use]
pub fn is_repository(text: &str) -> bool {
    if text.starts_with('/') {
        return false;
    }
    let text = text.split('?').next().unwrap_or(text);
    rest_after_host(text).is_some_and(|rest| names_a_repository(rest.is_file, rest.path))
}

struct Rest<'a> {
    is_file: bool,
    path: &'a str,
}

/// What follows the host; `None` if there is no scheme, no user and no GitHub.
fn rest_after_host(text: &str) -> Option<Rest<'_>> {
    let text = strip_prefix(text, "git::").unwrap_or(text);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let scheme = schemes.into_iter().find(|scheme| strip_prefix(text, scheme).is_some());
    let text = scheme.map_or(text, |scheme| &text[scheme.len()..]);
    let (user, text) = split_user(text);
    let github =
        ["github.com/", "github.com:"].iter().any(|host| strip_prefix(text, host).is_some());
    let scp = scheme.is_none() && (user || github);
    if scheme.is_none() && !scp {
        return None;
    }
    if scheme == Some("file://") {
        return Some(Rest { is_file: true, path: text });
    }
    let slash = text.find('/');
    let colon = text.find(':').filter(|colon| scp && slash.is_none_or(|slash| *colon < slash));
    let path = colon.or(slash).map_or("", |at| &text[at + 1..]);
    (!text.is_empty()).then_some(Rest { is_file: false, path })
}

fn names_a_repository(is_file: bool, path: &str) -> bool {
    let (repository, inside) = if let Some(at) = path.find("_git/") {
        path[at + 5..].split_once('/').map_or((path, ""), |(_, inside)| (path, inside))
    } else if let Some((repository, inside)) = path.split_once("//") {
        (repository, inside)
    } else if let Some(at) = path.find(".git") {
        path.split_at(at + 4)
    } else if is_file {
        (path, "")
    } else {
        let mut slashes = path.match_indices('/').map(|(at, _)| at);
        match (slashes.next(), slashes.next()) {
            (None, _) => return false,
            (Some(_), None) => (path, ""),
            (Some(_), Some(second)) => (&path[..second], &path[second + 1..]),
        }
    };
    !repository.is_empty() && RepoPath::parse(inside.trim_start_matches('/')).is_ok()
}

fn split_user(text: &str) -> (bool, &str) {
    let Some((user, rest)) = text.split_once('@') else { return (false, text) };
    let fits = user.starts_with(|c: char| c.is_ascii_alphabetic())
        && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits { (true, rest) } else { (false, text) }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_repositories_from_paths() {
        for url in [
            "https://github.com/org/repo",
            "https://github.com/org/repo/deploy?ref=v1",
            "github.com/org/repo//deploy",
            "git@github.com:org/repo.git",
            "git::https://example.com/org/repo",
            "ssh://git@example.com/org/repo.git/x",
            "https://dev.azure.com/org/project/_git/repo/x",
            "file:///home/me/repo",
        ] {
            assert!(is_repository(url), "{url}");
        }
        for path in ["base", "../base", "/abs", "example.com/org/repo", "https://host/file.yaml"] {
            assert!(!is_repository(path), "{path}");
        }
        assert!(is_remote_file("https://host/file.yaml"));
        assert!(!is_remote_file("base/https"));
    }
}
