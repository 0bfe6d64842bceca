//! The specs of Pods in a resource, wherever its kind keeps them, and the maps that a chart's values
//! have for them.

use crate::policy::change::{items, push_key};
use crate::yaml::{Node, Value};

/// A Pod's spec and its place.
pub(super) struct PodSpec<'a> {
    /// Where it stands, as findings write fields.
    pub field: String,
    /// The spec.
    pub node: &'a Node,
}

/// A container and its place.
pub(super) struct Container<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it stands, as findings write fields.
    pub field: String,
    /// The container.
    pub node: &'a Node,
}

/// Deeper trees are not looked into; the reader has a limit of its own.
const DEPTH: usize = 200;

/// The lists of a Pod's containers.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Every mapping that has containers: templates of workloads, of custom resources too.
pub(super) fn pod_specs(node: Option<&Node>) -> Vec<PodSpec<'_>> {
    let mut found = Vec::new();
    // Most resources have none, which is seen before a field is written.
    if let Some(node) = node.filter(|node| has_containers(node, 0)) {
        visit_mappings(node, &mut |field, node| {
            let containers = items(node.get("containers"));
            if containers.iter().any(|container| container.get("name").is_some()) {
                found.push(PodSpec { field: field.to_owned(), node });
            }
        });
    }
    found
}

fn has_containers(node: &Node, depth: usize) -> bool {
    match &node.value {
        Value::Scalar(_) => false,
        _ if depth > DEPTH => false,
        Value::Sequence(items) => items.iter().any(|item| has_containers(item, depth + 1)),
        Value::Mapping(mapping) => {
            mapping.contains("containers")
                || mapping.iter().any(|pair| has_containers(&pair.value, depth + 1))
        }
    }
}

impl<'a> PodSpec<'a> {
    /// All containers, those that run first too.
    pub(super) fn containers(&self) -> Vec<Container<'a>> {
        let mut found = Vec::new();
        for list in LISTS {
            for (index, node) in items(self.node.get(list)).iter().enumerate() {
                let mut field = self.field.clone();
                push_key(&mut field, list);
                field.push_str(&format!("[{index}]"));
                let name = node.text_at(&["name"]);
                found.push(Container { name, field, node });
            }
        }
        found
    }
}

/// Each mapping of a tree with its field, parents first.
pub(super) fn visit_mappings<'a>(root: &'a Node, see: &mut dyn FnMut(&str, &'a Node)) {
    visit(root, &mut String::new(), see, 0);
}

fn visit<'a>(
    node: &'a Node,
    field: &mut String,
    see: &mut dyn FnMut(&str, &'a Node),
    depth: usize,
) {
    let end = field.len();
    if depth > DEPTH {
        return;
    }
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                field.push_str(&format!("[{index}]"));
                visit(item, field, see, depth + 1);
                field.truncate(end);
            }
        }
        Value::Mapping(mapping) => {
            see(field, node);
            for pair in mapping {
                push_key(field, &pair.key.text);
                visit(&pair.value, field, see, depth + 1);
                field.truncate(end);
            }
        }
    }
}
