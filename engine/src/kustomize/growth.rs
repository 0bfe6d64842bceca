//! What a build makes of what it read has an end: copies of copies, a long text in every resource, a path of a
//! hundred thousand steps.
//!
//! Counted are bytes of text and a fixed weight for each node, where something is put in several places.
//! Real builds stay below a hundredth of the limit.

use crate::yaml::{MAX_DEPTH, Node, Value};

/// So much may be put in.
const LIMIT_BYTES: usize = 32 << 20;
/// The limit in words.
pub const LIMIT: &str = "32 MiB of what is copied and put in";
/// What a node weighs beside its text.
const NODE_BYTES: usize = 160;
/// What weighs less is not counted where it goes into each resource: it is no more than the resources.
const SMALL_BYTES: usize = 4 << 10;

/// How much was put in so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    bytes: usize,
}

/// More is put in than any manifest needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than 32 MiB is copied and put in")]
pub struct TooMuch;

/// What is made is nested deeper than anything that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nested more than {MAX_DEPTH} levels deep")]
pub struct TooDeep;

/// Holds a build to the depth of what is read, since every reader of a tree may recurse so deep: a value that
/// has `below` levels of its own goes to a place with `above` levels over it.
///
/// # Errors
/// [`TooDeep`] if they are more together.
pub const fn check_depth(above: usize, below: usize) -> Result<(), TooDeep> {
    if above.saturating_add(below) > MAX_DEPTH { Err(TooDeep) } else { Ok(()) }
}

/// How many levels are nested in a node.
#[must_use]
pub fn levels(node: &Node) -> usize {
    let inside = match &node.value {
        Value::Mapping(mapping) => mapping.iter().map(|pair| levels(&pair.value)).max(),
        Value::Sequence(items) => items.iter().map(levels).max(),
        Value::Scalar(_) => return 0,
    };
    1 + inside.unwrap_or_default()
}

impl Growth {
    /// Counts so many bytes.
    ///
    /// # Errors
    /// [`TooMuch`] once they are.
    pub const fn add(&mut self, bytes: usize) -> Result<(), TooMuch> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > LIMIT_BYTES { Err(TooMuch) } else { Ok(()) }
    }

    /// Counts what is written once and goes into so many resources, each time with these bytes.
    ///
    /// # Errors
    /// As [`Growth::add`].
    pub const fn add_to_each(&mut self, bytes: usize, resources: usize) -> Result<(), TooMuch> {
        if bytes <= SMALL_BYTES { Ok(()) } else { self.add(bytes.saturating_mul(resources)) }
    }

    /// Counts what was put in elsewhere. What is too much is found by the next that is added.
    pub const fn absorb(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// What a copy of the node weighs.
#[must_use]
pub fn weight(node: &Node) -> usize {
    let inside = match &node.value {
        Value::Mapping(mapping) => {
            mapping.iter().map(|pair| pair.key.text.len() + weight(&pair.value)).sum()
        }
        Value::Sequence(items) => items.iter().map(weight).sum(),
        Value::Scalar(scalar) => scalar.text.len(),
    };
    NODE_BYTES + inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nests_as_deeply_as_is_read_and_no_deeper() {
        let node = (1..MAX_DEPTH).fold(Node::mapping(), |inside, _| {
            let mut node = Node::mapping();
            node.as_mapping_mut().map(|mapping| mapping.insert("a", inside));
            node
        });
        assert_eq!(levels(&node), MAX_DEPTH);
        assert_eq!(check_depth(0, levels(&node)), Ok(()));
        assert_eq!(check_depth(1, levels(&node)), Err(TooDeep));
        assert_eq!(levels(&Node::null()), 0);
    }

    #[test]
    fn counts_until_it_is_too_much() {
        let mut growth = Growth::default();
        assert_eq!(growth.add(LIMIT_BYTES), Ok(()));
        assert_eq!(growth.add_to_each(SMALL_BYTES, 1 << 40), Ok(()));
        assert_eq!(growth.add_to_each(SMALL_BYTES + 1, 1), Err(TooMuch));
        let mut both = Growth::default();
        both.absorb(growth);
        assert_eq!(both.add(0), Err(TooMuch));
    }
}
