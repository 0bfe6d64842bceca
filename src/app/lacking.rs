//! What is not here yet: the errors that may only say so, and what they name.

use std::collections::BTreeSet;

use super::service_bases::Wanted;
use crate::config::ConfigError;
use crate::kustomize::BuildError;
use crate::model::{BlobId, RepoPath};
use crate::promotion::PlanError;
use crate::traffic::ShiftError;

/// An error that may only say that file contents are not here yet.
pub(super) trait Lacks {
    /// The files, if that is what it says.
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>>;
}

impl Lacks for ConfigError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for PlanError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for ShiftError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for BuildError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

/// What is not here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lacking {
    pub(super) files: BTreeSet<RepoPath>,
    pub(super) past: BTreeSet<BlobId>,
    /// Of other repositories.
    pub(super) bases: Wanted,
}

impl Lacking {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.past.is_empty() && self.bases.is_empty()
    }

    pub(super) fn files(files: Option<&BTreeSet<RepoPath>>) -> Self {
        Self { files: files.cloned().unwrap_or_default(), ..Self::default() }
    }

    /// One a line; no path has a NUL.
    pub(super) fn write(&self) -> String {
        let files = self.files.iter().map(|path| format!("{path}\n"));
        let past = self.past.iter().map(|id| format!("\0{}\n", id.0));
        files.chain(past).chain(std::iter::once(self.bases.write())).collect()
    }

    pub(super) fn read(text: &str) -> Self {
        let mut lacking = Self::default();
        for line in text.lines() {
            match line.strip_prefix('\0') {
                Some(id) => _ = lacking.past.insert(BlobId(id.to_owned())),
                None if line.starts_with('\u{1}') => lacking.bases.read(line),
                None => lacking.files.extend(RepoPath::parse(line)),
            }
        }
        lacking
    }
}
