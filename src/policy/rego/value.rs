//! Resources as policies see them: JSON values, without the values of Secrets.

use std::collections::BTreeMap;

use regorus::Value;

use crate::kustomize::secret_facts::is_data;
use crate::yaml::{Node, Number, Tag, Value as Yaml, number};

/// What stands in for a value of a Secret.
const MASKED: &str = "<masked>";

/// A resource as `input`.
pub(super) fn input(node: &Node) -> Value {
    let is_secret = node.get("kind").and_then(Node::text) == Some("Secret");
    let mut pairs = pairs(node);
    if is_secret {
        for pair in node.as_mapping().into_iter().flatten() {
            if is_data(&pair.key.text) {
                pairs.insert(Value::from(pair.key.text.as_str()), masked(&pair.value));
            }
        }
        if let Some(metadata) = node.get("metadata") {
            pairs.insert(Value::from("metadata"), without_last_applied(metadata));
        }
    }
    if node.as_mapping().is_some() { Value::from(pairs) } else { value(node) }
}

/// The metadata of a Secret: `kubectl apply` keeps a copy of what it applied in an annotation.
fn without_last_applied(metadata: &Node) -> Value {
    let mut metadata = metadata.clone();
    let annotations = metadata.get_mut("annotations").and_then(Node::as_mapping_mut);
    for pair in annotations.into_iter().flat_map(|annotations| annotations.iter_mut()) {
        if pair.key.text.ends_with("last-applied-configuration") {
            pair.value = Node::string(MASKED);
        }
    }
    value(&metadata)
}

fn pairs(node: &Node) -> BTreeMap<Value, Value> {
    let pairs = node.as_mapping().into_iter().flatten();
    pairs.map(|pair| (Value::from(pair.key.text.as_str()), value(&pair.value))).collect()
}

fn masked(node: &Node) -> Value {
    match &node.value {
        Yaml::Mapping(mapping) => {
            let pairs = mapping.iter();
            let pairs: BTreeMap<Value, Value> = pairs
                .map(|pair| (Value::from(pair.key.text.as_str()), Value::from(MASKED)))
                .collect();
            Value::from(pairs)
        }
        _ => Value::from(MASKED),
    }
}

fn value(node: &Node) -> Value {
    match &node.value {
        // A Secret in another resource: in a list, or in a field that holds a manifest.
        Yaml::Mapping(_) if node.get("kind").and_then(Node::text) == Some("Secret") => input(node),
        Yaml::Mapping(_) => Value::from(pairs(node)),
        Yaml::Sequence(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        Yaml::Scalar(scalar) => match scalar.tag {
            Tag::Null => Value::Null,
            Tag::Bool => Value::from(scalar.text.eq_ignore_ascii_case("true")),
            Tag::Int | Tag::Float => match number(scalar) {
                Some(Number::Int(number)) => Value::from(number),
                Some(Number::Uint(number)) => Value::from(number),
                Some(Number::Float(number)) if number.is_finite() => Value::from(number),
                _ => Value::from(scalar.text.as_str()),
            },
            _ => Value::from(scalar.text.as_str()),
        },
    }
}
