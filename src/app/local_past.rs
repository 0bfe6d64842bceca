//! The past of two environments, as the checkout's git knows it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::lineage::{History, Point};
use crate::model::{CommitSha, PastCommit, RepoPath};
use crate::promotion::{Environment, Trailers};
use crate::workdir::{FolderHistory, Repository, SharedHistory, WorkdirError};

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
        let last = || match target.rules.since.as_deref() {
            Some(revision) => {
                let commit = repository.resolve(revision)?;
                Ok(Some((commit.clone(), commit)))
            }
            None => last_of_ours(repository, from, source, target),
        };
        // Two questions to git at once: each takes as long as a build.
        let (history, planned) = std::thread::scope(|scope| {
            let planned = scope.spawn(last);
            let history = repository.folder_history(from, &folders);
            (history, planned.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let history = history?;
        if history.cut_off {
            return Ok(Self { history, point: None });
        }
        let planned = planned?;
        let point = match planned {
            None => None,
            Some((commit, by)) => {
                Some(settled(seen_at(repository, &history, &commit, &folders)?, by))
            }
        };
        Ok(Self { history, point })
    }

    /// The same, from what was read for many.
    fn read_from(
        repository: &Repository,
        pasts: &LocalPasts,
        (source, target): (&Environment, &Environment),
    ) -> Result<Self, WorkdirError> {
        let folders = [&source.path, &target.path];
        let history = pasts.history.of(&folders);
        if history.cut_off {
            return Ok(Self { history, point: None });
        }
        let key = target.key_from(&source.name);
        let planned = match target.rules.since.as_deref() {
            Some(revision) => {
                let commit = repository.resolve(revision)?;
                Some((commit.clone(), commit))
            }
            None => pasts.promotions.iter().find_map(|(promotion, message)| {
                Some((planned_on(message, &key)?, promotion.clone()))
            }),
        };
        let point = match planned {
            None => None,
            Some((commit, by)) => {
                let seen = match pasts.place(repository, &commit)? {
                    Some(place) => {
                        let seen = |it: &PastCommit| matches!(pasts.place(repository, &it.id), Ok(Some(at)) if at >= place);
                        history.commits.iter().rposition(seen)
                    }
                    None => seen_at(repository, &history, &commit, &folders)?,
                };
                Some(settled(seen, by))
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

/// The past of many environments, read once.
#[derive(Debug)]
pub(super) struct LocalPasts {
    history: SharedHistory,
    /// The messages of all promotions of ours, newest first.
    promotions: Vec<(CommitSha, String)>,
    head: CommitSha,
    /// The first-parent way, counted from the head, once somebody asked.
    places: OnceLock<BTreeMap<CommitSha, usize>>,
}

impl LocalPasts {
    /// Reads the past of some environments as of a commit.
    pub(super) fn read<'e>(
        repository: &Repository,
        from: &CommitSha,
        environments: impl Iterator<Item = &'e Environment>,
    ) -> Result<Self, WorkdirError> {
        let folders: Vec<&RepoPath> = environments.map(|it| &it.path).collect();
        let history = repository.shared_history(from, &folders)?;
        let promotions = repository.with_trailer(from, Trailers::PLAN)?;
        Ok(Self { history, promotions, head: from.clone(), places: OnceLock::new() })
    }

    /// The past of a pair.
    pub(super) fn of(
        &self,
        repository: &Repository,
        pair: (&Environment, &Environment),
    ) -> Result<LocalPast, WorkdirError> {
        LocalPast::read_from(repository, self, pair)
    }

    /// Where a commit stands on the first-parent way; `None` if it is not on it.
    fn place(
        &self,
        repository: &Repository,
        id: &CommitSha,
    ) -> Result<Option<usize>, WorkdirError> {
        let places = match self.places.get() {
            Some(places) => places,
            None => {
                let way = repository.first_parents(&self.head)?;
                let places = way.into_iter().enumerate().map(|(place, id)| (id, place)).collect();
                self.places.get_or_init(|| places)
            }
        };
        Ok(places.get(id).copied())
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
