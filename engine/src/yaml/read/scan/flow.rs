//! Simple flow collections: `[a, b]` and `{a: b}`, JSON among them.

use std::ops::Range;

use super::super::super::resolve::resolve_in_flow;
use super::super::super::{Mark, Node, Pair, Scalar, Tag, Text, Value};
use super::super::limits::MAX_DEPTH;
use super::key::{LONGEST_KEY, has_no_duplicate};
use super::plain::plain_scalar;
use super::scanner::Scanner;

impl Scanner<'_> {
    /// The place of a scalar or a collection in brackets.
    pub(super) fn mark_of(&self, value: &Value, at: usize) -> Mark {
        let mark = self.mark(at);
        if matches!(value, Value::Scalar(_)) { mark } else { mark.in_flow() }
    }

    /// The flow collection at `start` and where it ends.
    pub(super) fn flow(&self, start: usize, depth: usize) -> Option<(Value, usize)> {
        (depth < MAX_DEPTH).then_some(())?;
        if self.bytes[start] == b'[' {
            self.flow_sequence(start, depth)
        } else {
            self.flow_mapping(start, depth)
        }
    }

    fn flow_sequence(&self, start: usize, depth: usize) -> Option<(Value, usize)> {
        let mut items = Vec::new();
        let mut at = self.skip_flow_blanks(start + 1)?;
        while self.bytes[at] != b']' {
            let (item, end) = self.flow_node(at, depth + 1)?;
            items.push(item);
            at = self.flow_separator(end, b']')?;
        }
        Some((Value::Sequence(items), at + 1))
    }

    fn flow_mapping(&self, start: usize, depth: usize) -> Option<(Value, usize)> {
        let mut pairs = Vec::new();
        let mut at = self.skip_flow_blanks(start + 1)?;
        while self.bytes[at] != b'}' {
            let key_start = at;
            let (key, end) = self.flow_key(at)?;
            let colon = self.skip_spaces(end);
            let adjacent = !key.style.is_plain();
            let is_colon = self.bytes.get(colon) == Some(&b':')
                && (adjacent || self.is_blank(colon + 1))
                && colon - key_start <= LONGEST_KEY;
            is_colon.then_some(())?;
            let (value, end) = self.flow_node(self.skip_flow_blanks(colon + 1)?, depth + 1)?;
            pairs.push(Pair { key, key_mark: self.mark(key_start), value });
            at = self.flow_separator(end, b'}')?;
        }
        has_no_duplicate(&pairs).then_some(())?;
        Some((Value::Mapping(pairs.into_iter().collect()), at + 1))
    }

    fn flow_node(&self, at: usize, depth: usize) -> Option<(Node, usize)> {
        let (value, end) = match self.bytes[at] {
            b'[' | b'{' => self.flow(at, depth)?,
            b'"' | b'\'' => {
                let (scalar, end) = self.quoted(at)?;
                (Value::Scalar(scalar), end)
            }
            _ => {
                let end = self.flow_plain(at)?;
                (Value::Scalar(self.resolved_in_flow(at..end)?), end)
            }
        };
        let mark = self.mark_of(&value, at);
        Some((Node { value, mark }, end))
    }

    fn flow_key(&self, at: usize) -> Option<(Scalar, usize)> {
        let (key, end) = match self.bytes[at] {
            b'"' | b'\'' => self.quoted(at)?,
            _ => {
                let end = self.flow_plain(at)?;
                (self.resolved_in_flow(at..end)?, end)
            }
        };
        let fits = key.tag == Tag::Str
            && key.text != "<<"
            && memchr::memchr(b'\n', &self.bytes[at..end]).is_none();
        fits.then_some((key, end))
    }

    /// The plain scalar at a place, with its type.
    fn resolved_in_flow(&self, at: Range<usize>) -> Option<Scalar> {
        let text = Text::from(&self.text[at]);
        let (tag, style) = resolve_in_flow(&text, self.dialect);
        plain_scalar(tag, text).map(|scalar| Scalar { style, ..scalar })
    }

    /// Where the plain scalar at `start` ends, if it is one of a single line with nothing odd.
    fn flow_plain(&self, start: usize) -> Option<usize> {
        let begins = match self.bytes[start] {
            b'-' => self.bytes.get(start + 1).is_some_and(u8::is_ascii_alphanumeric),
            b'_' | b'/' | b'.' | b'$' | b'<' | b'~' | b'+' | b'(' | b'^' | b'=' => true,
            byte => byte.is_ascii_alphanumeric() || byte >= 0x80,
        };
        begins.then_some(())?;
        let mut at = start + 1;
        loop {
            match self.bytes.get(at)? {
                b',' | b']' | b'}' => break,
                b'\n' => {
                    // A scalar of several lines, unless the collection goes on behind it.
                    let next = self.skip_flow_blanks(at)?;
                    matches!(self.bytes[next], b',' | b']' | b'}').then_some(())?;
                    break;
                }
                b':' => match self.bytes.get(at + 1)? {
                    b' ' | b'\n' => break,
                    b'\t' | b',' | b'?' | b'[' | b']' | b'{' | b'}' => return None,
                    _ => at += 1,
                },
                b'[' | b'{' | b'?' | b'\t' => return None,
                b'#' if self.bytes[at - 1] == b' ' => return None,
                _ => at += 1,
            }
        }
        while self.bytes[at - 1] == b' ' {
            at -= 1;
        }
        Some(at)
    }

    /// Steps over a comma, or stays at `close`.
    fn flow_separator(&self, end: usize, close: u8) -> Option<usize> {
        let at = self.skip_flow_blanks(end)?;
        match self.bytes[at] {
            b',' => self.skip_flow_blanks(at + 1),
            byte if byte == close => Some(at),
            _ => None,
        }
    }

    /// Where the next thing is, which may be in another line; comments are left to events.
    fn skip_flow_blanks(&self, mut at: usize) -> Option<usize> {
        loop {
            match self.bytes.get(at)? {
                b' ' => at += 1,
                b'\n' if self.is_marker(at + 1) => return None,
                b'\n' => at += 1,
                b'\t' | b'#' => return None,
                _ => return Some(at),
            }
        }
    }
}
