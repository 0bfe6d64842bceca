//! Move traffic on by a step.

use serde::{Deserialize, Serialize};

use super::asker::{Asker, last_of};
use super::kind::Kind;
use super::repository_address::RepositoryAddress;
use super::stored_pair::StoredPair;
use crate::promotion::{Intent, Key};
use crate::traffic::{Aim, Rollout};

/// Move traffic on by a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Step {
    pub(in crate::app) place: RepositoryAddress,
    #[serde(flatten)]
    pub(in crate::app) pair: StoredPair,
    /// Where it leads; `None` for whatever is next.
    #[serde(default)]
    pub(in crate::app) aim: Option<StoredAim>,
    /// Whether somebody asked.
    #[serde(default)]
    pub(in crate::app) asked: bool,
    /// Whether somebody asked on the pull request itself, so that its branch is made anew whatever is on it.
    #[serde(default, rename = "anew")]
    pub(in crate::app) asked_there: bool,
    /// Whether the open one is planned again.
    #[serde(default)]
    pub(in crate::app) again: bool,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(in crate::app) askers: Vec<Asker>,
}

/// Where a step leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct StoredAim {
    /// `namespace/name`.
    pub(in crate::app) virtual_service: String,
    /// The destination.
    pub(in crate::app) to: String,
    /// What it is to get, in percent.
    pub(in crate::app) share: u32,
    /// Whether it leads back to the start.
    #[serde(default)]
    pub(in crate::app) back: bool,
    /// Why, if nobody asked.
    #[serde(default)]
    pub(in crate::app) because: Option<String>,
}

impl StoredAim {
    pub(in crate::app) fn new(aim: &Aim, back: bool, because: Option<String>) -> Self {
        let Aim { virtual_service, to, share, .. } = aim;
        let (virtual_service, to) = (virtual_service.to_string(), to.clone());
        Self { virtual_service, to, share: *share, back, because }
    }

    /// The step again; `None` if the configuration has no such steps any more.
    pub(in crate::app) fn of(&self, rollouts: &[Rollout]) -> Option<Aim> {
        self.rollout(rollouts)?.aim(&self.to, self.share)
    }

    /// Which steps it is of.
    pub(in crate::app) fn rollout<'r>(&self, rollouts: &'r [Rollout]) -> Option<&'r Rollout> {
        rollouts.iter().find(|it| it.virtual_service.to_string() == self.virtual_service)
    }
}

impl Step {
    pub(in crate::app) fn new(place: RepositoryAddress, key: &Key, aim: Option<StoredAim>) -> Self {
        Self {
            place,
            pair: StoredPair::of(key),
            aim,
            asked: false,
            asked_there: false,
            again: false,
            askers: Vec::new(),
        }
    }

    /// The next one, since somebody asks.
    pub(in crate::app) fn asked(place: RepositoryAddress, key: &Key, askers: &[Asker]) -> Self {
        Self { asked: true, askers: askers.to_vec(), ..Self::new(place, key, None) }
    }

    /// Which steps; `None` if somebody changed the queue by hand.
    pub(in crate::app) fn key(&self) -> Option<Key> {
        self.pair.key(Intent::Step)
    }
}

impl Kind for Step {
    const WORD: &'static str = "step";

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
        let leads_back = |aim: &Option<StoredAim>| aim.as_ref().is_some_and(|aim| aim.back);
        // The way back comes first; a step that is known is not forgotten for one that is not.
        let aim = match leads_back(&self.aim) && !leads_back(&newer.aim) {
            true => self.aim,
            false => newer.aim.or(self.aim),
        };
        Self {
            place: self.place.merge(newer.place),
            aim,
            asked: self.asked || newer.asked,
            asked_there: self.asked_there || newer.asked_there,
            again: self.again && newer.again,
            askers: last_of(self.askers, newer.askers),
            ..newer
        }
    }
}
