//! The lists that meet in a merge, and the texts that items are paired by.

use crate::yaml::Node;

/// The lists that take part.
pub(super) enum Sides {
    /// The object's list; the patch does not have it.
    One(Vec<Node>),
    /// The patch's list, which stands on both sides because the object has none.
    Same(Vec<Node>),
    /// The object's list and the patch's.
    Both(Vec<Node>, Vec<Node>),
}

/// The text of a key that is a scalar, else nothing.
pub(super) fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).filter(|value| !value.is_null()).and_then(Node::text).unwrap_or_default()
}
