//! Block collections, told by the columns of their dashes and keys, and what stands in them.

use super::super::super::{Node, Pair, Scalar, Style, Tag, Text, Value};
use super::super::limits::MAX_DEPTH;
use super::key::{Key, has_no_duplicate};
use super::scanner::Scanner;

impl Scanner<'_> {
    /// The node that begins at `start`, `column` spaces into its line. `parent` is the column of
    /// the collection it is in.
    pub(super) fn block(
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
        Some(Node { value: Value::Sequence(items), mark: self.mark(start) })
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
        let mark = self.mark(first.start);
        let base = self.pairs.len();
        let mut key = first;
        loop {
            let value = self.value(column, key.after_colon, depth)?;
            self.pairs.push(Pair { key: key.scalar, key_mark: self.mark(key.start), value });
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
    pub(super) fn scalar_or_flow(
        &mut self,
        start: usize,
        parent: usize,
        depth: usize,
    ) -> Option<Node> {
        let (value, end) = match self.bytes[start] {
            b'"' | b'\'' => {
                let (scalar, end) = self.quoted(start)?;
                (Value::Scalar(scalar), end)
            }
            b'[' | b'{' => self.flow(start, depth)?,
            b'|' | b'>' => {
                let scalar = self.block_scalar(start, parent)?;
                return Some(Node { value: Value::Scalar(scalar), mark: self.mark(start) });
            }
            _ => {
                let scalar = self.plain(start, parent)?;
                return Some(Node { value: Value::Scalar(scalar), mark: self.mark(start) });
            }
        };
        self.end_line(end)?.then(|| {
            let mark = self.mark_of(&value, start);
            Node { value, mark }
        })
    }

    /// A value that is not there.
    fn empty(&self, at: usize) -> Node {
        let scalar = Scalar { text: Text::default(), tag: Tag::Null, style: Style::Plain };
        Node { value: Value::Scalar(scalar), mark: self.mark(at) }
    }
}
