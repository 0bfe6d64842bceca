//! Keys, as far as the scanner takes them: strings in one line, each once in its mapping.

use std::collections::BTreeSet;

use super::super::super::resolve::resolve_plain;
use super::super::super::{Pair, Scalar, Style, Tag};
use super::scanner::Scanner;

/// Longer keys are left to events, which end them at 1,024 characters, as written and as JSON.
pub(super) const LONGEST_KEY: usize = 160;
/// Mappings up to this size are searched for duplicate keys one by one.
const FEW_KEYS: usize = 16;

/// A key and where the text behind its colon begins.
pub(super) struct Key {
    pub(super) scalar: Scalar,
    pub(super) start: usize,
    pub(super) after_colon: usize,
}

impl Scanner<'_> {
    /// The key at a place; the inner `None` says that no key is there.
    pub(super) fn key(&self, start: usize) -> Option<Option<Key>> {
        let (scalar, colon) = match self.bytes[start] {
            b'"' | b'\'' => {
                let (scalar, end) = self.quoted(start)?;
                let colon = self.skip_spaces(end);
                if self.bytes.get(colon) != Some(&b':') {
                    return Some(None);
                }
                if memchr::memchr(b'\n', &self.bytes[start..end]).is_some() {
                    return None;
                }
                (scalar, colon)
            }
            b'[' | b'{' | b'|' | b'>' => return Some(None),
            _ => {
                let Some((end, colon)) = self.plain_key(start)? else { return Some(None) };
                let text = &self.text[start..end];
                if resolve_plain(text, self.dialect) != Tag::Str {
                    return None;
                }
                (Scalar { text: text.into(), tag: Tag::Str, style: Style::Plain }, colon)
            }
        };
        if colon - start > LONGEST_KEY || scalar.text == "<<" || !self.is_blank(colon + 1) {
            return None;
        }
        Some(Some(Key { scalar, start, after_colon: colon + 1 }))
    }
}

/// Whether each key is there once.
pub(super) fn has_no_duplicate(pairs: &[Pair]) -> bool {
    if pairs.len() > FEW_KEYS {
        let mut seen = BTreeSet::new();
        return pairs.iter().all(|pair| seen.insert(pair.key.text.as_str()));
    }
    pairs.iter().enumerate().all(|(at, pair)| {
        let key = pair.key.text.as_str();
        !pairs[..at].iter().any(|other| other.key.text.as_str() == key)
    })
}
