//! A scanner of our own for the YAML that manifests are written in: block mappings and lists,
//! scalars of every style, simple flow collections, comments.
//!
//! It makes the tree that libyaml's events make, about ten times faster, or it makes none: at
//! anchors, tags, tabs, directives, keys that are no strings, errors and whatever else is not
//! plainly clear it returns `None`, and libyaml decides. So it knows no error of its own. Tests
//! and a fuzz target hold both trees together, places included.

mod block_scalar;
mod flow;
mod plain;
mod quoted;

use std::collections::BTreeSet;

use super::super::number::special_float;
use super::super::resolve::resolve_plain;
use super::super::{Mark, Node, Pair, Scalar, Style, Tag, Text, Value};
use super::{Dialect, MAX_DEPTH};
pub(in super::super) use block_scalar::{Chomping, fold_lines};

/// Longer keys are left to libyaml, which ends them at 1,024 characters, as written and as JSON.
const LONGEST_KEY: usize = 160;
/// Mappings up to this size are searched for duplicate keys one by one.
const FEW_KEYS: usize = 16;

/// Whether the scanner may look at a text at all: no line breaks but `\n`, nothing invisible.
pub(super) fn is_plain_text(text: &str) -> bool {
    let (mut odd, mut high) = (false, false);
    for byte in text.bytes() {
        odd |= (byte < b' ') & (byte != b'\n') & (byte != b'\t') | (byte == 0x7f);
        high |= byte >= 0x80;
    }
    if odd || !high {
        return !odd;
    }
    let bytes = text.as_bytes();
    memchr::memchr3_iter(0xc2, 0xe2, 0xef, bytes).all(|at| match bytes[at] {
        // U+0080 to U+009F, U+2028 and U+2029, the byte order mark, U+FFFE and U+FFFF.
        0xc2 => bytes[at + 1] >= 0xa0,
        0xe2 => !(bytes[at + 1] == 0x80 && matches!(bytes[at + 2], 0xa8 | 0xa9)),
        _ => !matches!(bytes[at + 1..at + 3], [0xbb, 0xbf] | [0xbf, 0xbe | 0xbf]),
    })
}

/// Reads the document of `text[start..end]`: `None` leaves it to libyaml, `Some(None)` says that
/// there is none.
pub(super) fn scan_document(
    text: &str,
    start: usize,
    end: usize,
    dialect: Dialect,
) -> Option<Option<Node>> {
    let mut scanner = Scanner {
        text,
        bytes: &text.as_bytes()[..end],
        at: start,
        seen: None,
        dialect,
        pairs: Vec::new(),
        items: Vec::new(),
        block: String::new(),
    };
    if !scanner.skip_document_start()? {
        return Some(None);
    }
    let line = scanner.line()??;
    let node = match scanner.bytes[line.content] {
        b'{' | b'[' => scanner.scalar_or_flow(line.content, 0, 0)?,
        _ => scanner.block(line.indent, line.content, None, 0)?,
    };
    scanner.line()?.is_none().then_some(Some(node))
}

/// A line with content.
#[derive(Clone, Copy)]
struct Line {
    /// Where the line begins.
    start: usize,
    /// Number of spaces before the content.
    indent: usize,
    /// Where the content begins.
    content: usize,
}

/// A key and where the text behind its colon begins.
struct Key {
    scalar: Scalar,
    start: usize,
    after_colon: usize,
}

struct Scanner<'t> {
    text: &'t str,
    /// The text up to the end of the document.
    bytes: &'t [u8],
    /// Where the next line begins, whenever no node is being read.
    at: usize,
    /// The line at `at`, once it was looked at: each collection that ends before it asks again.
    seen: Option<Line>,
    dialect: Dialect,
    /// Pairs of the mappings that are being read, so that each needs one allocation of its size.
    pairs: Vec<Pair>,
    /// Items of the lists that are being read.
    items: Vec<Node>,
    /// The block scalar that is being read, likewise.
    block: String,
}

impl Scanner<'_> {
    /// Steps over comments and one `---`; false if nothing else is there.
    fn skip_document_start(&mut self) -> Option<bool> {
        let start = self.at;
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            match rest {
                [b'#' | b'\n', ..] => self.at = self.line_end(self.at) + 1,
                [b'-', b'-', b'-', b'\n', ..] => {
                    self.at += 4;
                    // An empty document is libyaml's.
                    self.line()??;
                    return Some(true);
                }
                [b'.' | b'%' | b'-', ..] if rest.len() > 2 && rest[..2] != *b"- " => return None,
                _ => break,
            }
        }
        self.at = self.at.min(self.bytes.len());
        let found = self.line()?.is_some();
        (found || self.at >= start).then_some(found)
    }

    /// The next line with content, which stays the next line; the inner `None` is the end.
    #[inline]
    fn line(&mut self) -> Option<Option<Line>> {
        match self.seen {
            Some(line) if line.start == self.at => Some(Some(line)),
            _ => self.next_line(),
        }
    }

    fn next_line(&mut self) -> Option<Option<Line>> {
        loop {
            let start = self.at;
            let content = self.skip_spaces(start);
            match self.bytes.get(content) {
                None => {
                    self.at = self.bytes.len();
                    return Some(None);
                }
                Some(b'\n') => self.at = content + 1,
                Some(b'#') => self.at = self.line_end(content) + 1,
                Some(b'\t') => return None,
                Some(b'-' | b'.') if content == start && self.is_marker(content) => return None,
                Some(_) => {
                    self.seen = Some(Line { start, indent: content - start, content });
                    return Some(self.seen);
                }
            }
            self.at = self.at.min(self.bytes.len());
        }
    }

    /// Whether `---` or `...` stands at a place, whatever follows.
    fn is_marker(&self, at: usize) -> bool {
        let rest = &self.bytes[at..];
        rest.starts_with(b"---") || rest.starts_with(b"...")
    }

    /// Where the line that `from` is in ends: at its line break or at the end of the document.
    fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[from..]).map_or(self.bytes.len(), |at| from + at)
    }

    fn skip_spaces(&self, mut from: usize) -> usize {
        while self.bytes.get(from) == Some(&b' ') {
            from += 1;
        }
        from
    }

    /// Whether a space, a line break or the end is at a place.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b' ' | b'\n'))
    }

    /// If nothing but a comment follows in the line, steps to the next line.
    fn end_line(&mut self, from: usize) -> Option<bool> {
        let at = self.skip_spaces(from);
        match self.bytes.get(at) {
            None | Some(b'\n') => self.at = (at + 1).min(self.bytes.len()),
            Some(b'#') if at > from => {
                self.at = (self.line_end(at) + 1).min(self.bytes.len());
            }
            Some(b'\t') => return None,
            Some(_) => return Some(false),
        }
        Some(true)
    }

    /// The node that begins at `start`, `column` spaces into its line. `parent` is the column of
    /// the collection it is in.
    fn block(
        &mut self,
        column: usize,
        start: usize,
        parent: Option<usize>,
        depth: usize,
    ) -> Option<Node> {
        if self.bytes[start] == b'-' && self.is_blank(start + 1) {
            return self.sequence(column, start, false, depth);
        }
        match self.key(start)? {
            Some(key) => self.mapping(column, key, depth),
            None => self.scalar_or_flow(start, parent?, depth),
        }
    }

    fn sequence(
        &mut self,
        column: usize,
        start: usize,
        indentless: bool,
        depth: usize,
    ) -> Option<Node> {
        (depth < MAX_DEPTH).then_some(())?;
        let base = self.items.len();
        let mut dash = start;
        loop {
            let item = self.item(column, dash, depth)?;
            self.items.push(item);
            match self.line()? {
                Some(line) if line.indent > column => return None,
                Some(line) if line.indent == column => {
                    let entry = self.bytes[line.content] == b'-' && self.is_blank(line.content + 1);
                    match (entry, indentless) {
                        (true, _) => dash = line.content,
                        (false, true) => break,
                        (false, false) => return None,
                    }
                }
                _ => break,
            }
        }
        let items = self.items.drain(base..).collect();
        Some(Node { value: Value::Sequence(items), mark: Mark::at(start) })
    }

    fn item(&mut self, column: usize, dash: usize, depth: usize) -> Option<Node> {
        if !self.end_line(dash + 1)? {
            let start = self.skip_spaces(dash + 1);
            return self.block(column + start - dash, start, Some(column), depth + 1);
        }
        match self.line()? {
            Some(line) if line.indent > column => {
                self.block(line.indent, line.content, Some(column), depth + 1)
            }
            _ => Some(self.empty(dash + 1)),
        }
    }

    fn mapping(&mut self, column: usize, first: Key, depth: usize) -> Option<Node> {
        (depth < MAX_DEPTH).then_some(())?;
        let mark = Mark::at(first.start);
        let base = self.pairs.len();
        let mut key = first;
        loop {
            let value = self.value(column, key.after_colon, depth)?;
            self.pairs.push(Pair { key: key.scalar, key_mark: Mark::at(key.start), value });
            match self.line()? {
                Some(line) if line.indent > column => return None,
                Some(line) if line.indent == column => key = self.key(line.content)??,
                _ => break,
            }
        }
        has_no_duplicate(&self.pairs[base..]).then_some(())?;
        Some(Node { value: Value::Mapping(self.pairs.drain(base..).collect()), mark })
    }

    /// The value behind a key's colon.
    fn value(&mut self, column: usize, after_colon: usize, depth: usize) -> Option<Node> {
        if !self.end_line(after_colon)? {
            let start = self.skip_spaces(after_colon);
            return self.scalar_or_flow(start, column, depth + 1);
        }
        match self.line()? {
            Some(line) if line.indent > column => {
                self.block(line.indent, line.content, Some(column), depth + 1)
            }
            Some(line)
                if line.indent == column
                    && self.bytes[line.content] == b'-'
                    && self.is_blank(line.content + 1) =>
            {
                self.sequence(column, line.content, true, depth + 1)
            }
            _ => Some(self.empty(after_colon)),
        }
    }

    /// What stands in a line behind an indicator or alone, and is no block collection.
    fn scalar_or_flow(&mut self, start: usize, parent: usize, depth: usize) -> Option<Node> {
        let (value, end) = match self.bytes[start] {
            b'"' | b'\'' => {
                let (scalar, end) = self.quoted(start)?;
                (Value::Scalar(scalar), end)
            }
            b'[' | b'{' => self.flow(start, depth)?,
            b'|' | b'>' => {
                let scalar = self.block_scalar(start, parent)?;
                return Some(Node { value: Value::Scalar(scalar), mark: Mark::at(start) });
            }
            _ => {
                let scalar = self.plain(start, parent)?;
                return Some(Node { value: Value::Scalar(scalar), mark: Mark::at(start) });
            }
        };
        self.end_line(end)?.then(|| {
            let mark = flow::place(&value, start);
            Node { value, mark }
        })
    }

    /// The key at a place; the inner `None` says that no key is there.
    fn key(&self, start: usize) -> Option<Option<Key>> {
        let (scalar, colon) = match self.bytes[start] {
            b'"' | b'\'' => {
                let (scalar, end) = self.quoted(start)?;
                let colon = self.skip_spaces(end);
                if self.bytes.get(colon) != Some(&b':') {
                    return Some(None);
                }
                if memchr::memchr(b'\n', &self.bytes[start..end]).is_some() {
                    return None;
                }
                (scalar, colon)
            }
            b'[' | b'{' | b'|' | b'>' => return Some(None),
            _ => {
                let Some((end, colon)) = self.plain_key(start)? else { return Some(None) };
                let text = &self.text[start..end];
                if resolve_plain(text, self.dialect) != Tag::Str {
                    return None;
                }
                (Scalar { text: text.into(), tag: Tag::Str, style: Style::Plain }, colon)
            }
        };
        if colon - start > LONGEST_KEY || scalar.text == "<<" || !self.is_blank(colon + 1) {
            return None;
        }
        Some(Some(Key { scalar, start, after_colon: colon + 1 }))
    }

    /// A plain scalar with its type.
    fn resolved(&self, text: Text) -> Option<Scalar> {
        plain_scalar(resolve_plain(&text, self.dialect), text)
    }

    /// A value that is not there.
    #[expect(clippy::unused_self, reason = "reads like the steps beside it")]
    fn empty(&self, at: usize) -> Node {
        let scalar = Scalar { text: Text::default(), tag: Tag::Null, style: Style::Plain };
        Node { value: Value::Scalar(scalar), mark: Mark::at(at) }
    }
}

/// A plain scalar of a type; not for numbers that JSON does not have.
fn plain_scalar(tag: Tag, text: Text) -> Option<Scalar> {
    let is_special = tag == Tag::Float && special_float(&text).is_some();
    (!is_special).then_some(Scalar { text, tag, style: Style::Plain })
}

/// Whether each key is there once.
fn has_no_duplicate(pairs: &[Pair]) -> bool {
    if pairs.len() > FEW_KEYS {
        let mut seen = BTreeSet::new();
        return pairs.iter().all(|pair| seen.insert(pair.key.text.as_str()));
    }
    pairs.iter().enumerate().all(|(at, pair)| {
        let key = pair.key.text.as_str();
        !pairs[..at].iter().any(|other| other.key.text.as_str() == key)
    })
}
