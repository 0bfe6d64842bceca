//! Who had the last word about a field: the kustomization's own fields, inline patches and JSON patches.
//!
//! A build keeps no trace of them, so they are looked for by what they would make of the field: a place is
//! told only where it gives the very value that was built. Outer kustomizations come first, since they speak last.

use std::collections::BTreeSet;

use crate::kustomize::ResourceId;
use crate::model::{
    BUILT_LISTS, FieldHolds, FieldValues, KustomizationField, PATCH_LISTS, Position, RepoPath,
};
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
    let (path, line) = files.iter().find_map(|file| {
        file.documents.iter().find_map(|document| match &document.value {
            Value::Sequence(operations) => {
                Some((file.path.clone(), file.line(json_patch(operations, question)?)))
            }
            // Whether it leads to the resource takes longer to find out than whether it says so.
            Value::Mapping(_) if file.path.is_kustomization() => {
                let own = || Some((file.path.clone(), file.kustomization(document, question)?));
                own()
                    .or_else(|| generated(files, file, document, question))
                    .filter(|_| reaches(files, file.path, question.origin))
            }
            _ => None,
        })
    })?;
    Some((path, Position { line, column: 1 }))
}

/// Shorter values are found elsewhere by chance.
const SHORTEST: usize = 6;

/// The only line of all files that has a value under this key, or a longer one at all: what plugins set and
/// replacements copy.
pub(super) fn only(files: &[Words<'_>], key: &str, value: &Node) -> Option<(RepoPath, Position)> {
    let text = value.text()?;
    let under_key = |found: &str, node: &Node| found == key && node.text() == Some(text);
    let anywhere = |_: &str, node: &Node| text.len() >= SHORTEST && node.text() == Some(text);
    let (file, at) = lone(files, &under_key).or_else(|| lone(files, &anywhere))?;
    Some((file.path.clone(), Position { line: file.line(at), column: 1 }))
}

/// The one scalar that is meant, if it is one.
fn lone<'f, 's>(
    files: &'f [Words<'s>],
    is_meant: &dyn Fn(&str, &Node) -> bool,
) -> Option<(&'f Words<'s>, usize)> {
    let mut found = Vec::new();
    for file in files {
        let mut here = Vec::new();
        file.documents.iter().for_each(|document| scalars(document, "", is_meant, &mut here));
        found.extend(here.into_iter().map(|at| (file, at)));
        if found.len() > 1 {
            return None;
        }
    }
    found.pop()
}

fn scalars(node: &Node, key: &str, is_meant: &dyn Fn(&str, &Node) -> bool, found: &mut Vec<usize>) {
    match &node.value {
        Value::Scalar(_) => {
            found.extend(node.mark.offset().filter(|_| is_meant(key, node)));
        }
        Value::Sequence(items) => items.iter().for_each(|item| scalars(item, key, is_meant, found)),
        Value::Mapping(mapping) => {
            mapping.iter().for_each(|pair| scalars(&pair.value, &pair.key.text, is_meant, found));
        }
    }
}

/// Whether a kustomization leads to a file, over others that it names. A component does if one that names it
/// does.
fn reaches(files: &[Words<'_>], kustomization: &RepoPath, origin: &RepoPath) -> bool {
    let mut seen: BTreeSet<&RepoPath> = BTreeSet::new();
    let mut next = vec![kustomization];
    while let Some(path) = next.pop() {
        if path == origin {
            return true;
        }
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        if !seen.insert(file.path) {
            continue;
        }
        let named = file.named();
        if named.contains(origin) {
            return true;
        }
        let inside = |file: &&Words<'_>| {
            file.path.is_kustomization() && file.path.parent().is_some_and(|it| named.contains(&it))
        };
        next.extend(files.iter().filter(inside).map(|file| file.path));
        if file.documents.iter().any(|document| text(document, "kind") == "Component") {
            let names = |other: &&Words<'_>| {
                let directory = path.parent();
                other.path.is_kustomization()
                    && directory.is_some_and(|it| other.named().contains(&it))
            };
            next.extend(files.iter().filter(names).map(|file| file.path));
        }
    }
    false
}

impl Words<'_> {
    /// What a kustomization is built from: files and folders.
    fn named(&self) -> BTreeSet<RepoPath> {
        let Some(directory) = self.path.parent() else { return BTreeSet::new() };
        let lists = self.documents.iter().flat_map(|document| {
            BUILT_LISTS.into_iter().flat_map(|list| items(document.get(list)))
        });
        lists.filter_map(|entry| directory.join(entry.text()?).ok()).collect()
    }

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
    }

    fn inline_patches(&self, document: &Node, question: &Question<'_>) -> Option<u32> {
        PATCH_LISTS.iter().flat_map(|list| items(document.get(list))).rev().find_map(|entry| {
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
    node.text_at(&[key])
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
    let name = patch.text_at(&["metadata", "name"]);
    let is_about = text(patch, "kind") == question.id.gvk.kind
        && (name == question.id.name || name == question.original_name);
    if !is_about && !has_target {
        return None;
    }
    value_at(patch, question.keys, question.value)?.mark.offset()
}

/// The value at the end of a way. A list of a patch has only what it changes, so that where a number does not
/// lead there, another item may.
fn value_at<'n>(node: &'n Node, keys: &[String], value: &Node) -> Option<&'n Node> {
    let Some((key, rest)) = keys.split_first() else { return (node == value).then_some(node) };
    let straight = step(node, key).and_then(|next| value_at(next, rest, value));
    straight.or_else(|| items(Some(node)).iter().find_map(|item| value_at(item, rest, value)))
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

/// The line from which a generator has a value: a literal, or a line of a file. A file that is one value
/// begins with it.
fn generated(
    files: &[Words<'_>],
    kustomization: &Words<'_>,
    document: &Node,
    question: &Question<'_>,
) -> Option<(RepoPath, u32)> {
    let [data, key] = question.keys else { return None };
    if data != "data" || question.id.gvk.kind != "ConfigMap" {
        return None;
    }
    let value = question.value.text()?;
    let directory = kustomization.path.parent()?;
    let file = |entry: &str| {
        let path = directory.join(entry).ok()?;
        files.iter().find(|file| *file.path == path)
    };
    let of_literal = |literal: &Node| {
        says(literal.text()?, key, value).then_some(())?;
        Some((kustomization.path.clone(), kustomization.line(literal.mark.offset()?)))
    };
    let of_lines = |entry: &Node| {
        let file = file(entry.text()?)?;
        let line = file.text.lines().position(|line| says(line.trim_start(), key, value))?;
        Some((file.path.clone(), u32::try_from(line + 1).ok()?))
    };
    let of_file = |entry: &Node| {
        let entry = entry.text()?;
        let base = || (entry.rsplit('/').next().unwrap_or(entry), entry);
        let (name, path) = entry.split_once('=').unwrap_or_else(base);
        let file = file(path).filter(|file| name == key && file.text == value)?;
        Some((file.path.clone(), 1))
    };
    let fields = KustomizationField::holding(FieldHolds::Objects)
        .filter(|field| field.values != FieldValues::Secret);
    fields.flat_map(|field| items(document.get(field.name))).find_map(|generator| {
        let list = |name: &str| items(generator.get(name)).iter();
        list("literals")
            .find_map(of_literal)
            .or_else(|| list("envs").chain(generator.get("env")).find_map(of_lines))
            .or_else(|| list("files").find_map(of_file))
    })
}

/// Whether a line `key=value` says this.
fn says(line: &str, key: &str, value: &str) -> bool {
    line.split_once('=')
        .is_some_and(|(name, text)| name == key && text.trim_matches(['"', '\'']) == value)
}
