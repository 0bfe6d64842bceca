//! Who had the last word about a field: the kustomization's own fields, inline patches and JSON patches.
//!
//! A build keeps no trace of them, so they are looked for by what they would make of the field: a place is
//! told only where it gives the very value that was built. Outer kustomizations come first, since they speak last.

use std::collections::BTreeSet;

use crate::kustomize::ResourceId;
use crate::model::{Position, RepoPath};
use crate::yaml::{Dialect, Node, Style, Value, parse_stream};

/// A file of the build, read.
pub(super) struct Words<'s> {
    /// Its path.
    pub(super) path: &'s RepoPath,
    /// Its text, with line feeds alone.
    pub(super) text: &'s str,
    /// Its documents.
    pub(super) documents: &'s [Node],
}

/// What is asked about: a field of a resource, and the value that it has.
pub(super) struct Question<'q> {
    /// The resource.
    pub(super) id: &'q ResourceId,
    /// What it was called in its file.
    pub(super) original_name: &'q str,
    /// The file that it comes from.
    pub(super) origin: &'q RepoPath,
    /// The keys and numbers on the way to the field.
    pub(super) keys: &'q [String],
    /// The field's value.
    pub(super) value: &'q Node,
}

/// The line of a file that has the last word, if one of these has it.
pub(super) fn find(files: &[Words<'_>], question: &Question<'_>) -> Option<(RepoPath, Position)> {
    files.iter().find_map(|file| {
        let line = file.documents.iter().find_map(|document| match &document.value {
            Value::Sequence(operations) => json_patch(operations, question).map(|at| file.line(at)),
            // Whether it leads to the resource takes longer to find out than whether it says so.
            Value::Mapping(_) if is_kustomization(file.path) => file
                .kustomization(document, question)
                .filter(|_| reaches(files, file.path, question.origin)),
            _ => None,
        })?;
        Some((file.path.clone(), Position { line, column: 1 }))
    })
}

/// Whether a kustomization leads to a file, over others that it names.
fn reaches(files: &[Words<'_>], kustomization: &RepoPath, origin: &RepoPath) -> bool {
    let mut seen: BTreeSet<&RepoPath> = BTreeSet::new();
    let mut next = vec![kustomization];
    while let Some(path) = next.pop() {
        if path == origin {
            return true;
        }
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        let Some(directory) = path.parent().filter(|_| seen.insert(file.path)) else { continue };
        for document in file.documents {
            let lists = ["resources", "bases", "components"];
            for entry in lists.iter().flat_map(|list| items(document.get(list))) {
                let Some(to) = entry.text().and_then(|entry| directory.join(entry).ok()) else {
                    continue;
                };
                if to == *origin {
                    return true;
                }
                let inside = |file: &&Words<'_>| {
                    is_kustomization(file.path) && file.path.parent().as_ref() == Some(&to)
                };
                next.extend(files.iter().find(inside).map(|file| file.path));
            }
        }
    }
    false
}

fn is_kustomization(path: &RepoPath) -> bool {
    let name = path.parts().last().unwrap_or_default();
    ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name)
}

impl Words<'_> {
    fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', before).count() + 1;
        u32::try_from(lines).unwrap_or(u32::MAX)
    }

    /// The fields of a kustomization, those that are applied last first.
    fn kustomization(&self, document: &Node, question: &Question<'_>) -> Option<u32> {
        let at = |node: &Node| node.mark.offset().map(|offset| self.line(offset));
        image(document, question)
            .or_else(|| simple(document, question))
            .and_then(at)
            .or_else(|| self.inline_patches(document, question))
            .or_else(|| literal(document, question).and_then(at))
    }

    fn inline_patches(&self, document: &Node, question: &Question<'_>) -> Option<u32> {
        let lists = ["patches", "patchesJson6902", "patchesStrategicMerge"];
        lists.iter().flat_map(|list| items(document.get(list))).rev().find_map(|entry| {
            let patch = entry.get("patch").unwrap_or(entry);
            let Value::Scalar(scalar) = &patch.value else { return None };
            if scalar.text.len() > 1 << 20 || !fits_target(entry.get("target"), question) {
                return None;
            }
            let start = self.line(patch.mark.offset()?);
            let documents = parse_stream(&scalar.text, Dialect::V3).ok()?;
            let inside = documents.iter().find_map(|document| match &document.value {
                Value::Sequence(operations) => json_patch(operations, question),
                Value::Mapping(_) => merge(document, entry.get("target").is_some(), question),
                Value::Scalar(_) => None,
            })?;
            // Lines of a block are those of the file; others stand on one.
            let is_block = matches!(scalar.style, Style::Literal | Style::Folded);
            let inside = scalar.text.get(..inside).unwrap_or_default().matches('\n').count() + 1;
            Some(if is_block { start + u32::try_from(inside).unwrap_or(0) } else { start })
        })
    }
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or_default()
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::text).unwrap_or_default()
}

/// Whether a patch's target may be the resource; its kind and name are patterns.
fn fits_target(target: Option<&Node>, question: &Question<'_>) -> bool {
    let Some(target) = target else { return true };
    let fits = |key: &str, has: &[&str]| {
        let pattern = text(target, key);
        let matches = |text: &&str| {
            pattern == *text
                || regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|r| r.is_match(text))
        };
        pattern.is_empty() || has.iter().any(matches)
    };
    fits("kind", &[question.id.gvk.kind.as_str()])
        && fits("name", &[question.id.name.as_str(), question.original_name])
}

/// The operation of a JSON patch that gives the field its value.
fn json_patch(operations: &[Node], question: &Question<'_>) -> Option<usize> {
    operations.iter().rev().find_map(|operation| {
        let path = operation.get("path").and_then(Node::text)?;
        let value = operation.get("value")?;
        let keys: Vec<String> = path
            .strip_prefix('/')?
            .split('/')
            .map(|key| key.replace("~1", "/").replace("~0", "~"))
            .collect();
        let rest = question.keys.get(keys.len()..)?;
        let same = keys.iter().zip(question.keys).all(|(a, b)| a == b || a == "-");
        let found = rest.iter().try_fold(value, |node, key| step(node, key))?;
        (same && found == question.value)
            .then(|| found.mark.offset().or(operation.mark.offset()))?
    })
}

fn step<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Mapping(mapping) => mapping.get(key),
        Value::Sequence(items) => items.get(key.parse::<usize>().ok()?),
        Value::Scalar(_) => None,
    }
}

/// The field in an inline strategic merge patch.
fn merge(patch: &Node, has_target: bool, question: &Question<'_>) -> Option<usize> {
    let name = patch.at(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
    let is_about = text(patch, "kind") == question.id.gvk.kind
        && (name == question.id.name || name == question.original_name);
    if !is_about && !has_target {
        return None;
    }
    let mut node = patch;
    for (index, key) in question.keys.iter().enumerate() {
        node = match step(node, key) {
            Some(next) => next,
            // A list of a patch has only what it changes.
            None => items(Some(node)).iter().find(|item| {
                let rest = &question.keys[index + 1..];
                rest.iter().try_fold(*item, |node, key| step(node, key)) == Some(question.value)
            })?,
        };
    }
    (node == question.value).then(|| node.mark.offset())?
}

/// The entry of `images` that made an image what it is.
fn image<'n>(document: &'n Node, question: &Question<'_>) -> Option<&'n Node> {
    let value = question.value.text()?;
    if question.keys.last().map(String::as_str) != Some("image") {
        return None;
    }
    let rest = value.rsplit('/').next().unwrap_or(value);
    items(document.get("images")).iter().rev().find_map(|entry| {
        let (name, new_name) = (text(entry, "name"), text(entry, "newName"));
        let (tag, digest) = (text(entry, "newTag"), text(entry, "digest"));
        let name = if new_name.is_empty() { name } else { new_name };
        let is_named = value == name
            || value.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '@']));
        let has = |part: &str| part.is_empty() || rest.contains(part);
        let changes = [new_name, tag, digest].iter().any(|part| !part.is_empty());
        if !is_named || name.is_empty() || !changes || !has(tag) || !has(digest) {
            return None;
        }
        ["newTag", "digest", "newName"].iter().find_map(|key| entry.get(key))
    })
}

/// Fields that are one value, or a mapping of them.
fn simple<'n>(document: &'n Node, question: &Question<'_>) -> Option<&'n Node> {
    let keys: Vec<&str> = question.keys.iter().map(String::as_str).collect();
    let found = match keys.as_slice() {
        ["metadata", "namespace"] => document.get("namespace"),
        [.., "metadata", "annotations", key] => document.get("commonAnnotations")?.get(key),
        [.., "metadata", "labels", key] | [.., "matchLabels", key] | ["spec", "selector", key] => {
            document.get("commonLabels").and_then(|labels| labels.get(key)).or_else(|| {
                items(document.get("labels")).iter().find_map(|entry| entry.get("pairs")?.get(key))
            })
        }
        ["spec", "replicas"] => {
            let named = |entry: &&Node| {
                [question.id.name.as_str(), question.original_name].contains(&text(entry, "name"))
            };
            items(document.get("replicas")).iter().find(named)?.get("count")
        }
        _ => None,
    };
    found.filter(|found| found.text() == question.value.text())
}

/// The literal of a generator.
fn literal<'n>(document: &'n Node, question: &Question<'_>) -> Option<&'n Node> {
    let [data, key] = question.keys else { return None };
    if data != "data" || question.id.gvk.kind != "ConfigMap" {
        return None;
    }
    let value = question.value.text()?;
    let generators = items(document.get("configMapGenerator")).iter();
    let literals = generators.flat_map(|generator| items(generator.get("literals")));
    let fits = |literal: &&Node| {
        let (name, text) = literal.text().and_then(|text| text.split_once('='))?;
        (name == key && text.trim_matches(['"', '\'']) == value).then_some(())
    };
    literals.into_iter().find(|literal| fits(literal).is_some())
}
