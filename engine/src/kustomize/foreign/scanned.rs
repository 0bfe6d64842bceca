//! A kustomization that is looked through: where it stands, and who gathers what it names.

use super::gatherer::{Gatherer, Tree};
use crate::kustomize::decode::same_key;
use crate::kustomize::manifest::TextOrigin;
use crate::model::{Location, RepoPath};
use crate::yaml::Mark;

/// One kustomization, or the configuration of one of its plugins.
pub(super) struct Scan<'g, 'a, 'p> {
    pub(super) gatherer: &'g mut Gatherer<'a>,
    pub(super) tree: &'p Tree,
    pub(super) dir: &'p RepoPath,
    pub(super) place: &'p TextOrigin,
    pub(super) text: &'p str,
}

impl Scan<'_, '_, '_> {
    /// The place of a node.
    pub(super) fn at(&self, mark: Mark, field: &str) -> Location {
        self.place.at(self.text, mark).in_field(field)
    }

    /// Whether the files are the repository's own.
    pub(super) const fn is_local(&self) -> bool {
        matches!(self.tree, Tree::Local)
    }
}

/// Whether a field is one of these, as kustomize compares them.
pub(super) fn is_in(fields: &[&str], field: &str) -> bool {
    fields.iter().any(|known| same_key(known, field))
}
