//! Objects as JSON values, which is what generators fill in and templates read.

use serde_json::{Map, Number, Value as Json};

use crate::yaml::{Node, Tag, Value};

/// A node as JSON. What JSON has no form for is a text.
pub(super) fn of_node(node: &Node) -> Json {
    match &node.value {
        Value::Mapping(mapping) => {
            let pair = |pair: &crate::yaml::Pair| (pair.key.text.to_string(), of_node(&pair.value));
            Json::Object(mapping.iter().map(pair).collect::<Map<_, _>>())
        }
        Value::Sequence(items) => Json::Array(items.iter().map(of_node).collect()),
        Value::Scalar(scalar) => {
            let text = scalar.text.as_str();
            match scalar.tag {
                Tag::Null => Json::Null,
                Tag::Bool => Json::Bool(is_true(text)),
                Tag::Int => text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from),
                Tag::Float => text
                    .parse::<f64>()
                    .ok()
                    .and_then(Number::from_f64)
                    .map_or_else(|| Json::from(text), Json::Number),
                Tag::Timestamp | Tag::Str => Json::from(text),
            }
        }
    }
}

fn is_true(text: &str) -> bool {
    ["true", "yes", "on", "y"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// The value at the end of a chain of keys; null if there is none.
pub(super) fn at<'j>(json: &'j Json, keys: &[&str]) -> &'j Json {
    keys.iter().try_fold(json, |json, key| json.get(key)).unwrap_or(&Json::Null)
}

/// The text there; empty if there is none.
pub(super) fn text<'j>(json: &'j Json, keys: &[&str]) -> &'j str {
    at(json, keys).as_str().unwrap_or_default()
}

/// The text there, if it is not empty.
pub(super) fn some_text(json: &Json, keys: &[&str]) -> Option<String> {
    Some(text(json, keys)).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The items there; none if there is no list.
pub(super) fn items<'j>(json: &'j Json, keys: &[&str]) -> &'j [Json] {
    at(json, keys).as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub(super) fn texts(json: &Json, keys: &[&str]) -> Vec<String> {
    items(json, keys).iter().map(display).filter(|text| !text.is_empty()).collect()
}

/// The pairs of a mapping of texts, in its order.
pub(super) fn pairs(json: &Json, keys: &[&str]) -> Vec<(String, String)> {
    let map = at(json, keys).as_object();
    map.into_iter().flatten().map(|(key, value)| (key.clone(), display(value))).collect()
}

/// A scalar as the text it is printed as; lists and mappings as JSON.
pub(super) fn display(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Lays `over` over `under`: mappings key by key, everything else as a whole. What is empty covers nothing.
pub(super) fn merged(under: &Json, over: &Json) -> Json {
    match (under, over) {
        (Json::Object(under), Json::Object(over)) => {
            let mut merged = under.clone();
            for (key, value) in over {
                let value =
                    under.get(key).map_or_else(|| value.clone(), |it| self::merged(it, value));
                merged.insert(key.clone(), value);
            }
            Json::Object(merged)
        }
        (under, Json::Null) => under.clone(),
        (under, Json::String(text)) if text.is_empty() => under.clone(),
        (_, over) => over.clone(),
    }
}
