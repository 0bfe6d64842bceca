//! How much is kept of what others say.

/// Names and messages are kept up to so many characters.
pub(super) const MOST_CHARS: usize = 300;

/// Cuts at a character.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
