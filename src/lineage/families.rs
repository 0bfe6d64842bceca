//! Lists of a kustomization that count as one: what it names in one of them comes into no other.
//!
//! A patch that `patches` names and `patchesStrategicMerge` too is applied twice, a resource that `bases` and
//! `resources` name is there twice. Which list a file is named in is each environment's own.

use super::decision::{Decision, Reason};
use super::value::Value;
use crate::model::KustomizationField;

/// An entry that one side names and the other does not, in the same list.
pub(super) struct Unpaired<'w> {
    /// Its decision among those that were found.
    pub decision: usize,
    /// The list that names it.
    pub list: &'w str,
    /// The file or folder that it names.
    pub path: &'w str,
    /// Whether the source names it there.
    pub is_source: bool,
    /// Whether the decision is about the whole list.
    pub is_whole: bool,
}

/// Whether a kustomization has another list that counts as one with this.
pub(super) fn has_other(kustomization: &Value, list: &str) -> bool {
    others(list).any(|other| kustomization.get(other).is_some())
}

/// Takes back what would name a file in two lists of the target that count as one, and what would leave it in
/// none while the source names it in another. What stays in one of them for whatever reason says so.
pub(super) fn keep_in_one(
    found: &mut [Decision],
    unpaired: &[Unpaired<'_>],
    (source, target): (Option<&Value>, Option<&Value>),
) {
    for entry in unpaired.iter().filter(|entry| !entry.is_whole) {
        if !matches!(
            found[entry.decision].reason,
            Reason::Judged(_) | Reason::Held(_) | Reason::All
        ) {
            continue;
        }
        let of_target = naming(target, entry);
        let list = if entry.is_source { of_target } else { naming(source, entry) };
        let Some(list) = list.filter(|_| entry.is_source || of_target.is_none()) else { continue };
        // The target's goes from there, or the source's comes there.
        let moves = unpaired.iter().any(|it| {
            it.list == list && same(it.path, entry.path) && found[it.decision].op.is_some()
        });
        if !moves {
            let decision = &mut found[entry.decision];
            decision.leave(Reason::InAnotherList { list, of_target: entry.is_source });
        }
    }
}

/// The list that counts as one with the entry's own, and in which a kustomization names the same.
fn naming(kustomization: Option<&Value>, entry_of: &Unpaired<'_>) -> Option<&'static str> {
    others(entry_of.list).find(|list| {
        let named = kustomization.and_then(|value| value.get(list));
        let mut paths = named.map(Value::items).unwrap_or_default().iter().filter_map(entry);
        paths.any(|path| same(path, entry_of.path))
    })
}

/// The lists that count as one with this, without it.
fn others(list: &str) -> impl Iterator<Item = &'static str> {
    let field = KustomizationField::named(list).filter(|field| field.lists_files());
    let family = field.into_iter().flat_map(|field| KustomizationField::holding(field.holds));
    family.map(|field| field.name).filter(move |other| *other != list)
}

/// Whether two entries name the same, however it is written.
pub(super) fn same(a: &str, b: &str) -> bool {
    plain_path(a) == plain_path(b)
}

/// A path without what makes no difference: `./a.yaml` is `a.yaml`, `base/` is `base`.
pub(super) fn plain_path(path: &str) -> &str {
    let rest = path.trim_start_matches("./").trim_end_matches('/');
    if rest.is_empty() { path } else { rest }
}

/// The file or folder that an entry of a kustomization's list names.
pub(super) fn entry(value: &Value) -> Option<&str> {
    value.as_text().or_else(|| value.text_at("path"))
}
