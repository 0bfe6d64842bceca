//! Every scalar of a tree under a path that does not move when a list gets an item: items go by what
//! names them (`containers[app].image`), texts in lists by themselves.

use std::collections::BTreeMap;

use crate::diff::{MASKED, MASKED_CHANGED, item_names};
use crate::yaml::{Node, Value};

/// A scalar and where it stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Leaf<'a> {
    /// Its text.
    pub text: &'a str,
    /// The place of its field in `Leaves`, as findings write it: with numbers for items.
    pub place: usize,
}

/// Scalars by path.
#[derive(Debug, Default)]
pub(in crate::policy) struct Leaves<'a> {
    by_path: BTreeMap<String, Leaf<'a>>,
    fields: Vec<String>,
}

/// Deeper trees are not looked into; the reader has a limit of its own.
const DEPTH: usize = 200;

/// All scalars of a tree.
pub(in crate::policy) fn leaves(node: Option<&Node>) -> Leaves<'_> {
    let mut leaves = Leaves::default();
    if let Some(node) = node {
        leaves.walk(node, &mut String::new(), &mut String::new(), 0);
    }
    leaves
}

/// A step to a key, as findings write fields.
pub(in crate::policy) fn push_key(field: &mut String, key: &str) {
    if !field.is_empty() {
        field.push('.');
    }
    if key.contains(['.', '/']) {
        field.push('[');
        field.push_str(key);
        field.push(']');
    } else {
        field.push_str(key);
    }
}

/// Whether a switch is on that was not, or was not there.
pub(in crate::policy) fn is_switched_on(then: &str, now: &str) -> bool {
    now == "true" && then != "true"
}

/// Whether a switch was on that is no longer, or no longer there.
pub(in crate::policy) fn is_switched_off(then: &str, now: &str) -> bool {
    is_switched_on(now, then)
}

impl<'a> Leaves<'a> {
    /// The text at a path.
    pub(in crate::policy) fn get(&self, path: &str) -> Option<&'a str> {
        self.by_path.get(path).map(|leaf| leaf.text)
    }

    /// All paths with their texts, in the order of the paths.
    pub(in crate::policy) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.by_path.iter().map(|(path, leaf)| (path.as_str(), leaf.text))
    }

    /// The field of a path, as findings write it.
    pub(in crate::policy) fn field<'p>(&'p self, path: &'p str) -> &'p str {
        self.by_path.get(path).map_or(path, |leaf| self.fields[leaf.place].as_str())
    }

    fn walk(&mut self, node: &'a Node, path: &mut String, field: &mut String, depth: usize) {
        let (path_end, field_end) = (path.len(), field.len());
        if depth > DEPTH {
            return;
        }
        match &node.value {
            // Of a value that is not shown nothing can be said.
            Value::Scalar(scalar) if [MASKED, MASKED_CHANGED].contains(&&*scalar.text) => {}
            Value::Scalar(scalar) => {
                let place = self.fields.len();
                self.fields.push(field.clone());
                self.by_path.insert(path.clone(), Leaf { text: &scalar.text, place });
            }
            Value::Sequence(items) => {
                for (index, (item, name)) in items.iter().zip(item_names(items)).enumerate() {
                    path.push_str(&format!("[{name}]"));
                    field.push_str(&format!("[{index}]"));
                    self.walk(item, path, field, depth + 1);
                    path.truncate(path_end);
                    field.truncate(field_end);
                }
            }
            Value::Mapping(mapping) => {
                for pair in mapping {
                    push_key(path, &pair.key.text);
                    push_key(field, &pair.key.text);
                    self.walk(&pair.value, path, field, depth + 1);
                    path.truncate(path_end);
                    field.truncate(field_end);
                }
            }
        }
    }
}

/// The last key of a path, without the name of an item behind it.
pub(in crate::policy) fn last_key(path: &str) -> &str {
    let path = match path.strip_suffix(']') {
        // `[a.b/c]` is a key, `x[name]` an item of `x`.
        Some(inside) => match inside.rfind('[') {
            Some(at) if path[..at].ends_with('.') || at == 0 => return &inside[at + 1..],
            Some(at) => &path[..at],
            None => path,
        },
        None => path,
    };
    path.rsplit('.').next().unwrap_or(path)
}

/// The name of what is set at a path: a variable's, whose value stands under it, or the last key.
pub(in crate::policy) fn setting(path: &str) -> &str {
    let variable = path.strip_suffix("].value").and_then(|rest| rest.rsplit_once("env["));
    variable.map_or_else(|| last_key(path), |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Dialect, parse_stream};

    #[test]
    fn items_go_by_their_names() {
        let text = "spec: {containers: [{name: a, image: x, args: [--b, --c]}], ports: [{x: 1}]}\n\
                    metadata: {annotations: {a.b/c: d}}\n";
        let nodes = parse_stream(text, Dialect::V3).unwrap();
        let found = leaves(nodes.first());
        let paths: Vec<&str> = found.iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "metadata.annotations.[a.b/c]",
                "spec.containers[a].args[=--b]",
                "spec.containers[a].args[=--c]",
                "spec.containers[a].image",
                "spec.containers[a].name",
                "spec.ports[0].x",
            ]
        );
        assert_eq!(found.field("spec.containers[a].args[=--c]"), "spec.containers[0].args[1]");
        assert_eq!(last_key("spec.containers[a].image"), "image");
        assert_eq!(last_key("spec.containers[a.b].args[=--b.c]"), "args");
        assert_eq!(last_key("metadata.annotations.[a.b/c]"), "a.b/c");
        assert_eq!(setting("spec.containers[a].env[MODE].value"), "MODE");
        assert_eq!(setting("data.[app.mode]"), "app.mode");
    }
}
