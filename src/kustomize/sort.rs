//! The order in which resources are printed.

use super::ResourceId;
use super::error::BuildError;
use super::kustomization::SortOptions;
use super::resource::Draft;
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
    let mut keyed: Vec<(Key, usize)> =
        set.iter().enumerate().map(|(at, draft)| (Key::new(&draft.id, first, last), at)).collect();
    // The place makes keys differ, so that the sort need not be a stable one.
    keyed.sort_unstable();
    let mut drafts: Vec<Option<Draft>> = set.into_drafts().into_iter().map(Some).collect();
    let taken = keyed.into_iter().filter_map(|(_, at)| drafts[at].take());
    ResourceSet::from_drafts(taken.collect())
}

/// What is compared: kinds by rank and text; resources of one kind by namespace and name, with `|`
/// between, as one text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rank: isize,
    /// Namespaces of a group come before those of the core: for this kind the order is reversed.
    foreign_namespace: bool,
    gvk: Vec<u8>,
    id: String,
}

impl Key {
    fn new<T: AsRef<str>>(id: &ResourceId, first: &[T], last: &[T]) -> Self {
        let or = |part: &str, empty: &str| {
            if part.is_empty() { empty.to_owned() } else { part.to_owned() }
        };
        Self {
            rank: rank_among(&id.gvk.kind, first, last),
            foreign_namespace: id.gvk.kind == "Namespace" && !id.gvk.group.is_empty(),
            gvk: id.gvk.sort_key().collect(),
            id: format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")),
        }
    }
}
