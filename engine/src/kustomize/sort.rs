//! The order in which resources are printed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::error::BuildError;
use super::kustomization::SortOptions;
use super::resource_id::{ORDER_FIRST, ORDER_LAST, rank_among};
use super::resource_set::ResourceSet;
use super::{Gvk, ResourceId};

/// Sorts as `sortOptions` say.
///
/// # Errors
/// [`BuildError`] if they contradict themselves.
pub fn sort_by_options(set: ResourceSet, options: &SortOptions) -> Result<ResourceSet, BuildError> {
    let fault = |reason| match &options.at {
        Some(at) => BuildError::Conflict { at: at.clone(), reason },
        None => unreachable!("sort options are read from a file"),
    };
    match (options.order.as_str(), &options.legacy) {
        ("fifo", None) => Ok(set),
        ("fifo", Some(_)) => Err(fault("`legacySortOptions` need `order: legacy`")),
        ("legacy", None) => Ok(sort_legacy(set)),
        ("legacy", Some(legacy)) => Ok(sort_by_rank(set, &legacy.order_first, &legacy.order_last)),
        _ => Err(fault("`order` has to be `legacy` or `fifo`")),
    }
}

/// Sorts namespaces and definitions first, webhooks last, by identity in between.
#[must_use]
pub fn sort_legacy(set: ResourceSet) -> ResourceSet {
    sort_by_rank(set, &ORDER_FIRST, &ORDER_LAST)
}

fn sort_by_rank<T: AsRef<str>>(set: ResourceSet, first: &[T], last: &[T]) -> ResourceSet {
    let mut drafts = set.into_drafts();
    let mut kinds = Kinds::default();
    let mut keyed: Vec<(Key<'_>, usize)> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| (Key::new(&draft.id, kinds.number_of(&draft.id.gvk, first, last)), at))
        .collect();
    let places = kinds.places();
    // Kinds apart first: within one, resources often are in order.
    keyed.sort_by_key(|(key, _)| places[key.kind]);
    for kind in keyed.chunk_by_mut(|(a, _), (b, _)| places[a.kind] == places[b.kind]) {
        // The place makes keys differ, so that the sort need not be a stable one.
        kind.sort_unstable_by(|(a, at), (b, other)| a.compare_names(b).then(at.cmp(other)));
    }
    let order = keyed.into_iter().map(|(_, at)| at).collect();
    reorder(&mut drafts, order);
    ResourceSet::from_drafts(drafts)
}

/// Puts the item at `order[at]` to `at`, for every place, without a second list: items are large.
fn reorder<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..items.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at);
            if from == start {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

/// The kinds that there are, of which few are compared.
#[derive(Debug, Default)]
struct Kinds<'a> {
    numbers: BTreeMap<&'a Gvk, usize>,
    classes: Vec<Class>,
    /// The kinds by their numbers.
    known: Vec<&'a Gvk>,
    /// The number that was asked for last: most often the next is the same, or the one behind it.
    last: usize,
}

/// What is compared of a kind: its rank, then its text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Class {
    rank: isize,
    /// Namespaces of a group come before those of the core: for this kind the order is reversed.
    foreign_namespace: bool,
    text: Vec<u8>,
}

impl<'a> Kinds<'a> {
    /// The number of a kind.
    fn number_of<T: AsRef<str>>(&mut self, gvk: &'a Gvk, first: &[T], last: &[T]) -> usize {
        let behind = if self.last + 1 < self.known.len() { self.last + 1 } else { 0 };
        for near in [self.last, behind] {
            if self.known.get(near).is_some_and(|known| known.is_same(gvk)) {
                self.last = near;
                return near;
            }
        }
        self.last = *self.numbers.entry(gvk).or_insert_with(|| {
            self.classes.push(Class {
                rank: rank_among(&gvk.kind, first, last),
                foreign_namespace: gvk.kind == "Namespace" && !gvk.group.is_empty(),
                text: gvk.sort_key().collect(),
            });
            self.known.push(gvk);
            self.classes.len() - 1
        });
        self.last
    }

    /// The place of each kind among them, by its number; two that read alike have the same.
    fn places(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        order.sort_by_key(|number| &self.classes[*number]);
        let mut places = vec![0; order.len()];
        for two in order.windows(2) {
            let differ = self.classes[two[0]] != self.classes[two[1]];
            places[two[1]] = places[two[0]] + usize::from(differ);
        }
        places
    }
}

/// What is compared of resources of one kind: namespace and name, with `|` between, as one text.
#[derive(Clone, Copy, Debug)]
struct Key<'a> {
    /// The number of the kind.
    kind: usize,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> Key<'a> {
    fn new(id: &'a ResourceId, kind: usize) -> Self {
        Self { kind, namespace: or(&id.namespace, "~X"), name: or(&id.name, "~N") }
    }

    /// Most resources that are compared at all are in one namespace.
    fn compare_names(&self, other: &Self) -> Ordering {
        if self.namespace == other.namespace {
            return self.name.cmp(other.name);
        }
        self.bytes().cmp(other.bytes())
    }

    fn bytes(&self) -> impl Iterator<Item = u8> {
        [self.namespace, "|", self.name].into_iter().flat_map(str::bytes)
    }
}

fn or<'a>(part: &'a str, empty: &'a str) -> &'a str {
    if part.is_empty() { empty } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reorders_in_place() {
        let mut items = ["a", "b", "c", "d", "e", "f"];
        reorder(&mut items, vec![2, 0, 1, 3, 5, 4]);
        assert_eq!(items, ["c", "a", "b", "d", "f", "e"]);
        reorder::<u8>(&mut [], Vec::new());
    }

    #[test]
    fn compares_namespace_and_name_as_one_text() {
        let id = |namespace: &str, name: &str| ResourceId {
            namespace: namespace.into(),
            name: name.into(),
            ..ResourceId::default()
        };
        // `~` and `|` come after every letter, `-` before.
        let ids = [id("a-b", "a"), id("a", "z"), id("ab", ""), id("ab", "~O"), id("", "a")];
        let ids = [&ids[0], &ids[2], &ids[3], &ids[1], &ids[4]];
        let key = |id| Key::new(id, 0);
        for (at, a) in ids.iter().enumerate() {
            for (other, b) in ids.iter().enumerate() {
                assert_eq!(key(*a).compare_names(&key(*b)), at.cmp(&other), "{a:?} {b:?}");
            }
        }
    }
}
