//! Scalars in single or double quotes.

use super::super::super::{Dialect, Scalar, Style, Tag, Text};
use super::scanner::Scanner;

impl Scanner<'_> {
    /// The quoted scalar at `start` and where it ends.
    pub(super) fn quoted(&self, start: usize) -> Option<(Scalar, usize)> {
        let quote = self.bytes[start];
        let (style, escape) = match quote {
            b'"' => (Style::DoubleQuoted, b'\\'),
            _ => (Style::SingleQuoted, b'\''),
        };
        let mut text = Text::default();
        let mut at = start + 1;
        loop {
            let stop = at + memchr::memchr3(quote, escape, b'\n', &self.bytes[at..])?;
            let part = &self.text[at..stop];
            match self.bytes[stop] {
                b'\n' => {
                    let part = part.trim_end_matches(' ');
                    (!part.ends_with('\t')).then_some(())?;
                    text.push_str(part);
                    at = self.fold_break(stop, &mut text)?;
                }
                b'\\' => {
                    text.push_str(part);
                    at = self.escaped(stop, &mut text)?;
                }
                b'\'' if self.bytes.get(stop + 1) == Some(&b'\'') => {
                    text.push_str(part);
                    text.push('\'');
                    at = stop + 2;
                }
                _ if text.is_empty() => {
                    return Some((Scalar { text: part.into(), tag: Tag::Str, style }, stop + 1));
                }
                _ => {
                    text.push_str(part);
                    return Some((Scalar { text, tag: Tag::Str, style }, stop + 1));
                }
            }
        }
    }

    /// Folds the line break at `at` and blank lines behind it; returns where the text goes on.
    fn fold_break(&self, at: usize, text: &mut Text) -> Option<usize> {
        let (next, breaks) = self.blank_lines(at)?;
        match breaks {
            1 => text.push(' '),
            _ => text.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
        Some(next)
    }

    /// Where the content of the next line that has any begins, and how many line breaks are
    /// before it.
    fn blank_lines(&self, at: usize) -> Option<(usize, usize)> {
        let (mut at, mut breaks) = (at, 0);
        while self.bytes.get(at) == Some(&b'\n') {
            breaks += 1;
            let start = at + 1;
            at = self.skip_spaces(start);
            if self.bytes.get(at) == Some(&b'\t') || at == start && self.is_marker(start) {
                return None;
            }
        }
        Some((at, breaks))
    }

    /// Reads the escape sequence at `at` and returns where it ends.
    fn escaped(&self, at: usize, text: &mut Text) -> Option<usize> {
        let digits = match self.bytes.get(at + 1)? {
            b'\n' => {
                let (next, breaks) = self.blank_lines(at + 1)?;
                text.extend(std::iter::repeat_n('\n', breaks - 1));
                return Some(next);
            }
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            byte => {
                text.push(short_escape(*byte)?);
                return Some(at + 2);
            }
        };
        let end = at + 2 + digits;
        let code = self.bytes.get(at + 2..end)?;
        if !code.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let code = u32::from_str_radix(&self.text[at + 2..end], 16).ok()?;
        let c = char::from_u32(code)?;
        // What kustomize cannot print is an error, which is for events to tell.
        let odd = matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
        if odd && self.dialect == Dialect::V3 {
            return None;
        }
        text.push(c);
        Some(end)
    }
}

const fn short_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\\' => '\\',
        b'_' => '\u{a0}',
        _ => return None,
    })
}
