//! Entries under `images` that match no container, which kustomize passes over in silence: whoever raises a tag there
//! raises nothing.
//!
//! What is looked at is the build: an image of the name that the entry gives is there, or no container had the one that
//! it is about. Where something behind the entries could have put another image in its place, nothing is said.

use std::collections::BTreeSet;

use crate::model::{Location, RepoPath};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::risks::image;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Overlay, Subject};
use crate::yaml::edit::{Editor, NodePath};
use crate::yaml::{Dialect, Node, Value, parse_stream};

pub(super) const RULE: Rule = Rule {
    id: "image-effect",
    gate: Gate::Hygiene,
    codes: &[MATCHES_NOTHING],
    check: Check::Subject(check),
};

const MATCHES_NOTHING: Code = Code::sound("image-matches-nothing", Level::Warning);

/// Fields of a kustomization that work behind `images`.
const BEHIND: [&str; 2] = ["replacements", "transformers"];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    let is_own = |path: &&RepoPath| path.parent().as_ref() == Some(overlay.path);
    let mut read = overlay.build.inputs.iter().filter(|path| path.is_kustomization());
    let Some(path) = read.find(is_own) else { return };
    let Some(text) = overlay.text(path) else { return };
    let Ok(documents) = parse_stream(&text, Dialect::V3) else { return };
    let Some(root) = documents.first() else { return };
    let is_there = |field: &&str| root.get(field).is_some();
    let list = root.get("images").and_then(Node::as_sequence).into_iter().flatten();
    let entries: Vec<Entry<'_>> = list.filter_map(Entry::read).collect();
    if entries.is_empty() || BEHIND.iter().any(is_there) {
        return;
    }
    let built = images(overlay);
    for (index, entry) in entries.iter().enumerate() {
        let becomes = entries[index + 1..].iter().fold(entry.becomes, |name, later| {
            if later.name == name { later.becomes } else { name }
        });
        if entry.is_pattern() || built.contains(becomes) {
            continue;
        }
        let field = format!("images[{index}]");
        let position = Editor::parse(&text).ok().and_then(|editor| {
            let node = editor.node(&NodePath::root(0).key("images").index(index))?;
            Some(editor.position(node))
        });
        let at = Location { path: path.clone(), position, field };
        let nothing = || ", so this does nothing".to_owned();
        let so = entry.version.map_or_else(nothing, |it| format!(", so `{it}` is set nowhere"));
        let message = format!("no container has the image `{}`{so}", entry.name);
        report.say_at(MATCHES_NOTHING, at, message, Some(help(entry.name, &built)));
    }
}

/// An entry under `images`.
struct Entry<'n> {
    name: &'n str,
    /// The name that what it matches has afterwards.
    becomes: &'n str,
    version: Option<&'n str>,
}

impl<'n> Entry<'n> {
    /// Whether the name may match others: kustomize reads it as a regular expression.
    fn is_pattern(&self) -> bool {
        self.name.contains(['*', '+', '?', '(', '[', '|', '^', '$', '\\'])
    }

    fn read(item: &'n Node) -> Option<Self> {
        let text = |key: &str| item.get(key).and_then(Node::text).filter(|text| !text.is_empty());
        let name = text("name")?;
        let version = text("newTag").or_else(|| text("digest"));
        Some(Self { name, becomes: text("newName").unwrap_or(name), version })
    }
}

/// The names of what may be an image, wherever it stands: `configurations` may say that a field is one.
fn images<'b>(overlay: Overlay<'b>) -> BTreeSet<&'b str> {
    let mut found = BTreeSet::new();
    for resource in &overlay.build.resources {
        add_images(&resource.node, &mut found);
    }
    found
}

fn add_images<'b>(node: &'b Node, found: &mut BTreeSet<&'b str>) {
    match &node.value {
        Value::Scalar(scalar) if !scalar.text.contains(char::is_whitespace) => {
            found.insert(image(&scalar.text).name);
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| add_images(item, found)),
        Value::Mapping(mapping) => {
            mapping.iter().for_each(|pair| add_images(&pair.value, found));
        }
    }
}

fn help(name: &str, built: &BTreeSet<&str>) -> String {
    let last = |name: &'_ str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let alike = built.iter().find(|it| it.contains('/') && last(it) == last(name));
    alike.map_or_else(
        || "write the name as the containers have it, or remove the entry".to_owned(),
        |alike| format!("write the name as the containers have it: `{alike}`"),
    )
}
