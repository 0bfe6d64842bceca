//! Why a checkout cannot be read or written.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{CommitSha, ReadError, RepoPath};

/// Why a checkout cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkdirError {
    /// The directory is not there, or is a file.
    #[error("`{}` is no directory that can be read: {reason}", .dir.display())]
    NoDirectory {
        /// The directory.
        dir: PathBuf,
        /// The file system's words.
        reason: String,
    },
    /// Neither overlays nor a repository are here.
    #[error("`{}` has no `overlays` and no `.github/overlift.yaml`, and is in no git repository", .0.display())]
    NothingToPlan(PathBuf),
    /// A repository without a working tree.
    #[error("`{}` is a bare repository: it has no files to look at", .0.display())]
    Bare(PathBuf),
    /// Nobody has committed anything yet.
    #[error("`{}` has no commit yet", .0.display())]
    NoCommits(PathBuf),
    /// Files that would be written have work in them that nobody committed.
    #[error("{}, and would be overwritten", uncommitted(.0))]
    Uncommitted(Vec<RepoPath>),
    /// The operation needs git and this is no repository.
    #[error("`{}` is in no git repository", .0.display())]
    NoRepository(PathBuf),
    /// The program `git` cannot be started.
    #[error("the program `git` cannot be started: {0}")]
    NoGit(String),
    /// The program `kustomize` cannot be started.
    #[error("the program `kustomize` cannot be started: {0}")]
    NoKustomize(String),
    /// Kustomize said no; its words have been shown.
    #[error("`kustomize build {}` failed", .0.display())]
    Kustomize(PathBuf),
    /// Kustomize does not end.
    #[error("`kustomize build` had not ended after {} and was stopped", in_words(*.0))]
    KustomizeEndless(Duration),
    /// Kustomize prints more than anyone's manifest.
    #[error("`kustomize build` printed more than {} MiB", .0 >> 20)]
    KustomizeTooMuch(usize),
    /// The files for kustomize cannot be put in a directory of their own.
    #[error("the files for `kustomize` cannot be written to a temporary directory: {0}")]
    KustomizeFiles(String),
    /// Git said no.
    #[error("git could not {what}: {said}")]
    Git {
        /// What it was asked to do.
        what: &'static str,
        /// Its words.
        said: String,
    },
    /// The revision is not a commit of this repository.
    #[error("`{0}` is no commit of this repository")]
    UnknownRevision(String),
    /// The history ends early.
    #[error("the clone is shallow: its history does not reach back to the last promotion")]
    Shallow,
    /// The text is no name for a branch.
    #[error("`{0}` cannot be the name of a branch")]
    InvalidBranch(String),
    /// Somebody stands on the branch.
    #[error("the branch `{branch}` is checked out in `{worktree}`")]
    BranchCheckedOut {
        /// The branch.
        branch: String,
        /// The working tree that has it.
        worktree: String,
    },
    /// The branch holds work that is not ours.
    #[error("the branch `{branch}` holds commit {} that Overlift did not make", .commit.short())]
    BranchHoldsOthers {
        /// The branch.
        branch: String,
        /// The newest such commit.
        commit: CommitSha,
    },
    /// Git does not know who commits.
    #[error("git does not know who you are: {0}")]
    NoIdentity(String),
    /// A file is not any more what the plan was made from.
    #[error("`{0}` changed after the plan was made; nothing was written")]
    Changed(RepoPath),
    /// A directory on the way to a file is a symlink.
    #[error("`{path}` is not written: `{link}` is a symlink")]
    ThroughSymlink {
        /// The file to be written.
        path: RepoPath,
        /// The symlink on its way.
        link: RepoPath,
    },
    /// The path is git's own.
    #[error("`{0}` is git's own and never written")]
    GitInternal(RepoPath),
    /// The file system says no.
    #[error("`{path}` cannot be written: {reason}")]
    Write {
        /// The file.
        path: RepoPath,
        /// The file system's words.
        reason: String,
    },
    /// A file that the user named cannot be read.
    #[error("`{}` cannot be read: {reason}", .path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// The file system's words.
        reason: String,
    },
    /// A result cannot be put where the user wants it.
    #[error("`{}` cannot be written: {reason}", .path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// The file system's words.
        reason: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn in_words(time: Duration) -> String {
    match time.as_secs() / 60 {
        0 => format!("{} s", time.as_secs_f32()),
        minutes => format!("{minutes} minutes"),
    }
}

/// "`a`, `b`, `c` and 2 more are not committed".
fn uncommitted(paths: &[RepoPath]) -> String {
    let shown: Vec<String> = paths.iter().take(3).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(3) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let are = if paths.len() == 1 { "is" } else { "are" };
    format!("{}{more} {are} not committed", shown.join(", "))
}
