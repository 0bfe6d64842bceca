//! Labels and annotations: entries for mappings at given fields.
//!
//! As kustomize's label and annotation filters. An entry that is new in several places of a resource
//! is one node in all of them, see [`Draft::share`].

use std::sync::Arc;

use crate::kustomize::decode::TextEntry;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldError, FieldSpec, Make, Walk, Walks};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::yaml::{Mark, Node, Pair, Scalar, Tag, Value};

/// Sets labels or annotations at these fields of all resources.
///
/// # Errors
/// [`BuildError::Invalid`] if a field is there and no mapping.
pub fn apply(
    set: &mut ResourceSet,
    entries: &[TextEntry],
    fields: &[FieldSpec],
) -> Result<(), BuildError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut entries: Vec<&TextEntry> = entries.iter().collect();
    entries.sort();
    let mut walks = Walks::new(fields, Make::Mapping);
    for draft in set.contents_mut().filter(|draft| !draft.is_deleted()) {
        let walks = walks.of(&draft.id.gvk);
        for entry in &entries {
            set_entry(draft, entry, walks).map_err(|fault| fault.of(draft))?;
        }
    }
    Ok(())
}

fn set_entry(draft: &mut Draft, entry: &TextEntry, walks: &[Arc<Walk>]) -> Result<(), FieldError> {
    let mark = draft.share(entry.mark.text());
    let mut changed = Vec::new();
    for walk in walks {
        walk.each(&mut draft.node, &mut |node| put(node, entry, walk, mark, &mut changed))?;
        changed.drain(..).for_each(|changed| draft.spread(&changed));
    }
    Ok(())
}

fn put(
    node: &mut Node,
    new: &TextEntry,
    walk: &Walk,
    mark: Mark,
    changed: &mut Vec<Node>,
) -> Result<(), FieldError> {
    if node.is_null() {
        return Ok(());
    }
    let Value::Mapping(mapping) = &mut node.value else {
        return Err(walk.unfit("mapping", node));
    };
    let value = new.value.as_str();
    if let Some(entry) = mapping.get_mut(&new.key) {
        scalar::set(entry, value.into(), Some(Tag::Str));
        entry.mark = entry.mark.moved_to(mark);
        if entry.mark.is_shared() && !entry.mark.is_one_with(mark) {
            changed.push(entry.clone());
        }
    } else {
        let value = Node { mark, ..Node::string(value) };
        let key = Scalar::string(new.key.as_str());
        if mapping.is_empty() {
            // Most get no other.
            mapping.reserve(1);
        }
        mapping.push(Pair { key, key_mark: Mark::NONE, value });
    }
    Ok(())
}
