//! Lists whose items merge by key, or are united if they are scalars.
//!
//! Regular lists (mappings that all have their keys, each key once) merge through an index. The rest
//! goes through [`irregular`], which follows kustomize step by step, because what comes out there is
//! an accident of its steps and nothing that could be said shorter.

use std::collections::BTreeMap;

use super::error::MergeError;
use super::irregular;
use super::merger::{Merger, Outcome};
use super::sides::{Sides, text};
use crate::kustomize::schema::Known;
use crate::yaml::Node;

impl<'a> Merger<'a> {
    /// Merges lists by key.
    ///
    /// New items go to the front. With one key the patch also decides the order of the items that it
    /// names; with several keys the object's items stay in their order behind the new ones.
    pub(super) fn list(
        &mut self,
        sides: Sides,
        keys: &[&str],
        item: Option<Known<'a>>,
    ) -> Result<Vec<Node>, MergeError> {
        let (ours, theirs) = match &sides {
            Sides::One(list) | Sides::Same(list) => (list.as_slice(), [].as_slice()),
            Sides::Both(ours, theirs) => (ours.as_slice(), theirs.as_slice()),
        };
        let Some(keys) = regular_keys(ours, theirs, keys) else {
            return irregular::merge(self, sides, keys, item);
        };
        match sides {
            Sides::One(list) => {
                self.kept(list, |it, node| it.merge(Some(node), None, item).map(|_| true))
            }
            Sides::Same(list) => self.kept(list, |it, node| it.adopt(node, item)),
            Sides::Both(ours, theirs) => self.join(ours, theirs, &keys, item),
        }
    }

    /// The items of a list that stay, each changed on the way.
    fn kept(
        &mut self,
        list: Vec<Node>,
        stays: impl Fn(&mut Self, &mut Node) -> Result<bool, MergeError>,
    ) -> Result<Vec<Node>, MergeError> {
        let mut kept = Vec::with_capacity(list.len());
        for mut node in list {
            if stays(self, &mut node)? {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    fn join(
        &mut self,
        ours: Vec<Node>,
        theirs: Vec<Node>,
        keys: &[&str],
        item: Option<Known<'a>>,
    ) -> Result<Vec<Node>, MergeError> {
        let index: BTreeMap<Vec<String>, usize> = ours
            .iter()
            .enumerate()
            .map(|(at, node)| (key_of(node, keys).map(str::to_owned).collect(), at))
            .collect();
        let mut ours: Vec<Option<Node>> = ours.into_iter().map(Some).collect();
        let mut front = Vec::with_capacity(theirs.len());
        for theirs in theirs {
            let key: Vec<String> = key_of(&theirs, keys).map(str::to_owned).collect();
            let Some(place) = index.get(&key).map(|at| &mut ours[*at]) else {
                if let Outcome::Taken(node) = self.merge(None, Some(theirs), item)? {
                    front.push(node);
                }
                continue;
            };
            let Some(node) = place.as_mut() else { continue };
            match self.merge(Some(node), Some(theirs), item)? {
                Outcome::Gone => *place = None,
                // An item with `$patch: replace` changes nothing: kustomize lays the old one over it.
                Outcome::Kept | Outcome::Taken(_) if keys.len() > 1 => {}
                Outcome::Kept | Outcome::Taken(_) => front.extend(place.take()),
            }
        }
        for mut node in ours.into_iter().flatten() {
            self.merge(Some(&mut node), None, item)?;
            front.push(node);
        }
        Ok(front)
    }
}

/// The keys to merge by, if both lists are regular: only mappings, all of them with the same keys out
/// of `keys`, none twice.
fn regular_keys<'k>(ours: &[Node], theirs: &[Node], keys: &[&'k str]) -> Option<Vec<&'k str>> {
    let first = ours.first().or(theirs.first())?;
    let present: Vec<&str> =
        keys.iter().copied().filter(|key| !text(first, key).is_empty()).collect();
    let absent = || keys.iter().filter(|key| !present.contains(key));
    if present.is_empty() {
        return None;
    }
    for list in [ours, theirs] {
        let mut seen = Vec::with_capacity(list.len());
        for node in list {
            let complete = present.iter().all(|key| !text(node, key).is_empty())
                && absent().all(|key| node.get(key).is_none());
            if !complete {
                return None;
            }
            seen.push(key_of(node, &present).collect::<Vec<_>>());
        }
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
    }
    Some(present)
}

fn key_of<'n>(node: &'n Node, keys: &[&str]) -> impl Iterator<Item = &'n str> {
    keys.iter().map(|key| text(node, key))
}
