//! Which directory is the root: the border that nothing is read or written beyond.

use std::path::{Path, PathBuf};

use super::WorkdirError;
use crate::model::RepoPath;

/// The root of a plan that starts in `dir`, canonical.
///
/// `dir` itself if it has `.github/overlift.yaml` or `overlays` (so that a repository within a
/// repository can be planned), else the top of the git working tree that holds it.
///
/// # Errors
/// [`WorkdirError`] if `dir` cannot be read or nothing can be planned there.
pub fn plan_root(dir: &Path) -> Result<PathBuf, WorkdirError> {
    let dir = canonical(dir)?;
    if dir.join(".github/overlift.yaml").is_file() || dir.join("overlays").is_dir() {
        return Ok(dir);
    }
    match git_top(&dir) {
        Some(top) => Ok(top.to_path_buf()),
        None if is_bare(&dir) => Err(WorkdirError::Bare(dir)),
        None => Err(WorkdirError::NothingToPlan(dir)),
    }
}

/// Whether a directory is git's own, as that of a bare repository is.
fn is_bare(dir: &Path) -> bool {
    dir.join("HEAD").is_file() && dir.join("objects").is_dir() && dir.join("refs").is_dir()
}

/// The root for building `dir` alone, canonical, and where `dir` is below it.
///
/// The top of the git working tree that holds `dir`, else `current` if that holds it, else the
/// root of the file system: `kustomize build` reads bases wherever they are, we stop at the
/// repository.
///
/// # Errors
/// [`WorkdirError`] if `dir` cannot be read.
pub fn build_root(dir: &Path, current: &Path) -> Result<(PathBuf, RepoPath), WorkdirError> {
    let dir = canonical(dir)?;
    let current = canonical(current)?;
    let root = match git_top(&dir) {
        Some(top) => top,
        None if dir.starts_with(&current) => &current,
        None => dir.ancestors().last().unwrap_or(&dir),
    };
    let below = repo_path(&dir, root)?;
    Ok((root.to_path_buf(), below))
}

/// The nearest directory upwards that has a `.git`.
pub(super) fn git_top(dir: &Path) -> Option<&Path> {
    dir.ancestors().find(|dir| dir.join(".git").exists())
}

/// `path` as seen from `root`, which holds it.
pub(super) fn repo_path(path: &Path, root: &Path) -> Result<RepoPath, WorkdirError> {
    let fault = |reason: &str| WorkdirError::NoDirectory {
        dir: path.to_path_buf(),
        reason: reason.to_owned(),
    };
    let below = path.strip_prefix(root).map_err(|_| fault("it is outside the repository"))?;
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    let parts = parts.ok_or_else(|| fault("its name is not UTF-8"))?;
    RepoPath::parse(&parts.join("/")).map_err(|error| fault(&error.to_string()))
}

/// One folder more above a root of [`build_root`] that a kustomization leads out of; `None` within a git
/// working tree, whose top is never left, and below the root of the file system.
#[must_use]
pub fn wider_root(root: &Path, dir: &RepoPath) -> Option<(PathBuf, RepoPath)> {
    let parent = root.parent().filter(|parent| parent.parent().is_some())?;
    let name = root.file_name()?.to_str()?;
    if git_top(root).is_some() {
        return None;
    }
    let below = RepoPath::parse(name).ok()?.join(dir.as_str()).ok()?;
    Some((parent.to_path_buf(), below))
}

fn canonical(dir: &Path) -> Result<PathBuf, WorkdirError> {
    let fault = |reason: String| WorkdirError::NoDirectory { dir: dir.to_path_buf(), reason };
    let found = dunce::canonicalize(dir).map_err(|error| fault(error.to_string()))?;
    if found.is_dir() { Ok(found) } else { Err(fault("it is a file".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_within_a_repository_is_its_own_root() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        for dir in [".git", "fixtures/one/overlays/staging", "src"] {
            std::fs::create_dir_all(top.join(dir)).unwrap();
        }
        assert_eq!(plan_root(&top.join("fixtures/one")).unwrap(), top.join("fixtures/one"));
        assert_eq!(plan_root(&top.join("src")).unwrap(), top);
        assert_eq!(plan_root(&top.join("fixtures/one/overlays/staging")).unwrap(), top);
        let (root, below) = build_root(&top.join("src"), &top.join("fixtures")).unwrap();
        assert_eq!((root, below.as_str()), (top, "src"));
    }

    #[test]
    fn without_git_a_build_stops_at_the_current_directory() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        assert_eq!(build_root(&top.join("a/b"), &top.join("a")).unwrap().0, top.join("a"));
        assert_eq!(build_root(&top.join("a"), &top.join("a/b")).unwrap().0, Path::new("/"));
        assert!(matches!(plan_root(&top), Err(WorkdirError::NothingToPlan(_))));
    }
}
