//! One entry of a list in a kustomization, and what it names.

use crate::model::RepoPath;
use crate::promotion::draft::Draft;
use crate::promotion::overlay::Overlay;
use crate::yaml::edit::{SpanKind, SpanNode};

/// What an entry names. Two entries on the two sides are the same if these are equal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    /// Something below the overlay, by its path there.
    Below(String),
    /// Something elsewhere in the repository.
    Elsewhere(RepoPath),
    /// A URL, or a path that leads out of the repository.
    Remote(String),
    /// No file: what it says is written in the kustomization itself.
    Inline(SpanNode),
}

/// The text of an entry that names a file: itself, or its `path`.
pub(super) fn path_text(entry: &SpanNode) -> Option<&str> {
    let text = match &entry.kind {
        SpanKind::Scalar { text, .. } => text,
        _ => entry.get("path")?.text()?,
    };
    // Patches, transformers and the like may be written in place as a text of YAML or JSON.
    let in_place = text.contains('\n') || text.contains(": ") || text.starts_with(['{', '[']);
    (!text.is_empty() && !in_place).then_some(text)
}

/// What an entry of the kustomization in `dir` names.
pub(super) fn subject(entry: &SpanNode, dir: &RepoPath) -> Subject {
    let Some(text) = path_text(entry) else { return Subject::Inline(entry.clone()) };
    subject_of_path(text, dir)
}

/// What a path in the kustomization in `dir` names.
pub(super) fn subject_of_path(text: &str, dir: &RepoPath) -> Subject {
    if text.contains("://") || text.starts_with("git@") {
        return Subject::Remote(text.to_owned());
    }
    let Ok(path) = dir.join(text) else { return Subject::Remote(text.to_owned()) };
    match path.strip_prefix(dir) {
        Some(below) if !below.is_empty() => Subject::Below(below.to_owned()),
        _ => Subject::Elsewhere(path),
    }
}

/// Whether an entry for `below` works in the target because `copy` matches what it names: the
/// file, the kustomization of the directory, or a symlink on the way to it.
pub(super) fn is_carried(draft: &Draft<'_>, below: &str) -> bool {
    let on_the_way = below.match_indices('/').map(|(at, _)| &below[..at]);
    draft.is_copied(below)
        || Overlay::kustomizations_of(below).any(|file| draft.is_copied(&file))
        || on_the_way.into_iter().any(|link| draft.is_copied(link))
}

/// How a person calls an entry, without anything that it says.
pub(super) fn describe(entry: &SpanNode, index: usize) -> String {
    if let Some(text) = path_text(entry) {
        return text.to_owned();
    }
    let target = entry.get("target");
    let part = |key| target.and_then(|target| target.get(key)).and_then(SpanNode::text);
    match (part("kind"), part("name")) {
        (Some(kind), Some(name)) => format!("entry {} for {kind} {name}", index + 1),
        (Some(kind), None) => format!("entry {} for {kind}", index + 1),
        (None, Some(name)) => format!("entry {} for {name}", index + 1),
        (None, None) => format!("entry {}", index + 1),
    }
}
