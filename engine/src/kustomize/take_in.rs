//! How resources come into a set: those that have to be new, and those that a generator made.

use super::error::BuildError;
use super::generate::base64_lines;
use super::resource::Behavior::{Merge, Replace};
use super::resource::Draft;
use super::resource_set::{ResourceSet, WantedId};
use super::version::{STRING_DATA, Version};
use crate::yaml::Node;

/// Adds a resource whose identity has to be new.
///
/// # Errors
/// [`BuildError::Duplicate`] if it is not.
pub(super) fn append(set: &mut ResourceSet, draft: Draft) -> Result<(), BuildError> {
    set.append(draft).map_err(|found| duplicate(*found, set))
}

/// The error for a resource, and the place of the one that has its identity.
pub(super) fn duplicate((draft, at): (Draft, usize), set: &ResourceSet) -> BuildError {
    let other = set.get(at).map(|other| other.location.clone());
    BuildError::Duplicate {
        other: other.unwrap_or_else(|| draft.location.clone()),
        at: draft.location,
        id: draft.id,
    }
}

/// Adds a generated resource, or merges it into one that is there, or puts it in its place.
///
/// # Errors
/// [`BuildError`] if its behavior does not fit what is there.
pub(super) fn absorb(
    set: &mut ResourceSet,
    mut draft: Draft,
    version: Version,
) -> Result<(), BuildError> {
    let found = set.find_any(&WantedId::of(&draft));
    // By its earlier kind it is found, but not put in its place.
    let is_of_its_kind = |found: &[usize]| match found {
        [at] => set.get(*at).is_some_and(|old| old.id.gvk == draft.id.gvk),
        several => !several.is_empty(),
    };
    match (&found[..], draft.behavior) {
        (found, Merge | Replace) if !is_of_its_kind(found) => Err(BuildError::NothingToMerge {
            at: draft.location,
            id: draft.id,
            behavior: draft.behavior.as_str(),
        }),
        ([], _) => append(set, draft),
        ([at], behavior @ (Merge | Replace)) => {
            if let Some(old) = set.get(*at) {
                let is_secret = is_core_secret(old) && version.has(&STRING_DATA);
                if behavior == Merge && is_secret {
                    draft.take_over(&with_data_alone(old), behavior);
                } else {
                    draft.take_over(old, behavior);
                }
            }
            set.replace(*at, draft);
            Ok(())
        }
        ([at, ..], _) => Err(BuildError::Duplicate {
            other: set.get(*at).map_or_else(|| draft.location.clone(), |old| old.location.clone()),
            at: draft.location,
            id: draft.id,
        }),
    }
}

fn is_core_secret(draft: &Draft) -> bool {
    let gvk = &draft.id.gvk;
    gvk.kind == "Secret" && gvk.group.is_empty() && gvk.version == "v1"
}

/// The same Secret with what its `stringData` says written into its `data`.
fn with_data_alone(old: &Draft) -> Draft {
    let mut copy = old.clone();
    let Some(object) = copy.node.as_mapping_mut() else { return copy };
    let Some(texts) = object.remove("stringData") else { return copy };
    if object.get("data").is_none_or(Node::is_null) {
        object.insert("data", Node::mapping());
    }
    if let Some(data) = object.get_mut("data").and_then(Node::as_mapping_mut) {
        for pair in texts.as_mapping().into_iter().flatten() {
            let text = pair.value.text().unwrap_or_default();
            data.insert(pair.key.text.clone(), Node::string(base64_lines(text.as_bytes())));
        }
    }
    copy
}
