//! The JSON Schema of `overlift.yaml`, for editors: draft 7, which all of them read.

use serde_json::{Map, Value, json};

use super::keys::ROOT;
use super::shape::{Absent, Key, Shape};

/// Where the schema is published, and what an editor reads by the first line that `overlift init` writes.
pub const SCHEMA_ID: &str =
    "https://raw.githubusercontent.com/overlift/overlift/main/docs/overlift.schema.json";

/// The JSON Schema of the configuration file.
#[must_use]
pub fn schema() -> Value {
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("$id".to_owned(), json!(SCHEMA_ID));
    root.insert("title".to_owned(), json!("Overlift: .github/overlift.yaml"));
    root.extend(of_shape(&ROOT));
    Value::Object(root)
}

fn of_shape(shape: &Shape) -> Map<String, Value> {
    let value = match shape {
        Shape::Version => json!({ "type": "integer", "const": 1 }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Percent => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::Text { pattern, longest } => {
            let mut text = json!({ "type": "string" });
            if let Some(pattern) = pattern {
                text["pattern"] = json!(pattern);
            }
            if let Some(longest) = longest {
                text["maxLength"] = json!(longest);
            }
            text
        }
        Shape::List { items, least, most } => {
            let mut list = json!({ "type": "array", "items": of_shape(items) });
            if *least > 0 {
                list["minItems"] = json!(least);
            }
            if *most < usize::MAX {
                list["maxItems"] = json!(most);
            }
            list
        }
        Shape::OneOrSeveral(items) => json!({
            "anyOf": [of_shape(items), { "type": "array", "items": of_shape(items), "minItems": 1 }]
        }),
        Shape::Words(values) => {
            json!({ "type": "object", "additionalProperties": of_shape(values) })
        }
        Shape::Day => json!({ "type": "string", "format": "date" }),
        Shape::Moment => json!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{1,2}:[0-9]{2}(:00)?)?$",
        }),
        Shape::TextOr(text, more) => json!({ "anyOf": [of_shape(text), of_shape(more)] }),
        Shape::Release => json!({
            "type": ["string", "number"],
            "pattern": "^1\\.[0-9]+$",
            "minimum": 1,
            "exclusiveMaximum": 2,
        }),
        Shape::Mapping(keys) => of_mapping(keys),
    };
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn of_mapping(keys: &[Key]) -> Value {
    let required: Vec<&str> = keys
        .iter()
        .filter(|key| matches!(key.absent, Absent::Refused))
        .map(|key| key.name)
        .collect();
    let mut properties = Map::new();
    for key in keys {
        let mut property = of_shape(&key.shape);
        property.insert("description".to_owned(), json!(key.about));
        let default = match key.absent {
            Absent::Refused | Absent::Nothing => None,
            Absent::Text(text) => Some(json!(text)),
            Absent::Flag(flag) => Some(json!(flag)),
            Absent::Texts(texts) => Some(json!(texts)),
        };
        if let Some(default) = default {
            property.insert("default".to_owned(), default);
        }
        properties.insert(key.name.to_owned(), Value::Object(property));
    }
    let mut mapping = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        mapping["required"] = json!(required);
    }
    mapping
}
