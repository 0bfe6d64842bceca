//! The Secrets that a tree holds below its root: in lists, and as values of other objects.

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
            let is_secret = !is_root && mapping.get("kind").and_then(Node::text) == Some("Secret");
            for pair in mapping {
                if is_secret && is_data(&pair.key.text) {
                    let values = pair.value.as_mapping().into_iter().flatten();
                    found.extend(
                        values
                            .filter_map(|pair| Some((pair.key.text.as_str(), pair.value.text()?))),
                    );
                } else {
                    collect_nested(&pair.value, false, found);
                }
            }
        }
    }
}
