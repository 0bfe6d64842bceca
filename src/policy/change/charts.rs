//! What is handed to a chart: values that stand somewhere as text are read, so that rules see them as they see
//! others.

use crate::diff::ResourceDiff;
use crate::model::is_values_name;
use crate::yaml::{Node, Value, parse_manifests};

/// A file of values, told as a resource of this kind.
pub(in crate::policy) const FILE: &str = "Values";

/// Kinds that hand values to a chart.
const CHARTS: [&str; 6] =
    ["HelmRelease", "HelmChart", "HelmChartConfig", "Application", "ApplicationSet", FILE];

/// Whether a resource hands values to a chart. Of ConfigMaps these do from which [`read_values`] has read some.
pub(in crate::policy) fn has_values(kind: &str, node: Option<&Node>) -> bool {
    CHARTS.contains(&kind)
        || kind == "ConfigMap" && node.is_some_and(|node| node.get("spec").is_some())
}

/// The resource with the values that stand in it as text made a tree; `None` if there are none.
///
/// Argo CD's `helm.values` and `helm.parameters`, `valuesContent` of the Helm controller, and files of values in a
/// ConfigMap, which Flux reads.
pub(in crate::policy) fn read_values(diff: &ResourceDiff) -> Option<ResourceDiff> {
    let kind = diff.id.gvk.kind.as_str();
    if !CHARTS.contains(&kind) && kind != "ConfigMap" {
        return None;
    }
    let read = |node: &Option<Node>| node.as_ref().and_then(|node| with_values(kind, node));
    let (before, after) = (read(&diff.before), read(&diff.after));
    if before.is_none() && after.is_none() {
        return None;
    }
    let mut read = diff.clone();
    read.before = before.or(read.before);
    read.after = after.or(read.after);
    Some(read)
}

fn with_values(kind: &str, node: &Node) -> Option<Node> {
    let mut node = node.clone();
    let found = match kind {
        "ConfigMap" => of_config_map(&mut node),
        "HelmChart" | "HelmChartConfig" => node
            .get_mut("spec")
            .and_then(|spec| spec.get_mut("valuesContent"))
            .is_some_and(read_text),
        _ => of_argo_cd(&mut node, 0),
    };
    found.then_some(node)
}

/// Makes a text a tree, if it is one of values.
fn read_text(node: &mut Node) -> bool {
    let Some(values) = node.text().and_then(values_of) else { return false };
    *node = values;
    true
}

/// A text that is one mapping; longer ones are left alone.
fn values_of(text: &str) -> Option<Node> {
    if text.len() > 1 << 20 || !text.contains(':') {
        return None;
    }
    let mut documents = parse_manifests(text).ok()?;
    let only = documents.pop().filter(|_| documents.is_empty())?;
    only.as_mapping().is_some_and(|mapping| !mapping.is_empty()).then_some(only)
}

/// Every `helm` of a source: its `values`, and its `parameters` by their names.
fn of_argo_cd(node: &mut Node, depth: usize) -> bool {
    if depth > 12 {
        return false;
    }
    let mut found = false;
    match &mut node.value {
        Value::Sequence(items) => {
            for item in items {
                found |= of_argo_cd(item, depth + 1);
            }
        }
        Value::Mapping(mapping) => {
            for pair in mapping.iter_mut() {
                if pair.key.text == "helm" {
                    found |= pair.value.get_mut("values").is_some_and(read_text);
                    found |= pair.value.get_mut("parameters").is_some_and(read_parameters);
                } else {
                    found |= of_argo_cd(&mut pair.value, depth + 1);
                }
            }
        }
        Value::Scalar(_) => {}
    }
    found
}

/// `[{name: image.tag, value: 1}]` as `{image: {tag: 1}}`.
fn read_parameters(node: &mut Node) -> bool {
    let mut tree = Node::mapping();
    for parameter in node.as_sequence().unwrap_or_default() {
        let (Some(name), Some(value)) =
            (parameter.get("name").and_then(Node::text), parameter.get("value"))
        else {
            return false;
        };
        let mut at = &mut tree;
        for key in name.replace("\\.", "\u{0}").split('.') {
            let key = key.replace('\u{0}', ".");
            let Some(mapping) = at.as_mapping_mut() else { return false };
            if !mapping.contains(&key) {
                mapping.insert(key.clone(), Node::mapping());
            }
            let Some(next) = mapping.get_mut(&key) else { return false };
            at = next;
        }
        *at = value.clone();
    }
    *node = tree;
    true
}

fn of_config_map(node: &mut Node) -> bool {
    let data = node.get("data").and_then(Node::as_mapping).into_iter().flatten();
    let found: Vec<Node> = data
        .filter(|pair| is_values_name(&pair.key.text))
        .filter_map(|pair| values_of(pair.value.text()?))
        .collect();
    // Of several the last counts where they say the same, as in a chart.
    let mut values = Node::mapping();
    for pair in found.iter().filter_map(Node::as_mapping).flatten() {
        if let Some(mapping) = values.as_mapping_mut() {
            mapping.insert(pair.key.text.clone(), pair.value.clone());
        }
    }
    let mut spec = Node::mapping();
    if let (false, Some(spec)) = (found.is_empty(), spec.as_mapping_mut()) {
        spec.insert("values", values);
    }
    if let (false, Some(mapping)) = (found.is_empty(), node.as_mapping_mut()) {
        mapping.insert("spec", spec);
    }
    !found.is_empty()
}
