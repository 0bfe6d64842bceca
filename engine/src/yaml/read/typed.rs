//! What a scalar is by its tag, and which scalars and keys have a place in JSON at all.

use base64::Engine as _;

use super::super::fault::Fault;
use super::super::number::{may_be_float, parse_number, special_float};
use super::super::resolve::resolve_plain;
use super::super::{Dialect, Scalar, Style, Tag, Text, write_scalar_value};

/// The type that a tag gives a text; `None` if the text does not fit it.
pub(super) fn tagged(tag: &str, text: &str, dialect: Dialect) -> Option<Tag> {
    let Some(short) = tag.strip_prefix("tag:yaml.org,2002:") else { return Some(Tag::Str) };
    let want = match short {
        "null" => Tag::Null,
        "bool" => Tag::Bool,
        "int" => Tag::Int,
        "float" => Tag::Float,
        "timestamp" => Tag::Timestamp,
        _ => return Some(Tag::Str),
    };
    let found = match want {
        Tag::Timestamp => resolve_plain(text, Dialect::V3),
        _ => resolve_plain(text, dialect),
    };
    match (want, found) {
        // It takes other numbers, and is printed like an integer.
        (Tag::Float, Tag::Int) => may_be_float(text).then_some(Tag::Float),
        (Tag::Timestamp, Tag::Timestamp) if dialect == Dialect::V2 => Some(Tag::Str),
        _ => (want == found).then_some(want),
    }
}

/// Base64 with line breaks, as Go reads it; what is no UTF-8 becomes replacement characters, as
/// in JSON.
pub(super) fn decode_binary(text: &str) -> Option<Text> {
    let packed: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    Some(replace_invalid(&bytes))
}

/// One replacement character for each byte that is no UTF-8, as Go does it.
fn replace_invalid(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

/// The value of `a` in `{a, b: c}`. On its way through kyaml it gets quotes: null for all that
/// looks at it, an empty string when it is printed.
pub(super) fn empty_in_flow(dialect: Dialect) -> Scalar {
    let style = if dialect == Dialect::V3 { Style::SingleQuoted } else { Style::Plain };
    Scalar { text: Text::default(), tag: Tag::Null, style }
}

/// Characters that can be escaped in YAML but that JSON passes on as they are, for go-yaml v2 to
/// refuse.
pub(super) fn printable(text: &str, offset: usize) -> Result<(), Fault> {
    if !can_be_printed(text) {
        return Err(Fault::new(offset, "a control character that kustomize cannot print"));
    }
    Ok(())
}

/// Whether kustomize can print a text: some characters pass JSON as they are, and go-yaml v2 refuses
/// to read them.
#[must_use]
pub fn can_be_printed(text: &str) -> bool {
    let refused = |c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}') && c != '\u{85}';
    text.is_ascii() && !text.contains('\u{7f}') || !text.contains(refused)
}

/// Numbers that JSON does not have.
pub(super) fn representable(scalar: &Scalar, offset: usize) -> Result<(), Fault> {
    let special = scalar.tag == Tag::Float
        && special_float(&scalar.text).is_some()
        && parse_number(&scalar.text).is_none();
    if special {
        return Err(Fault::new(offset, "infinity and `.nan`, which JSON cannot hold"));
    }
    Ok(())
}

/// What becomes of keys below the top of a resource that are no strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypedKeys {
    /// They are refused.
    Refused,
    /// They stay, with their types: who reads a patch compares texts, and looks at what comes of it.
    Kept,
}

/// A key as JSON holds it. Below the top of a resource kustomize refuses keys that are no
/// strings; in a kustomization file they become strings.
pub(super) fn representable_key(
    mut key: Scalar,
    offset: usize,
    dialect: Dialect,
    (depth, typed): (usize, TypedKeys),
) -> Result<Scalar, Fault> {
    if dialect == Dialect::V3 && key.text.contains('\u{85}') {
        let reason = "a key with a line break (U+0085) that kustomize cannot print";
        return Err(Fault::new(offset, reason));
    }
    if dialect == Dialect::V3 && !fits_json_key(&key.text) {
        let reason = "a key of more than 1,022 characters, which kustomize cannot print";
        return Err(Fault::new(offset, reason));
    }
    if key.tag == Tag::Str {
        return Ok(key);
    }
    if typed == TypedKeys::Kept && depth > 0 {
        return Ok(key);
    }
    if key.tag == Tag::Null {
        return Err(Fault::new(offset, "a key that is null"));
    }
    if dialect == Dialect::V3 && depth > 0 {
        let reason = "a key that is no string: put it in quotes";
        return Err(Fault::new(offset, reason));
    }
    if dialect == Dialect::V2 {
        let mut text = String::new();
        write_scalar_value(&key, &mut text);
        key.text = text.into();
    }
    key.tag = Tag::Str;
    Ok(key)
}

/// Whether go-yaml v2 reads a key again that JSON has put in quotes: it ends keys at 1,024 characters.
fn fits_json_key(key: &str) -> bool {
    const LONGEST: usize = 1022;
    let written = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    key.len() <= LONGEST / 6 || key.chars().map(written).sum::<usize>() <= LONGEST
}
