//! Laying a patch over one resource: what of its identity stays, and what becomes of its metadata.

use super::super::strategic_merge::{MergeError, Merged, merge};
use super::options::PatchOptions;
use crate::kustomize::books::{self, LostBooks};
use crate::kustomize::error::BuildError;
use crate::kustomize::resource::Draft;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::model::Location;
use crate::yaml::{Mapping, Node, Pair, Scalar, Style, Tag, Text, Value};

/// Lays a patch over one resource; kind, name and namespace stay unless the options let them change.
/// Returns what went with the annotations.
pub(super) fn merge_into(
    draft: &mut Draft,
    mut patch: Node,
    options: PatchOptions,
    schema: &Schema,
    at: &Location,
) -> Result<Option<LostBooks>, MergeError> {
    if options != PatchOptions::default() {
        draft.remember_id();
    }
    let id = draft.id.clone();
    let watched = draft.has_history() && books::may_take(&patch);
    if watched {
        books::mark(&mut draft.node);
    }
    let (may_bring_typed_keys, may_lose_block) = (typed_key(&patch).is_some(), needs_block(&patch));
    if may_lose_block {
        take_out_of_brackets(&mut patch);
    }
    if merge(&mut draft.node, patch, schema)? == Merged::Deleted {
        draft.node = Node::null();
        return Ok(None);
    }
    if draft.is_deleted() {
        return Ok(None);
    }
    if may_bring_typed_keys && let Some(mut way) = typed_key(&draft.node) {
        way.reverse();
        return Err(MergeError::TypedKey { field: way.join(".") });
    }
    if may_lose_block {
        settle_in_brackets(&mut draft.node, false);
    }
    let mut lost = None;
    if watched && !books::unmark(&mut draft.node) {
        lost = LostBooks::of(draft, at);
        draft.lose_books();
    }
    if let Some(object) = draft.node.as_mapping_mut().filter(|_| !options.allow_kind_change) {
        restore(object, "kind", &id.gvk.kind);
    }
    let Some(metadata) = metadata(&mut draft.node).as_mapping_mut() else { return Ok(lost) };
    if !options.allow_name_change {
        restore(metadata, "name", &id.name);
    }
    if id.namespace.is_empty() {
        metadata.remove("namespace");
    } else {
        restore(metadata, "namespace", &id.namespace);
    }
    Ok(lost)
}

/// The first key that is no string, with those that lead there behind it: kustomize finds keys of patches by their
/// texts, so that `10` is `"10"` where that is there, and cannot print those that are new.
fn typed_key(node: &Node) -> Option<Vec<&str>> {
    match &node.value {
        Value::Scalar(_) => None,
        Value::Sequence(items) => items.iter().find_map(typed_key),
        Value::Mapping(mapping) => mapping.iter().find_map(|Pair { key, value, .. }| {
            let mut way = match key.tag {
                Tag::Str => typed_key(value)?,
                _ => Vec::new(),
            };
            way.push(key.text.as_str());
            Some(way)
        }),
    }
}

/// Whether something is written in a way that brackets do not have: folded, without a value, or a time.
fn needs_block(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => {
            matches!(scalar.style, Style::Folded | Style::TimeInBrackets)
                || has_no_value(scalar)
                || is_time(scalar)
        }
        Value::Sequence(items) => items.iter().any(needs_block),
        Value::Mapping(mapping) => mapping.iter().any(|pair| needs_block(&pair.value)),
    }
}

fn has_no_value(scalar: &Scalar) -> bool {
    scalar.tag == Tag::Null && scalar.style.is_plain() && scalar.text.is_empty()
}

fn is_time(scalar: &Scalar) -> bool {
    scalar.tag == Tag::Timestamp && scalar.text.contains(':')
}

/// Makes times of a patch that stand in brackets there what they are elsewhere, until it is known where they come to stand.
fn take_out_of_brackets(node: &mut Node) {
    match &mut node.value {
        Value::Scalar(scalar) if scalar.style == Style::TimeInBrackets => {
            (scalar.tag, scalar.style) = (Tag::Timestamp, Style::Plain);
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter_mut().for_each(take_out_of_brackets),
        Value::Mapping(mapping) => {
            mapping.iter_mut().for_each(|pair| take_out_of_brackets(&mut pair.value));
        }
    }
}

/// Gives what came to stand in brackets the form that it has there: a folded text gets quotes, and so do a time with a
/// colon, which is a text from then on, and what has no value, which is printed as an empty text.
fn settle_in_brackets(node: &mut Node, in_brackets: bool) {
    let in_brackets = in_brackets || node.mark.is_flow();
    match &mut node.value {
        Value::Scalar(scalar) if in_brackets => {
            if scalar.tag == Tag::Str && scalar.style == Style::Folded {
                scalar.style = Style::DoubleQuoted;
            } else if is_time(scalar) {
                (scalar.tag, scalar.style) = (Tag::Str, Style::TimeInBrackets);
            } else if has_no_value(scalar) {
                scalar.style = Style::SingleQuoted;
            }
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            items.iter_mut().for_each(|item| settle_in_brackets(item, in_brackets));
        }
        Value::Mapping(mapping) => {
            mapping.iter_mut().for_each(|pair| settle_in_brackets(&mut pair.value, in_brackets));
        }
    }
}

/// The mapping `metadata`, made where it is missing.
fn metadata(node: &mut Node) -> &mut Node {
    if node.get("metadata").is_none_or(|metadata| metadata.as_mapping().is_none())
        && let Some(mapping) = node.as_mapping_mut()
    {
        mapping.insert("metadata", Node::mapping());
    }
    node.get_mut("metadata").expect("it was made")
}

/// Gives a key the text that it had before, without its type.
fn restore(mapping: &mut Mapping, key: &str, text: &Text) {
    match mapping.get_mut(key) {
        Some(value) => scalar::set(value, text.clone(), None),
        None => drop(mapping.insert(key, scalar::of_new_field(text.clone()))),
    }
}

/// What becomes of a patch's metadata when kustomize copies it: the values of its labels and
/// annotations are texts, even its nulls.
pub(super) fn texts_for_metadata(mut node: Node, labels: bool) -> Node {
    if labels {
        scalar::make_texts(&mut node, "labels");
    }
    scalar::make_texts(&mut node, "annotations");
    node
}

/// The version of the resource stays, even where the patch may change its kind. kustomize gives it to the patch as a
/// text without a type, and merges.
pub(super) fn keep_version(draft: Option<&Draft>, patch: &mut Node) -> Result<(), BuildError> {
    let (Some(draft), Some(patch)) = (draft, patch.as_mapping_mut()) else { return Ok(()) };
    match draft.node.get("apiVersion") {
        None => restore(patch, "apiVersion", &Text::const_new("")),
        Some(Node { value: Value::Scalar(version), mark }) => {
            let text = version.text.clone();
            patch.insert("apiVersion", Node { mark: *mark, ..scalar::plain(text) });
        }
        Some(version) => {
            let found = version.kind_name();
            let reason = format!("`apiVersion` is a {found}, which no patch with a `target` fits");
            return Err(BuildError::Invalid { at: draft.location.clone(), reason });
        }
    }
    Ok(())
}

/// A new kind or name is a text without a type: kustomize sets both in the patch before it merges.
pub(super) fn take_types_of_identity(patch: &mut Node, options: PatchOptions) {
    let untyped = |node: Option<&mut Node>| {
        if let Some(node) = node.filter(|node| !node.is_null())
            && let Some(text) = node.as_scalar().map(|scalar| scalar.text.clone())
        {
            *node = Node { mark: node.mark, ..scalar::plain(text) };
        }
    };
    if options.allow_kind_change {
        untyped(patch.get_mut("kind"));
    }
    if options.allow_name_change {
        untyped(patch.get_mut("metadata").and_then(|metadata| metadata.get_mut("name")));
    }
}

/// Makes `metadata.annotations` where it is missing.
pub(super) fn make_annotations(node: &mut Node) {
    if let Some(metadata) = metadata(node).as_mapping_mut()
        && metadata.get("annotations").is_none_or(Node::is_null)
    {
        metadata.insert("annotations", Node::mapping());
    }
}
