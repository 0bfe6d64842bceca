//! Labels that every Pod has and that change for all of them: a selector that follows them selects what it did.

use std::collections::BTreeMap;

use super::deleted::labels;
use crate::kustomize::Build;
use crate::policy::change::Changes;
use crate::yaml::{Node, Value};

/// Each label with what all Pods have before and after.
pub(super) struct Relabelled(BTreeMap<String, [String; 2]>);

impl Relabelled {
    /// Those of a change.
    pub(super) fn of(changes: &Changes<'_>) -> Self {
        let (before, after) = (common(changes.before), common(changes.after));
        let both = before.into_iter().filter_map(|(key, then)| {
            let now = after.get(&key).filter(|now| **now != then)?.clone();
            Some((key, [then, now]))
        });
        Self(both.collect())
    }

    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A side of a resource without these labels in its selectors.
    pub(super) fn without(&self, node: Option<&Node>, is_after: bool) -> Option<Node> {
        let mut node = node?.clone();
        self.take_out(&mut node, usize::from(is_after), 0);
        Some(node)
    }

    fn take_out(&self, node: &mut Node, side: usize, depth: usize) {
        if depth > 40 {
            return;
        }
        match &mut node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                items.iter_mut().for_each(|item| self.take_out(item, side, depth + 1));
            }
            Value::Mapping(mapping) => {
                for pair in mapping.iter_mut() {
                    let selects = ["matchLabels", "selector"].contains(&pair.key.text.as_str());
                    if let (true, Some(labels)) = (selects, pair.value.as_mapping_mut()) {
                        for (key, values) in &self.0 {
                            if labels.get(key).and_then(Node::text) == Some(&values[side]) {
                                labels.remove(key);
                            }
                        }
                    }
                    self.take_out(&mut pair.value, side, depth + 1);
                }
            }
        }
    }
}

/// The labels that all Pods of a build have alike.
fn common(build: &Build) -> BTreeMap<String, String> {
    let templates = build.resources.iter().filter_map(|resource| {
        let spec = resource.node.get("spec")?;
        let template = spec.get("template").or(spec.at(&["jobTemplate", "spec", "template"]))?;
        // Sealed secrets have templates, too.
        template.at(&["spec", "containers"]).map(|_| template)
    });
    let all = templates.map(|template| labels(template.at(&["metadata", "labels"])));
    all.reduce(|mut common, other| {
        common.retain(|key, value| other.get(key) == Some(value));
        common
    })
    .unwrap_or_default()
}
