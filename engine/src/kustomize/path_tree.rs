//! Many paths of field names, walked at once: references to other resources stand in hundreds of
//! fields, and most of these begin alike.
//!
//! Fields are found as [`Walk`](super::field_spec::Walk) finds them, and none is made.

use crate::yaml::{Node, Tag, Value};

/// A scalar stands where the path goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalarInTheWay;

/// Many paths, walked at once: what they share is walked once.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    branches: Vec<(String, Self)>,
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

    /// Whether `holds` is true of every node that a path leads to, and neither a scalar nor a null stands where
    /// one goes on.
    pub fn all(&self, node: &Node, holds: &mut impl FnMut(&Node) -> bool) -> bool {
        (self.ends.is_empty() || holds(node)) && self.all_below(node, holds)
    }

    fn all_below(&self, node: &Node, holds: &mut impl FnMut(&Node) -> bool) -> bool {
        match &node.value {
            _ if self.branches.is_empty() => true,
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
    /// What `visit` returns, and [`ScalarInTheWay`].
    pub fn visit<E: From<ScalarInTheWay>>(
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
    fn descend<E: From<ScalarInTheWay>>(
        &self,
        node: &mut Node,
        visit: &mut impl FnMut(&mut Node, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.branches.is_empty() {
            return Ok(());
        }
        match &mut node.value {
            Value::Mapping(mapping) => self.branches.iter().try_for_each(|(name, tree)| {
                mapping.get_mut(name).map_or(Ok(()), |field| tree.visit(field, visit))
            }),
            Value::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.descend(item, visit))
            }
            Value::Scalar(scalar) if scalar.tag == Tag::Null => Ok(()),
            Value::Scalar(_) => Err(ScalarInTheWay.into()),
        }
    }
}
