//! Writing edits to the working tree, and the files that a user names besides.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::WorkdirError;
use super::bounds::{FILE_LIMIT_BYTES, is_git_internal};
use super::on_disk::mode_of;
use crate::model::{File, FileEdit, FileMode, RepoPath};

/// Writes the edits to the working tree below `root`.
///
/// All are checked before the first is written: each file is still as the plan saw it or already
/// as it will be, and is reached without a symlink. Each file then changes in one step (a new
/// file, renamed over the old one), copied files before the kustomizations that refer to them and
/// those before deletions, so that an interrupted run leaves a tree that builds and that the same
/// command completes.
///
/// # Errors
/// [`WorkdirError`] with the file that stood in the way; nothing was written unless it is
/// [`WorkdirError::Write`].
pub fn apply(root: &Path, edits: &[FileEdit]) -> Result<(), WorkdirError> {
    let mut due: Vec<&FileEdit> = Vec::new();
    for edit in edits {
        if check(root, edit)? == State::Before {
            due.push(edit);
        }
    }
    due.sort_by_key(|edit| (edit.after.is_none(), edit.path.is_kustomization()));
    for edit in due {
        let written = match &edit.after {
            Some(file) => write(root, &edit.path, file),
            None => delete(root, &edit.path),
        };
        written.map_err(|error| fault(&edit.path, &error))?;
    }
    Ok(())
}

/// Makes a directory that the user named, and those above it.
///
/// # Errors
/// The file system's words.
pub fn make_directory(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

/// Writes a result to where the user said, be it inside a checkout or not.
///
/// # Errors
/// [`WorkdirError::Output`] with the file system's words.
pub fn write_output(path: &Path, content: &[u8]) -> Result<(), WorkdirError> {
    fs::write(path, content).map_err(|error| WorkdirError::Output {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

/// Reads a text that the user named, be it inside a checkout or not.
///
/// # Errors
/// [`WorkdirError::Input`] with the file system's words.
pub fn read_input(path: &Path) -> Result<String, WorkdirError> {
    let fault = |reason: String| WorkdirError::Input { path: path.to_path_buf(), reason };
    let bytes = fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
    if bytes > FILE_LIMIT_BYTES {
        return Err(fault(format!("it has {bytes} bytes, more than the {FILE_LIMIT_BYTES} read")));
    }
    fs::read_to_string(path).map_err(|error| fault(error.to_string()))
}

/// Reads a file that the user named and that is no text.
///
/// # Errors
/// [`WorkdirError::Input`] with the file system's words.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, WorkdirError> {
    let fault = |reason: String| WorkdirError::Input { path: path.to_path_buf(), reason };
    fs::read(path).map_err(|error| fault(error.to_string()))
}

#[derive(PartialEq, Eq)]
enum State {
    Before,
    After,
}

fn check(root: &Path, edit: &FileEdit) -> Result<State, WorkdirError> {
    let path = &edit.path;
    if is_git_internal(path) || path.is_root() {
        return Err(WorkdirError::GitInternal(path.clone()));
    }
    let mut above = path.parent();
    while let Some(dir) = above.filter(|dir| !dir.is_root()) {
        match fs::symlink_metadata(root.join(dir.as_str())) {
            Ok(found) if found.is_symlink() => {
                return Err(WorkdirError::ThroughSymlink { path: path.clone(), link: dir });
            }
            Ok(found) if !found.is_dir() => return Err(WorkdirError::Changed(path.clone())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) => return Err(fault(path, &error)),
        }
        above = dir.parent();
    }
    let now = read(root, path).map_err(|error| fault(path, &error))?;
    if now == edit.before {
        Ok(State::Before)
    } else if now == edit.after {
        Ok(State::After)
    } else {
        Err(WorkdirError::Changed(path.clone()))
    }
}

/// What is at exactly this path now.
fn read(root: &Path, path: &RepoPath) -> io::Result<Option<File>> {
    let on_disk = root.join(path.as_str());
    let metadata = match fs::symlink_metadata(&on_disk) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if metadata.is_symlink() {
        let target = fs::read_link(&on_disk)?;
        let content = target.to_string_lossy().into_owned().into_bytes().into();
        return Ok(Some(File { mode: FileMode::Symlink, content }));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(Some(File { mode: mode_of(&metadata), content: fs::read(&on_disk)?.into() }))
}

fn write(root: &Path, path: &RepoPath, file: &File) -> io::Result<()> {
    let target = root.join(path.as_str());
    let dir = target.parent().unwrap_or(root);
    fs::create_dir_all(dir)?;
    let temporary = dir.join(format!(".{}.overlift", path.file_name()));
    // One that a killed run left behind.
    remove_if_there(&temporary)?;
    let made = match file.mode {
        FileMode::Symlink => make_link(&file.content, &temporary),
        FileMode::Regular | FileMode::Executable => make_file(file, &temporary, &target),
    };
    made.and_then(|()| fs::rename(&temporary, &target)).inspect_err(|_| {
        // The first fault is the one to report.
        let _ = fs::remove_file(&temporary);
    })
}

fn make_file(file: &File, at: &Path, replaces: &Path) -> io::Result<()> {
    // `create_new` follows no symlink that somebody put there meanwhile.
    let mut written = fs::File::create_new(at)?;
    written.write_all(&file.content)?;
    set_mode(&written, file.mode, replaces)?;
    written.sync_all()
}

/// Keeps who may read and write the file that is replaced, and sets what git knows: executable.
#[cfg(unix)]
fn set_mode(written: &fs::File, mode: FileMode, replaces: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let replaced = fs::symlink_metadata(replaces).ok().filter(fs::Metadata::is_file);
    let metadata = replaced.map_or_else(|| written.metadata(), Ok)?;
    let bits = metadata.permissions().mode() & 0o777;
    let readable = (bits & 0o444) >> 2;
    let bits = if mode == FileMode::Executable { bits | readable } else { bits & !0o111 };
    written.set_permissions(fs::Permissions::from_mode(bits))
}

#[cfg(not(unix))]
fn set_mode(_written: &fs::File, _mode: FileMode, _replaces: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn make_link(target: &[u8], at: &Path) -> io::Result<()> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    std::os::unix::fs::symlink(OsStr::from_bytes(target), at)
}

#[cfg(not(unix))]
pub(super) fn make_link(_target: &[u8], _at: &Path) -> io::Result<()> {
    Err(io::Error::other("symlinks are not written on this system"))
}

/// Deletes a file and the directories that are empty then, as git does.
fn delete(root: &Path, path: &RepoPath) -> io::Result<()> {
    remove_if_there(&root.join(path.as_str()))?;
    let mut above = path.parent();
    while let Some(dir) = above.filter(|dir| !dir.is_root()) {
        if fs::remove_dir(root.join(dir.as_str())).is_err() {
            break;
        }
        above = dir.parent();
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn fault(path: &RepoPath, error: &io::Error) -> WorkdirError {
    WorkdirError::Write { path: path.clone(), reason: error.to_string() }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn edit(path: &str, before: Option<&str>, after: Option<&str>) -> FileEdit {
        let file = |text: &str| File::regular(text.as_bytes());
        FileEdit {
            path: RepoPath::parse(path).unwrap(),
            before: before.map(file),
            after: after.map(file),
        }
    }

    fn root() -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir_all(temp.path().join("over/patches")).unwrap();
        fs::write(temp.path().join("over/patches/a"), "1").unwrap();
        temp
    }

    #[test]
    fn adds_changes_and_deletes() {
        let temp = root();
        let edits = [
            edit("over/patches/a", Some("1"), Some("2")),
            edit("over/new/deep/b", None, Some("b")),
        ];
        apply(temp.path(), &edits).unwrap();
        assert_eq!(fs::read(temp.path().join("over/patches/a")).unwrap(), b"2");
        assert_eq!(fs::read(temp.path().join("over/new/deep/b")).unwrap(), b"b");
        // Again: nothing is due, nothing is wrong.
        apply(temp.path(), &edits).unwrap();
        apply(temp.path(), &[edit("over/new/deep/b", Some("b"), None)]).unwrap();
        assert!(!temp.path().join("over/new").exists());
    }

    #[test]
    fn nothing_is_written_if_one_file_changed_meanwhile() {
        let temp = root();
        let edits = [
            edit("over/b", None, Some("b")),
            edit("over/patches/a", Some("seen"), Some("planned")),
        ];
        let result = apply(temp.path(), &edits);
        assert!(
            matches!(result, Err(WorkdirError::Changed(path)) if path.as_str() == "over/patches/a")
        );
        assert!(!temp.path().join("over/b").exists());
    }

    #[test]
    fn no_symlink_is_written_through() {
        let temp = root();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), temp.path().join("over/link")).unwrap();
        symlink(outside.path().join("x"), temp.path().join("over/file")).unwrap();
        let through = apply(temp.path(), &[edit("over/link/x", None, Some("x"))]);
        assert!(matches!(through, Err(WorkdirError::ThroughSymlink { .. })));
        let mut onto = edit("over/file", None, Some("x"));
        let target = outside.path().join("x").to_str().unwrap().as_bytes().into();
        onto.before = Some(File { mode: FileMode::Symlink, content: target });
        apply(temp.path(), &[onto]).unwrap();
        assert!(!outside.path().join("x").exists());
        assert_eq!(fs::read(temp.path().join("over/file")).unwrap(), b"x");
        let git = apply(temp.path(), &[edit(".GIT/config", None, Some("x"))]);
        assert!(matches!(git, Err(WorkdirError::GitInternal(_))));
    }

    #[test]
    fn keeps_permissions_and_survives_a_killed_run() {
        let temp = root();
        let file = temp.path().join("over/patches/a");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(temp.path().join("over/patches/.a.overlift"), "half").unwrap();
        let mut change = edit("over/patches/a", Some("1"), Some("2"));
        change.after = Some(File { mode: FileMode::Executable, content: b"2"[..].into() });
        apply(temp.path(), &[change]).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o750);
        assert_eq!(fs::read_dir(temp.path().join("over/patches")).unwrap().count(), 1);
    }
}
