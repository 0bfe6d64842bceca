//! From [`Node`]s to the text that `kustomize build` prints.
//!
//! kustomize turns a resource into JSON and that into YAML with go-yaml v2; what is written here
//! is where that ends, in one step (go-yaml v2.4: encode.go, emitterc.go).

mod folded;
mod indent;
mod order;
mod scalar;
mod styled;

use super::{Mapping, Node, Pair, Value};
use indent::pad;
pub use scalar::{may_be_plain, read_again, write_scalar_value};
use scalar::{write_key, write_scalar};
pub use styled::{NotStyled, is_block, write_styled};

/// Appends one document in canonical form: keys sorted, block style, two spaces, a final newline.
pub fn write_document(node: &Node, out: &mut String) {
    match &node.value {
        Value::Mapping(mapping) if !mapping.is_empty() => write_mapping(mapping, 0, out),
        Value::Sequence(items) if !items.is_empty() => write_sequence(items, 0, out),
        value => write_flat(value, 2, out),
    }
}

/// Appends documents with `---` between them.
pub fn write_stream<'a>(nodes: impl IntoIterator<Item = &'a Node>, out: &mut String) {
    for (count, node) in nodes.into_iter().enumerate() {
        if count > 0 {
            out.push_str(BETWEEN_DOCUMENTS);
        }
        write_document(node, out);
    }
}

/// Appends documents that were written one by one, as [`write_stream`] would have written them.
pub fn join_documents<'a>(
    documents: impl ExactSizeIterator<Item = &'a str> + Clone,
    out: &mut String,
) {
    let between = documents.len() * BETWEEN_DOCUMENTS.len();
    out.reserve(documents.clone().map(str::len).sum::<usize>() + between);
    for (count, document) in documents.enumerate() {
        if count > 0 {
            out.push_str(BETWEEN_DOCUMENTS);
        }
        out.push_str(document);
    }
}

const BETWEEN_DOCUMENTS: &str = "---\n";

/// Writes the pairs of a mapping whose first line is already indented.
fn write_mapping(mapping: &Mapping, indent: usize, out: &mut String) {
    let mut first = true;
    order::for_each_sorted(mapping, |pair| {
        if !std::mem::take(&mut first) {
            pad(indent, out);
        }
        write_pair(pair, indent, out);
    });
}

fn write_pair(pair: &Pair, indent: usize, out: &mut String) {
    if !write_key(&pair.key.text, out) {
        // Too long or of several lines: key and value each get a line of their own.
        out.push_str("? ");
        write_scalar(&pair.key, indent + 2, out);
        end_line(out);
        pad(indent, out);
        return write_item(':', &pair.value.value, indent, out);
    }
    out.push(':');
    match &pair.value.value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            out.push('\n');
            pad(indent + 2, out);
            write_mapping(mapping, indent + 2, out);
        }
        Value::Sequence(items) if !items.is_empty() => {
            out.push('\n');
            pad(indent, out);
            write_sequence(items, indent, out);
        }
        value => {
            out.push(' ');
            write_flat(value, indent + 2, out);
        }
    }
}

/// Writes the items of a list whose first line is already indented.
fn write_sequence(items: &[Node], indent: usize, out: &mut String) {
    for (count, item) in items.iter().enumerate() {
        if count > 0 {
            pad(indent, out);
        }
        write_item('-', &item.value, indent, out);
    }
}

/// Writes an indicator and, behind it in the same line, a value.
fn write_item(indicator: char, value: &Value, indent: usize, out: &mut String) {
    out.push(indicator);
    out.push(' ');
    match value {
        Value::Mapping(mapping) if !mapping.is_empty() => write_mapping(mapping, indent + 2, out),
        Value::Sequence(items) if !items.is_empty() => write_sequence(items, indent + 2, out),
        value => write_flat(value, indent + 2, out),
    }
}

/// Writes a scalar or an empty collection and ends the line.
fn write_flat(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Scalar(scalar) => write_scalar(scalar, indent, out),
        Value::Sequence(_) => out.push_str("[]"),
        Value::Mapping(_) => out.push_str("{}"),
    }
    end_line(out);
}

/// Literal blocks end their last line themselves, be it with another line break of YAML's.
fn end_line(out: &mut String) {
    if !out.ends_with(['\n', '\u{2028}', '\u{2029}']) {
        out.push('\n');
    }
}
