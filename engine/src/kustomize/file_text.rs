//! From the bytes of a file to its text, as kustomize reads it.

use std::borrow::Cow;

use super::error::BuildError;
use crate::model::{Location, RepoPath};

/// The text of a file: UTF-8, or UTF-16 that says so with its first two bytes.
///
/// # Errors
/// [`BuildError::NotText`] if it is neither.
pub fn decode<'c>(path: &RepoPath, content: &'c [u8]) -> Result<Cow<'c, str>, BuildError> {
    let not_text = |offset| BuildError::NotText { at: Location::file(path.clone()), offset };
    let unit: fn([u8; 2]) -> u16 = match *content {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => {
            let text = std::str::from_utf8(content);
            return text.map(Cow::Borrowed).map_err(|fault| not_text(fault.valid_up_to()));
        }
    };
    let (pairs, rest) = content[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(not_text(content.len() - 1));
    }
    let mut text = String::with_capacity(pairs.len());
    for (at, letter) in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).enumerate() {
        text.push(letter.map_err(|_| not_text(2 + 2 * at))?);
    }
    // kustomize looks for the lines between documents in the bytes and finds none there; the YAML
    // reader then stops behind the first document.
    text.truncate(first_document(&text));
    Ok(Cow::Owned(text))
}

/// Where the first document of a text ends.
fn first_document(text: &str) -> usize {
    let is_marker = |line: &str| {
        line.strip_prefix("---")
            .is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty())
    };
    let (mut at, mut has_content) = (0, false);
    for line in text.split_inclusive('\n') {
        if is_marker(line) && has_content {
            return at;
        }
        let bare = line.trim();
        has_content |= !bare.is_empty() && !bare.starts_with(['#', '%']);
        at += line.len();
    }
    text.len()
}

/// The text of a file as marks count it.
#[must_use]
pub fn counted_text(path: &RepoPath, content: &[u8]) -> Option<String> {
    let text = decode(path, content).ok()?;
    Some(if text.contains('\r') { text.replace("\r\n", "\n") } else { text.into_owned() })
}
