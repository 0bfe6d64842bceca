//! Changing one text that writes routes: a resource, a patch, or a JSON patch; every other byte stays.

use super::annotation::follow;
use super::pointer;
use super::rollout::Aim;
use super::share::{Change, Destination, Route};
use super::split::ASKS;
use crate::yaml::Node;
use crate::yaml::edit::{EditError, Editor, Fragment, NodePath, SpanKind, SpanNode, Step};

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

/// A text that was changed.
pub(super) struct Rewritten {
    pub(super) text: String,
    /// The fields that changed, as paths.
    pub(super) fields: Vec<String>,
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
    /// The text with all that is to be changed in it; `None` if that is nothing.
    ///
    /// # Errors
    /// [`EditError`] if something of it cannot be changed in place.
    pub(super) fn rewrite(&self, text: &str) -> Result<Option<Rewritten>, EditError> {
        let mut editor = Editor::parse(text)?;
        let mut ops = Vec::new();
        for document in 0..editor.document_count() {
            let (root, path) = (editor.root(document), NodePath::root(document));
            if matches!(root.kind, SpanKind::Sequence { .. }) {
                pointer::ops(self, root, &path, &mut ops);
            }
            for (object, path) in self.objects(root, path) {
                self.object(object, &path, &mut ops);
            }
        }
        let mut fields = Vec::new();
        for op in &ops {
            self.apply(&mut editor, op, &mut fields)?;
        }
        let changed = editor.text();
        Ok((changed != text).then_some(Rewritten { text: changed, fields }))
    }

    /// The VirtualServices of a document: itself, or the items of a list.
    fn objects<'n>(&self, root: &'n SpanNode, path: NodePath) -> Vec<(&'n SpanNode, NodePath)> {
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

    fn object(&self, object: &SpanNode, path: &NodePath, ops: &mut Vec<Op>) {
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

    fn apply(
        &self,
        editor: &mut Editor,
        op: &Op,
        fields: &mut Vec<String>,
    ) -> Result<(), EditError> {
        match op {
            Op::Weight(at, weight) => {
                let field = at.key("weight");
                fields.push(shown(&field));
                let number = Fragment::parse(&weight.to_string())?;
                match editor.node(&field) {
                    Some(_) => editor.replace(&field, &number),
                    None => editor.insert_key(at, Some("destination"), "weight", &number),
                }
            }
            Op::Rename(at) => {
                let field = self.name_of(editor, at);
                fields.push(shown(&field));
                set_text(editor, &field, &self.aim.to)
            }
            Op::Add(list, behind, weight) => {
                let Some((parent, Step::Key(key))) = list.split_last() else { return Ok(()) };
                let copy = editor.fragment(&list.index(*behind))?;
                editor.add_item(&parent, key, Some(*behind), &copy)?;
                let new = list.index(behind + 1);
                fields.push(shown(&new));
                let name = self.name_of(editor, &new);
                set_text(editor, &name, &self.aim.to)?;
                self.apply(editor, &Op::Weight(new, *weight), &mut Vec::new())
            }
            Op::Text(at, text) => {
                fields.push(shown(at));
                set_text(editor, at, text)
            }
        }
    }

    /// Where a destination's name is written: its subset, or its host.
    fn name_of(&self, editor: &Editor, at: &NodePath) -> NodePath {
        let destination = at.key("destination");
        let subset = destination.key("subset");
        if editor.node(&subset).is_some() { subset } else { destination.key("host") }
    }
}

/// Writes another text where one is, quoted as it was.
fn set_text(editor: &mut Editor, at: &NodePath, text: &str) -> Result<(), EditError> {
    let written = editor.node(at).map(|node| editor.written(node).to_owned()).unwrap_or_default();
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' ' | '%');
    let fragment = match written.chars().next() {
        Some('\'') => Fragment::parse(&format!("'{}'", text.replace('\'', "''")))?,
        Some('"') | None => Fragment::parse(&format!("{text:?}"))?,
        Some(_) if text.chars().all(plain) => Fragment::parse(text)?,
        Some(_) => Fragment::text(text)?,
    };
    editor.replace(at, &fragment)
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

/// A path as people write it.
fn shown(path: &NodePath) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) if key.contains('.') => format!("[{key}]"),
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    };
    path.steps.iter().map(step).collect::<Vec<_>>().join(".")
}
