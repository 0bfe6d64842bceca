//! What patches did: which entry of the kustomization was laid over a resource, and whether that changed it.
//!
//! Noted while the patches are applied, since nobody can tell it from the result: names change afterwards,
//! and another patch or field may set the same once more. Only for the kustomization that is built itself;
//! what a base does is the base's.

use super::ResourceId;
use crate::model::{Location, RepoPath};
use crate::yaml::Node;

/// What one entry of the patches of a kustomization did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchEffect {
    /// The entry.
    pub at: Location,
    /// The file that it names; `None` if the patch is written in place.
    pub file: Option<RepoPath>,
    /// The first resource that it was laid over, as it was called in its file; `None` if there was none.
    pub first: Option<ResourceId>,
    /// Whether any resource is another one since.
    pub has_changed: bool,
}

/// An entry with a patch, before it is applied.
#[derive(Clone, Debug)]
pub struct PatchEntry {
    /// Where it is written.
    pub at: Location,
    /// The file that it names.
    pub file: Option<RepoPath>,
    /// Which objects of the patch are its own: those up to this one, behind those of the entry before.
    pub objects: usize,
}

impl PatchEntry {
    /// The entry, of which nothing is known yet.
    #[must_use]
    pub fn begun(&self) -> PatchEffect {
        let (at, file) = (self.at.clone(), self.file.clone());
        PatchEffect { at, file, first: None, has_changed: false }
    }
}

impl PatchEffect {
    /// Notes what became of a resource.
    pub fn note(&mut self, id: &ResourceId, before: &Node, after: &Node) {
        self.first.get_or_insert_with(|| id.clone());
        self.has_changed = self.has_changed || before != after;
    }
}
