//! Decide what holds a promotion, show it, and act upon it.

use serde::{Deserialize, Serialize};

use super::asker::last_of;
use super::edit::{Edit, Release};
use super::kind::Kind;
use super::repository_address::RepositoryAddress;
use super::stored_pair::StoredPair;
use crate::promotion::{Intent, Key};

/// Decide what holds a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Clear {
    pub(in crate::app) place: RepositoryAddress,
    #[serde(flatten)]
    pub(in crate::app) pair: StoredPair,
    /// What its pull request is for.
    #[serde(default)]
    pub(in crate::app) intent: Option<String>,
    /// Whether something happened on the pull request, so that it is shown how it stands.
    #[serde(default)]
    pub(in crate::app) asked: bool,
    #[serde(default)]
    pub(in crate::app) edits: Vec<Edit>,
    #[serde(default)]
    pub(in crate::app) releases: Vec<Release>,
    /// The newest body.
    #[serde(default)]
    pub(in crate::app) body: Option<String>,
    /// The newest head.
    #[serde(default)]
    pub(in crate::app) head: Option<String>,
    /// The commit that a merge queue made of it last.
    #[serde(default)]
    pub(in crate::app) group: Option<String>,
}

impl Clear {
    pub(in crate::app) fn new(place: RepositoryAddress, key: &Key) -> Self {
        Self {
            place,
            pair: StoredPair::of(key),
            intent: Some(key.intent.as_str().to_owned()),
            asked: false,
            edits: Vec::new(),
            releases: Vec::new(),
            body: None,
            head: None,
            group: None,
        }
    }

    /// Which promotion; `None` if somebody changed the queue by hand.
    pub(in crate::app) fn key(&self) -> Option<Key> {
        self.pair.key(self.intent.as_deref().map_or(Some(Intent::Promote), Intent::parse)?)
    }
}

impl Kind for Clear {
    const WORD: &'static str = "clear";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        let intent = self.intent.as_deref().unwrap_or_default();
        format!("{} {intent}", self.pair.queue_key(Self::WORD, &self.place))
    }

    fn lane(&self) -> String {
        self.pair.lane(&self.place)
    }

    fn merge(self, newer: Self) -> Self {
        Self {
            place: self.place.merge(newer.place),
            asked: self.asked || newer.asked,
            edits: last_of(self.edits, newer.edits),
            releases: last_of(self.releases, newer.releases),
            body: newer.body.or(self.body),
            head: newer.head.or(self.head),
            group: newer.group.or(self.group),
            ..newer
        }
    }
}
