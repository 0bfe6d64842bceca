//! Scalars in the style of their source, as go-yaml v3 writes them.

use super::super::super::resolve::resolve_plain;
use super::super::super::{Dialect, Scalar, Style, Tag};
use super::super::indent::pad;
use super::super::scalar::{Form, write_double, write_literal};

/// Whether a scalar is written on lines of its own.
#[must_use]
pub fn is_block(scalar: &Scalar) -> bool {
    matches!(style(scalar), Style::Literal | Style::Folded)
        && Form::of(&scalar.text).may_be_block(&scalar.text)
}

/// The style that go-yaml asks for.
fn style(scalar: &Scalar) -> Style {
    match scalar.style {
        style if style.is_plain() && scalar.text.contains('\n') => Style::Literal,
        style if style.is_plain() && (style.is_untyped() || !needs_quotes(scalar)) => Style::Plain,
        style if style.is_plain() => Style::DoubleQuoted,
        style => style,
    }
}

/// Whether a string would read as something else without quotes.
fn needs_quotes(scalar: &Scalar) -> bool {
    scalar.tag == Tag::Str && resolve_plain(&scalar.text, Dialect::V3) != Tag::Str
}

/// Writes a key. What stood without quotes stays without: its type is not known.
pub(super) fn write_key(key: &Scalar, in_flow: bool, out: &mut String) {
    if matches!(key.style, Style::Literal | Style::Folded) || key.text.contains('\n') {
        return write_double(&key.text, None, out);
    }
    if key.style.is_plain() && Form::of(&key.text).may_be_plain(&key.text, in_flow) {
        return out.push_str(&key.text);
    }
    write(key, in_flow, 0, out);
}

/// Writes a scalar in a line; within brackets more has to be in quotes.
pub(super) fn write(scalar: &Scalar, in_flow: bool, indent: usize, out: &mut String) {
    let text = scalar.text.as_str();
    let read = resolve_plain(text, Dialect::V3);
    let has_type = matches!(scalar.style, Style::Plain | Style::Tagged | Style::TaggedInQuotes);
    if has_type && scalar.tag != Tag::Str && read != scalar.tag {
        // A text that was put where a number stood: the tag stays.
        out.push_str(match scalar.tag {
            Tag::Float => "!!float ",
            Tag::Int => "!!int ",
            _ => "",
        });
    }
    let form = Form::of(text);
    let style = match style(scalar) {
        Style::Plain if form.may_be_plain(text, in_flow) => return out.push_str(text),
        Style::Plain => Style::SingleQuoted,
        Style::Literal | Style::Folded => Style::DoubleQuoted,
        style => style,
    };
    match style {
        Style::SingleQuoted if form.may_be_single() => write_single(text, indent, out),
        _ => write_double(text, None, out),
    }
}

fn write_single(text: &str, indent: usize, out: &mut String) {
    out.push('\'');
    let mut after_break = false;
    for c in text.chars() {
        if c == '\n' {
            if !after_break {
                out.push('\n');
            }
            out.push('\n');
            after_break = true;
            continue;
        }
        if std::mem::take(&mut after_break) {
            pad(indent, out);
        }
        if c == '\'' {
            out.push('\'');
        }
        out.push(c);
    }
    out.push('\'');
}

/// Writes a scalar on lines of its own, with the comment that stands behind its indicator.
pub(super) fn write_block(scalar: &Scalar, indent: usize, comment: Option<&str>, out: &mut String) {
    let mut block = String::with_capacity(scalar.text.len() + 16);
    if style(scalar) == Style::Folded {
        write_folded(&scalar.text, indent, &mut block);
    } else {
        write_literal(&scalar.text, indent, &mut block);
    }
    let header = block.find('\n').unwrap_or(block.len());
    out.push_str(&block[..header]);
    if let Some(comment) = comment {
        out.push(' ');
        out.push_str(comment);
    }
    out.push_str(&block[header..]);
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

fn write_folded(text: &str, indent: usize, out: &mut String) {
    out.push('>');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    match text.strip_suffix('\n') {
        None => out.push('-'),
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => out.push('+'),
        Some(_) => {}
    }
    out.push('\n');
    let is_blank = |c: char| matches!(c, ' ' | '\t');
    let begins_blank = text.trim_start_matches('\n').chars().next().is_none_or(is_blank);
    let (mut after_break, mut in_indented) = (true, true);
    for c in text.chars() {
        if c == '\n' {
            if !after_break && !in_indented && !begins_blank {
                out.push('\n');
            }
            after_break = true;
        } else {
            if std::mem::take(&mut after_break) {
                pad(indent, out);
                in_indented = is_blank(c);
            }
        }
        out.push(c);
    }
}
