//! What a change does to one resource.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::field::{FieldChange, field_changes};
use super::mask::{KnownValues, mask_resources};
use super::pairing::Pair;
use super::unified::Hunks;
use crate::kustomize::ResourceId;
use crate::model::Location;
use crate::yaml::{self, Node};

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Change {
    /// It goes.
    Deleted,
    /// It stays and differs.
    Changed,
    /// It is new.
    Added,
}

/// One resource before and after. Nothing in it holds a value of a Secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourceDiff {
    /// What happens.
    pub change: Change,
    /// Its identity: after, or before if it goes.
    pub id: ResourceId,
    /// The identity it had, if that was another one: a new name, namespace or API version.
    pub id_before: Option<ResourceId>,
    /// The identity that it has in its file, before prefixes and namespaces: after, or before if it goes.
    pub original: ResourceId,
    /// Where it comes from: after, or before if it goes.
    pub origin: Location,
    /// The lines that differ, counted within the resource.
    pub hunks: Hunks,
    /// The resource before, masked.
    pub before: Option<Node>,
    /// The resource after, masked.
    pub after: Option<Node>,
    /// Whether some of its values are masked.
    pub masked: bool,
}

impl ResourceDiff {
    /// The fields that differ, in the order of the fields before; empty unless both sides are there.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => field_changes(before, after),
            _ => Vec::new(),
        }
    }
}

/// A resource on both sides with its masked trees and rendered texts.
pub(super) struct Side<'a> {
    pub(super) pair: Pair<'a>,
    masked_before: Option<Node>,
    masked_after: Option<Node>,
    known: &'a KnownValues,
}

impl<'a> Side<'a> {
    pub(super) fn new(pair: Pair<'a>, known: &'a KnownValues) -> Self {
        let before = pair.before.map(|place| &place.resource.node);
        let after = pair.after.map(|place| &place.resource.node);
        let (masked_before, masked_after) = mask_resources(before, after, known);
        Self { pair, masked_before, masked_after, known }
    }

    /// The resource before as it may be shown.
    pub(super) fn before(&self) -> Option<&Node> {
        self.masked_before.as_ref().or(self.pair.before.map(|place| &place.resource.node))
    }

    /// The resource after as it may be shown.
    pub(super) fn after(&self) -> Option<&Node> {
        self.masked_after.as_ref().or(self.pair.after.map(|place| &place.resource.node))
    }

    /// An identity as it may be shown: a name may be made from a value.
    fn shown(&self, id: &ResourceId) -> ResourceId {
        match self.known.scrub(&id.name) {
            Cow::Owned(name) => ResourceId { name: name.into(), ..id.clone() },
            Cow::Borrowed(_) => id.clone(),
        }
    }

    /// The diff of the two rendered texts; `None` if nothing differs.
    pub(super) fn diff(&self, before: &str, after: &str) -> Option<ResourceDiff> {
        let (change, shown) = match (self.pair.before, self.pair.after) {
            (None, Some(after)) => (Change::Added, after.resource),
            (Some(before), None) => (Change::Deleted, before.resource),
            (Some(_), Some(after)) => (Change::Changed, after.resource),
            (None, None) => return None,
        };
        if before == after {
            return None;
        }
        let id_before = self.pair.before.map(|place| &place.resource.id);
        Some(ResourceDiff {
            change,
            id: self.shown(&shown.id),
            id_before: id_before.filter(|id| **id != shown.id).map(|id| self.shown(id)),
            original: self.shown(&shown.original_id),
            origin: shown.origin.clone(),
            hunks: Hunks::between(before, after),
            before: self.before().cloned(),
            after: self.after().cloned(),
            masked: self.masked_before.is_some() || self.masked_after.is_some(),
        })
    }
}

/// The rendered text of a resource; empty for none.
pub(super) fn rendered(node: Option<&Node>) -> String {
    let mut text = String::new();
    if let Some(node) = node {
        yaml::write_document(node, &mut text);
    }
    text
}
