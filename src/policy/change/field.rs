//! Fields of one side of a change, which may be absent.

use std::collections::BTreeSet;

use crate::yaml::Node;

/// A field's value.
pub(in crate::policy) fn at<'a>(node: Option<&'a Node>, keys: &[&str]) -> Option<&'a Node> {
    node.and_then(|node| node.at(keys))
}

/// A field's text, empty where it is absent or no scalar.
pub(in crate::policy) fn text<'a>(node: Option<&'a Node>, keys: &[&str]) -> &'a str {
    at(node, keys).and_then(Node::text).unwrap_or_default()
}

/// The items of a list; none of what is none.
pub(in crate::policy) fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or_default()
}

/// The texts of a list, or the one text that stands in its place.
pub(in crate::policy) fn texts(node: Option<&Node>) -> Vec<&str> {
    match node.and_then(Node::as_sequence) {
        Some(items) => items.iter().filter_map(Node::text).collect(),
        None => node.and_then(Node::text).into_iter().filter(|text| !text.is_empty()).collect(),
    }
}

/// What is in `after` and not in `before`, each once, in its order.
pub(in crate::policy) fn new_ones<'a>(before: &[&str], after: &[&'a str]) -> Vec<&'a str> {
    let mut seen: BTreeSet<&str> = before.iter().copied().collect();
    after.iter().copied().filter(|word| seen.insert(word)).collect()
}
