//! The past of two environments, as the checkout's git knows it.

use crate::lineage::{History, Point};
use crate::model::{CommitSha, RepoPath};
use crate::promotion::{Environment, Trailers};
use crate::workdir::{FolderHistory, Repository, WorkdirError};

use super::known_past::{planned_on, settled};

/// Owns what [`crate::promotion::Past`] borrows.
pub(super) struct LocalPast {
    history: FolderHistory,
    /// The last promotion of ours, or what `promotion.since` names.
    pub(super) point: Option<Point>,
}

impl LocalPast {
    /// Reads the history of two environments as of a commit.
    pub(super) fn read(
        repository: &Repository,
        from: &CommitSha,
        (source, target): (&Environment, &Environment),
    ) -> Result<Self, WorkdirError> {
        let folders = [&source.path, &target.path];
        let history = repository.folder_history(from, &folders)?;
        if history.cut_off {
            return Ok(Self { history, point: None });
        }
        let planned = match target.rules.since.as_deref() {
            Some(revision) => {
                let commit = repository.resolve(revision)?;
                Some((commit.clone(), commit))
            }
            None => last_of_ours(repository, from, source, target)?,
        };
        let point = match planned {
            None => None,
            Some((commit, by)) => {
                Some(settled(seen_at(repository, &history, &commit, &folders)?, by))
            }
        };
        Ok(Self { history, point })
    }

    /// What was when.
    pub(super) fn history(&self) -> History<'_> {
        let FolderHistory { commits, head, .. } = &self.history;
        History { commits, blobs: &self.history, head: Some(head) }
    }

    /// Whether a shallow clone ends before the history does.
    pub(super) const fn cut_off(&self) -> bool {
        self.history.cut_off
    }
}

/// The commit that our last promotion of the pair was planned on, and the promotion's own.
fn last_of_ours(
    repository: &Repository,
    from: &CommitSha,
    source: &Environment,
    target: &Environment,
) -> Result<Option<(CommitSha, CommitSha)>, WorkdirError> {
    let key = target.key_from(&source.name);
    let read = |promotion: &CommitSha, message: &str| {
        Some((planned_on(message, &key)?, promotion.clone()))
    };
    repository.find_in_history(from, &target.path, Trailers::PLAN, read)
}

/// The last commit of the history that a commit has seen.
fn seen_at(
    repository: &Repository,
    history: &FolderHistory,
    commit: &CommitSha,
    folders: &[&RepoPath],
) -> Result<Option<usize>, WorkdirError> {
    let place = |id: &CommitSha| history.commits.iter().rposition(|known| known.id == *id);
    if let Some(place) = place(commit) {
        return Ok(Some(place));
    }
    let touching = repository.last_touching(commit, folders)?;
    Ok(touching.and_then(|touching| place(&touching)))
}
