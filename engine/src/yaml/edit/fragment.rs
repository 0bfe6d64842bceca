//! A piece of YAML on its way from one text into another, as it was written.

use super::EditError;
use super::line::{column, reindent};
use super::span::{SpanKind, SpanNode, parse_spans};
use crate::model::Position;

/// A node cut out of a text with its layout: inner comments, quotes, line breaks.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The node; its spans are those of the text it was cut from.
    pub(super) node: SpanNode,
    /// The node's own text.
    raw: String,
    /// Where the node began in its text, to find the text of nodes below it.
    start: usize,
    /// The column of the node's first byte.
    column: usize,
    /// The column of the key or dash that holds the node.
    anchor: usize,
    /// A comment behind the node on its last line, with the blanks before it.
    comment: String,
    /// Whether the comment goes with the node to where it replaces another on one line.
    brings_comment: bool,
}

/// The columns and line end of where a fragment is put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margin<'a> {
    /// The column of the key or dash that will hold it.
    pub anchor: usize,
    /// How far its block content stands from that column if it is not said by the fragment.
    pub offset: usize,
    /// The line end of the text.
    pub ending: &'a str,
}

impl Fragment {
    /// Reads a fragment from YAML that the program wrote.
    ///
    /// # Errors
    /// [`EditError`] if it is not YAML.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let node = parse_spans(text).map_err(EditError::Syntax)?.remove(0).root;
        Self::cut(text, node, 0)
    }

    /// A text as one scalar, quoted where it has to be.
    ///
    /// # Errors
    /// Never in practice: what is written here is YAML.
    pub fn text(text: &str) -> Result<Self, EditError> {
        Self::parse(&quote(text))
    }

    /// Cuts a node out of `text`; `anchor` is the column of the key or dash that holds it.
    pub(super) fn cut(text: &str, node: SpanNode, anchor: usize) -> Result<Self, EditError> {
        if let Some(decorated) = node.first_decorated() {
            let position = Position::of_offset(text, decorated.span.start);
            return Err(EditError::Anchored { position });
        }
        let raw = text[node.span.clone()].to_owned();
        let start = node.span.start;
        Ok(Self {
            raw,
            start,
            column: column(text, start),
            anchor,
            comment: trailing_comment(text, node.span.end),
            brings_comment: false,
            node,
        })
    }

    /// Whether both are the same text, but for the column they stand at.
    #[must_use]
    pub fn is_written_like(&self, other: &Self) -> bool {
        let written =
            |f: &Self| reindent(&f.raw, if f.is_block() { f.column } else { f.anchor }, 0, "\n");
        self.node == other.node && written(self) == written(other)
    }

    /// Whether it is a list or mapping in block style, which a key cannot hold on its own line.
    pub(super) const fn is_block(&self) -> bool {
        self.node.is_block()
    }

    /// The node's own text.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// The column of the key or dash that holds the node.
    pub(super) const fn anchor(&self) -> usize {
        self.anchor
    }

    /// Whether it is a literal or folded text, whose lines are all content.
    pub(super) fn is_block_scalar(&self) -> bool {
        self.raw.starts_with(['|', '>'])
    }

    /// The same with the comment behind it, or with none: where it replaces a value on one line, the comment
    /// there goes too.
    #[must_use]
    pub fn with_its_comment(self) -> Self {
        Self { brings_comment: true, ..self }
    }

    /// The comment that stands behind the fragment where it replaces a value on one line.
    pub(super) fn comment_after<'a>(&'a self, there: &'a str) -> &'a str {
        if self.brings_comment { &self.comment } else { there }
    }

    /// The comment that closes the fragment, with the blanks before it.
    pub(super) fn comment(&self) -> &str {
        &self.comment
    }

    /// The text behind a dash, and the comment that closes it.
    pub(super) fn as_item(&self, dash: usize, offset: usize, ending: &str) -> String {
        if self.raw.is_empty() {
            return self.comment.clone();
        }
        let text = if self.is_block() {
            reindent(&self.raw, self.column, dash + offset, ending)
        } else {
            reindent(&self.raw, self.anchor, dash, ending)
        };
        format!("{:1$}{text}{2}", "", offset - 1, self.comment)
    }

    /// The text behind a colon: on the same line, or on lines of its own for block content.
    pub(super) fn as_value(&self, place: Margin<'_>) -> String {
        if self.raw.is_empty() {
            return String::new();
        }
        if !self.is_block() {
            return format!(" {}", reindent(&self.raw, self.anchor, place.anchor, place.ending));
        }
        format!("{}{}", place.ending, self.as_lines(place))
    }

    /// Block content on lines of its own, its first line indented too.
    pub(super) fn as_lines(&self, place: Margin<'_>) -> String {
        let offset = self.column.checked_sub(self.anchor).unwrap_or(place.offset);
        let indent = place.anchor + offset;
        let text = reindent(&self.raw, self.column, indent, place.ending);
        format!("{:indent$}{text}", "")
    }

    /// The text without a comment or a line break, as brackets and braces can hold it.
    pub(super) fn as_flow(&self) -> String {
        let mut out = String::new();
        self.write_flow(&self.node, &mut out);
        out
    }

    /// The bytes of a node at or below this one.
    fn raw_of(&self, node: &SpanNode) -> &str {
        &self.raw[node.span.start - self.start..node.span.end - self.start]
    }

    fn write_flow(&self, node: &SpanNode, out: &mut String) {
        match &node.kind {
            SpanKind::Scalar { text, plain } => {
                let raw = self.raw_of(node);
                let block = raw.starts_with(['|', '>']);
                let one_line = !raw.contains('\n') && !raw.is_empty() && !block;
                if one_line && (!plain || is_plain_in_flow(raw)) {
                    out.push_str(raw);
                } else if node.is_null() {
                    out.push_str("null");
                } else {
                    write_double_quoted(text, out);
                }
            }
            SpanKind::Alias(name) => {
                out.push('*');
                out.push_str(name);
            }
            SpanKind::Sequence { items, .. } => {
                out.push('[');
                for (count, item) in items.iter().enumerate() {
                    out.push_str(if count > 0 { ", " } else { "" });
                    self.write_flow(item, out);
                }
                out.push(']');
            }
            SpanKind::Mapping { pairs, .. } => {
                out.push('{');
                for (count, (key, value)) in pairs.iter().enumerate() {
                    out.push_str(if count > 0 { ", " } else { "" });
                    self.write_flow(key, out);
                    out.push_str(": ");
                    self.write_flow(value, out);
                }
                out.push('}');
            }
        }
    }
}

/// The comment behind `end` on the same line, with the blanks before it; empty if there is none.
fn trailing_comment(text: &str, end: usize) -> String {
    let rest = text[end..].lines().next().unwrap_or("");
    if rest.trim_start().starts_with('#') && rest.starts_with([' ', '\t']) {
        return rest.trim_end().to_owned();
    }
    String::new()
}

/// Whether a plain scalar can stand in brackets and braces as it is.
fn is_plain_in_flow(raw: &str) -> bool {
    !raw.contains([',', '[', ']', '{', '}', '?', '#'])
        && !raw.contains(": ")
        && !raw.starts_with(':')
        && !raw.ends_with(':')
}

/// A text as a scalar of type string: plain if every reader takes it for one, else quoted.
#[must_use]
pub fn quote(text: &str) -> String {
    let path_like = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.' || c == '/');
    // Words such as `on` and numbers such as `.5` have no slash or are digits after the dot.
    let telling = text.contains('/') || text.ends_with(".yaml") || text.ends_with(".yml");
    if begins && telling && text.chars().all(path_like) {
        return text.to_owned();
    }
    let mut out = String::new();
    write_double_quoted(text, &mut out);
    out
}

fn write_double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
