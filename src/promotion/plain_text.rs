//! Text from manifests, names and configuration made harmless for a reader's eyes: no control
//! characters, nothing that turns the reading direction, bounded lengths in UTF-16 units, which is
//! how GitHub counts.

use std::borrow::Cow;

/// The length as GitHub counts it.
pub(super) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Puts a visible sign in place of each control or invisible character, line feeds and tabs excepted.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_invisible(c) && !matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            // The control pictures: ␀ for NUL, ␛ for the escape that begins terminal codes.
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\x7f' => out.push('\u{2421}'),
            c if is_invisible(c) => out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// One line without control characters at its ends or inside, at most `limit` UTF-16 units.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&visible(&words.join(" ")), limit)
}

/// The first `limit` UTF-16 units, the last of them an ellipsis if anything is cut.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit || utf16_len(text) <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub(1);
    let mut out = String::new();
    for c in text.chars() {
        if c.len_utf16() > left {
            break;
        }
        left -= c.len_utf16();
        out.push(c);
    }
    out.push('…');
    out
}

/// Control characters, marks that turn the reading direction, and signs that take no room: what the
/// eye does not see but a copy or a parser does.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xAD | 0x61C
                | 0x180E
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0xFE00..=0xFE0F
                | 0xFEFF
                | 0xFFF9..=0xFFFB
                | 0xE0000..=0xE01EF
        )
}

/// How many lines of `width` characters a text takes: a word that does not fit moves to the next line, and one that
/// is longer than a line is broken.
pub(super) fn wrapped(text: &str, width: usize) -> usize {
    let (mut lines, mut column) = (0, width);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column + 1 + length > width {
            lines += length.div_ceil(width).max(1);
            column = if length > width { length % width } else { length };
        } else {
            column += 1 + length;
        }
    }
    lines
}

/// `a, b and c`.
pub(super) fn enumerated(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_would_not_be_seen() {
        assert_eq!(visible("a\tb\n"), "a\tb\n");
        assert_eq!(visible("\0\x1b[31mred\r"), "␀␛[31mred␍");
        assert_eq!(visible("x\u{202e}y\u{200b}z"), "x⟨U+202E⟩y⟨U+200B⟩z");
    }

    #[test]
    fn cuts_by_utf16_units() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("😀😀", 3), "😀…");
        assert_eq!(utf16_len("😀a"), 3);
        assert_eq!(one_line("  a\n\tb  ", 10), "a b");
    }
}
