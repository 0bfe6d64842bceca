//! Many paths of field names, walked at once: references to other resources stand in hundreds of
//! fields, and most of these begin alike.
//!
//! Fields are found as [`Walk`](super::field_spec::Walk) finds them, and none is made.

use super::field_spec::is_field_name;
use crate::yaml::{Node, Tag, Value};

/// Why a path cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// A scalar stands where it goes on.
    Scalar,
    /// A mapping stands where it goes on with what is no field's name, see [`is_field_name`].
    NoField,
}

/// Many paths, walked at once: what they share is walked once.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    branches: Vec<(String, Self)>,
    /// Whether one of them is no field of a mapping.
    has_no_field: bool,
    /// The numbers of the paths that end here, in the order in which they were added.
    ends: Vec<usize>,
}

impl Tree {
    /// Adds a path under a number.
    pub fn add(&mut self, path: Vec<String>, number: usize) {
        let mut tree = self;
        for name in path {
            let at = tree.branches.iter().position(|(branch, _)| *branch == name);
            let at = at.unwrap_or_else(|| {
                tree.has_no_field |= !is_field_name(&name);
                tree.branches.push((name, Self::default()));
                tree.branches.len() - 1
            });
            tree = &mut tree.branches[at].1;
        }
        tree.ends.push(number);
    }

    /// Whether no path was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.branches.is_empty() && self.ends.is_empty()
    }

    /// Whether `holds` is true of every node that a path leads to, and nothing stands in the way, not even a null where
    /// one goes on.
    pub fn all(&self, node: &Node, holds: &mut impl FnMut(&Node) -> bool) -> bool {
        (self.ends.is_empty() || holds(node)) && self.all_below(node, holds)
    }

    fn all_below(&self, node: &Node, holds: &mut impl FnMut(&Node) -> bool) -> bool {
        match &node.value {
            _ if self.branches.is_empty() => true,
            Value::Mapping(_) if self.has_no_field => false,
            Value::Mapping(mapping) => self
                .branches
                .iter()
                .all(|(name, tree)| mapping.get(name).is_none_or(|field| tree.all(field, holds))),
            Value::Sequence(items) => items.iter().all(|item| self.all_below(item, holds)),
            Value::Scalar(_) => false,
        }
    }

    /// Calls `visit` with every node that a path leads to, and the path's number.
    ///
    /// # Errors
    /// What `visit` returns, and [`NoWay`] where a path cannot be followed.
    pub fn visit<E: From<NoWay>>(
        &self,
        node: &mut Node,
        visit: &mut impl FnMut(&mut Node, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        for number in &self.ends {
            visit(node, *number)?;
        }
        self.descend(node, visit)
    }

    /// Follows the branches; a list is walked through as if each of its items stood there.
    fn descend<E: From<NoWay>>(
        &self,
        node: &mut Node,
        visit: &mut impl FnMut(&mut Node, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.branches.is_empty() {
            return Ok(());
        }
        match &mut node.value {
            Value::Mapping(_) if self.has_no_field => Err(NoWay::NoField.into()),
            Value::Mapping(mapping) => self.branches.iter().try_for_each(|(name, tree)| {
                mapping.get_mut(name).map_or(Ok(()), |field| tree.visit(field, visit))
            }),
            Value::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.descend(item, visit))
            }
            Value::Scalar(scalar) if scalar.tag == Tag::Null => Ok(()),
            Value::Scalar(_) => Err(NoWay::Scalar.into()),
        }
    }
}
