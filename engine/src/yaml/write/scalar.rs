//! Scalars: which quotes a string needs, where it is folded, how it is escaped.

use std::fmt::Write as _;

use super::super::number::{number, write_number};
use super::super::resolve::is_string_when_plain;
use super::super::timestamp::{parse_timestamp, write_timestamp};
use super::super::{Scalar, Style as SourceStyle, Tag, Text};
use super::folded::through_kyaml;
use super::indent::pad;

/// A line is folded at the first space behind this column.
const WIDTH: usize = 80;
/// Longer keys are written with `?`.
const LONGEST_KEY: usize = 128;

/// Writes a scalar as a value; `indent` is that of its further lines.
pub(super) fn write_scalar(scalar: &Scalar, indent: usize, out: &mut String) {
    match scalar.tag {
        Tag::Str if needs_nothing(&scalar.text) => out.push_str(&scalar.text),
        Tag::Str if has_next_line(&scalar.text) => {
            write_string(&fold_next_lines(&scalar.text), indent, out);
        }
        Tag::Str => match read_again(scalar) {
            Some(text) => write_string(&text, indent, out),
            None => write_string(&scalar.text, indent, out),
        },
        // Null until it is printed: see the reader on empty values in flow collections.
        Tag::Null if scalar.style == SourceStyle::SingleQuoted => out.push_str("\"\""),
        Tag::Timestamp => {
            let mut text = String::new();
            write_scalar_value(scalar, &mut text);
            write_string(&text, indent, out);
        }
        _ => write_scalar_value(scalar, out),
    }
}

/// What a text says once kyaml has written it in the style of its source and read it again, on the way to JSON;
/// `None` if that is what it said before.
pub fn read_again(scalar: &Scalar) -> Option<Text> {
    let is_folded = scalar.tag == Tag::Str && scalar.style == SourceStyle::Folded;
    (is_folded && stays_folded(&scalar.text)).then(|| through_kyaml(&scalar.text))
}

/// Whether go-yaml v3 writes a folded scalar as one again; unlike v2 it lets tabs pass.
fn stays_folded(text: &str) -> bool {
    let form = Form::of(text);
    form.line_feed && form.may_be_block(text)
}

/// Appends the text that JSON would hold for a scalar, without quotes.
pub fn write_scalar_value(scalar: &Scalar, out: &mut String) {
    let text = scalar.text.as_str();
    match scalar.tag {
        Tag::Null => out.push_str("null"),
        Tag::Bool => out.push_str(if is_true(text) { "true" } else { "false" }),
        Tag::Int if is_canonical_integer(text) => out.push_str(text),
        Tag::Int | Tag::Float => match number(scalar) {
            Some(number) => write_number(number, out),
            None => out.push_str(text),
        },
        Tag::Timestamp => match parse_timestamp(text) {
            Some(stamp) => write_timestamp(stamp, out),
            None => out.push_str(text),
        },
        Tag::Str => out.push_str(text),
    }
}

/// Whether there is a U+0085, the only line break of YAML's that begins with this byte.
fn has_next_line(text: &str) -> bool {
    memchr::memchr(0xc2, text.as_bytes()).is_some_and(|at| text[at..].contains('\u{85}'))
}

/// JSON holds U+0085 as it is, for which go-yaml v2 sees a line break and folds it.
fn fold_next_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        out.push_str(rest[..at].trim_end_matches(' '));
        let blank = |c| matches!(c, ' ' | '\u{85}');
        let end = rest[at..].find(|c| !blank(c)).map_or(rest.len(), |length| at + length);
        let breaks = rest[at..end].matches('\u{85}').count();
        match breaks {
            1 => out.push(' '),
            _ => out.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn is_true(text: &str) -> bool {
    matches!(text.as_bytes(), [b't' | b'T' | b'y' | b'Y', ..] | [b'o' | b'O', b'n' | b'N'])
}

fn is_canonical_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    matches!(digits, [b'1'..=b'9', ..] | [b'0'])
        && digits.len() < 19
        && text != "-0"
        && digits.iter().all(u8::is_ascii_digit)
}

/// Writes a key and returns true, or returns false for a key that does not fit before a `:`.
pub(super) fn write_key(text: &Text, out: &mut String) -> bool {
    if text.len() <= LONGEST_KEY && needs_nothing(text) {
        out.push_str(text);
        return true;
    }
    let form = Form::of(text);
    if form.multiline || text.len() > LONGEST_KEY {
        return false;
    }
    match form.style(text) {
        Style::Plain => out.push_str(text),
        Style::Single => write_single(text, None, out),
        Style::Double | Style::Literal => write_double(text, None, out),
    }
    true
}

fn write_string(text: &str, indent: usize, out: &mut String) {
    let form = Form::of(text);
    match form.style(text) {
        Style::Plain => write_plain(text, indent, out),
        Style::Single => write_single(text, Some(indent), out),
        Style::Double => write_double(text, Some(indent), out),
        Style::Literal => write_literal(text, indent, out),
    }
}

/// Whether a text is a string as it stands, without quotes and in one line: the greater part of all
/// strings. It has only characters that need no quotes at any place, and begins with none that does.
fn needs_nothing(text: &str) -> bool {
    let bytes = text.as_bytes();
    let first = matches!(
        bytes,
        [b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'$' | b'_' | b'+' | b'.', ..]
            | [b'-', b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9', ..]
    );
    first
        && !text.starts_with("...")
        && bytes.iter().all(|byte| *byte != b' ' && SILENT[*byte as usize])
        && is_string_when_plain(text)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What stands in the way of the simpler styles (emitterc.go, yaml_emitter_analyze_scalar).
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one text")]
pub(super) struct Form {
    indicators: bool,
    multiline: bool,
    line_feed: bool,
    special: bool,
    leading_blank: bool,
    trailing_blank: bool,
    trailing_space: bool,
    space_after_break: bool,
    space_before_break: bool,
}

/// Bytes that say nothing about a text wherever they stand, save at its beginning.
const SILENT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        table[byte as usize] = !matches!(byte, b':' | b'#');
        byte += 1;
    }
    table
};

impl Form {
    /// Looks at the few bytes that may say something; most texts are words and spaces.
    pub(super) fn of(text: &str) -> Self {
        let mut form = Self {
            indicators: text.starts_with("---") || text.starts_with("..."),
            ..Self::default()
        };
        let bytes = text.as_bytes();
        let Some(first) = text.chars().next() else { return form };
        form.indicators |= is_indicator(first, matches!(bytes.get(1), None | Some(b' ' | b'\t')));
        form.leading_blank = first == ' ' || is_break(first);
        // Where a line break of YAML's beyond ASCII ended last.
        let mut wide_break_end = 0;
        let mut at = 0;
        while let Some(noted) = bytes[at..].iter().position(|byte| !SILENT[*byte as usize]) {
            at += noted;
            let after_break =
                at > 0 && (matches!(bytes[at - 1], b'\n' | b'\r') || at == wide_break_end);
            match bytes[at] {
                b':' => {
                    form.indicators |=
                        at > 0 && matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'));
                }
                b'#' => {
                    form.indicators |=
                        after_break || (at > 0 && matches!(bytes[at - 1], b' ' | b'\t' | b'\0'));
                }
                _ => {
                    let c = text[at..].chars().next().unwrap_or_default();
                    form.special |= !is_printable(c);
                    if is_break(c) {
                        form.multiline = true;
                        form.line_feed |= c == '\n';
                        form.space_before_break |= at > 0 && bytes[at - 1] == b' ';
                        wide_break_end = at + c.len_utf8();
                        form.space_after_break |= bytes.get(wide_break_end) == Some(&b' ');
                    }
                    at += c.len_utf8() - 1;
                }
            }
            at += 1;
        }
        form.trailing_space = text.ends_with(' ');
        form.trailing_blank = form.trailing_space || text.ends_with(is_break);
        form
    }

    /// Whether go-yaml v3 takes it for a plain scalar, in brackets or not.
    pub(super) fn may_be_plain(&self, text: &str, in_flow: bool) -> bool {
        let blank = self.leading_blank || self.trailing_blank;
        let in_brackets = |text: &str| {
            !text.is_empty()
                && !text.starts_with('?')
                && !text.contains([',', '[', ']', '{', '}', ':', '?'])
        };
        !(self.indicators || self.multiline || self.special || blank)
            && (!in_flow || in_brackets(text))
    }

    /// Whether single quotes hold it.
    pub(super) const fn may_be_single(&self) -> bool {
        !(self.special || self.space_before_break || self.space_after_break)
    }

    /// Whether it may stand on lines of its own; go-yaml v3 lets tabs pass.
    pub(super) fn may_be_block(&self, text: &str) -> bool {
        let special = self.special && text.contains(|c| c != '\t' && !is_printable(c));
        !(special || self.space_before_break || self.trailing_space)
    }

    fn style(&self, text: &str) -> Style {
        let double_only = self.special || self.space_before_break;
        if self.line_feed {
            let literal = !double_only && !self.trailing_space;
            return if literal { Style::Literal } else { Style::Double };
        }
        if !is_string_when_plain(text) || double_only || self.space_after_break {
            return Style::Double;
        }
        if self.indicators || self.multiline || self.leading_blank || self.trailing_blank {
            return Style::Single;
        }
        Style::Plain
    }
}

/// Whether a text that is on one line has a form that needs no quotes, whatever it reads like.
#[must_use]
pub fn may_be_plain(text: &str) -> bool {
    Form::of(text).may_be_plain(text, false)
}

/// Whether a first character means something in YAML.
fn is_indicator(c: char, before_blank: bool) -> bool {
    match c {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => true,
        '?' | ':' | '-' => before_blank,
        _ => false,
    }
}

const fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml v2 escapes what is above U+FFFF.
const fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// The number of characters in the line that is being written.
fn column(out: &str) -> usize {
    let line = memchr::memrchr(b'\n', out.as_bytes()).map_or(0, |at| at + 1);
    width(&out[line..])
}

fn fold(indent: usize, out: &mut String) -> usize {
    out.push('\n');
    pad(indent, out);
    indent
}

fn write_plain(text: &str, indent: usize, out: &mut String) {
    let mut column = column(out);
    if column + text.len() <= WIDTH {
        return out.push_str(text);
    }
    let bytes = text.as_bytes();
    let mut start = 0;
    for space in memchr::memchr_iter(b' ', bytes) {
        let word = &text[start..space];
        out.push_str(word);
        column += width(word);
        let alone = !word.is_empty() && bytes.get(space + 1) != Some(&b' ');
        if alone && column > WIDTH {
            column = fold(indent, out);
        } else {
            out.push(' ');
            column += 1;
        }
        start = space + 1;
    }
    out.push_str(&text[start..]);
}

/// The number of characters in a text.
fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// `indent` is `None` for keys, which are never folded.
fn write_single(text: &str, indent: Option<usize>, out: &mut String) {
    out.push('\'');
    let (mut column, last) = (column(out), text.len() - 1);
    let (mut after_space, mut after_break) = (false, false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_space = chars.peek().is_some_and(|(_, next)| *next == ' ');
        if is_break(c) {
            out.push(c);
            (column, after_break) = (0, true);
            continue;
        }
        if let (true, Some(indent)) = (after_break && c != ' ', indent) {
            pad(indent - column, out);
            column = indent;
        }
        let folds = c == ' ' && !after_space && column > WIDTH && at > 0 && at < last;
        match indent {
            Some(indent) if folds && !next_space => column = fold(indent, out),
            _ => {
                if c == '\'' {
                    out.push('\'');
                    column += 1;
                }
                out.push(c);
                column += 1;
            }
        }
        after_space = c == ' ';
        after_break &= c == ' ';
    }
    out.push('\'');
}

/// `indent` is `None` for keys, which are never folded.
pub(super) fn write_double(text: &str, indent: Option<usize>, out: &mut String) {
    out.push('"');
    let (mut column, last) = (column(out), text.len().saturating_sub(1));
    // go-yaml looks for a byte order mark at the beginning whatever character it is at.
    let all_escaped = text.starts_with('\u{feff}');
    let mut after_space = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if all_escaped || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
            column += escape(c, out);
            after_space = false;
            continue;
        }
        let folds = c == ' ' && !after_space && column > WIDTH && at > 0 && at < last;
        match indent {
            Some(indent) if folds => {
                column = fold(indent, out);
                if chars.peek().is_some_and(|(_, next)| *next == ' ') {
                    out.push('\\');
                    column += 1;
                }
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
        after_space = c == ' ';
    }
    out.push('"');
}

/// Writes an escape sequence and returns its length.
fn escape(c: char, out: &mut String) -> usize {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let before = out.len();
            let written = match u32::from(c) {
                code @ 0..=0xff => write!(out, "\\x{code:02X}"),
                code @ 0x100..=0xffff => write!(out, "\\u{code:04X}"),
                code => write!(out, "\\U{code:08X}"),
            };
            written.expect("a String takes any text");
            return out.len() - before;
        }
    };
    out.push('\\');
    out.push(short);
    2
}

/// Writes a text of several lines as it is, the lines indented.
pub(super) fn write_literal(text: &str, indent: usize, out: &mut String) {
    out.push('|');
    if text.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        out.push('2');
    }
    let mut ends = text.chars().rev();
    match (ends.next().is_some_and(is_break), ends.next()) {
        (false, _) => out.push('-'),
        (true, Some(before)) if !is_break(before) => {}
        (true, _) => out.push('+'),
    }
    out.push('\n');
    // Only two of the other line breaks are not escaped, and both begin with this byte.
    if memchr::memchr(0xe2, text.as_bytes()).is_none() {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
            let line = &text[start..(end + 1).min(text.len())];
            start += line.len();
            if !line.is_empty() {
                write_literal_line(line, indent, out);
            }
        }
        return;
    }
    for line in text.split_inclusive(['\n', '\u{2028}', '\u{2029}']) {
        write_literal_line(line, indent, out);
    }
}

fn write_literal_line(line: &str, indent: usize, out: &mut String) {
    if !line.starts_with(is_break) {
        pad(indent, out);
    }
    out.push_str(line);
}
