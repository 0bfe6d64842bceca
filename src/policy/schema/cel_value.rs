//! Resources as values that CEL rules look at.
#![expect(
    clippy::disallowed_types,
    reason = "the maps of the `cel` crate are hash maps; nothing reads their order"
)]

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value as CelValue;
use cel::objects::{Key, Map};

use super::structural::{Additional, Schema, Type, number};
use crate::yaml::{Node, Scalar, Tag, Value};

/// A node as a CEL value; the schema decides whether a number is an integer, as it does in Kubernetes.
pub(super) fn cel_value(schema: Option<&Schema>, node: &Node) -> CelValue {
    match &node.value {
        Value::Sequence(items) => {
            let item_schema = schema.and_then(|schema| schema.items.as_deref());
            let items: Vec<CelValue> =
                items.iter().map(|item| cel_value(item_schema, item)).collect();
            CelValue::List(Arc::new(items))
        }
        Value::Mapping(mapping) => {
            let map: HashMap<Key, CelValue> = mapping
                .iter()
                .filter(|pair| !pair.value.is_null())
                .map(|pair| {
                    let key = Key::from(escape(schema, &pair.key.text));
                    (key, cel_value(schema.and_then(|s| below(s, &pair.key.text)), &pair.value))
                })
                .collect();
            CelValue::Map(Map { map: Arc::new(map) })
        }
        Value::Scalar(scalar) => cel_scalar(schema, node, scalar),
    }
}

fn cel_scalar(schema: Option<&Schema>, node: &Node, scalar: &Scalar) -> CelValue {
    let wants_float = schema.and_then(|schema| schema.kind) == Some(Type::Number);
    match (scalar.tag, number(node)) {
        (Tag::Null, _) => CelValue::Null,
        (Tag::Bool, _) => CelValue::Bool(scalar.text.eq_ignore_ascii_case("true")),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be whole; larger saturates"
        )]
        (_, Some(value)) if !wants_float && value.fract() == 0.0 => CelValue::Int(value as i64),
        (_, Some(value)) => CelValue::Float(value),
        _ => CelValue::from(scalar.text.to_string()),
    }
}

fn below<'s>(schema: &'s Schema, key: &str) -> Option<&'s Schema> {
    schema.properties.get(key).or(match &schema.additional {
        Additional::Schema(additional) => Some(additional),
        _ => None,
    })
}

/// Property names that are no CEL identifiers are reached by an escaped name; keys of maps are data.
fn escape(schema: Option<&Schema>, key: &str) -> String {
    const KEYWORDS: [&str; 21] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ];
    if !schema.is_some_and(|schema| schema.properties.contains_key(key)) {
        return key.to_owned();
    }
    if KEYWORDS.contains(&key) {
        return format!("__{key}__");
    }
    key.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}
