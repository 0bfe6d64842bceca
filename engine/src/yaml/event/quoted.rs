//! Scalars in quotes.

use super::super::fault::Fault;
use super::cursor::Cursor;
use super::folding::Folding;

const CONTEXT: &str = "while scanning a quoted scalar";
const IN_ESCAPE: &str = "while parsing a quoted scalar";

/// Reads the scalar whose opening quote is at the cursor.
pub(super) fn scan(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    let quote = cursor.byte(0);
    cursor.skip();
    let mut text = String::new();
    loop {
        if cursor.is_at_document_marker() {
            return Err(cursor.fault(CONTEXT, "found unexpected document indicator"));
        }
        if cursor.is_end() {
            return Err(cursor.fault(CONTEXT, "found unexpected end of stream"));
        }
        let mut folding = Folding::default();
        folding.is_broken = word(cursor, quote, &mut text)?;
        if cursor.byte(0) == quote {
            cursor.skip();
            return Ok(text);
        }
        while cursor.is_blank(0) || cursor.is_break(0) {
            folding.take(cursor);
        }
        folding.join(&mut text);
    }
}

/// Reads up to a blank, a break or the closing quote; whether the word ends in an escaped break.
fn word(cursor: &mut Cursor<'_>, quote: u8, text: &mut String) -> Result<bool, Fault> {
    let mut from = cursor.at;
    while !cursor.is_word_end(0) {
        match cursor.byte(0) {
            b'\'' if quote == b'\'' && cursor.byte(1) == b'\'' => {
                text.push_str(cursor.since(from));
                text.push('\'');
                cursor.skip_many(2);
                from = cursor.at;
            }
            byte if byte == quote => break,
            b'\\' if quote == b'"' => {
                text.push_str(cursor.since(from));
                if cursor.is_break(1) {
                    cursor.skip();
                    cursor.skip_break();
                    return Ok(true);
                }
                text.push(escape(cursor)?);
                from = cursor.at;
            }
            _ => cursor.skip(),
        }
    }
    text.push_str(cursor.since(from));
    Ok(false)
}

/// What the escape sequence at the cursor stands for.
fn escape(cursor: &mut Cursor<'_>) -> Result<char, Fault> {
    let plain = match cursor.byte(1) {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        byte @ (b' ' | b'"' | b'\'' | b'\\') => char::from(byte),
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        b'x' => return by_number(cursor, 2),
        b'u' => return by_number(cursor, 4),
        b'U' => return by_number(cursor, 8),
        b'/' => {
            let reason = "`\\/` is an escape in JSON but not in YAML";
            return Err(Fault::new(cursor.at, reason));
        }
        _ => return Err(cursor.fault(IN_ESCAPE, "found unknown escape character")),
    };
    cursor.skip_many(2);
    Ok(plain)
}

fn by_number(cursor: &mut Cursor<'_>, digits: usize) -> Result<char, Fault> {
    cursor.skip_many(2);
    let mut value: u32 = 0;
    for ahead in 0..digits {
        let digit = char::from(cursor.byte(ahead)).to_digit(16);
        let Some(digit) = digit else {
            return Err(cursor.fault(IN_ESCAPE, "did not find expected hexdecimal number"));
        };
        value = value << 4 | digit;
    }
    let Some(made) = char::from_u32(value) else {
        return Err(cursor.fault(IN_ESCAPE, "found invalid Unicode character escape code"));
    };
    cursor.skip_many(digits);
    Ok(made)
}
