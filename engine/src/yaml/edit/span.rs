//! A tree of spans: which bytes of a text are which node.
//!
//! It differs from [`crate::yaml::Node`] in what it is for: ends as well as beginnings, flow and
//! block, aliases as aliases. Scalars keep their text without a type, since an edit never changes
//! how a text is written.

use std::ops::Range;

use crate::yaml::event::{Event, Events, Kind, Properties};
use crate::yaml::fault::Fault;
use crate::yaml::resolve::resolve_plain;
use crate::yaml::{Dialect, Style, SyntaxError, Tag};

/// Deeper nesting than this is no manifest; it bounds recursion here and when trees are dropped.
const DEPTH_LIMIT: usize = 200;

/// One document of a text.
#[derive(Clone, Debug)]
pub(super) struct SpanDocument {
    /// Its root; a null scalar without bytes if the document is empty.
    pub(super) root: SpanNode,
    /// Where its text ends: at the next marker or at the end of the text.
    pub(super) end: usize,
}

/// A node and the bytes it is written in. Trailing comments and line ends do not belong to it.
#[derive(Clone, Debug)]
pub struct SpanNode {
    /// The bytes; empty for a null that is not written.
    pub span: Range<usize>,
    /// Whether an anchor or a tag is part of it.
    pub decorated: bool,
    /// Its shape.
    pub kind: SpanKind,
}

/// The shapes of a [`SpanNode`].
#[derive(Clone, Debug)]
pub enum SpanKind {
    /// A scalar.
    Scalar {
        /// Its text after unescaping and folding.
        text: String,
        /// Whether it is written without quotes, so that its text decides its type.
        plain: bool,
    },
    /// `*name`.
    Alias(String),
    /// A list.
    Sequence {
        /// Whether it is written in brackets.
        flow: bool,
        /// Its items.
        items: Vec<SpanNode>,
    },
    /// A mapping.
    Mapping {
        /// Whether it is written in braces.
        flow: bool,
        /// Its keys and values.
        pairs: Vec<(SpanNode, SpanNode)>,
    },
}

/// Equal content, as far as a reader can tell, whatever the layout.
impl PartialEq for SpanNode {
    fn eq(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (
                SpanKind::Scalar { text: a, plain: a_plain },
                SpanKind::Scalar { text: b, plain: b_plain },
            ) => {
                let typed = |text, plain| plain && may_have_a_type(text);
                if is_null(a, *a_plain) && is_null(b, *b_plain) {
                    return true;
                }
                a == b && typed(a, *a_plain) == typed(b, *b_plain)
            }
            (SpanKind::Alias(a), SpanKind::Alias(b)) => a == b,
            (SpanKind::Sequence { items: a, .. }, SpanKind::Sequence { items: b, .. }) => a == b,
            (SpanKind::Mapping { pairs: a, .. }, SpanKind::Mapping { pairs: b, .. }) => a == b,
            _ => false,
        }
    }
}

fn is_null(text: &str, plain: bool) -> bool {
    plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Whether some reader takes a plain scalar for anything but a string.
fn may_have_a_type(text: &str) -> bool {
    [Dialect::V2, Dialect::V3].iter().any(|dialect| resolve_plain(text, *dialect) != Tag::Str)
}

impl SpanNode {
    /// Moves the spans of the node and all below it: `add` bytes came before it, and `less` went.
    pub(super) fn shift(&mut self, add: usize, less: usize) {
        self.span = self.span.start + add - less..self.span.end + add - less;
        match &mut self.kind {
            SpanKind::Scalar { .. } | SpanKind::Alias(_) => {}
            SpanKind::Sequence { items, .. } => {
                items.iter_mut().for_each(|item| item.shift(add, less))
            }
            SpanKind::Mapping { pairs, .. } => {
                for (key, value) in pairs {
                    key.shift(add, less);
                    value.shift(add, less);
                }
            }
        }
    }

    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    /// The keys and values; empty if this is no mapping.
    #[must_use]
    pub fn pairs(&self) -> &[(Self, Self)] {
        if let SpanKind::Mapping { pairs, .. } = &self.kind { pairs } else { &[] }
    }

    /// The items; empty if this is no list.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        if let SpanKind::Sequence { items, .. } = &self.kind { items } else { &[] }
    }

    /// The text, if this is a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let SpanKind::Scalar { text, .. } = &self.kind { Some(text) } else { None }
    }

    /// Whether this is a null, written or not.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, SpanKind::Scalar { text, plain } if is_null(text, *plain))
    }

    /// Whether this is a list or mapping in block style.
    #[must_use]
    pub const fn is_block(&self) -> bool {
        matches!(
            self.kind,
            SpanKind::Sequence { flow: false, .. } | SpanKind::Mapping { flow: false, .. }
        )
    }

    /// The first node here or below that is an alias or has an anchor or a tag.
    #[must_use]
    pub fn first_decorated(&self) -> Option<&Self> {
        if self.decorated || matches!(self.kind, SpanKind::Alias(_)) {
            return Some(self);
        }
        self.items().iter().find_map(Self::first_decorated).or_else(|| {
            self.pairs()
                .iter()
                .find_map(|(key, value)| key.first_decorated().or_else(|| value.first_decorated()))
        })
    }
}

/// Reads the spans of all documents; at least one, empty if the text has none.
///
/// # Errors
/// [`SyntaxError`] if the text is not YAML or nested too deeply.
pub(super) fn parse_spans(text: &str) -> Result<Vec<SpanDocument>, SyntaxError> {
    let documents = Events::new(text).and_then(|events| Reader { events, text }.documents());
    documents.map_err(|fault| fault.in_text(text))
}

struct Reader<'a> {
    events: Events<'a>,
    text: &'a str,
}

impl Reader<'_> {
    fn documents(&mut self) -> Result<Vec<SpanDocument>, Fault> {
        let mut documents = Vec::new();
        loop {
            match self.events.next()?.kind {
                Kind::StreamEnd => break,
                Kind::DocumentStart { .. } => {
                    let first = self.events.next()?;
                    let root = self.node(first, 0)?;
                    let end = self.events.next()?.span.start;
                    documents.push(SpanDocument { root, end });
                }
                _ => {}
            }
        }
        if documents.is_empty() {
            let end = self.text.len();
            documents.push(SpanDocument { root: SpanNode::unwritten(end), end });
        }
        Ok(documents)
    }

    fn node(&mut self, event: Event, depth: usize) -> Result<SpanNode, Fault> {
        let Event { kind, span } = event;
        if depth > DEPTH_LIMIT {
            let reason = format!("nested more than {DEPTH_LIMIT} levels deep");
            return Err(Fault::new(span.start, reason));
        }
        Ok(match kind {
            Kind::Alias(anchor) => {
                SpanNode { span, decorated: false, kind: SpanKind::Alias(anchor) }
            }
            Kind::Scalar { properties, text, style } => self.scalar(span, &properties, text, style),
            Kind::SequenceStart { properties, is_flow } => {
                self.sequence(span, !properties.is_empty(), is_flow, depth)?
            }
            Kind::MappingStart { properties, is_flow } => {
                self.mapping(span, !properties.is_empty(), is_flow, depth)?
            }
            _ => SpanNode::unwritten(span.start),
        })
    }

    fn scalar(
        &self,
        mut span: Range<usize>,
        properties: &Properties,
        text: String,
        style: Style,
    ) -> SpanNode {
        if matches!(style, Style::Literal | Style::Folded) {
            span.end = block_scalar_end(self.text, &span);
        }
        let kind = SpanKind::Scalar { text, plain: style == Style::Plain };
        SpanNode { span, decorated: !properties.is_empty(), kind }
    }

    fn sequence(
        &mut self,
        mut span: Range<usize>,
        decorated: bool,
        flow: bool,
        depth: usize,
    ) -> Result<SpanNode, Fault> {
        let mut items: Vec<SpanNode> = Vec::new();
        loop {
            let event = self.events.next()?;
            if event.kind == Kind::SequenceEnd {
                let last = items.last().map_or(span.end, |item| item.span.end);
                span.end = if flow { event.span.end } else { last };
                return Ok(SpanNode { span, decorated, kind: SpanKind::Sequence { flow, items } });
            }
            items.push(self.node(event, depth + 1)?);
        }
    }

    fn mapping(
        &mut self,
        mut span: Range<usize>,
        decorated: bool,
        flow: bool,
        depth: usize,
    ) -> Result<SpanNode, Fault> {
        let mut pairs: Vec<(SpanNode, SpanNode)> = Vec::new();
        loop {
            let event = self.events.next()?;
            if event.kind == Kind::MappingEnd {
                let last =
                    pairs.last().map_or(span.end, |(key, value)| value.span.end.max(key.span.end));
                span.end = if flow { event.span.end } else { last };
                return Ok(SpanNode { span, decorated, kind: SpanKind::Mapping { flow, pairs } });
            }
            let key = self.node(event, depth + 1)?;
            let event = self.events.next()?;
            pairs.push((key, self.node(event, depth + 1)?));
        }
    }
}

impl SpanNode {
    /// A null at `offset` that is not written.
    #[must_use]
    pub const fn unwritten(offset: usize) -> Self {
        let kind = SpanKind::Scalar { text: String::new(), plain: true };
        Self { span: offset..offset, decorated: false, kind }
    }
}

/// Where a block scalar's own lines end, without the line end of the last one. An event has the
/// blank lines that follow too; they are content only if the header says to keep them (`+`).
fn block_scalar_end(text: &str, span: &Range<usize>) -> usize {
    let raw = &text[span.clone()];
    let header = raw.lines().next().unwrap_or("");
    let indicators = header.split('#').next().unwrap_or("");
    if indicators.contains('+') {
        return span.start
            + raw
                .strip_suffix('\n')
                .map_or(raw, |raw| raw.strip_suffix('\r').unwrap_or(raw))
                .len();
    }
    span.start + raw.trim_end_matches([' ', '\t', '\r', '\n']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> SpanNode {
        parse_spans(text).unwrap().remove(0).root
    }

    #[test]
    fn spans_hold_the_text_of_a_node_and_nothing_else() {
        let text = "a: 1 # one\nb:\n  - x\n  - y   # why\n\n# end\nc: |\n  ü\n\nd: {e: 'f'} # g\n";
        let root = root(text);
        let at = |key: &str| &text[root.get(key).unwrap().span.clone()];
        assert_eq!(at("a"), "1");
        assert_eq!(at("b"), "- x\n  - y");
        assert_eq!(at("c"), "|\n  ü");
        assert_eq!(at("d"), "{e: 'f'}");
        assert_eq!(&text[root.span], text.strip_suffix(" # g\n").unwrap());
    }

    #[test]
    fn an_unterminated_block_scalar_is_read_as_it_is() {
        assert_eq!(root("a: |\n  b").get("a").unwrap().text(), Some("b"));
        assert_eq!(root("a: |\n  b\n").get("a").unwrap().text(), Some("b\n"));
        assert_eq!(root("a: |-\n  b").get("a").unwrap().text(), Some("b"));
    }

    #[test]
    fn texts_without_a_document_have_an_empty_one() {
        for text in ["", "# only a comment\n", "\n\n"] {
            let documents = parse_spans(text).unwrap();
            assert!(documents[0].root.is_null(), "{text:?}");
            assert_eq!(documents[0].end, text.len());
        }
    }

    #[test]
    fn documents_end_where_the_next_begins() {
        let text = "---\na: 1\n# c\n---\nb: 2\n...\n";
        let documents = parse_spans(text).unwrap();
        assert_eq!(&text[..documents[0].end], "---\na: 1\n# c\n");
        assert_eq!(&text[documents[1].end..], "...\n");
    }

    #[test]
    fn deep_nesting_is_an_error() {
        assert!(parse_spans(&"[".repeat(200_000)).is_err());
        assert!(parse_spans(&"- ".repeat(20_000)).is_err());
    }
}
