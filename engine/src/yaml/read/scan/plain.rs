//! Scalars without quotes, in block context.

use super::super::super::number::special_float;
use super::super::super::resolve::resolve_plain;
use super::super::super::{Scalar, Style, Tag, Text};
use super::scanner::Scanner;

/// Bytes at which a plain scalar may end or become something to leave to events.
const NOTABLE: [bool; 256] = {
    let mut table = [false; 256];
    table[b'\n' as usize] = true;
    table[b'\t' as usize] = true;
    table[b':' as usize] = true;
    table[b'#' as usize] = true;
    table
};

/// What ends the part of a plain scalar that is in one line.
struct Part {
    /// Where the part ends, spaces behind it left out.
    end: usize,
    /// Where the line ends, or the comment in it begins.
    stop: usize,
}

impl Scanner<'_> {
    /// A plain scalar with its type.
    pub(super) fn resolved(&self, text: Text) -> Option<Scalar> {
        plain_scalar(resolve_plain(&text, self.dialect), text)
    }

    /// Where the plain key at `start` ends and its colon is; the inner `None` says that the line
    /// has no key.
    pub(super) fn plain_key(&self, start: usize) -> Option<Option<(usize, usize)>> {
        self.begins_plain(start).then_some(())?;
        let mut at = start;
        loop {
            at = self.notable(at);
            match self.bytes.get(at) {
                None | Some(b'\n') => return Some(None),
                Some(b'\t') => return None,
                Some(b':') if matches!(self.bytes.get(at + 1), Some(b'\t')) => return None,
                Some(b':') if self.is_blank(at + 1) => break,
                Some(b'#') if self.bytes[at - 1] == b' ' => return Some(None),
                Some(_) => at += 1,
            }
        }
        let end = self.trim_end(start, at);
        (end > start).then_some(Some((end, at)))
    }

    /// Reads a plain scalar and steps to the line behind it. `parent` is the column that further
    /// lines have to be deeper than.
    pub(super) fn plain(&mut self, start: usize, parent: usize) -> Option<Scalar> {
        self.begins_plain(start).then_some(())?;
        let first = self.part(start)?;
        let Some((mut breaks, mut next)) = self.continuation(&first, parent)? else {
            return self.resolved(Text::from(&self.text[start..first.end]));
        };
        let mut text = Text::from(&self.text[start..first.end]);
        loop {
            match breaks {
                1 => text.push(' '),
                _ => text.extend(std::iter::repeat_n('\n', breaks - 1)),
            }
            let part = self.part(next)?;
            text.push_str(&self.text[next..part.end]);
            match self.continuation(&part, parent)? {
                Some(found) => (breaks, next) = found,
                None => return self.resolved(text),
            }
        }
    }

    /// Whether a plain scalar can begin at a place.
    fn begins_plain(&self, at: usize) -> bool {
        match self.bytes[at] {
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' | b'?' | b':' | b' ' | b'\t' | b'\n' => false,
            b'-' => !self.is_blank(at + 1) && self.bytes[at + 1] != b'\t',
            _ => true,
        }
    }

    fn notable(&self, from: usize) -> usize {
        let found = self.bytes[from..].iter().position(|byte| NOTABLE[*byte as usize]);
        found.map_or(self.bytes.len(), |at| from + at)
    }

    fn trim_end(&self, start: usize, mut end: usize) -> usize {
        while end > start && self.bytes[end - 1] == b' ' {
            end -= 1;
        }
        end
    }

    /// The part of a plain scalar from `start` on in its line; `None` if a colon or tab is there
    /// that events must see.
    fn part(&self, start: usize) -> Option<Part> {
        let mut at = start;
        loop {
            at = self.notable(at);
            match self.bytes.get(at) {
                None | Some(b'\n') => break,
                Some(b'\t') => return None,
                Some(b':') if self.is_blank(at + 1) || self.bytes[at + 1] == b'\t' => return None,
                Some(b'#') if self.bytes[at - 1] == b' ' => break,
                Some(_) => at += 1,
            }
        }
        Some(Part { end: self.trim_end(start, at), stop: at })
    }

    /// The next line, if it continues the scalar: how many line breaks before it, and where its
    /// content begins. Else steps to the line behind the scalar.
    fn continuation(&mut self, part: &Part, parent: usize) -> Option<Option<(usize, usize)>> {
        if self.bytes.get(part.stop) == Some(&b'#') {
            self.at = (self.line_end(part.stop) + 1).min(self.bytes.len());
            return Some(None);
        }
        self.at = (part.stop + 1).min(self.bytes.len());
        let (mut start, mut breaks) = (self.at, 1);
        loop {
            let content = self.skip_spaces(start);
            match self.bytes.get(content) {
                Some(b'\n') => (start, breaks) = (content + 1, breaks + 1),
                Some(b'\t') => return None,
                Some(b'#') | None => return Some(None),
                Some(_) if content - start > parent => return Some(Some((breaks, content))),
                Some(_) => return Some(None),
            }
        }
    }
}

/// A plain scalar of a type; not for numbers that JSON does not have.
pub(super) fn plain_scalar(tag: Tag, text: Text) -> Option<Scalar> {
    let is_special = tag == Tag::Float && special_float(&text).is_some();
    (!is_special).then_some(Scalar { text, tag, style: Style::Plain })
}
