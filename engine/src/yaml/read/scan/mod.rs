//! A scanner of our own for the YAML that manifests are written in: block mappings and lists,
//! scalars of every style, simple flow collections, comments.
//!
//! It makes the tree that events make, several times faster, or it makes none: at
//! anchors, tags, tabs, directives, keys that are no strings, errors and whatever else is not
//! plainly clear it returns `None`, and events decide. So it knows no error of its own. Tests
//! and a fuzz target hold both trees together, places included.

mod block;
mod block_scalar;
mod flow;
mod key;
mod plain;
mod quoted;
mod scanner;

use std::ops::Range;

use super::super::{Dialect, Node, TextId};
use scanner::Scanner;

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

/// Reads the document of a part of a text: `None` leaves it to events, `Some(None)` says that
/// there is none.
pub(super) fn scan_document(
    text: (&str, TextId),
    part: Range<usize>,
    dialect: Dialect,
) -> Option<Option<Node>> {
    let mut scanner = Scanner::new(text, part, dialect);
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
