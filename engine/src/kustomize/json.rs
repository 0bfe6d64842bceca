//! JSON as trees, and the way of an object through JSON and back, which is what a JSON 6902 patch does to all of it.
//!
//! Go reads JSON numbers as floats and go-yaml writes floats shortest, with an exponent from a million
//! on; strings lose their quotes unless they would read as something else. None of it shows where
//! the object is printed, but a later transformer that copies a text or keeps a style meets it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::yaml::{
    self, Dialect, Mark, Node, Number, Pair, Scalar, Style, Tag, Text, TextId, Value, number,
    parse_one_of, resolve_plain,
};

/// A value that JSON cannot say: an infinity, not-a-number, or a text that is not of the type it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

/// Reads JSON, of the text with this number.
pub fn parse(text: &str, id: TextId) -> Result<Node, serde_json::Error> {
    let json: Json = serde_json::from_str(text)?;
    let mut node = node(json);
    // Only YAML is read with places; nearly all JSON is YAML too.
    if let Ok(documents) = parse_one_of(text, id, Dialect::V3)
        && let [marked] = &documents[..]
    {
        mark(&mut node, marked);
    }
    Ok(node)
}

/// Gives nodes the marks of the same tree.
fn mark(node: &mut Node, marked: &Node) {
    if node.as_scalar().is_some() {
        node.mark = marked.mark;
    }
    match (&mut node.value, &marked.value) {
        (Value::Mapping(mapping), Value::Mapping(marked)) => {
            let marked: BTreeMap<&str, &Pair> =
                marked.iter().map(|pair| (pair.key.text.as_str(), pair)).collect();
            for pair in mapping.iter_mut() {
                let Some(marked) = marked.get(pair.key.text.as_str()) else { continue };
                pair.key_mark = marked.key_mark;
                mark(&mut pair.value, &marked.value);
            }
        }
        (Value::Sequence(items), Value::Sequence(marked)) => {
            items.iter_mut().zip(marked).for_each(|(item, marked)| mark(item, marked));
        }
        _ => {}
    }
}

/// JSON as a tree.
pub fn node(json: Json) -> Node {
    Node::made(match json {
        Json::Null => return Node::null(),
        Json::Bool(truth) => scalar(if truth { "true" } else { "false" }.into(), Tag::Bool),
        Json::Number(number) => {
            let text = number.to_string();
            let tag = resolve_plain(&text, Dialect::V3);
            scalar(text.into(), tag)
        }
        Json::String(text) => scalar(text.into(), Tag::Str),
        Json::Array(items) => Value::Sequence(items.into_iter().map(node).collect()),
        Json::Object(map) => Value::Mapping(
            map.into_iter().map(|(key, value)| pair(key.into(), node(value))).collect(),
        ),
    })
}

/// A member of an object, with a key as JSON has it.
pub fn pair(key: Text, value: Node) -> Pair {
    let key = Scalar { style: style(&key), ..Scalar::string(key) };
    Pair { key, key_mark: Mark::NONE, value }
}

const fn scalar(text: Text, tag: Tag) -> Value {
    Value::Scalar(Scalar { text, tag, style: Style::Plain })
}

/// Whether integers keep being integers on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Integers {
    /// JSON knows floats only.
    BecomeFloats,
    /// Go values know both.
    Stay,
}

/// Writes every scalar and key below a node as it is after a way through JSON.
///
/// # Errors
/// [`NotJson`] for what JSON cannot say.
pub fn renew(node: &mut Node) -> Result<(), NotJson> {
    each_scalar(node, &mut |scalar| renew_scalar(scalar, Integers::BecomeFloats))
}

/// The same for a whole object, which kustomize writes as YAML first.
///
/// # Errors
/// [`NotJson`] also for a text that is not of the type it has.
pub fn renew_object(object: &mut Node) -> Result<(), NotJson> {
    each_scalar(object, &mut |scalar| {
        if !has_its_type(scalar) {
            return Err(NotJson);
        }
        renew_scalar(scalar, Integers::BecomeFloats)
    })
}

/// Writes every scalar below a node as it is after a way through Go's values and back, which is what
/// kustomize does to the items of a list that stands beside other documents.
pub fn rewrite(node: &mut Node) {
    let mark = node.mark;
    let kept = each_scalar(node, &mut |scalar| {
        // Infinities stay what they are.
        renew_scalar(scalar, Integers::Stay).ok();
        // They come as JSON, where every text is in quotes and keeps them under a later patch.
        if scalar.tag == Tag::Str {
            scalar.style = Style::DoubleQuoted;
        }
        Ok(())
    });
    debug_assert_eq!(kept, Ok(()), "nothing is refused");
    // JSON is all in brackets.
    node.mark = mark.in_flow();
}

fn each_scalar(
    node: &mut Node,
    change: &mut dyn FnMut(&mut Scalar) -> Result<(), NotJson>,
) -> Result<(), NotJson> {
    // Whatever was one node is two, and whatever stood in brackets does no more.
    if node.mark.is_shared() || node.mark.is_flow() {
        node.mark = Mark::NONE;
    }
    match &mut node.value {
        Value::Mapping(mapping) => mapping.iter_mut().try_for_each(|pair| {
            pair.key.style = style(&pair.key.text);
            each_scalar(&mut pair.value, change)
        }),
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| each_scalar(item, change)),
        Value::Scalar(scalar) => change(scalar),
    }
}

fn renew_scalar(scalar: &mut Scalar, integers: Integers) -> Result<(), NotJson> {
    match scalar.tag {
        // Go's values are made of what was read, and JSON patches of what kyaml writes.
        Tag::Str if integers == Integers::Stay && scalar.style == Style::TimeInBrackets => {
            scalar.tag = Tag::Timestamp;
            return renew_scalar(scalar, integers);
        }
        // What has no value within brackets comes out of kyaml as an empty text.
        Tag::Null if integers == Integers::BecomeFloats && scalar.style == Style::SingleQuoted => {
            *scalar = Scalar { style: style(""), ..Scalar::string("") };
            return Ok(());
        }
        Tag::Null => scalar.text = "null".into(),
        Tag::Bool => {
            let truth = crate::kustomize::scalar::is_true(&scalar.text);
            scalar.text = if truth { "true" } else { "false" }.into();
        }
        Tag::Int | Tag::Float => {
            scalar.text = match number(scalar) {
                Some(Number::Int(value)) if integers == Integers::Stay => value.to_string().into(),
                Some(Number::Uint(value)) if integers == Integers::Stay => value.to_string().into(),
                Some(value) if !value.as_f64().is_finite() => return Err(NotJson),
                Some(value) if integers == Integers::Stay => json_number(value.as_f64()).into(),
                Some(value) => shortest(value.as_f64()).into(),
                None => return Err(NotJson),
            };
            scalar.tag = resolve_plain(&scalar.text, Dialect::V3);
        }
        Tag::Timestamp => {
            let mut text = String::new();
            yaml::write_scalar_value(scalar, &mut text);
            *scalar = Scalar { style: style(&text), ..Scalar::string(text) };
            return Ok(());
        }
        Tag::Str => {
            if integers == Integers::BecomeFloats
                && let Some(text) = yaml::read_again(scalar)
            {
                scalar.text = text;
            }
            scalar.style = style(&scalar.text);
            return Ok(());
        }
    }
    scalar.style = Style::Plain;
    Ok(())
}

/// Whether a text is of the type it has. A replacement may put another among annotations, which keep theirs until they
/// become texts.
fn has_its_type(scalar: &Scalar) -> bool {
    scalar.tag == Tag::Str
        || !matches!(scalar.style, Style::Plain | Style::Tagged | Style::TaggedInQuotes)
        || match resolve_plain(&scalar.text, Dialect::V3) {
            Tag::Int => matches!(scalar.tag, Tag::Int | Tag::Float),
            tag => tag == scalar.tag,
        }
}

/// How go-yaml v3 writes a string.
fn style(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if resolve_plain(text, Dialect::V3) != Tag::Str || !yaml::is_string_when_plain(text) {
        Style::DoubleQuoted
    } else if yaml::may_be_plain(text) {
        Style::Plain
    } else {
        Style::SingleQuoted
    }
}

/// A float as Go writes it in JSON.
pub fn json_number(number: f64) -> String {
    match number.abs() {
        0.0 | 1e-6..1e21 => format!("{number}"),
        1e21.. => format!("{number:e}").replace('e', "e+"),
        _ => format!("{number:e}"),
    }
}

/// A float as Go's `%g` with the shortest precision writes it.
pub fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
