//! The way from the root of a document to one of its nodes.

use super::span::{SpanKind, SpanNode};

/// The way to one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePath {
    /// The document, from 0.
    pub document: usize,
    /// The steps from its root.
    pub steps: Vec<Step>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item of a list, from 0.
    Index(usize),
}

impl NodePath {
    /// The root of a document.
    #[must_use]
    pub const fn root(document: usize) -> Self {
        Self { document, steps: Vec::new() }
    }

    /// The value of `key` below this node.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    /// The item at `index` of this list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// One step further down.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.steps.push(step);
        path
    }

    /// The way to the node above, and the step from there; `None` for a root.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Step)> {
        let (last, steps) = self.steps.split_last()?;
        Some((Self { document: self.document, steps: steps.to_vec() }, last))
    }
}

impl SpanNode {
    /// The node one step down, for changing.
    pub(super) fn child_mut(&mut self, step: &Step) -> Option<&mut Self> {
        match (&mut self.kind, step) {
            (SpanKind::Mapping { pairs, .. }, Step::Key(key)) => {
                let pair = pairs.iter_mut().find(|(k, _)| k.text() == Some(key));
                pair.map(|(_, value)| value)
            }
            (SpanKind::Sequence { items, .. }, Step::Index(index)) => items.get_mut(*index),
            _ => None,
        }
    }
}
