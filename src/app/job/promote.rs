//! Carry a promotion out, or find that there is nothing to do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::asker::{Asker, MOST_ASKERS};
use super::head::Head;
use super::kind::Kind;
use super::repository_address::RepositoryAddress;
use super::stored_pair::StoredPair;
use crate::promotion::{Intent, Key};

/// Carry a promotion out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Promote {
    pub(in crate::app) place: RepositoryAddress,
    #[serde(flatten)]
    pub(in crate::app) pair: StoredPair,
    /// The default branch's head, if whoever queued this knows it to be the newest.
    #[serde(default)]
    pub(in crate::app) head: Option<Head>,
    /// Whether somebody asked, a program included: what a person closed is then opened again.
    #[serde(default)]
    pub(in crate::app) asked: bool,
    /// Whether somebody asked on the pull request itself, so that its branch is made anew whatever is on it.
    #[serde(default, rename = "anew")]
    pub(in crate::app) asked_there: bool,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(in crate::app) askers: Vec<Asker>,
    /// Whether what we remember of its branch may be wrong, so that GitHub is asked.
    #[serde(default, rename = "look")]
    pub(in crate::app) asks_github: bool,
    /// Whether it is one of several that were asked for at once: that nothing is to be done is not told.
    #[serde(default)]
    pub(in crate::app) several: bool,
    /// Whether everything that differs is to come over.
    #[serde(default)]
    pub(in crate::app) all: bool,
}

impl Promote {
    /// What the check run or status is called that tells on a commit how it ended.
    pub(in crate::app) fn check_name(&self) -> String {
        let StoredPair { application, source, target } = &self.pair;
        let application = application.as_ref().map_or(String::new(), |it| format!("{it}/"));
        format!("overlift/{application}{source}-to-{target}")
    }

    pub(in crate::app) fn new(place: RepositoryAddress, key: &Key) -> Self {
        Self {
            place,
            pair: StoredPair::of(key),
            head: None,
            asked: false,
            asked_there: false,
            askers: Vec::new(),
            asks_github: false,
            several: false,
            all: false,
        }
    }

    /// The same for one application of several.
    pub(in crate::app) fn of(&self, key: &Key) -> Self {
        let Self { place, head, asked, asked_there, askers, all, .. } = self.clone();
        Self { head, asked, asked_there, askers, all, several: true, ..Self::new(place, key) }
    }

    /// Which promotion; `None` if somebody changed the queue by hand.
    pub(in crate::app) fn key(&self) -> Option<Key> {
        self.pair.key(Intent::Promote)
    }
}

impl Kind for Promote {
    const WORD: &'static str = "promote";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        self.pair.queue_key(Self::WORD, &self.place)
    }

    fn lane(&self) -> String {
        self.pair.lane(&self.place)
    }

    fn merge(self, newer: Self) -> Self {
        let mut askers = self.askers;
        askers.extend(newer.askers);
        let mut seen = BTreeSet::new();
        askers.retain(|asker| seen.insert(asker.comment));
        askers.drain(..askers.len().saturating_sub(MOST_ASKERS));
        Self {
            place: self.place.merge(newer.place),
            pair: newer.pair,
            // One of them does not know the newest head: it has to be asked for.
            head: self.head.and(newer.head),
            asked: self.asked || newer.asked,
            asked_there: self.asked_there || newer.asked_there,
            several: self.several && newer.several,
            asks_github: self.asks_github || newer.asks_github,
            all: self.all || newer.all,
            askers,
        }
    }
}
