//! Which changed files may reach an environment.

use std::collections::BTreeSet;

use super::super::environment::Environment;
use super::value::Previewed;
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};
use crate::policy::UnknownFiles;
use crate::yaml::{Node, Value, parse_manifests};

/// The changed files that may reach an environment.
#[derive(Debug, Default)]
pub(super) struct Reaching {
    /// Those that are known to.
    pub(super) files: BTreeSet<RepoPath>,
    /// Files that are not here and may lead to more.
    unknown: BTreeSet<RepoPath>,
}

impl Reaching {
    /// Whether anything reaches it. What is known to need not wait for files that are not here.
    pub(super) fn is_empty(&self) -> Result<bool, UnknownFiles> {
        match self.files.is_empty() {
            true => self.all().map(|_| true),
            false => Ok(false),
        }
    }

    /// All of them, for whoever shows them without a build that finds them itself.
    pub(super) fn all(&self) -> Result<&BTreeSet<RepoPath>, UnknownFiles> {
        match self.unknown.is_empty() {
            true => Ok(&self.files),
            false => Err(UnknownFiles(self.unknown.clone())),
        }
    }

    fn add(&mut self, files: &dyn Files, folder: &RepoPath, changed: &BTreeSet<RepoPath>) {
        for folder in folders_of(files, folder, &mut self.unknown) {
            self.files.extend(changed.iter().filter(|path| path.is_within(&folder)).cloned());
        }
    }
}

/// The changed files that an environment may build from, before or after: what a kustomization names, and all
/// beside it. Rather too many than too few.
pub(super) fn may_reach(request: &Previewed<'_>, environment: &Environment) -> Reaching {
    let mut reaching = Reaching::default();
    for files in [request.after, request.before] {
        reaching.add(files, &environment.path, request.changed);
    }
    reaching
}

/// A folder, and all that kustomizations lead to from it, files too. Rather too many than too few.
pub(super) fn folders_of(
    files: &dyn Files,
    folder: &RepoPath,
    unknown: &mut BTreeSet<RepoPath>,
) -> BTreeSet<RepoPath> {
    let mut next = vec![folder.clone()];
    let mut seen: BTreeSet<RepoPath> = BTreeSet::new();
    while let Some(folder) = next.pop() {
        if seen.insert(folder.clone()) {
            next.extend(named_by(files, &folder, unknown));
        }
    }
    seen
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
