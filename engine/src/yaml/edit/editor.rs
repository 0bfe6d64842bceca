//! The text that is changed: what its places are, and the splice that has to become what was meant.
//!
//! What an edit of lists, mappings or documents writes has a file of its own.

use std::ops::Range;

use super::error::EditError;
use super::fragment::Fragment;
use super::line;
use super::path::{NodePath, Step};
use super::span::{SpanDocument, SpanKind, SpanNode, parse_spans};
use crate::model::Position;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text that is changed in place, edit by edit.
#[derive(Clone, Debug)]
pub struct Editor {
    /// Without the byte order mark.
    pub(super) text: String,
    marked: bool,
    pub(super) documents: Vec<SpanDocument>,
}

impl Editor {
    /// Reads a text.
    ///
    /// # Errors
    /// [`EditError::Syntax`] if it is not YAML.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let marked = text.starts_with(BYTE_ORDER_MARK);
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).to_owned();
        let documents = parse_spans(&text).map_err(EditError::Syntax)?;
        Ok(Self { text, marked, documents })
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> String {
        let mark = if self.marked { BYTE_ORDER_MARK.to_string() } else { String::new() };
        mark + &self.text
    }

    /// Number of documents; at least one.
    #[must_use]
    pub const fn document_count(&self) -> usize {
        self.documents.len()
    }

    /// The root of a document.
    ///
    /// # Panics
    /// If there are not so many documents.
    #[must_use]
    pub fn root(&self, document: usize) -> &SpanNode {
        &self.documents[document].root
    }

    /// The node at a path.
    #[must_use]
    pub fn node(&self, path: &NodePath) -> Option<&SpanNode> {
        path.steps.iter().try_fold(
            &self.documents.get(path.document)?.root,
            |node, step| match step {
                Step::Key(key) => node.get(key),
                Step::Index(index) => node.items().get(*index),
            },
        )
    }

    /// The bytes of a node, as they are written.
    #[must_use]
    pub fn written(&self, node: &SpanNode) -> &str {
        &self.text[node.span.clone()]
    }

    /// The position of a node, for messages.
    #[must_use]
    pub fn position(&self, node: &SpanNode) -> Position {
        Position::of_offset(&self.text, node.span.start)
    }

    /// Cuts out a copy of the node at a path, with its layout.
    ///
    /// # Errors
    /// [`EditError`] if it is not there or has an anchor, alias or tag.
    pub fn fragment(&self, path: &NodePath) -> Result<Fragment, EditError> {
        let node = self.node(path).ok_or_else(|| self.missing("the field"))?.clone();
        let anchor = match path.split_last() {
            Some((parent, Step::Key(key))) => {
                let pair = self.pair(&parent, key)?;
                line::column(&self.text, pair.0.span.start)
            }
            Some((parent, Step::Index(_))) => {
                let list = self.node(&parent).ok_or_else(|| self.missing("the list"))?;
                line::column(&self.text, list.span.start)
            }
            None => 0,
        };
        Fragment::cut(&self.text, node, anchor)
    }

    /// The key and value at `key` of the mapping at `path`.
    pub(super) fn pair(
        &self,
        path: &NodePath,
        key: &str,
    ) -> Result<&(SpanNode, SpanNode), EditError> {
        self.node(path)
            .and_then(|mapping| mapping.pairs().iter().find(|(k, _)| k.text() == Some(key)))
            .ok_or_else(|| self.missing("the key"))
    }

    /// Refuses a path on which an anchor or an alias stands: the edit would reach further than meant.
    pub(super) fn refuse_anchors_above(&self, path: &NodePath) -> Result<(), EditError> {
        let mut node = &self.documents[path.document].root;
        self.refuse_anchor(node)?;
        for step in &path.steps {
            let below = match step {
                Step::Key(key) => node.get(key),
                Step::Index(index) => node.items().get(*index),
            };
            let Some(below) = below else { return Ok(()) };
            node = below;
            self.refuse_anchor(node)?;
        }
        Ok(())
    }

    pub(super) fn refuse_anchor(&self, node: &SpanNode) -> Result<(), EditError> {
        if node.decorated || matches!(node.kind, SpanKind::Alias(_)) {
            return Err(EditError::Anchored { position: self.position(node) });
        }
        Ok(())
    }

    /// Refuses a node that is to be taken away if something in it may be used elsewhere.
    pub(super) fn refuse_anchors_within(&self, node: &SpanNode) -> Result<(), EditError> {
        match node.first_decorated() {
            Some(found) => Err(EditError::Anchored { position: self.position(found) }),
            None => Ok(()),
        }
    }

    /// Replaces bytes and checks that the documents become what is `meant`.
    pub(super) fn splice(
        &mut self,
        splices: &[(Range<usize>, String)],
        meant: &[SpanDocument],
    ) -> Result<(), EditError> {
        for text in self.spliced(0..self.text.len(), splices) {
            let Ok(documents) = parse_spans(&text) else { continue };
            let same = |(is, meant): (&SpanDocument, &SpanDocument)| is.root == meant.root;
            if documents.len() == meant.len() && documents.iter().zip(meant).all(same) {
                self.text = text;
                self.documents = documents;
                return Ok(());
            }
        }
        let place = splices.first().map_or(0, |(range, _)| range.start);
        Err(EditError::Unfaithful { position: Position::of_offset(&self.text, place) })
    }

    /// Replaces bytes of one document and checks that it becomes what is `meant`. Only this document is read again,
    /// so that a file of many costs in proportion: a marker at the beginning of a line ends whatever stands before.
    pub(super) fn splice_within(
        &mut self,
        splices: &[(Range<usize>, String)],
        (at, meant): (usize, SpanNode),
    ) -> Result<(), EditError> {
        let range = self.document_range(at);
        for text in self.spliced(range.clone(), splices) {
            let Ok(mut documents) = parse_spans(&text) else { continue };
            let Some(mut document) = documents.pop().filter(|_| documents.is_empty()) else {
                continue;
            };
            if document.root != meant {
                continue;
            }
            document.root.shift(range.start, 0);
            document.end = range.start + text.len();
            self.documents[at] = document;
            for later in &mut self.documents[at + 1..] {
                later.root.shift(text.len(), range.len());
                later.end = later.end + text.len() - range.len();
            }
            self.text.replace_range(range, &text);
            return Ok(());
        }
        // A document may need what stands before it: the end of another (`...`), directives.
        let mut all = self.documents.clone();
        all[at].root = meant;
        self.splice(splices, &all)
    }

    /// A part of the text with bytes replaced, at the end of the whole text also with a newline: a block scalar that
    /// comes to stand there may need the one that the text had not.
    pub(super) fn spliced(
        &self,
        part: Range<usize>,
        splices: &[(Range<usize>, String)],
    ) -> impl Iterator<Item = String> + use<> {
        let mut text = self.text[part.clone()].to_owned();
        for (range, replacement) in splices.iter().rev() {
            text.replace_range(range.start - part.start..range.end - part.start, replacement);
        }
        let ended = (!text.ends_with('\n')).then(|| text.clone() + self.ending());
        std::iter::once(text).chain(ended)
    }

    /// The document at `path`, by its number, with the node there changed by `change`.
    pub(super) fn meant(
        &self,
        path: &NodePath,
        change: impl FnOnce(&mut SpanNode),
    ) -> (usize, SpanNode) {
        let mut root = self.documents[path.document].root.clone();
        let node = path.steps.iter().try_fold(&mut root, |node, step| node.child_mut(step));
        if let Some(node) = node {
            change(node);
        }
        (path.document, root)
    }

    pub(super) fn ending(&self) -> &'static str {
        line::line_ending(&self.text)
    }

    pub(super) fn missing(&self, what: &'static str) -> EditError {
        EditError::Missing { position: Position::of_offset(&self.text, 0), what }
    }

    pub(super) fn layout(&self, offset: usize, reason: &'static str) -> EditError {
        EditError::Layout { position: Position::of_offset(&self.text, offset), reason }
    }
}
