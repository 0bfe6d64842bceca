//! Fields inside JSON that a scalar holds, such as a file in a config map.
//!
//! Kustomize has this since 5.8. JSON is written anew with sorted keys, indented if it was before.
//! YAML in a scalar is left to the walk along the path, which reports that the field is no mapping.

use serde::Serialize as _;
use serde_json::Value as Json;

use super::path::{Absent, Path};
use super::{CopyError, Target, put};
use crate::kustomize::scalar;
use crate::kustomize::version::STRUCTURED_DELIMITERS;
use crate::yaml::{Node, Number, Scalar, Tag, Text, Value, number};

/// Copies a value into JSON that a scalar on the path holds; false if there is none that takes it.
pub(super) fn copy(object: &mut Node, target: &Target<'_>, path: &Path, value: &Node) -> bool {
    let Some((inner, text)) = (1..path.len()).find_map(|steps| {
        let (outer, inner) = path.split_at(steps);
        let text = outer.look_up(object).ok()??.text()?;
        Some(((outer, inner), text.to_owned()))
    }) else {
        return false;
    };
    let (outer, inner) = inner;
    let Some(written) = changed(&text, target, &inner, value) else { return false };
    let set = outer.visit(object, &Absent::Skip, &mut |field| {
        if let Value::Scalar(scalar) = &mut field.value {
            scalar.text = written.clone();
        }
        Ok::<(), CopyError>(())
    });
    set.is_ok()
}

/// The text with the value put where the path leads.
fn changed(text: &str, target: &Target<'_>, path: &Path, value: &Node) -> Option<Text> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let json: Json = serde_json::from_str(text).ok()?;
    let mut tree = super::super::json_6902::json::node(json);
    let absent = target.absent(value);
    let options = target.options.filter(|_| target.version.has(&STRUCTURED_DELIMITERS));
    let count = path.visit(&mut tree, &absent, &mut |field| put(field, value, options)).ok()?;
    (count > 0).then(|| write(&to_json(&tree), text).into())
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
        Tag::Int | Tag::Float => match number(value) {
            Some(Number::Int(value)) => value.into(),
            Some(Number::Uint(value)) => value.into(),
            Some(Number::Float(value)) => value.into(),
            None => Json::String(value.text.to_string()),
        },
        Tag::Timestamp | Tag::Str => Json::String(value.text.to_string()),
    }
}
