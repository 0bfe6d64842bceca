//! Masking in trees: rendered resources.

use std::collections::BTreeMap;

use super::known::KnownValues;
use super::masked::{MASKED, MASKED_CHANGED};
use super::role::Role;
use super::sops::show_keys;
use super::spot::{Shape, Spot, find_spots, resolve, resolve_mut};
use crate::yaml::{Node, Value};

/// Masks a resource before and after; `None` for a side that holds nothing secret or is not there.
pub(in crate::diff) fn mask_resources(
    before: Option<&Node>,
    after: Option<&Node>,
    known: &KnownValues,
) -> (Option<Node>, Option<Node>) {
    let masked_before = before.and_then(|node| mask(node, None, known));
    (masked_before, after.and_then(|node| mask(node, before, known)))
}

fn mask(node: &Node, before: Option<&Node>, known: &KnownValues) -> Option<Node> {
    let spots = find_spots(node, Role::Plain, known);
    if spots.is_empty() {
        return None;
    }
    let mut masked = node.clone();
    for spot in &spots {
        hide(&mut masked, spot, before);
    }
    show_keys(&mut masked, node);
    Some(masked)
}

fn hide(root: &mut Node, spot: &Spot, before: Option<&Node>) {
    let before = before.and_then(|before| resolve(before, &spot.path));
    let Some(node) = resolve_mut(root, &spot.path) else { return };
    match (&mut node.value, spot.shape) {
        (Value::Mapping(mapping), Shape::Keys) => {
            let before: BTreeMap<&str, &Node> = before
                .and_then(Node::as_mapping)
                .into_iter()
                .flatten()
                .map(|pair| (pair.key.text.as_str(), &pair.value))
                .collect();
            for pair in mapping.iter_mut() {
                let mask = mask_of(&pair.value, before.get(pair.key.text.as_str()).copied());
                pair.value = Node::string(mask);
                if !may_be_key(&pair.key.text) {
                    pair.key.text = MASKED.into();
                }
            }
        }
        (Value::Sequence(items), Shape::Literals) => {
            let before = before.and_then(Node::as_sequence).unwrap_or_default();
            let before: BTreeMap<&str, &Node> =
                before.iter().filter_map(|item| Some((literal_key(item.text()?)?, item))).collect();
            for item in items {
                *item = Node::string(masked_literal(item, &before));
            }
        }
        _ => {
            let mask = mask_of(node, before);
            *node = Node::string(mask);
        }
    }
}

/// Whether Kubernetes would take it for a key. Else it is a line of a file that is not written as a generator reads
/// it, and may be a part of a value.
fn may_be_key(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '<' | '>'))
}

fn masked_literal(item: &Node, before: &BTreeMap<&str, &Node>) -> String {
    let Some(key) = item.text().and_then(literal_key) else { return MASKED.to_owned() };
    format!("{key}={}", mask_of(item, before.get(key).copied()))
}

/// The key of `key=value`, if it looks like one. Nothing but `=` behind it is the end of a base64 text.
pub(super) fn literal_key(literal: &str) -> Option<&str> {
    let (key, value) = literal.split_once('=')?;
    if value.trim_matches('=').is_empty() {
        return None;
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (!key.is_empty() && key.len() <= 100 && key.chars().all(fits)).then_some(key)
}

fn mask_of(value: &Node, before: Option<&Node>) -> &'static str {
    match before {
        Some(before) if before != value => MASKED_CHANGED,
        _ => MASKED,
    }
}
