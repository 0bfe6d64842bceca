//! Commas in tags, which go-yaml takes for a part of the tag and libyaml-safer 0.3 panics at.
//!
//! In `[!!str, a]` the tag is `!!str,` to go-yaml. Before libyaml sees the text, such commas are
//! replaced by a character that the text does not have; afterwards they are put back into the
//! values, for what looks like a tag can be a part of any string.

use std::borrow::Cow;

/// A text that libyaml can read, and how its values become those of the original.
pub(super) struct TagCommas<'t> {
    pub(super) text: Cow<'t, str>,
    stand_in: Option<char>,
}

impl<'t> TagCommas<'t> {
    /// `None` if there is no character to put in their place.
    pub(super) fn replace(text: &'t str) -> Option<Self> {
        let places = places(text.as_bytes());
        if places.is_empty() {
            return Some(Self { text: Cow::Borrowed(text), stand_in: None });
        }
        // Neither as it is nor as what an escape sequence makes.
        let unused = |byte: &u8| {
            memchr::memchr(*byte, text.as_bytes()).is_none()
                && !text.contains(&format!("{byte:02x}"))
                && !text.contains(&format!("{byte:02X}"))
        };
        let stand_in = char::from((b'A'..=b'Z').chain(b'a'..=b'z').find(unused)?);
        let mut replaced = String::with_capacity(text.len());
        let mut from = 0;
        for place in places {
            replaced.push_str(&text[from..place]);
            replaced.push(stand_in);
            from = place + 1;
        }
        replaced.push_str(&text[from..]);
        Some(Self { text: Cow::Owned(replaced), stand_in: Some(stand_in) })
    }

    /// The value as it would have been with the commas.
    pub(super) fn restore(&self, value: String) -> String {
        match self.stand_in {
            Some(stand_in) => value.replace(stand_in, ","),
            None => value,
        }
    }
}

/// Where commas stand in what could be a tag.
fn places(text: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'!', &text[from..]) {
        let start = from + at;
        let length = text[start..].iter().take_while(|byte| is_tag_byte(**byte)).count();
        let tag = &text[start..start + length];
        if can_begin_tag(&text[..start]) {
            places.extend(memchr::memchr_iter(b',', tag).map(|comma| start + comma));
        }
        from = start + length;
    }
    places
}

/// Whether a flow collection can have a tag behind what is given: elsewhere `!` is a part of a
/// string, and a comma may well end it.
fn can_begin_tag(before: &[u8]) -> bool {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let blanks = before.iter().rev().take_while(blank).count();
    match before[..before.len() - blanks].last() {
        Some(b'[' | b']' | b'{' | b'}' | b',' | b'?') => true,
        Some(b':') => blanks > 0,
        _ => false,
    }
}

const fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_'
                | b';'
                | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'%'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
        )
}
