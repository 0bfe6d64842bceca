//! Characters that go-yaml reads and libyaml-safer 0.3 does not.
//!
//! In `[!!str, a]` the tag is `!!str,` to go-yaml, where libyaml-safer panics; in `[2001:db8::]` the
//! colons belong to the text, where libyaml wants a space behind them. Before libyaml sees a text,
//! such characters are replaced by others that the text does not have; afterwards they are put back
//! into the values, for what looks like one of them can be a part of any string.

use std::borrow::Cow;

/// A text that libyaml can read, and how its values become those of the original.
pub(super) struct StandIns<'t> {
    pub(super) text: Cow<'t, str>,
    /// What stands in the text, and for what.
    pairs: Vec<(char, &'static str)>,
}

/// What can stand anywhere in a tag without a meaning of its own.
const IN_TAGS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~$@&=;*+()_0123456789";
/// What can stand within a plain text and in quotes; one byte each, as offsets have to stay.
const IN_TEXTS: &[u8] =
    b"^|<>`%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~$@&=;*+()_!0123456789";

impl<'t> StandIns<'t> {
    /// Where every candidate is in use, the text stays as it is: most of what looks like such a place
    /// is within quotes, and libyaml says what is wrong with the others.
    pub(super) fn replace(text: &'t str) -> Self {
        let mut replaced = Self { text: Cow::Borrowed(text), pairs: Vec::new() };
        replaced.exchange(&commas(text.as_bytes()), ",", IN_TAGS);
        replaced.exchange(&colons(text.as_bytes()), ":", IN_TEXTS);
        replaced
    }

    /// The value as it would have been with the original characters.
    pub(super) fn restore(&self, value: String) -> String {
        self.pairs.iter().fold(value, |value, (stand_in, original)| match value.find(*stand_in) {
            Some(_) => value.replace(*stand_in, original),
            None => value,
        })
    }

    /// Replaces the original at these places, in order, by a character that is nowhere in the text.
    fn exchange(&mut self, places: &[usize], original: &'static str, candidates: &[u8]) {
        if places.is_empty() {
            return;
        }
        let text = &self.text;
        let unused = candidates.iter().find(|byte| is_unused(**byte, text));
        let Some(stand_in) = unused.copied().map(char::from) else { return };
        let mut replaced = String::with_capacity(text.len());
        let mut from = 0;
        for place in places {
            replaced.push_str(&text[from..*place]);
            replaced.push(stand_in);
            from = place + original.len();
        }
        replaced.push_str(&text[from..]);
        self.text = Cow::Owned(replaced);
        self.pairs.push((stand_in, original));
    }
}

/// Whether a text has a character neither as it is nor as what an escape sequence makes.
fn is_unused(byte: u8, text: &str) -> bool {
    let is_escaped = |digits: &str| {
        [r"\x", r"\u00", r"\U000000"].iter().any(|begin| text.contains(&format!("{begin}{digits}")))
    };
    memchr::memchr(byte, text.as_bytes()).is_none()
        && !is_escaped(&format!("{byte:02x}"))
        && !is_escaped(&format!("{byte:02X}"))
}

/// Where colons stand at the end of what could be a plain text in a flow collection. Behind a quote
/// or an indicator a colon begins a value, behind a blank it may.
fn colons(text: &[u8]) -> Vec<usize> {
    let ends_text = |at: &usize| {
        let is_last = matches!(text.get(at + 1), Some(b',' | b'?' | b'[' | b']' | b'{' | b'}'));
        let before = at.checked_sub(1).map_or(b' ', |before| text[before]);
        let in_text = before > b' '
            && !matches!(before, b'"' | b'\'' | b'[' | b']' | b'{' | b'}' | b',' | b'?');
        is_last && in_text
    };
    memchr::memchr_iter(b':', text).filter(ends_text).collect()
}

/// Where commas stand in what could be a tag.
fn commas(text: &[u8]) -> Vec<usize> {
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
