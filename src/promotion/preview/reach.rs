//! Which changed files may reach an environment.

use std::collections::BTreeSet;

use super::super::environment::Environment;
use super::value::Previewed;
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};
use crate::policy::UnknownFiles;
use crate::yaml::{Node, Value, parse_manifests};

/// The changed files that an environment may build from, before or after: what a kustomization names, and all
/// beside it. Rather too many than too few.
pub(super) fn may_reach(
    request: &Previewed<'_>,
    environment: &Environment,
) -> Result<BTreeSet<RepoPath>, UnknownFiles> {
    let mut reaching = BTreeSet::new();
    for files in [request.after, request.before] {
        reaching.extend(touching(files, &environment.path, request.changed)?);
    }
    Ok(reaching)
}

fn touching(
    files: &dyn Files,
    folder: &RepoPath,
    changed: &BTreeSet<RepoPath>,
) -> Result<BTreeSet<RepoPath>, UnknownFiles> {
    let mut found = BTreeSet::new();
    let mut next = vec![folder.clone()];
    let mut seen: BTreeSet<RepoPath> = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    while let Some(folder) = next.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        found.extend(changed.iter().filter(|path| path.is_within(&folder)).cloned());
        next.extend(named_by(files, &folder, &mut unknown));
    }
    // What is known to reach it need not wait for files that are not here.
    if unknown.is_empty() || !found.is_empty() { Ok(found) } else { Err(UnknownFiles(unknown)) }
}

/// All that a folder's kustomization may name: whatever in it reads like a path.
fn named_by(
    files: &dyn Files,
    folder: &RepoPath,
    unknown: &mut BTreeSet<RepoPath>,
) -> Vec<RepoPath> {
    let mut found = Vec::new();
    for name in KUSTOMIZATION_NAMES {
        let Ok(path) = folder.join(name) else { continue };
        let file = match files.look_up(&path) {
            Ok((_, Entry::File(file))) => file,
            Ok((path, Entry::Unknown)) => {
                unknown.insert(path);
                continue;
            }
            _ => continue,
        };
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        for document in parse_manifests(text).unwrap_or_default() {
            collect(&document, folder, &mut found);
        }
    }
    found
}

fn collect(node: &Node, folder: &RepoPath, found: &mut Vec<RepoPath>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let text = scalar.text.rsplit('=').next().unwrap_or_default();
            let is_short = text.len() < 300 && !text.contains(['\n', ' ']) && !text.contains("://");
            found.extend(
                is_short.then(|| folder.join(text).ok()).flatten().filter(|p| !p.is_root()),
            );
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, folder, found)),
        Value::Mapping(mapping) => {
            mapping.iter().for_each(|pair| collect(&pair.value, folder, found));
        }
    }
}
