//! What stands at one path of a disk, and what a file there holds.

use std::fs;
use std::io::{self, IoSliceMut, Read as _, Seek as _};
use std::iter::repeat_n;
use std::path::Path;
use std::sync::Arc;

use super::bounds::{FILE_LIMIT_BYTES, is_git_internal, not_utf8};
use crate::model::{FileMode, ReadError, RepoPath};

/// What stands at exactly one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    Link(String),
    File(FileMode),
    /// A socket, a pipe, a device: never opened.
    Special,
    Missing,
}

/// What stands at a path below the root; nothing of git's own.
pub(super) fn read_kind(root: &Path, path: &RepoPath) -> Result<Kind, ReadError> {
    if is_git_internal(path) {
        return Ok(Kind::Missing);
    }
    let on_disk = root.join(path.as_str());
    let metadata = match fs::symlink_metadata(&on_disk) {
        Ok(metadata) => metadata,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename => return Ok(Kind::Missing),
            _ => return Err(fault(path, &error)),
        },
    };
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Ok(Kind::Directory);
    }
    if kind.is_symlink() {
        let target = fs::read_link(&on_disk).map_err(|error| fault(path, &error))?;
        let target = target.to_str().ok_or_else(|| not_utf8(path, "its target"))?;
        return Ok(Kind::Link(target.to_owned()));
    }
    Ok(if kind.is_file() { Kind::File(mode_of(&metadata)) } else { Kind::Special })
}

/// The content of a file below the root.
pub(super) fn read_content(root: &Path, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
    let mut file = fs::File::open(root.join(path.as_str())).map_err(|error| fault(path, &error))?;
    let bytes = file.metadata().map_err(|error| fault(path, &error))?.len();
    if bytes > FILE_LIMIT_BYTES {
        return Err(ReadError::TooLarge { path: path.clone(), bytes, limit: FILE_LIMIT_BYTES });
    }
    // Read to where it stays: a vector would have to be copied once more.
    let mut content: Arc<[u8]> = repeat_n(0, usize::try_from(bytes).unwrap_or(0)).collect();
    let buffer = Arc::get_mut(&mut content).expect("nobody else has it yet");
    // That it gives no byte more, though there is room, says in the same call that this was all.
    let (size, mut more) = (buffer.len(), [0]);
    let read = file.read_vectored(&mut [IoSliceMut::new(buffer), IoSliceMut::new(&mut more)]);
    if size > 0 && read.is_ok_and(|read| read == size) {
        return Ok(content);
    }
    // It was written between the calls, or is one that has no size.
    let mut content = Vec::new();
    file.rewind().map_err(|error| fault(path, &error))?;
    file.take(FILE_LIMIT_BYTES).read_to_end(&mut content).map_err(|error| fault(path, &error))?;
    Ok(content.into())
}

/// Git's rule: a file that its owner may execute is executable.
#[cfg(unix)]
pub(super) fn mode_of(metadata: &fs::Metadata) -> FileMode {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o100 == 0 {
        FileMode::Regular
    } else {
        FileMode::Executable
    }
}

#[cfg(not(unix))]
pub(super) fn mode_of(_metadata: &fs::Metadata) -> FileMode {
    FileMode::Regular
}

pub(super) fn fault(path: &RepoPath, error: &io::Error) -> ReadError {
    ReadError::Io { path: path.clone(), reason: error.to_string() }
}
