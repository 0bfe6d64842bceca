//! Where a finding's field stands: the line that a person has to edit.
//!
//! A rule knows the resource's file and the field path. In a rendered overlay the field may come from
//! a patch; then the patch is the place. Looked for only when something is found, and only in files
//! of the set.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::last_word::{self, Question, Words};
use super::mesh::Manifest;
use crate::kustomize::ResourceId;
use crate::model::{Location, Position, RepoPath};
use crate::yaml::{Mark, Node};

/// The files that resources come from, read, with their resources and patches by kind and name.
#[derive(Debug, Default)]
pub struct Sources {
    /// Whether each resource is in its file as it is, and in no other.
    unpatched: bool,
    files: Vec<Source>,
    by_name: BTreeMap<(String, String), Vec<Part>>,
}

#[derive(Debug)]
struct Source {
    path: RepoPath,
    /// Where each line begins.
    lines: Vec<usize>,
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
    /// Sources of resources that are what their files say.
    #[must_use]
    pub fn unpatched() -> Self {
        Self { unpatched: true, ..Self::default() }
    }

    /// Takes in a file with line feeds alone; those first that have the last word.
    pub fn add(&mut self, path: RepoPath, text: String, documents: Vec<Node>) {
        let file = self.files.len();
        for (index, document) in documents.iter().enumerate() {
            self.note(document, Part { file, document: index, item: None });
            let items = document.get("items").and_then(Node::as_sequence).unwrap_or_default();
            for (item, node) in items.iter().enumerate() {
                self.note(node, Part { file, document: index, item: Some(item) });
            }
        }
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        self.files.push(Source { path, lines, text, documents });
    }

    fn note(&mut self, node: &Node, part: Part) {
        let text = |keys: &[&str]| node.text_at(keys).to_owned();
        let key = (text(&["kind"]), text(&["metadata", "name"]));
        if !key.0.is_empty() {
            self.by_name.entry(key).or_default().push(part);
        }
    }

    fn words(&self) -> Vec<Words<'_>> {
        let files = self.files.iter();
        files.map(|Source { path, text, documents, .. }| Words { path, text, documents }).collect()
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
        let offset = mark.offset().filter(|offset| self.text.is_char_boundary(*offset))?;
        let line = self.lines.partition_point(|start| *start <= offset);
        let column = self.text[self.lines[line - 1]..offset].chars().count() + 1;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Some(Position { line: count(line), column: count(column) })
    }
}

/// Gives each finding about a field the line of that field.
///
/// `manifests` are the set; `original_name` says what a resource was called in its file, before
/// prefixes and suffixes.
pub fn place<'a>(
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
        if at.field.is_empty() {
            continue;
        }
        let steps = steps(&at.field);
        let wanted = index.get(id).and_then(|manifest| walk(manifest.node, &steps).whole());
        let original = original_name(id);
        if let Some(value) = wanted.filter(|_| !sources.unpatched) {
            let keys: Vec<String> = steps.iter().map(Step::text).collect();
            let original_name = original.unwrap_or(&id.name);
            let origin = &at.path;
            let question = Question { id, original_name, origin, keys: &keys, value };
            if let Some((path, position)) = last_word::find(&sources.words(), &question) {
                at.path = path;
                at.position = Some(position);
                continue;
            }
        }
        let names = [Some(id.name.as_str()), original.filter(|name| *name != id.name)];
        let parts = names.iter().flatten().flat_map(|name| sources.parts(&id.gvk.kind, name));
        let (same, found) = best(parts, at, &steps, wanted, sources.unpatched);
        let elsewhere = || match (&steps[..], wanted?) {
            ([.., Step::Key(key)], value) => last_word::only(&sources.words(), key, value),
            _ => None,
        };
        let elsewhere = if same || sources.unpatched { None } else { elsewhere() };
        if let Some((path, position)) = elsewhere.or(found) {
            at.path = path;
            at.position = Some(position);
        }
    }
}

/// Where a field of a document stands in its text, or what of the way to it is there.
pub(super) fn position(text: &str, document: &Node, field: &str) -> Option<Position> {
    let walked = walk(document, &steps(field));
    let offset = walked.mark.offset().filter(|_| walked.depth > 0)?;
    let before = text.get(..offset)?;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Some(Position { line: count(before.matches('\n').count() + 1), column: count(column) })
}

/// The place with the right value, which is told; else the one that follows the path furthest; else the
/// document that the resource was read from.
fn best<'a>(
    parts: impl Iterator<Item = (&'a Source, &'a Node)>,
    at: &Location,
    steps: &[Step<'_>],
    wanted: Option<&Node>,
    unpatched: bool,
) -> (bool, Option<(RepoPath, Position)>) {
    let mut found: Option<((bool, usize, bool), Mark, &Source)> = None;
    for (source, node) in parts {
        let is_origin = source.path == at.path
            && at.position.is_some()
            && source.position(node.mark) == at.position;
        if unpatched && !is_origin {
            continue;
        }
        // Lists of a patch have only what they change: where the number leads elsewhere, the item that
        // leads to the value is the one.
        let walked = walk(node, steps);
        let walked = match wanted.filter(|wanted| walked.whole() != Some(wanted)) {
            Some(wanted) => search(node, steps, wanted, 0).unwrap_or(walked),
            None => walked,
        };
        let same = wanted.is_some_and(|wanted| walked.whole() == Some(wanted));
        let rank = (same, walked.depth, is_origin);
        // Of equal places the first counts, since it has the last word.
        if found.as_ref().is_none_or(|(best, ..)| rank > *best) {
            found = Some((rank, walked.mark, source));
        }
    }
    let Some(((same, depth, _), mark, source)) = found else { return (false, None) };
    let position = source.position(mark).filter(|_| depth > 0);
    (same, position.map(|position| (source.path.clone(), position)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Step<'_> {
    fn text(&self) -> String {
        match self {
            Step::Key(key) => (*key).to_owned(),
            Step::Index(index) => index.to_string(),
        }
    }
}

/// The steps of `spec.http[0].match` and `metadata.annotations[a.b/c]`.
fn steps(field: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let Some((word, after)) = inside.split_once(']') else { break };
            steps.push(word.parse().map_or(Step::Key(word), Step::Index));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if rest.starts_with('[') {
                continue;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            steps.push(Step::Key(&rest[..end]));
            rest = &rest[end..];
        }
    }
    steps
}

/// How far a path leads in a tree.
struct Walked<'a> {
    node: &'a Node,
    mark: Mark,
    depth: usize,
    wanted: usize,
}

impl<'a> Walked<'a> {
    /// The value, if the path leads to its end.
    fn whole(&self) -> Option<&'a Node> {
        (self.depth == self.wanted).then_some(self.node)
    }
}

fn walk<'a>(root: &'a Node, steps: &[Step<'_>]) -> Walked<'a> {
    let mut walked = Walked { node: root, mark: root.mark, depth: 0, wanted: steps.len() };
    for step in steps {
        let next = match step {
            Step::Key(key) => pair(walked.node, key),
            Step::Index(index) => {
                let item = walked.node.as_sequence().and_then(|items| items.get(*index));
                // A key may be a number.
                item.map(|item| (item, item.mark)).or_else(|| pair(walked.node, &index.to_string()))
            }
        };
        let Some((node, mark)) = next else { break };
        walked = Walked { node, mark, depth: walked.depth + 1, wanted: walked.wanted };
    }
    walked
}

/// The way to the value, whatever the numbers of items.
fn search<'a>(
    node: &'a Node,
    steps: &[Step<'_>],
    wanted: &Node,
    depth: usize,
) -> Option<Walked<'a>> {
    let Some(step) = steps.get(depth) else {
        let walked = Walked { node, mark: node.mark, depth, wanted: depth };
        return (node == wanted).then_some(walked);
    };
    match step {
        Step::Key(key) => {
            let (value, mark) = pair(node, key)?;
            let found = search(value, steps, wanted, depth + 1)?;
            // The key of the last step is where the field begins.
            let is_last = depth + 1 == steps.len();
            Some(if is_last { Walked { mark, ..found } } else { found })
        }
        Step::Index(_) => {
            let items = node.as_sequence()?;
            items.iter().find_map(|item| search(item, steps, wanted, depth + 1))
        }
    }
}

/// A key's value, with the place of the key.
fn pair<'a>(node: &'a Node, key: &str) -> Option<(&'a Node, Mark)> {
    let pair = node.as_mapping()?.iter().find(|pair| pair.key.text == key)?;
    Some((&pair.value, pair.key_mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Level, manifests};
    use crate::yaml::{Dialect, parse_stream};

    #[test]
    fn reads_field_paths() {
        use Step::{Index, Key};
        assert_eq!(
            steps("spec.http[0].headers[x.y/z].set"),
            [Key("spec"), Key("http"), Index(0), Key("headers"), Key("x.y/z"), Key("set")]
        );
        assert_eq!(steps("data.[a.b]"), [Key("data"), Key("a.b")]);
        assert_eq!(steps(""), []);
    }

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
    fn a_field_that_is_missing_is_missing_where_its_parent_is() {
        assert_eq!(
            placed(BASE, &[("base/a.yaml", BASE)], "spec.z.w"),
            "base/a.yaml:3:1 (spec.z.w)"
        );
    }
}
