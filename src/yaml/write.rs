//! From [`Node`]s to the text that `kustomize build` prints.

use std::fmt::Write as _;

use super::resolve::{Number, number, resolve_plain};
use super::{Dialect, Node, Pair, Scalar, Tag, Value};

/// Appends one document in canonical form: keys sorted, block style, two spaces, a final newline.
pub fn write_document(node: &Node, out: &mut String) {
    block(node, 0, false, out);
}

/// Appends documents with `---` between them.
pub fn write_stream<'a>(nodes: impl IntoIterator<Item = &'a Node>, out: &mut String) {
    for (count, node) in nodes.into_iter().enumerate() {
        if count > 0 {
            out.push_str("---\n");
        }
        write_document(node, out);
    }
}

fn block(node: &Node, indent: usize, inline_first: bool, out: &mut String) {
    let mut first = inline_first;
    let mut pad = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match &node.value {
        Value::Mapping(mapping) if mapping.is_empty() => out.push_str("{}\n"),
        Value::Sequence(items) if items.is_empty() => out.push_str("[]\n"),
        Value::Mapping(mapping) => {
            let mut pairs: Vec<&Pair> = mapping.iter().collect();
            pairs.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            for pair in pairs {
                pad(out);
                string(&pair.key.text, indent, out);
                out.push(':');
                value(&pair.value, indent, out, false);
            }
        }
        Value::Sequence(items) => {
            for item in items {
                pad(out);
                out.push('-');
                value(item, indent, out, true);
            }
        }
        Value::Scalar(s) => {
            scalar(s, indent, out);
            out.push('\n');
        }
    }
}

fn value(node: &Node, indent: usize, out: &mut String, in_sequence: bool) {
    match &node.value {
        Value::Mapping(m) if !m.is_empty() && !in_sequence => {
            out.push('\n');
            block(node, indent + 2, false, out);
        }
        Value::Sequence(s) if !s.is_empty() && !in_sequence => {
            out.push('\n');
            block(node, indent, false, out);
        }
        _ => {
            out.push(' ');
            block(node, indent + 2, true, out);
        }
    }
}

fn scalar(scalar: &Scalar, indent: usize, out: &mut String) {
    match scalar.tag {
        Tag::Null => out.push_str("null"),
        Tag::Bool => {
            let truth =
                matches!(scalar.text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y");
            out.push_str(if truth { "true" } else { "false" });
        }
        Tag::Int | Tag::Float => match number(scalar) {
            Some(Number::Int(v)) => write!(out, "{v}").expect("a String takes any text"),
            Some(Number::Uint(v)) => write!(out, "{v}").expect("a String takes any text"),
            Some(Number::Float(v)) => write!(out, "{v}").expect("a String takes any text"),
            None => out.push_str(&scalar.text),
        },
        Tag::Timestamp | Tag::Str => string(&scalar.text, indent, out),
    }
}

fn string(text: &str, indent: usize, out: &mut String) {
    let clean = text.chars().all(|c| c == '\n' || !c.is_control());
    if text.contains('\n')
        && clean
        && !text.starts_with([' ', '\n'])
        && !text.contains(" \n")
        && !text.ends_with(' ')
    {
        out.push('|');
        let body = match text.strip_suffix('\n') {
            None => {
                out.push('-');
                text
            }
            Some(body) if body.ends_with('\n') => {
                out.push('+');
                body
            }
            Some(body) => body,
        };
        for line in body.split('\n') {
            out.push('\n');
            if !line.is_empty() {
                out.extend(std::iter::repeat_n(' ', indent.max(2)));
                out.push_str(line);
            }
        }
        return;
    }
    let typed = resolve_plain(text, Dialect::V2) != Tag::Str
        || resolve_plain(text, Dialect::V3) != Tag::Str;
    if typed || !clean || text.contains('\n') {
        write!(out, "{text:?}").expect("a String takes any text");
    } else if text.starts_with(|c: char| " !&*|>'\"%@`#,[]{}?-:".contains(c))
        && !(text.len() > 1 && text.starts_with(['-', ':', '?']) && !text[1..].starts_with(' '))
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
    {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    } else {
        out.push_str(text);
    }
}
