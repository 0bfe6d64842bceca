//! Scalars without quotes.

use std::ops::Range;

use super::super::fault::Fault;
use super::cursor::Cursor;
use super::folding::Folding;

/// A scalar without quotes.
pub(super) struct Plain {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    /// Whether a line ended behind it, so that a key may begin.
    pub(super) ends_line: bool,
}

/// Reads the scalar at the cursor. A line that is indented less than `indent` ends it in a block.
pub(super) fn scan(cursor: &mut Cursor<'_>, indent: usize, is_flow: bool) -> Result<Plain, Fault> {
    let start = cursor.at;
    let (mut text, mut end) = (String::new(), start);
    let mut folding = Folding::default();
    while !cursor.is_at_document_marker() && cursor.byte(0) != b'#' {
        let word = cursor.at;
        cursor.skip_while(|it| !ends_word(it, is_flow));
        if cursor.at > word {
            folding.join(&mut text);
            text.push_str(cursor.since(word));
            end = cursor.at;
        }
        if !(cursor.is_blank(0) || cursor.is_break(0)) {
            break;
        }
        while cursor.is_blank(0) || cursor.is_break(0) {
            if folding.is_broken && cursor.column < indent && cursor.byte(0) == b'\t' {
                return Err(cursor.fault(
                    "while scanning a plain scalar",
                    "found a tab character that violates indentation",
                ));
            }
            folding.take(cursor);
        }
        if !is_flow && cursor.column < indent {
            break;
        }
    }
    Ok(Plain { text, span: start..end, ends_line: folding.is_broken })
}

fn ends_word(cursor: &Cursor<'_>, is_flow: bool) -> bool {
    match cursor.byte(0) {
        b':' => cursor.is_word_end(1),
        b',' | b'?' | b'[' | b']' | b'{' | b'}' => is_flow,
        _ => cursor.is_word_end(0),
    }
}
