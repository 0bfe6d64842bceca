//! The hash of a generated config map or secret that goes to the end of its name.
//!
//! The first ten digits of SHA-256 over JSON with sorted keys, with the digits that could form words
//! replaced. kustomize looks for the field `metadata/name` under that literal name, which no object
//! has, so that the name in the JSON is always empty (`api/hasher/hasher.go`).

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::transformer::Transformer;
use crate::kustomize::error::BuildError;
use crate::kustomize::json::json_number;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::schema::Schema;
use crate::yaml::{Mapping, Node, Scalar, Tag, Value, number, write_scalar_value};

/// The transformer that a plugin asks for; a build adds the hashes at its end anyway.
#[derive(Debug)]
pub struct Hash;

impl Transformer for Hash {
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        apply(set, schema);
        Ok(())
    }

    fn texts_for_each(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Adds the hash to the name of every resource that wants one.
pub fn apply(set: &mut ResourceSet, schema: &Schema) {
    let wanting: Vec<usize> =
        set.iter().enumerate().filter(|(_, draft)| draft.needs_hash).map(|(at, _)| at).collect();
    for at in wanting {
        set.update(at, schema, |draft| {
            let name = format!("{}-{}", draft.id.name, hash(draft));
            draft.remember_id();
            draft.set_name(name);
        });
    }
}

/// The hash of the content of a config map or secret.
#[must_use]
pub fn hash(draft: &Draft) -> String {
    let node = &draft.node;
    let mut json = String::from("{");
    let mut field = |key: &str, write: &dyn Fn(&mut String)| {
        if json.len() > 1 {
            json.push(',');
        }
        write_text(key, &mut json);
        json.push(':');
        write(&mut json);
    };
    let map_only = |key: &str| node.get(key).filter(|node| node.as_mapping().is_some());
    let or_empty = |key: &str, json: &mut String| match node.get(key) {
        None => json.push_str("\"\""),
        Some(node) => write_field(node, json),
    };
    if draft.id.gvk.kind == "Secret" {
        field("data", &|json| or_empty("data", json));
        field("kind", &|json| json.push_str("\"Secret\""));
        field("name", &|json| json.push_str("\"\""));
        if let Some(data) = map_only("stringData") {
            field("stringData", &|json| write_json(data, json));
        }
        field("type", &|json| or_empty("type", json));
    } else {
        if let Some(data) = map_only("binaryData") {
            field("binaryData", &|json| write_json(data, json));
        }
        field("data", &|json| or_empty("data", json));
        field("kind", &|json| json.push_str("\"ConfigMap\""));
        field("name", &|json| json.push_str("\"\""));
    }
    json.push('}');
    encode(&Sha256::digest(json.as_bytes()))
}

fn encode(digest: &[u8]) -> String {
    hex::encode(&digest[..5])
        .chars()
        .map(|digit| match digit {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}

/// A scalar counts by its text, whatever its type.
fn write_field(node: &Node, json: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => write_text(&scalar.text, json),
        _ => write_json(node, json),
    }
}

fn write_json(node: &Node, json: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => write_scalar(scalar, json),
        Value::Sequence(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                write_json(item, json);
            }
            json.push(']');
        }
        Value::Mapping(mapping) => write_mapping(mapping, json),
    }
}

fn write_mapping(mapping: &Mapping, json: &mut String) {
    let mut pairs: Vec<_> = mapping.iter().collect();
    pairs.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    json.push('{');
    for (at, pair) in pairs.into_iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write_text(&pair.key.text, json);
        json.push(':');
        write_json(&pair.value, json);
    }
    json.push('}');
}

fn write_scalar(scalar: &Scalar, json: &mut String) {
    match scalar.tag {
        Tag::Null => json.push_str("null"),
        Tag::Bool => json.push_str(&scalar.text.to_ascii_lowercase()),
        Tag::Int | Tag::Float => match number(scalar) {
            // Go has read it as a float before.
            Some(number) => json.push_str(&json_number(number.as_f64())),
            None => json.push_str(&scalar.text),
        },
        Tag::Timestamp => {
            let mut text = String::new();
            write_scalar_value(scalar, &mut text);
            write_text(&text, json);
        }
        Tag::Str => write_text(&scalar.text, json),
    }
}

/// A JSON string as Go writes it: with `<`, `>`, `&` and two line separators escaped.
pub(super) fn write_text(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
