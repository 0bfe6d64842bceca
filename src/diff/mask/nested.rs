//! The Secrets that a tree holds below its root: in lists, and as values of other objects.

use super::role::is_own_value;
use crate::kustomize::secret_facts::is_data;
use crate::yaml::{Node, Value};

/// The values of Secrets that a tree holds: with their keys, as they are written. Those of the tree itself are
/// left out unless `with_root`.
pub(super) fn nested_values(root: &Node, with_root: bool) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    collect_nested(root, !with_root, &mut found);
    found
}

pub(super) fn collect_nested<'n>(
    node: &'n Node,
    is_root: bool,
    found: &mut Vec<(&'n str, &'n str)>,
) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            items.iter().for_each(|item| collect_nested(item, false, found));
        }
        Value::Mapping(mapping) => {
            let kind = mapping.get("kind").and_then(Node::text).filter(|_| !is_root);
            for pair in mapping {
                let key = pair.key.text.as_str();
                if kind == Some("Secret") && is_data(key) {
                    collect_data(&pair.value, found);
                } else if kind == Some("SealedSecret") && key == "spec" {
                    collect_template(&pair.value, found);
                } else if kind == Some("SecretList") && key == "items" {
                    let items = pair.value.as_sequence().unwrap_or_default();
                    items.iter().for_each(|item| collect_template_data(item, found));
                } else if is_own_value(mapping, key) {
                    found.extend(pair.value.text().map(|value| ("", value)));
                } else {
                    collect_nested(&pair.value, false, found);
                }
            }
        }
    }
}

fn collect_data<'n>(data: &'n Node, found: &mut Vec<(&'n str, &'n str)>) {
    let values = data.as_mapping().into_iter().flatten();
    found.extend(values.filter_map(|pair| Some((pair.key.text.as_str(), pair.value.text()?))));
}

/// What stands in the data of something that becomes a Secret.
fn collect_template_data<'n>(template: &'n Node, found: &mut Vec<(&'n str, &'n str)>) {
    let fields = template.as_mapping().into_iter().flatten();
    fields.filter(|pair| is_data(&pair.key.text)).for_each(|pair| collect_data(&pair.value, found));
}

fn collect_template<'n>(spec: &'n Node, found: &mut Vec<(&'n str, &'n str)>) {
    spec.get("template").into_iter().for_each(|template| collect_template_data(template, found));
}
