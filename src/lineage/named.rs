//! What kustomizations name: files and folders.

use std::collections::BTreeSet;

use super::value::{Shape, Value};
use crate::model::KUSTOMIZATION_NAMES;

/// The paths that kustomizations of one side name, below its folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    paths: BTreeSet<String>,
    /// The folders that have a kustomization on either side: who names one names that, and not all that is there.
    kustomized: BTreeSet<String>,
}

impl Named {
    /// Nothing, where these files have been on the two sides.
    pub(super) fn nothing<'f>(files: impl IntoIterator<Item = &'f String>) -> Self {
        let kustomized = files.into_iter().filter(|below| is_kustomization(below));
        let dirs = kustomized.filter_map(|below| Some(below.rsplit_once('/')?.0.to_owned()));
        Self { paths: BTreeSet::new(), kustomized: dirs.collect() }
    }

    /// All that is there.
    pub(super) fn all(files: &BTreeSet<String>) -> Self {
        Self { paths: files.clone(), kustomized: BTreeSet::new() }
    }

    /// The same without what another names too.
    pub(super) fn without(mut self, other: &Self) -> Self {
        self.paths.retain(|path| !other.paths.contains(path));
        self
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.paths.iter()
    }

    /// Whether a path is named as it is.
    pub(super) fn says(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether a file or folder is named, or a folder that it is in and belongs to.
    pub(super) fn has(&self, below: &str) -> bool {
        let mut above = below.match_indices('/').map(|(at, _)| &below[..at]);
        let belongs =
            |dir: &str| !self.kustomized.contains(dir) || is_own_kustomization(dir, below);
        self.says(below) || above.any(|dir| self.says(dir) && belongs(dir))
    }

    /// Takes in every text of a kustomization that could be a path; `dir` is its folder.
    pub(super) fn take_in(&mut self, value: &Value, dir: &str) {
        match &value.shape {
            Shape::Scalar { text, .. } => {
                let path = text.split_once('=').map_or(text.as_str(), |(_, path)| path);
                let paths = [text.as_str(), path].into_iter();
                self.paths.extend(paths.filter_map(|path| join(dir, path)));
            }
            Shape::List(items) => items.iter().for_each(|item| self.take_in(item, dir)),
            Shape::Map(pairs) => pairs.iter().for_each(|(_, value)| self.take_in(value, dir)),
        }
    }
}

fn is_own_kustomization(dir: &str, below: &str) -> bool {
    below
        .strip_prefix(dir)
        .and_then(|name| name.strip_prefix('/'))
        .is_some_and(|name| KUSTOMIZATION_NAMES.contains(&name))
}

pub(super) fn is_kustomization(below: &str) -> bool {
    KUSTOMIZATION_NAMES.contains(&below.rsplit('/').next().unwrap_or_default())
}

/// Whether a file is this one, or below it.
pub(super) fn is_within(file: &str, path: &str) -> bool {
    file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path relative to a folder, if it stays at or below the top.
pub(super) fn join(dir: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.len() > 1_000 || path.contains(['\n', ':']) || path.starts_with('/')
    {
        return None;
    }
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
