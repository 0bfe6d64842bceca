//! Where the scanner stands: the lines of a document, one after the other, and what was read of them.

use std::ops::Range;

use super::super::super::{Dialect, Mark, Node, Pair, TextId};

/// A line with content.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// Where the line begins.
    pub(super) start: usize,
    /// Number of spaces before the content.
    pub(super) indent: usize,
    /// Where the content begins.
    pub(super) content: usize,
}

/// A document on its way to a tree; what is read of it has a file for each kind.
pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    /// Which text that is.
    id: TextId,
    /// The text up to the end of the document.
    pub(super) bytes: &'t [u8],
    /// Where the next line begins, whenever no node is being read.
    pub(super) at: usize,
    /// The line at `at`, once it was looked at: each collection that ends before it asks again.
    pub(super) seen: Option<Line>,
    pub(super) dialect: Dialect,
    /// Pairs of the mappings that are being read, so that each needs one allocation of its size.
    pub(super) pairs: Vec<Pair>,
    /// Items of the lists that are being read.
    pub(super) items: Vec<Node>,
    /// The block scalar that is being read, likewise.
    pub(super) block: String,
}

/// So many pairs are open at once in most documents.
const USUAL_PAIRS: usize = 32;

impl<'t> Scanner<'t> {
    /// A scanner of a part of a text.
    pub(super) fn new(
        (text, id): (&'t str, TextId),
        Range { start, end }: Range<usize>,
        dialect: Dialect,
    ) -> Self {
        Self {
            text,
            id,
            bytes: &text.as_bytes()[..end],
            at: start,
            seen: None,
            dialect,
            pairs: Vec::with_capacity(USUAL_PAIRS),
            items: Vec::new(),
            block: String::new(),
        }
    }

    /// The place of what begins here.
    pub(super) fn mark(&self, at: usize) -> Mark {
        Mark::at(at).in_text(self.id)
    }

    /// Steps over comments and one `---`; false if nothing else is there.
    pub(super) fn skip_document_start(&mut self) -> Option<bool> {
        let start = self.at;
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            match rest {
                [b'#' | b'\n', ..] => self.at = self.line_end(self.at) + 1,
                [b'-', b'-', b'-', b'\n', ..] => {
                    self.at += 4;
                    // An empty document is left to events.
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
    pub(super) fn line(&mut self) -> Option<Option<Line>> {
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
    pub(super) fn is_marker(&self, at: usize) -> bool {
        let rest = &self.bytes[at..];
        rest.starts_with(b"---") || rest.starts_with(b"...")
    }

    /// Where the line that `from` is in ends: at its line break or at the end of the document.
    pub(super) fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[from..]).map_or(self.bytes.len(), |at| from + at)
    }

    pub(super) fn skip_spaces(&self, mut from: usize) -> usize {
        while self.bytes.get(from) == Some(&b' ') {
            from += 1;
        }
        from
    }

    /// Whether a space, a line break or the end is at a place.
    pub(super) fn is_blank(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b' ' | b'\n'))
    }

    /// If nothing but a comment follows in the line, steps to the next line.
    pub(super) fn end_line(&mut self, from: usize) -> Option<bool> {
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
}
