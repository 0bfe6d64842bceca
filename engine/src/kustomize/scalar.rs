//! Setting scalars as kyaml does: the text and the type are new, the style is that of the old value.
//!
//! The style decides about the type in the end, because kustomize writes its tree as text and reads
//! it again before it prints: a number that stands in quotes by then is a string, and a text without
//! type and quotes is whatever it reads like.

use crate::yaml::{self, Dialect, Mapping, Node, Pair, Scalar, Style, Tag, Text, Value};

/// Gives a scalar a new text and type; without a type it is what it reads like.
pub fn assign(scalar: &mut Scalar, text: Text, tag: Option<Tag>) {
    scalar.tag = match tag {
        Some(Tag::Str) => Tag::Str,
        None if scalar.style == Style::TaggedInQuotes => Tag::Str,
        _ if scalar.style.is_plain() => tag.unwrap_or_else(|| resolve(&text)),
        None => Tag::Str,
        Some(tag) if resolve(&text) == tag => Tag::Str,
        Some(tag) => tag,
    };
    scalar.style = match (scalar.style, tag) {
        (Style::Tagged | Style::Bare, None) => Style::Bare,
        (Style::Tagged | Style::Bare, Some(_)) => Style::Tagged,
        (Style::TaggedInQuotes, None) => Style::DoubleQuoted,
        (Style::TaggedInQuotes, Some(_)) => Style::TaggedInQuotes,
        (style, None) if style.is_plain() => Style::Untyped,
        (style, Some(_)) if style.is_plain() => Style::Plain,
        (style, _) => style,
    };
    scalar.text = text;
}

/// Sets a node to a scalar; what was a mapping or a list takes the plain style, and that of brackets is one that never
/// turns to quotes.
pub fn set(node: &mut Node, text: Text, tag: Option<Tag>) {
    if let Value::Scalar(scalar) = &mut node.value {
        assign(scalar, text, tag);
    } else {
        let style = if node.mark.is_flow() { Style::Tagged } else { Style::Plain };
        let mut scalar = Scalar { style, ..Scalar::string("") };
        assign(&mut scalar, text, tag);
        *node = Node { value: Value::Scalar(scalar), mark: node.mark.out_of_flow() };
    }
}

/// Puts a text in quotes that YAML 1.1 would take for something else, and what has no type as well; what is put in
/// its place is a text from then on. kyaml does that whenever it sets a field.
pub fn quote_if_ambiguous(scalar: &mut Scalar) {
    let may_be_quoted = match scalar.style {
        Style::Plain => scalar.tag == Tag::Str,
        Style::Untyped => true,
        _ => false,
    };
    if may_be_quoted && yaml::is_no_text_in_yaml_1_1(&scalar.text) {
        (scalar.tag, scalar.style) = (Tag::Str, Style::DoubleQuoted);
    }
}

/// A scalar without quotes, of the type that it reads like.
#[must_use]
pub fn plain(text: Text) -> Node {
    let mut scalar = Scalar::string("");
    assign(&mut scalar, text, None);
    Node::made(Value::Scalar(scalar))
}

/// The value of a field that is made: in quotes unless it reads like a text.
#[must_use]
pub fn of_new_field(text: Text) -> Node {
    let mut node = plain(text);
    if let Value::Scalar(scalar) = &mut node.value {
        quote_if_ambiguous(scalar);
    }
    node
}

/// A text in a field that is made: one of several lines gets the style for them, one that reads like something else gets
/// quotes.
#[must_use]
pub fn text_of_new_field(text: impl Into<Text>) -> Scalar {
    let mut scalar = Scalar::string(text);
    if scalar.text.contains('\n') {
        scalar.style = Style::Literal;
    } else {
        quote_if_ambiguous(&mut scalar);
    }
    scalar
}

/// Makes every value of a map below `metadata` a text, and removes the map if it is empty. A list is a map to kustomize:
/// of its first item to its second, and so on. It writes keys without their quotes.
pub fn make_texts(node: &mut Node, field: &str) {
    let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    let Some(map) = metadata.get_mut(field) else { return };
    if let Some(items) = map.as_sequence() {
        map.value = Value::Mapping(pairs(items));
    }
    let empty = match &mut map.value {
        Value::Mapping(map) => {
            for pair in map.iter_mut() {
                pair.key.style = Style::Plain;
                make_text(&mut pair.value);
            }
            map.is_empty()
        }
        _ => true,
    };
    if empty {
        metadata.remove(field);
    }
}

fn pairs(items: &[Node]) -> Mapping {
    let mut mapping = Mapping::default();
    for pair in items.chunks_exact(2) {
        let key = pair[0].text().unwrap_or_default();
        if key.is_empty() {
            return Mapping::default();
        }
        if let Some(value) = mapping.get_mut(key) {
            *value = pair[1].clone();
            continue;
        }
        let (key, key_mark) = (Scalar::string(key), pair[0].mark);
        mapping.push(Pair { key, key_mark, value: pair[1].clone() });
    }
    mapping
}

/// kustomize puts a new node in place: it is one with no other from then on.
fn make_text(node: &mut Node) {
    node.mark = node.mark.apart();
    match &mut node.value {
        Value::Scalar(scalar) => *scalar = text_of_new_field(std::mem::take(&mut scalar.text)),
        _ => *node = Node::string(Text::const_new("")),
    }
}

/// Whether the text of a boolean says yes, in YAML 1.1 or 1.2.
#[must_use]
pub fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y")
}

/// The type that a text without quotes has in a resource.
fn resolve(text: &str) -> Tag {
    yaml::resolve_plain(text, Dialect::V3)
}
