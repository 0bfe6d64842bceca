//! The order in which resources are printed.

use std::cmp::Ordering;

use super::ResourceId;
use super::error::BuildError;
use super::kustomization::SortOptions;
use super::resource_id::{ORDER_FIRST, ORDER_LAST, rank_among};
use super::resource_set::ResourceSet;

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
    let mut keyed: Vec<(Key<'_>, usize)> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| (Key::new(&draft.id, first, last), at))
        .collect();
    // The place makes keys differ, so that the sort need not be a stable one.
    keyed.sort_unstable();
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

/// What is compared: kinds by rank and text; resources of one kind by namespace and name, with `|`
/// between, as one text.
#[derive(Debug, PartialEq, Eq)]
struct Key<'a> {
    rank: isize,
    /// Namespaces of a group come before those of the core: for this kind the order is reversed.
    foreign_namespace: bool,
    id: &'a ResourceId,
}

impl<'a> Key<'a> {
    fn new<T: AsRef<str>>(id: &'a ResourceId, first: &[T], last: &[T]) -> Self {
        Self {
            rank: rank_among(&id.gvk.kind, first, last),
            foreign_namespace: id.gvk.kind == "Namespace" && !id.gvk.group.is_empty(),
            id,
        }
    }

    /// Most resources that are compared at all are of one kind in one namespace.
    fn compare_ids(&self, other: &Self) -> Ordering {
        let (a, b) = (self.id, other.id);
        let by_kind = || {
            if a.gvk == b.gvk { Ordering::Equal } else { a.gvk.sort_key().cmp(b.gvk.sort_key()) }
        };
        let by_name = || {
            if a.namespace == b.namespace {
                return or(&a.name, NO_NAME).cmp(or(&b.name, NO_NAME));
            }
            qualified_name(a).cmp(qualified_name(b))
        };
        by_kind().then_with(by_name)
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |key: &Self| (key.rank, key.foreign_namespace);
        rank(self).cmp(&rank(other)).then_with(|| self.compare_ids(other))
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What kustomize compares where there is no name.
const NO_NAME: &str = "~N";

fn qualified_name(id: &ResourceId) -> impl Iterator<Item = u8> {
    [or(&id.namespace, "~X"), "|", or(&id.name, NO_NAME)].into_iter().flat_map(str::bytes)
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
        let no_ranks: [&str; 0] = [];
        let key = |id| Key::new(id, &no_ranks, &no_ranks);
        for (at, a) in ids.iter().enumerate() {
            for (other, b) in ids.iter().enumerate() {
                assert_eq!(key(*a).cmp(&key(*b)), at.cmp(&other), "{a:?} {b:?}");
            }
        }
    }
}
