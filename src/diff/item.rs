//! What items of a list are called, so that one can be followed while others come and go.

use std::collections::BTreeMap;

use crate::yaml::{Node, Value};

/// What names an item of a list, the first that is there.
const NAMES: [&str; 12] = [
    "name",
    "secretKey",
    "issuer",
    "host",
    "key",
    "containerPort",
    "number",
    "port",
    "path",
    "mountPath",
    "kind",
    "type",
];

/// What an item of a list is called; `None` if it has no name.
#[must_use]
pub fn item_name(item: &Node) -> Option<&str> {
    let named = |node: &'_ Node, key: &str| node.get(key).and_then(Node::text).map(str::len);
    // A destination of a route is known by its subset.
    let destination = item.get("destination");
    let subset = |key: &str| destination?.get(key).and_then(Node::text);
    if let Some(name) = subset("subset").or(subset("host")) {
        return Some(name);
    }
    for key in NAMES {
        if named(item, key).is_some_and(|length| length > 0) {
            return item.get(key).and_then(Node::text);
        }
        // A server of a Gateway is known by its port.
        if key == "port" {
            let port = item.get("port");
            let inner =
                ["name", "number"].into_iter().find_map(|key| port?.get(key).and_then(Node::text));
            if inner.is_some() {
                return inner;
            }
        }
    }
    None
}

/// The names of a list's items, a number for those without one; unlike ones for all.
#[must_use]
pub fn item_names(items: &[Node]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let name = match (&item.value, item_name(item)) {
            (Value::Scalar(scalar), _) => format!("={}", scalar.text),
            (_, Some(name)) => name.to_owned(),
            (_, None) => index.to_string(),
        };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        names.push(if *count > 1 { format!("{name}#{count}") } else { name });
    }
    names
}
