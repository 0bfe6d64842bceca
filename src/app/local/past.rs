//! The past of two environments, as the checkout's git knows it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::super::known_past::{MOST_CLAIMS, planned_on, settled, settled_by_word};
use crate::lineage::{History, Point};
use crate::model::{CommitSha, PastCommit, RepoPath};
use crate::promotion::{self, Environment, Trailers};
use crate::workdir::{FolderHistory, Repository, SharedHistory, WorkdirError};

/// Owns what [`crate::promotion::Past`] borrows.
pub(in crate::app) struct LocalPast {
    history: FolderHistory,
    /// What may be the last promotion of ours, the newest first, or what `promotion.since` names.
    pub(in crate::app) points: Vec<Point>,
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
            Some(revision) => repository.resolve(revision).map(Told::Since),
            // Nearly always the newest is one; git stops there.
            None => claims(repository, from, (source, target), 1).map(Told::Claims),
        };
        // Two questions to git at once: each takes as long as a build.
        let (history, planned) = std::thread::scope(|scope| {
            let planned = scope.spawn(last);
            let history = repository.folder_history(from, &folders);
            (history, planned.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let history = history?;
        if history.cut_off {
            return Ok(Self { history, points: Vec::new() });
        }
        let mut past = Self { history, points: Vec::new() };
        match planned? {
            Told::Since(commit) => {
                let seen = seen_at(repository, &past.history, &commit, &folders)?;
                past.points = vec![settled_by_word(seen, commit)];
            }
            Told::Claims(newest) => {
                past.points = past.points_of(repository, newest, &folders)?;
                if !past.points.is_empty() && !past.is_borne_out((source, target)) {
                    let all = claims(repository, from, (source, target), MOST_CLAIMS)?;
                    past.points = past.points_of(repository, all, &folders)?;
                }
            }
        }
        Ok(past)
    }

    fn points_of(
        &self,
        repository: &Repository,
        claims: Vec<Claim>,
        folders: &[&RepoPath],
    ) -> Result<Vec<Point>, WorkdirError> {
        let point = |(commit, by): Claim| {
            Ok(settled(seen_at(repository, &self.history, &commit, folders)?, by))
        };
        claims.into_iter().map(point).collect()
    }

    /// Whether one of the points is a promotion of ours. What cannot be read is told by the plan.
    fn is_borne_out(&self, pair: (&Environment, &Environment)) -> bool {
        let found = promotion::last_of_ours(&self.history(), &self.points, pair);
        found.is_ok_and(|found| found.is_some())
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
            return Ok(Self { history, points: Vec::new() });
        }
        let seen = |commit: &CommitSha| match pasts.place(repository, commit)? {
            Some(place) => {
                let seen = |it: &PastCommit| matches!(pasts.place(repository, &it.id), Ok(Some(at)) if at >= place);
                Ok(history.commits.iter().rposition(seen))
            }
            None => seen_at(repository, &history, commit, &folders),
        };
        let points = match target.rules.since.as_deref() {
            Some(revision) => {
                let commit = repository.resolve(revision)?;
                vec![settled_by_word(seen(&commit)?, commit)]
            }
            None => {
                let key = target.key_from(&source.name);
                let claims = pasts.promotions.iter().filter_map(|(promotion, message)| {
                    Some((planned_on(message, &key)?, promotion.clone()))
                });
                let claims = claims.take(MOST_CLAIMS);
                let point =
                    |(commit, by): Claim| Ok::<_, WorkdirError>(settled(seen(&commit)?, by));
                claims.map(point).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { history, points })
    }

    /// The newest commit of this past that a commit has; `None` if it has none of them.
    pub(super) fn seen_at(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        (source, target): (&Environment, &Environment),
    ) -> Result<Option<usize>, WorkdirError> {
        seen_at(repository, &self.history, commit, &[&source.path, &target.path])
    }

    /// Forgets what became of a folder after a commit.
    pub(super) fn forget_after(&mut self, seen: usize, folder: &RepoPath) {
        for commit in self.history.commits.iter_mut().skip(seen + 1) {
            commit.touched.retain(|touched| !touched.path.is_within(folder));
        }
    }

    /// What was when.
    pub(in crate::app) fn history(&self) -> History<'_> {
        let FolderHistory { commits, head, .. } = &self.history;
        History { commits, blobs: &self.history, head: Some(head) }
    }

    /// Whether a shallow clone ends before the history does.
    pub(in crate::app) const fn cut_off(&self) -> bool {
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

/// The commit that a promotion of the pair says it was planned on, and the promotion's own.
pub(super) type Claim = (CommitSha, CommitSha);

/// What tells the last promotion.
enum Told {
    /// The configuration.
    Since(CommitSha),
    /// Trailers.
    Claims(Vec<Claim>),
}

/// The newest commits in the target's folder that say they are promotions of the pair.
pub(super) fn claims(
    repository: &Repository,
    from: &CommitSha,
    (source, target): (&Environment, &Environment),
    most: usize,
) -> Result<Vec<Claim>, WorkdirError> {
    let key = target.key_from(&source.name);
    let found = RefCell::new(Vec::new());
    let read = |promotion: &CommitSha, message: &str| {
        let mut found = found.borrow_mut();
        found.push((planned_on(message, &key)?, promotion.clone()));
        (found.len() == most).then_some(())
    };
    match repository.find_in_history(from, &target.path, Trailers::PLAN, read) {
        Ok(_) => Ok(found.into_inner()),
        // Whoever asks looks for that.
        Err(WorkdirError::Shallow) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
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
