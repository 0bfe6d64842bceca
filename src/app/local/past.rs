//! The past of two environments, as the checkout's git knows it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::known_past::{KnownPast, MOST_CLAIMS, planned_on, settled, settled_by_word};
use crate::lineage::{History, Point};
use crate::model::{CommitSha, RepoPath};
use crate::promotion::{Environment, Trailers};
use crate::workdir::{FolderHistory, Repository, SharedHistory, Way, WorkdirError};

/// Owns what [`crate::promotion::Past`] borrows.
pub(in crate::app) struct LocalPast {
    history: FolderHistory,
    way: Arc<Way>,
    /// What may be the last promotion of ours, the newest first, or what `promotion.since` names.
    pub(in crate::app) points: Vec<Point>,
}

impl LocalPast {
    /// Reads the history of two environments on a way.
    pub(super) fn read(
        repository: &Repository,
        way: &Arc<Way>,
        pair: (&Environment, &Environment),
    ) -> Result<Self, WorkdirError> {
        let history = repository.folder_history(way, (&pair.0.path, &pair.1.path))?;
        Self::with_points(repository, way, history, pair)
    }

    /// Reads it together with the way to a commit, which nobody knows yet.
    pub(super) fn read_with_way(
        repository: &Repository,
        to: &CommitSha,
        pair: (&Environment, &Environment),
    ) -> Result<Self, WorkdirError> {
        let folders = (&pair.0.path, &pair.1.path);
        let (way, history) = repository.way_and_history(to, Trailers::PLAN, folders)?;
        Self::with_points(repository, &Arc::new(way), history, pair)
    }

    /// The way that it was read on.
    pub(super) const fn way(&self) -> &Arc<Way> {
        &self.way
    }

    /// The same, with what may be the last promotion.
    fn with_points(
        repository: &Repository,
        way: &Arc<Way>,
        history: FolderHistory,
        (source, target): (&Environment, &Environment),
    ) -> Result<Self, WorkdirError> {
        let mut past = Self { history, way: Arc::clone(way), points: Vec::new() };
        if past.cut_off() {
            return Ok(past);
        }
        past.points = match target.rules.since.as_deref() {
            Some(revision) => {
                let commit = repository.resolve(revision)?;
                vec![settled_by_word(past.seen_at(repository, &commit)?, commit)]
            }
            None => {
                let key = target.key_from(&source.name);
                let claims = way.claims.iter().filter_map(|(promotion, message)| {
                    Some((planned_on(message, &key)?, promotion.clone()))
                });
                let point = |(commit, by): Claim| {
                    Ok::<_, WorkdirError>(settled(past.seen_at(repository, &commit)?, by))
                };
                claims.take(MOST_CLAIMS).map(point).collect::<Result<_, _>>()?
            }
        };
        Ok(past)
    }

    /// The same as a value, whose contents come when somebody has asked for them.
    pub(in crate::app) fn known(&self) -> KnownPast {
        let history = self.history();
        let head = history.head.expect("a past is that of a commit").clone();
        KnownPast::new(head, history.commits.to_vec(), self.points.clone())
    }

    /// The newest commit of this past that a commit has; `None` if it has none of them.
    pub(super) fn seen_at(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<Option<usize>, WorkdirError> {
        let commits = self.history.commits.iter().enumerate();
        let places: BTreeMap<&CommitSha, usize> =
            commits.map(|(place, it)| (&it.id, place)).collect();
        let place = |id: &CommitSha| places.get(id).copied();
        if let Some(place) = self.way.from(commit).find_map(place) {
            return Ok(Some(place));
        }
        if self.way.has(commit) {
            return Ok(None);
        }
        // A tag of another branch, or a commit that this clone does not have.
        match repository.first_parents(commit) {
            Ok(way) => Ok(way.iter().find_map(place)),
            Err(WorkdirError::Git { .. }) => Ok(None),
            Err(error) => Err(error),
        }
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
        History::new(commits, &self.history, Some(head))
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
    way: Arc<Way>,
}

impl LocalPasts {
    /// Reads the past of some environments on a way.
    pub(super) fn read<'e>(
        repository: &Repository,
        way: &Arc<Way>,
        environments: impl Iterator<Item = &'e Environment>,
    ) -> Result<Self, WorkdirError> {
        let folders: Vec<&RepoPath> = environments.map(|it| &it.path).collect();
        let history = repository.shared_history(way, &folders)?;
        Ok(Self { history, way: Arc::clone(way) })
    }

    /// The past of a pair.
    pub(super) fn of(
        &self,
        repository: &Repository,
        pair: (&Environment, &Environment),
    ) -> Result<LocalPast, WorkdirError> {
        let history = self.history.of((&pair.0.path, &pair.1.path));
        LocalPast::with_points(repository, &self.way, history, pair)
    }
}

/// The commit that a promotion of the pair says it was planned on, and the promotion's own.
pub(super) type Claim = (CommitSha, CommitSha);

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
