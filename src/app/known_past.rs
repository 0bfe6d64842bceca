//! The past of two environments as a value: what was when, with the contents that are here so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::lineage::{History, Point};
use crate::model::{BlobId, Blobs, CommitSha, PastCommit, ReadError};
use crate::promotion::{Key, Trailers};

/// A history whose contents come when somebody has asked for them.
#[derive(Debug)]
pub(super) struct KnownPast {
    /// The commit that it is the past of.
    pub(super) head: CommitSha,
    pub(super) commits: Vec<PastCommit>,
    /// Where the source may be settled, the newest first.
    pub(super) points: Vec<Point>,
    contents: Mutex<Contents>,
}

/// Contents by their id; `None` for one that is not to be had.
pub(super) type Found = BTreeMap<BlobId, Option<Arc<[u8]>>>;

#[derive(Debug, Default)]
struct Contents {
    found: Found,
    missing: BTreeSet<BlobId>,
}

impl KnownPast {
    pub(super) fn new(head: CommitSha, commits: Vec<PastCommit>, points: Vec<Point>) -> Self {
        Self { head, commits, points, contents: Mutex::default() }
    }

    /// What was when. Whoever plans with it asks afterwards what was missing.
    pub(super) fn history(&self) -> History<'_> {
        History::new(&self.commits, self, Some(&self.head))
    }

    /// What was asked for and is not here; it is forgotten by asking.
    pub(super) fn take_missing(&self) -> BTreeSet<BlobId> {
        std::mem::take(&mut self.lock().missing)
    }

    /// Adds contents.
    pub(super) fn add(&self, found: Found) {
        self.lock().found.extend(found);
    }

    /// The contents that are here.
    pub(super) fn found(&self) -> Found {
        self.lock().found.clone()
    }

    /// Those of some contents that are here.
    pub(super) fn found_of(&self, ids: &BTreeSet<BlobId>) -> Found {
        let contents = self.lock();
        let known = |id: &BlobId| Some((id.clone(), contents.found.get(id)?.clone()));
        ids.iter().filter_map(known).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for KnownPast {
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError> {
        let mut contents = self.lock();
        let known = contents.found.get(id).cloned();
        if known.is_none() {
            contents.missing.insert(id.clone());
        }
        Ok(known.flatten())
    }
}

/// The commit that a promotion of this pair was planned on, if a message is one's.
pub(super) fn planned_on(message: &str, key: &Key) -> Option<CommitSha> {
    Trailers::parse(message).filter(|trailers| trailers.is_of(key))?.commit
}

/// What a promotion settles, if it is one: all that the commit it was planned on has seen.
pub(super) const fn settled(seen: Option<usize>, by: CommitSha) -> Point {
    Point { seen, by: Some(by), settles_versions: true, claimed: true }
}

/// What `promotion.since` settles.
pub(super) fn settled_by_word(seen: Option<usize>, by: CommitSha) -> Point {
    Point { claimed: false, ..settled(seen, by) }
}

/// So many commits that say they are the last promotion are looked at.
pub(super) const MOST_CLAIMS: usize = 20;
