//! What of a checkout is never read nor written, and what cannot be.

use crate::model::{ReadError, RepoPath};

/// Larger files are not read: the largest manifests people write have a few megabytes.
pub const FILE_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// Whether a path leads into git's own files, which are neither read nor written.
pub(super) fn is_git_internal(path: &crate::model::RepoPath) -> bool {
    path.parts().any(|part| part.eq_ignore_ascii_case(".git"))
}

pub(super) fn not_utf8(path: &RepoPath, name: &str) -> ReadError {
    ReadError::Io { path: path.clone(), reason: format!("`{name}` is not UTF-8") }
}
