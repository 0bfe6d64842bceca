//! Manifests that the user named on the command line: a file, or all of a directory.

use std::path::Path;

use super::root::repo_path;
use super::{Checkout, WorkdirError, read_input};
use crate::model::{Entry, Files as _, RepoPath, is_manifest_name};

/// A file of manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// How messages name it: as seen from the current directory if it is below it.
    pub path: RepoPath,
    /// The path below the directory that was named; the file's name if it was named itself.
    pub below: RepoPath,
    /// Its text.
    pub text: String,
}

/// Reads a file, or all `.yaml`, `.yml` and `.json` files below a directory in the order of their
/// paths. Hidden files and directories are passed over, and symlinks that lead out of the directory
/// are an error.
///
/// # Errors
/// [`WorkdirError`] if something cannot be read.
pub fn read_manifests(named: &Path, current: &Path) -> Result<Vec<ManifestFile>, WorkdirError> {
    let named = &current.join(named);
    let fault = |reason: String| WorkdirError::Input { path: named.clone(), reason };
    let absolute = dunce::canonicalize(named).map_err(|error| fault(error.to_string()))?;
    let shown = |path: &Path| repo_path(path, &dunce::canonicalize(current).ok()?).ok();
    if !absolute.is_dir() {
        let name = absolute.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let below = RepoPath::parse(name).map_err(|error| fault(error.to_string()))?;
        let path = shown(&absolute).unwrap_or_else(|| below.clone());
        return Ok(vec![ManifestFile { path, below, text: read_input(&absolute)? }]);
    }
    let directory = Checkout::without_git(absolute.clone());
    let mut found = Vec::new();
    for below in directory.list(&RepoPath::root())?.into_iter().filter(is_meant) {
        let (_, Entry::File(file)) = directory.look_up(&below)? else { continue };
        let text = String::from_utf8(file.content.to_vec()).map_err(|_| WorkdirError::Input {
            path: absolute.join(below.as_str()),
            reason: "it is no text".to_owned(),
        })?;
        let path = shown(&absolute.join(below.as_str())).unwrap_or_else(|| below.clone());
        found.push(ManifestFile { path, below, text });
    }
    Ok(found)
}

fn is_meant(path: &RepoPath) -> bool {
    let hidden = path.parts().any(|part| part.starts_with('.'));
    !hidden && is_manifest_name(path.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_meant_and_names_it_as_the_user_sees_it() {
        let temp = tempfile::tempdir().unwrap();
        for (name, text) in
            [("m/b.yaml", "b"), ("m/a/a.yml", "a"), ("m/.x.yaml", ""), ("m/r.md", "")]
        {
            let path = temp.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let read = |named: &str, current: &Path| {
            let files = read_manifests(Path::new(named), current).unwrap();
            let show = |file: ManifestFile| format!("{} {} {}", file.path, file.below, file.text);
            files.into_iter().map(show).collect::<Vec<_>>()
        };
        assert_eq!(read("m", temp.path()), ["m/a/a.yml a/a.yml a", "m/b.yaml b.yaml b"]);
        assert_eq!(read("m/b.yaml", temp.path()), ["m/b.yaml b.yaml b"]);
        assert_eq!(read("../b.yaml", &temp.path().join("m/a")), ["b.yaml b.yaml b"]);
        assert!(read_manifests(Path::new("none"), temp.path()).is_err());
    }
}
