//! Where a text writes the routes that change, and what changes there.

use super::annotation::follow;
use super::rollout::Aim;
use super::share::{Change, Destination, Route};
use super::split::ASKS;
use crate::yaml::Node;
use crate::yaml::edit::{NodePath, SpanNode};

/// What is to be changed, and what it is seen against.
pub(super) struct Task<'a> {
    pub(super) aim: &'a Aim,
    /// The VirtualService as it is built now.
    pub(super) built: &'a Node,
    /// What the destination gets now.
    pub(super) share: Option<u32>,
    /// Names under which texts may write it; none for any.
    pub(super) names: &'a [&'a str],
    /// Whether weights are to be changed; else annotations alone.
    pub(super) weights: bool,
}

/// One change of a text.
pub(super) enum Op {
    /// The destination at this place gets a weight.
    Weight(NodePath, u32),
    /// The destination at this place becomes the other one.
    Rename(NodePath),
    /// Behind this item of the list comes another destination, with this weight.
    Add(NodePath, usize, u32),
    /// The scalar at this place gets another text.
    Text(NodePath, String),
}

impl Task<'_> {
    /// The VirtualServices of a document: itself, or the items of a list.
    pub(super) fn objects<'n>(
        &self,
        root: &'n SpanNode,
        path: NodePath,
    ) -> Vec<(&'n SpanNode, NodePath)> {
        let text = |node: &'n SpanNode, keys: [&str; 2]| {
            node.get(keys[0]).and_then(|it| it.get(keys[1])).and_then(SpanNode::text)
        };
        let is_meant = |node: &'n SpanNode| {
            let name = text(node, ["metadata", "name"]).unwrap_or_default();
            node.get("kind").and_then(SpanNode::text) == Some("VirtualService")
                && (self.names.is_empty() || self.names.contains(&name))
        };
        if is_meant(root) {
            return vec![(root, path)];
        }
        let items = root.get("items").map(SpanNode::items).unwrap_or_default().iter().enumerate();
        let below = path.key("items");
        items.filter(|(_, it)| is_meant(it)).map(|(at, it)| (it, below.index(at))).collect()
    }

    pub(super) fn object(&self, object: &SpanNode, path: &NodePath, ops: &mut Vec<Op>) {
        if let Some(metadata) = object.get("metadata") {
            self.annotations(
                metadata.get("annotations"),
                &path.key("metadata").key("annotations"),
                ops,
            );
        }
        if let Some(spec) = object.get("spec") {
            self.tree(spec, &path.key("spec"), ops);
        }
    }

    /// Annotations that repeat a weight.
    pub(super) fn annotations(
        &self,
        mapping: Option<&SpanNode>,
        path: &NodePath,
        ops: &mut Vec<Op>,
    ) {
        for (key, value) in mapping.map(SpanNode::pairs).unwrap_or_default() {
            let (Some(key), Some(value)) = (key.text(), value.text()) else { continue };
            if let Some(text) = self.followed(key, value) {
                ops.push(Op::Text(path.key(key), text));
            }
        }
    }

    /// What an annotation says afterwards, where that is something else.
    pub(super) fn followed(&self, key: &str, value: &str) -> Option<String> {
        follow(key, value, self.aim, self.share).filter(|text| text != value)
    }

    /// Routes wherever they stand below a node.
    pub(super) fn tree(&self, node: &SpanNode, path: &NodePath, ops: &mut Vec<Op>) {
        for (at, item) in node.items().iter().enumerate() {
            self.tree(item, &path.index(at), ops);
        }
        if let Some(list) = node.get("route").filter(|list| is_route(list)) {
            return self.route(list, by_name(node), &path.key("route"), ops);
        }
        for (key, value) in node.pairs() {
            if let Some(key) = key.text() {
                self.tree(value, &path.key(key), ops);
            }
        }
    }

    /// One list of destinations.
    pub(super) fn route(&self, list: &SpanNode, by_name: bool, path: &NodePath, ops: &mut Vec<Op>) {
        if !self.weights {
            return;
        }
        let destinations = list.items().iter().map(destination).collect();
        let route = Route { destinations, by_name };
        let weigh = |ops: &mut Vec<Op>, at: usize, weight: u32, now: &Destination| {
            if now.weight.unwrap_or(0) != weight {
                ops.push(Op::Weight(path.index(at), weight));
            }
        };
        match route.change(self.aim) {
            None => {}
            Some(Change::Rename(at)) => ops.push(Op::Rename(path.index(at))),
            Some(Change::Weights(weights)) => {
                for (at, (weight, now)) in weights.iter().zip(&route.destinations).enumerate() {
                    weigh(ops, at, *weight, now);
                }
            }
            Some(Change::Add(behind, mut weights)) => {
                let new = weights.remove(behind + 1);
                for (at, (weight, now)) in weights.iter().zip(&route.destinations).enumerate() {
                    weigh(ops, at, *weight, now);
                }
                ops.push(Op::Add(path.clone(), behind, new));
            }
        }
    }
}

fn is_route(list: &SpanNode) -> bool {
    list.items().iter().any(|item| item.get("destination").is_some())
}

fn by_name(route: &SpanNode) -> bool {
    let matches = route.get("match").map(SpanNode::items).unwrap_or_default();
    let wants = |clause: &SpanNode| ASKS.iter().any(|key| clause.get(key).is_some());
    !matches.is_empty() && matches.iter().all(wants)
}

fn destination(item: &SpanNode) -> Destination {
    let text = |key: &str| item.get("destination")?.get(key)?.text().map(str::to_owned);
    let weight = item.get("weight").and_then(SpanNode::text).and_then(|it| it.parse().ok());
    Destination { subset: text("subset"), host: text("host").unwrap_or_default(), weight }
}
