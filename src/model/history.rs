//! The past of some folders, as values: who changed which file to what, on the first-parent way.

use std::sync::Arc;

use super::{CommitSha, FileMode, ReadError, RepoPath};

/// The id of a blob in git.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub String);

/// A file at one moment: its mode and where its content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// How git stores it.
    pub mode: FileMode,
    /// Its content.
    pub blob: BlobId,
}

/// A file that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The file.
    pub path: RepoPath,
    /// What it was; `None` if the commit added it.
    pub before: Option<FileState>,
    /// What it became; `None` if the commit deleted it.
    pub after: Option<FileState>,
}

/// A commit of the first-parent history that changed something below the folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// Its id.
    pub id: CommitSha,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// What it changed below the folders, against its first parent.
    pub touched: Vec<Touched>,
}

/// Where contents of the past come from.
pub trait Blobs: Sync {
    /// The bytes of a blob; `None` if they are too large or not to be had, which is no fault: such a
    /// version tells nothing.
    ///
    /// # Errors
    /// [`ReadError`] if whoever has them cannot be asked.
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError>;
}
