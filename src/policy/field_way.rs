//! The way to a finding's field: `spec.http[0].match`, and how far it leads in a tree.

use crate::yaml::{Mark, Node};

/// One part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment<'a> {
    /// A key of a mapping.
    Key(&'a str),
    /// A number: of an item, or a key that is one.
    Index(usize),
}

/// The parts of `spec.http[0].match` and `metadata.annotations[a.b/c]`.
pub(super) fn way(field: &str) -> Vec<Segment<'_>> {
    let mut way = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let Some((word, after)) = inside.split_once(']') else { break };
            way.push(word.parse().map_or(Segment::Key(word), Segment::Index));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if rest.starts_with('[') {
                continue;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            way.push(Segment::Key(&rest[..end]));
            rest = &rest[end..];
        }
    }
    way
}

/// What a part of the way leads to.
#[derive(Clone, Copy)]
pub(super) struct Met<'n> {
    /// The value.
    pub(super) node: &'n Node,
    /// Its key's place; the item's own in a list.
    pub(super) key_mark: Mark,
}

/// What a way leads to, as far as it leads, the nearest first.
pub(super) fn walk<'n>(root: &'n Node, way: &[Segment<'_>]) -> impl Iterator<Item = Met<'n>> {
    let mut node = root;
    way.iter().map_while(move |part| {
        let met = match part {
            Segment::Key(key) => pair(node, key),
            Segment::Index(index) => {
                let item = node.as_sequence().and_then(|items| items.get(*index));
                let item = item.map(|node| Met { node, key_mark: node.mark });
                item.or_else(|| pair(node, &index.to_string()))
            }
        }?;
        node = met.node;
        Some(met)
    })
}

/// A key's value, with the place of the key.
pub(super) fn pair<'n>(node: &'n Node, key: &str) -> Option<Met<'n>> {
    let pair = node.as_mapping()?.iter().find(|pair| pair.key.text == key)?;
    Some(Met { node: &pair.value, key_mark: pair.key_mark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_field_paths() {
        use Segment::{Index, Key};
        assert_eq!(
            way("spec.http[0].headers[x.y/z].set"),
            [Key("spec"), Key("http"), Index(0), Key("headers"), Key("x.y/z"), Key("set")]
        );
        assert_eq!(way("data.[a.b]"), [Key("data"), Key("a.b")]);
        assert_eq!(way(""), []);
    }
}
