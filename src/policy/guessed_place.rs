//! The same for what another engine built, which does not say where fields come from: a field stands where a
//! file has a resource or patch of that kind and name with the very value.

use std::collections::BTreeMap;

use super::field_way::{Met, pair, walk};
use super::finding::Finding;
use super::mesh::Manifest;
use crate::kustomize::ResourceId;
use crate::model::{Location, Position, RepoPath, ShownPart, shown_parts};
use crate::yaml::{Mark, Node};

/// The files that resources come from, read, with their resources and patches by kind and name.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: Vec<Source>,
    by_name: BTreeMap<(String, String), Vec<Part>>,
}

#[derive(Debug)]
struct Source {
    path: RepoPath,
    text: String,
    documents: Vec<Node>,
}

/// A document, or an item of one that is a list.
#[derive(Clone, Copy, Debug)]
struct Part {
    file: usize,
    document: usize,
    item: Option<usize>,
}

impl Sources {
    /// Takes in a file with line feeds alone; those first that have the last word.
    pub(super) fn add(&mut self, path: RepoPath, text: String, documents: Vec<Node>) {
        let file = self.files.len();
        for (index, document) in documents.iter().enumerate() {
            self.note(document, Part { file, document: index, item: None });
            let items = document.get("items").and_then(Node::as_sequence).unwrap_or_default();
            for (item, node) in items.iter().enumerate() {
                self.note(node, Part { file, document: index, item: Some(item) });
            }
        }
        self.files.push(Source { path, text, documents });
    }

    fn note(&mut self, node: &Node, part: Part) {
        let text = |keys: &[&str]| node.text_at(keys).to_owned();
        let key = (text(&["kind"]), text(&["metadata", "name"]));
        if !key.0.is_empty() {
            self.by_name.entry(key).or_default().push(part);
        }
    }

    fn parts(&self, kind: &str, name: &str) -> impl Iterator<Item = (&Source, &Node)> {
        let parts = self.by_name.get(&(kind.to_owned(), name.to_owned()));
        parts.into_iter().flatten().filter_map(|part| {
            let source = &self.files[part.file];
            let document = &source.documents[part.document];
            let node = match part.item {
                None => document,
                Some(item) => document.get("items")?.as_sequence()?.get(item)?,
            };
            Some((source, node))
        })
    }
}

impl Source {
    fn position(&self, mark: Mark) -> Option<Position> {
        Some(Position::of_offset(&self.text, mark.offset()?))
    }
}

/// Gives each finding about a field the line of that field, as far as it can be guessed.
///
/// `original_name` says what a resource was called in its file, before prefixes and suffixes.
pub(super) fn place<'a>(
    findings: &mut [Finding],
    manifests: &[Manifest<'_>],
    sources: &Sources,
    original_name: impl Fn(&ResourceId) -> Option<&'a str>,
) {
    let mut index: BTreeMap<&ResourceId, &Manifest<'_>> = BTreeMap::new();
    for manifest in manifests {
        index.entry(&manifest.id).or_insert(manifest);
    }
    for finding in findings {
        let (Some(id), Some(at)) = (&finding.resource, &mut finding.location) else { continue };
        let way = shown_parts(&at.field);
        let wanted = index.get(id).and_then(|manifest| whole(manifest.node, &way));
        let original = original_name(id).filter(|name| *name != id.name);
        let names = [Some(id.name.as_str()), original];
        let parts = names.iter().flatten().flat_map(|name| sources.parts(&id.gvk.kind, name));
        if let Some((path, position)) = best(parts, at, &way, wanted.map(|met| met.node)) {
            at.path = path;
            at.position = Some(position);
        }
    }
}

/// What a way leads to, if it leads to its end.
fn whole<'n>(root: &'n Node, way: &[ShownPart<'_>]) -> Option<Met<'n>> {
    walk(root, way).nth(way.len().checked_sub(1)?)
}

/// The place with the right value; of a field that is missing the one that follows the way furthest.
fn best<'a>(
    parts: impl Iterator<Item = (&'a Source, &'a Node)>,
    at: &Location,
    way: &[ShownPart<'_>],
    wanted: Option<&Node>,
) -> Option<(RepoPath, Position)> {
    let mut found: Option<((bool, usize, bool), Mark, &Source)> = None;
    for (source, node) in parts {
        let is_origin = source.path == at.path
            && at.position.is_some()
            && source.position(node.mark) == at.position;
        // Lists of a patch have only what they change: where the number leads elsewhere, the item that
        // leads to the value is the one.
        let same = wanted.and_then(|wanted| {
            let straight = whole(node, way).filter(|met| met.node == wanted);
            straight.or_else(|| search(node, way, wanted))
        });
        let met = same.or_else(|| walk(node, way).last());
        let Some(met) = met else { continue };
        let depth = if same.is_some() { way.len() } else { walk(node, way).count() };
        let rank = (same.is_some(), depth, is_origin);
        // Of equal places the first counts, since it has the last word.
        if found.as_ref().is_none_or(|(best, ..)| rank > *best) {
            found = Some((rank, met.key_mark, source));
        }
    }
    let ((has_value, ..), mark, source) = found?;
    // A value that no file has was put in by something else: an old one is no place to edit.
    if wanted.is_some() && !has_value {
        return None;
    }
    Some((source.path.clone(), source.position(mark)?))
}

/// The way to the value, whatever the numbers of items.
fn search<'n>(node: &'n Node, way: &[ShownPart<'_>], wanted: &Node) -> Option<Met<'n>> {
    let (part, rest) = way.split_first()?;
    let go_on = |met: Met<'n>| match rest {
        [] => (met.node == wanted).then_some(met),
        _ => search(met.node, rest, wanted),
    };
    match (part, node.as_sequence()) {
        (ShownPart::InBrackets(_), Some(items)) => {
            items.iter().map(|node| Met { node, key_mark: node.mark }).find_map(go_on)
        }
        (ShownPart::Key(key) | ShownPart::InBrackets(key), _) => go_on(pair(node, key)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Level, manifests};
    use crate::yaml::{Dialect, parse_stream};

    fn placed(rendered: &str, files: &[(&str, &str)], field: &str) -> String {
        let node = parse_stream(rendered, Dialect::V3).unwrap().remove(0);
        let origin = Location::file(RepoPath::parse(files[files.len() - 1].0).unwrap())
            .at(Position { line: 1, column: 1 });
        let set = manifests(&node, &origin);
        let mut findings = [Finding {
            code: String::new(),
            rule: "x",
            level: Level::Error,
            message: String::new(),
            help: None,
            resource: Some(set[0].id.clone()),
            location: Some(origin.in_field(field)),
            new: true,
            alike: None,
        }];
        let mut sources = Sources::default();
        for (path, text) in files {
            let documents = parse_stream(text, Dialect::V3).unwrap();
            sources.add(RepoPath::parse(path).unwrap(), (*text).to_owned(), documents);
        }
        place(&mut findings, &set, &sources, |_| None);
        let [finding] = findings;
        finding.location.unwrap().to_string()
    }

    const BASE: &str = "kind: A\nmetadata: {name: a}\nspec:\n  x: 1\n  y: [1, 2]\n";

    #[test]
    fn the_file_that_has_the_value_is_the_place() {
        let patch = ("over/patch.yaml", "kind: A\nmetadata: {name: a}\nspec:\n  x: 2\n");
        let rendered = "kind: A\nmetadata: {name: a}\nspec: {x: 2, y: [1, 2]}\n";
        let files = [patch, ("base/a.yaml", BASE)];
        assert_eq!(placed(rendered, &files, "spec.x"), "over/patch.yaml:4:3 (spec.x)");
        assert_eq!(placed(rendered, &files, "spec.y[1]"), "base/a.yaml:5:10 (spec.y[1])");
    }

    #[test]
    fn a_value_that_no_file_has_is_not_placed_at_another() {
        let rendered = "kind: A\nmetadata: {name: a}\nspec: {x: 9, y: [1, 2]}\n";
        assert_eq!(
            placed(rendered, &[("base/a.yaml", BASE)], "spec.x"),
            "base/a.yaml:1:1 (spec.x)"
        );
    }

    #[test]
    fn a_field_that_is_missing_is_missing_where_its_parent_is() {
        assert_eq!(
            placed(BASE, &[("base/a.yaml", BASE)], "spec.z.w"),
            "base/a.yaml:3:1 (spec.z.w)"
        );
    }
}
