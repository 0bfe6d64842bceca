//! A kustomization that was read, and how resources tell that they came from it.

use super::kustomization::Kustomization;
use super::load::Root;
use super::origin::Origin;
use super::reference::Reference;
use crate::model::RepoPath;

/// A kustomization that was read, with its directory.
#[derive(Clone, Debug)]
pub struct Overlay<'a> {
    /// Its directory.
    pub root: Root<'a>,
    /// Its fields.
    pub kustomization: Kustomization,
    /// Its file.
    pub file: RepoPath,
    /// The directory as origin annotations name it; `None` if nobody asks for them.
    pub origin: Option<Origin>,
}

impl Overlay<'_> {
    /// The origin of what an entry of `resources` or `components` leads to.
    #[must_use]
    pub fn origin_of(&self, reference: &Reference) -> Option<Origin> {
        self.origin.as_ref().map(|origin| origin.join(&reference.text))
    }

    /// The origin of what one of the kustomization's own fields makes or changes.
    #[must_use]
    pub fn builtin_origin(&self, plugin: &str) -> Option<Origin> {
        let file = self.file.file_name();
        self.origin.as_ref().map(|origin| origin.of_builtin(file, plugin))
    }
}
