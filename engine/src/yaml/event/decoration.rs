//! What stands before a node: anchors, aliases in its place, tags.

use super::super::fault::Fault;
use super::cursor::{Cursor, is_word_byte};

const IN_TAG: &str = "while scanning a tag";
/// Where a tag or its directive is read.
pub(super) const IN_TAG_DIRECTIVE: &str = "while parsing a %TAG directive";
const IN_TAG_VALUE: &str = "while parsing a tag";

/// The name behind the `&` or `*` at the cursor.
pub(super) fn anchor(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    let context =
        if cursor.byte(0) == b'&' { "while scanning an anchor" } else { "while scanning an alias" };
    cursor.skip();
    let start = cursor.at;
    cursor.skip_while(|it| is_word_byte(it.byte(0)));
    let may_follow =
        matches!(cursor.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
    if cursor.at == start || !(cursor.is_word_end(0) || may_follow) {
        let problem = "did not find expected alphabetic or numeric character";
        return Err(cursor.fault(context, problem));
    }
    Ok(cursor.since(start).to_owned())
}

/// Handle and suffix of the tag at the cursor.
pub(super) fn tag(cursor: &mut Cursor<'_>) -> Result<(String, String), Fault> {
    let (handle, suffix) = if cursor.byte(1) == b'<' {
        cursor.skip_many(2);
        let suffix = uri(cursor, None, IN_TAG_VALUE)?;
        if cursor.byte(0) != b'>' {
            return Err(cursor.fault(IN_TAG, "did not find the expected '>'"));
        }
        cursor.skip();
        (String::new(), suffix)
    } else {
        let handle = self::handle(cursor, IN_TAG_VALUE)?;
        if handle.len() > 1 && handle.ends_with('!') {
            let suffix = uri(cursor, None, IN_TAG_VALUE)?;
            (handle, suffix)
        } else {
            let suffix = uri(cursor, Some(&handle), IN_TAG_VALUE)?;
            if suffix.is_empty() { (suffix, "!".to_owned()) } else { ("!".to_owned(), suffix) }
        }
    };
    if !cursor.is_word_end(0) {
        return Err(cursor.fault(IN_TAG, "did not find expected whitespace or line break"));
    }
    Ok((handle, suffix))
}

/// `!`, `!!`, `!word!`, or what could have become one.
pub(super) fn handle(cursor: &mut Cursor<'_>, context: &str) -> Result<String, Fault> {
    let start = cursor.at;
    if cursor.byte(0) != b'!' {
        return Err(cursor.fault(context, "did not find expected '!'"));
    }
    cursor.skip();
    cursor.skip_while(|it| is_word_byte(it.byte(0)));
    if cursor.byte(0) == b'!' {
        cursor.skip();
    } else if context == IN_TAG_DIRECTIVE && cursor.at > start + 1 {
        return Err(cursor.fault(context, "did not find expected '!'"));
    }
    Ok(cursor.since(start).to_owned())
}

/// The rest of a tag, behind what was taken for a handle; the first character of that is a `!`.
pub(super) fn uri(
    cursor: &mut Cursor<'_>,
    head: Option<&str>,
    context: &str,
) -> Result<String, Fault> {
    let mut bytes = head.map_or(&[][..], |head| &head.as_bytes()[1..]).to_vec();
    let start = cursor.at;
    while is_uri_byte(cursor.byte(0)) {
        if cursor.byte(0) == b'%' {
            escaped(cursor, context, &mut bytes)?;
        } else {
            bytes.push(cursor.byte(0));
            cursor.skip();
        }
    }
    if head.is_none() && cursor.at == start {
        return Err(cursor.fault(context, "did not find expected tag URI"));
    }
    String::from_utf8(bytes)
        .map_err(|_| cursor.fault(context, "found an incorrect leading UTF-8 octet"))
}

const fn is_uri_byte(byte: u8) -> bool {
    is_word_byte(byte)
        || matches!(
            byte,
            b';' | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'['
                | b']'
                | b'%'
        )
}

/// One character as `%` and two digits for each of its bytes.
fn escaped(cursor: &mut Cursor<'_>, context: &str, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let mut left = 1;
    let mut is_first = true;
    while left > 0 {
        let digit = |ahead: usize| char::from(cursor.byte(ahead)).to_digit(16);
        let octet = match (cursor.byte(0), digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high << 4 | low).ok(),
            _ => None,
        };
        let Some(octet) = octet else {
            return Err(cursor.fault(context, "did not find URI escaped octet"));
        };
        if std::mem::take(&mut is_first) {
            left = match octet {
                0..0x80 => 1,
                0xc0..0xe0 => 2,
                0xe0..0xf0 => 3,
                0xf0..0xf8 => 4,
                _ => return Err(cursor.fault(context, "found an incorrect leading UTF-8 octet")),
            };
        } else if octet & 0xc0 != 0x80 {
            return Err(cursor.fault(context, "found an incorrect trailing UTF-8 octet"));
        }
        bytes.push(octet);
        cursor.skip_many(3);
        left -= 1;
    }
    Ok(())
}
