//! How far the way to a finding's field leads in a tree.

use crate::model::ShownPart;
use crate::yaml::{Mark, Node};

/// What a part of the way leads to.
#[derive(Clone, Copy)]
pub(super) struct Met<'n> {
    /// The value.
    pub(super) node: &'n Node,
    /// Its key's place; the item's own in a list.
    pub(super) key_mark: Mark,
}

/// What a way leads to, as far as it leads, the nearest first.
pub(super) fn walk<'n>(root: &'n Node, way: &[ShownPart<'_>]) -> impl Iterator<Item = Met<'n>> {
    let mut node = root;
    way.iter().map_while(move |part| {
        let met = match *part {
            ShownPart::Key(key) => pair(node, key),
            ShownPart::InBrackets(word) => item(node, word).or_else(|| pair(node, word)),
        }?;
        node = met.node;
        Some(met)
    })
}

/// An item by its number.
fn item<'n>(node: &'n Node, number: &str) -> Option<Met<'n>> {
    let item = node.as_sequence()?.get(number.parse::<usize>().ok()?)?;
    Some(Met { node: item, key_mark: item.mark })
}

/// A key's value, with the place of the key.
pub(super) fn pair<'n>(node: &'n Node, key: &str) -> Option<Met<'n>> {
    let pair = node.as_mapping()?.iter().find(|pair| pair.key.text == key)?;
    Some(Met { node: &pair.value, key_mark: pair.key_mark })
}
