//! Fields inside JSON or YAML that a scalar holds, such as a file in a config map.
//!
//! Kustomize has this since 5.8. JSON is written anew with sorted keys, indented if it was before;
//! YAML with its styles and comments.

use serde::Serialize as _;
use serde_json::Value as Json;

use super::path::{Absent, Path};
use super::put::{CopyError, put};
use super::target::Target;
use crate::kustomize::json;
use crate::kustomize::scalar;
use crate::kustomize::version::STRUCTURED_DELIMITERS;
use crate::yaml::{
    Dialect, Mark, Node, Number, Scalar, Tag, Text, Value, number, parse_stream, resolve_plain,
    write_styled,
};

/// Copies a value into JSON or YAML that a scalar on the path holds; false if none takes it.
///
/// # Errors
/// [`CopyError`] if one has such a field, which does not take the value or cannot be written anew.
pub(super) fn copy(
    object: &mut Node,
    target: &Target<'_>,
    path: &Path,
    value: &Node,
) -> Result<bool, CopyError> {
    let found = (1..path.len()).find_map(|steps| {
        let (outer, inner) = path.split_at(steps);
        let text = outer.look_up(object).ok()??.text()?;
        let tree = if is_json(text) { from_json(text) } else { None };
        let tree = tree.or_else(|| from_yaml(text))?;
        Some((outer, inner, text.to_owned(), tree))
    });
    let Some((outer, inner, text, mut tree)) = found else { return Ok(false) };
    if !change(&mut tree, target, &inner, value)? {
        return Ok(false);
    }
    let written: Text = if is_json(&text) {
        write(&to_json(&tree), &text).into()
    } else {
        let written = write_styled(&tree, &text).map_err(CopyError::NotStyled)?;
        written.trim().into()
    };
    let set = outer.visit(object, &Absent::Skip, &mut |field| {
        if let Value::Scalar(scalar) = &mut field.value {
            scalar.text = written.clone();
        }
        Ok::<(), CopyError>(())
    });
    Ok(set.is_ok())
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn from_json(text: &str) -> Option<Node> {
    serde_json::from_str(text).ok().map(json::node)
}

/// The first document of a text that has one.
fn from_yaml(text: &str) -> Option<Node> {
    let mut documents = parse_stream(text, Dialect::V3).ok()?.into_iter();
    documents.next().filter(|_| documents.next().is_none())
}

/// Puts the value where the path leads; false if it leads nowhere.
fn change(
    tree: &mut Node,
    target: &Target<'_>,
    path: &Path,
    value: &Node,
) -> Result<bool, CopyError> {
    let mut value = value.clone();
    forget_places(&mut value);
    let absent = target.absent(&value);
    let options = target.options.filter(|_| target.version.has(&STRUCTURED_DELIMITERS));
    match path.visit(tree, &absent, &mut |field| put(field, &value, options)) {
        Ok(count) => Ok(count > 0),
        Err(CopyError::Path(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Takes away where a value stands in its own file; whether it is in brackets stays.
fn forget_places(node: &mut Node) {
    // Beyond every text.
    const NOWHERE: usize = (1 << 29) - 1;
    let in_brackets = node.mark.is_flow();
    node.mark = if in_brackets { Mark::at(NOWHERE).in_flow() } else { Mark::NONE };
    match &mut node.value {
        Value::Mapping(mapping) => mapping.iter_mut().for_each(|pair| {
            pair.key_mark = Mark::NONE;
            forget_places(&mut pair.value);
        }),
        Value::Sequence(items) => items.iter_mut().for_each(forget_places),
        Value::Scalar(_) => {}
    }
}

fn write(json: &Json, old: &str) -> String {
    let indented = old.contains('\n') && old.contains("  ");
    let mut out = Vec::new();
    let written = if indented {
        serde_json::to_writer_pretty(&mut out, json)
    } else {
        json.serialize(&mut serde_json::Serializer::new(&mut out))
    };
    written.expect("a tree of JSON values can be written");
    // Go escapes these three in JSON, wherever it stands.
    String::from_utf8_lossy(&out)
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// A tree as JSON, its keys sorted.
fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Mapping(mapping) => {
            let mut pairs: Vec<(String, Json)> = mapping
                .iter()
                .map(|pair| (pair.key.text.to_string(), to_json(&pair.value)))
                .collect();
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            Json::Object(pairs.into_iter().collect())
        }
        Value::Sequence(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Scalar(scalar) => scalar_to_json(scalar),
    }
}

fn scalar_to_json(value: &Scalar) -> Json {
    match value.tag {
        Tag::Null => Json::Null,
        Tag::Bool => Json::Bool(scalar::is_true(&value.text)),
        Tag::Int | Tag::Float => {
            // A float that reads like an integer is written as one.
            let tag = resolve_plain(&value.text, Dialect::V3);
            match number(&Scalar { tag, ..value.clone() }) {
                Some(Number::Int(value)) => value.into(),
                Some(Number::Uint(value)) => value.into(),
                Some(Number::Float(value)) => value.into(),
                None => Json::String(value.text.to_string()),
            }
        }
        Tag::Timestamp | Tag::Str => Json::String(value.text.to_string()),
    }
}
