//! `%YAML` and `%TAG`.

use super::super::fault::Fault;
use super::cursor::{Cursor, is_word_byte};
use super::decoration::{IN_TAG_DIRECTIVE, handle, uri};
use super::token::Token;

const CONTEXT: &str = "while scanning a directive";
const IN_VERSION: &str = "while scanning a %YAML directive";
/// Numbers of a version have no more digits.
const DIGITS: usize = 9;

/// Reads the directive whose `%` is at the cursor, with its line; and where it ends itself.
pub(super) fn scan(cursor: &mut Cursor<'_>) -> Result<(Token, usize), Fault> {
    cursor.skip();
    let start = cursor.at;
    cursor.skip_while(|it| is_word_byte(it.byte(0)));
    let name = cursor.since(start);
    if name.is_empty() {
        return Err(cursor.fault(CONTEXT, "could not find expected directive name"));
    }
    if !cursor.is_word_end(0) {
        return Err(cursor.fault(CONTEXT, "found unexpected non-alphabetical character"));
    }
    let token = match name {
        "YAML" => version(cursor)?,
        "TAG" => tag(cursor)?,
        _ => return Err(cursor.fault(CONTEXT, "found unknown directive name")),
    };
    let end = cursor.at;
    cursor.skip_to_line_end();
    if !cursor.is_line_end() {
        return Err(cursor.fault(CONTEXT, "did not find expected comment or line break"));
    }
    cursor.skip_break();
    Ok((token, end))
}

fn version(cursor: &mut Cursor<'_>) -> Result<Token, Fault> {
    cursor.skip_while(|it| it.is_blank(0));
    let major = number(cursor)?;
    if cursor.byte(0) != b'.' {
        return Err(cursor.fault(IN_VERSION, "did not find expected digit or '.' character"));
    }
    cursor.skip();
    Ok(Token::Version(major, number(cursor)?))
}

fn number(cursor: &mut Cursor<'_>) -> Result<u32, Fault> {
    let start = cursor.at;
    cursor.skip_while(|it| it.byte(0).is_ascii_digit());
    let digits = cursor.since(start);
    if digits.len() > DIGITS {
        return Err(cursor.fault(IN_VERSION, "found extremely long version number"));
    }
    let number = digits.parse();
    number.map_err(|_| cursor.fault(IN_VERSION, "did not find expected version number"))
}

fn tag(cursor: &mut Cursor<'_>) -> Result<Token, Fault> {
    cursor.skip_while(|it| it.is_blank(0));
    let handle = handle(cursor, IN_TAG_DIRECTIVE)?;
    if !cursor.is_blank(0) {
        return Err(cursor.fault(IN_TAG_DIRECTIVE, "did not find expected whitespace"));
    }
    cursor.skip_while(|it| it.is_blank(0));
    let prefix = uri(cursor, None, IN_TAG_DIRECTIVE)?;
    if !cursor.is_word_end(0) {
        return Err(
            cursor.fault(IN_TAG_DIRECTIVE, "did not find expected whitespace or line break")
        );
    }
    Ok(Token::TagDirective { handle, prefix })
}
