//! A source as it was at an earlier commit: what was verified there is promoted, whatever came since.
//!
//! The target, and all that both build from, stay as they are now: they are what the merge will meet.

use super::past::LocalPast;
use crate::model::{CommitSha, FileEdit, Files, RepoPath, edits_between};
use crate::promotion::Environment;
use crate::workdir::{CommitTree, Repository, WorkdirError};

/// The commit that a source is taken from.
#[derive(Clone, Debug)]
pub(super) struct SourceThen {
    /// As somebody wrote it.
    pub(super) revision: String,
    pub(super) commit: CommitSha,
}

impl SourceThen {
    /// Finds the commit.
    ///
    /// # Errors
    /// [`WorkdirError`] if there is no such commit.
    pub(super) fn find(repository: &Repository, revision: &str) -> Result<Self, WorkdirError> {
        Ok(Self { revision: revision.to_owned(), commit: repository.resolve(revision)? })
    }

    /// What makes of the files of now those in which the source is as it was.
    ///
    /// # Errors
    /// [`WorkdirError`] if files of either cannot be read.
    pub(super) fn edits(
        &self,
        repository: &Repository,
        now: &dyn Files,
        source: &RepoPath,
    ) -> Result<Vec<FileEdit>, WorkdirError> {
        let then = CommitTree::open(repository, self.commit.clone())?;
        let mut paths = now.list(source)?;
        paths.extend(then.list(source)?);
        paths.sort();
        paths.dedup();
        Ok(edits_between(paths, |path| now.file(path), |path| then.file(path))?)
    }

    /// Takes from a past what the source became after the commit; false if the past does not lead there.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub(super) fn cut(
        &self,
        repository: &Repository,
        past: &mut LocalPast,
        pair: (&Environment, &Environment),
    ) -> Result<bool, WorkdirError> {
        let seen = past.seen_at(repository, &self.commit)?;
        let Some(seen) = seen else { return Ok(false) };
        past.forget_after(seen, &pair.0.path);
        Ok(true)
    }
}
