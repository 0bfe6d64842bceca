//! Bundles of schemas on disk: one file for each version of Kubernetes.

use std::fs;
use std::path::{Path, PathBuf};

use super::remote::private_directory;
use super::{WorkdirError, read_input};

/// The file of a version of Kubernetes is called `kubernetes-1.34.schemas`.
const PREFIX: &str = "kubernetes-1.";
const SUFFIX: &str = ".schemas";

/// The text of the bundle for a version of Kubernetes, such as `1.34`, or of the newest there is.
///
/// Directories are looked at in order; one that is not there holds nothing.
///
/// # Errors
/// [`WorkdirError::Input`] if a bundle is there and cannot be read.
pub fn read_schema_bundle(
    directories: &[PathBuf],
    version: Option<&str>,
) -> Result<Option<String>, WorkdirError> {
    if let Some(version) = version {
        let file = |directory: &PathBuf| directory.join(format!("kubernetes-{version}{SUFFIX}"));
        let found = directories.iter().map(file).find(|path| path.is_file());
        return found.map(|path| read_input(&path)).transpose();
    }
    let mut all: Vec<_> = directories.iter().flat_map(|dir| bundles_in(dir)).collect();
    // The sort is stable: of the same version the first directory counts.
    all.sort_by_key(|(minor, _)| std::cmp::Reverse(*minor));
    all.first().map(|(_, path)| read_input(path)).transpose()
}

fn bundles_in(directory: &Path) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let minor = |path: &Path| -> Option<u32> {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok()
    };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((minor(&path)?, path))
        })
        .collect()
}

/// Writes a bundle for a version of Kubernetes, in one rename, and returns its path.
///
/// # Errors
/// [`WorkdirError::Output`] if it cannot be written.
pub fn write_schema_bundle(
    directory: &Path,
    version: &str,
    bundle: &str,
) -> Result<PathBuf, WorkdirError> {
    let path = directory.join(format!("kubernetes-{version}{SUFFIX}"));
    write_whole(&path, bundle)?;
    Ok(path)
}

fn write_whole(path: &Path, text: &str) -> Result<(), WorkdirError> {
    let fault = |error: std::io::Error| WorkdirError::Output {
        path: path.to_path_buf(),
        reason: error.to_string(),
    };
    private_directory(path.parent().unwrap_or(path)).map_err(fault)?;
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished).map_err(fault)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(fault)?;
    fs::rename(&unfinished, path).map_err(fault)
}

/// The text of a file of another repository that was kept under `key`.
///
/// # Errors
/// [`WorkdirError::Input`] if it is there and cannot be read.
pub fn read_remote_schema(
    directories: &[PathBuf],
    key: &str,
) -> Result<Option<String>, WorkdirError> {
    let found = directories.iter().map(|dir| remote_file(dir, key)).find(|path| path.is_file());
    found.map(|path| read_input(&path)).transpose()
}

/// Keeps the text of a file of another repository, in one rename.
///
/// # Errors
/// [`WorkdirError::Output`] if it cannot be written.
pub fn write_remote_schema(directory: &Path, key: &str, text: &str) -> Result<(), WorkdirError> {
    write_whole(&remote_file(directory, key), text)
}

fn remote_file(directory: &Path, key: &str) -> PathBuf {
    directory.join("remote").join(format!("{key}.yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_counts_unless_one_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let (first, second) = (temp.path().join("a"), temp.path().join("b"));
        for (directory, version, text) in
            [(&first, "1.9", "old"), (&first, "1.34", "one"), (&second, "1.34", "two")]
        {
            write_schema_bundle(directory, version, text).unwrap();
        }
        #[cfg(unix)]
        for (path, private) in [(&first, 0o700), (&first.join("kubernetes-1.34.schemas"), 0o600)] {
            let made = fs::metadata(path).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&made.permissions());
            assert_eq!(mode & 0o777, private, "{}", path.display());
        }
        let both = [temp.path().join("none"), first, second.clone()];
        let read = |version| read_schema_bundle(&both, version).unwrap();
        assert_eq!(read(None).as_deref(), Some("one"));
        assert_eq!(read(Some("1.9")).as_deref(), Some("old"));
        assert_eq!(read(Some("1.30")), None);
        assert_eq!(read_schema_bundle(&[second], None).unwrap().as_deref(), Some("two"));
    }
}
