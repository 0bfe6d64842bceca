//! What is checked: the resources of a set, and what is known beside them.

use std::sync::Arc;

use super::Manifest;
use super::standards::Standards;
use crate::kustomize::{Build, counted_text};
use crate::model::{Entry, EnvironmentName, FileEdit, Files, Position, RepoPath};
use crate::yaml::Mark;

/// One set with all that rules may ask about it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The resources, each with the file it comes from.
    pub manifests: &'a [Manifest<'a>],
    /// Istio's mesh configuration, where the set has one.
    pub mesh_config: Option<&'a Manifest<'a>>,
    /// Istio's mesh networks, where the set has them.
    pub mesh_networks: Option<&'a Manifest<'a>>,
    /// What the resources are measured by.
    pub standards: &'a Standards,
    /// The overlay that the resources were built from; `None` for plain manifests.
    pub overlay: Option<Overlay<'a>>,
    /// The promotion that made the overlay what it is; `None` for an environment as it is.
    pub promotion: Option<Promotion<'a>>,
}

/// An overlay and its files.
#[derive(Clone, Copy)]
pub struct Overlay<'a> {
    /// The repository's files; after the edits of a promotion, if there is one.
    pub files: &'a dyn Files,
    /// The overlay's directory.
    pub path: &'a RepoPath,
    /// The overlay, built.
    pub build: &'a Build,
}

impl Overlay<'_> {
    /// Where a node of the build comes from.
    pub(super) fn locate(&self, mark: Mark) -> Option<(RepoPath, Position)> {
        self.locate_with(mark, |path| self.text(path).map(Arc::from))
    }

    /// The same, with the texts of files as somebody remembers them.
    pub(super) fn locate_with(
        &self,
        mark: Mark,
        text: impl FnOnce(&RepoPath) -> Option<Arc<str>>,
    ) -> Option<(RepoPath, Position)> {
        let path = self.build.texts.path(mark)?;
        Some((path.clone(), self.build.texts.position(mark, &text(path)?)?))
    }

    /// The text of a file as marks count it.
    pub(super) fn text(&self, path: &RepoPath) -> Option<String> {
        match self.files.look_up(path) {
            Ok((_, Entry::File(file))) => counted_text(path, &file.content),
            _ => None,
        }
    }
}

/// A promotion, as far as it is decided when the gates run.
#[derive(Clone, Copy)]
pub struct Promotion<'a> {
    /// The environment that configuration comes from, its overlay and its build.
    pub source: Side<'a>,
    /// The environment that it goes to, its overlay, and its build before the promotion.
    pub target: Side<'a>,
    /// What is done to the target's files.
    pub edits: &'a [&'a FileEdit],
}

/// One environment of a promotion.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its name.
    pub name: &'a EnvironmentName,
    /// Its overlay.
    pub path: &'a RepoPath,
    /// Its overlay, built as it was before the promotion.
    pub build: &'a Build,
}

/// The resources of a build, each with the file it comes from.
#[must_use]
pub fn built(build: &Build) -> Vec<Manifest<'_>> {
    let resources = build.resources.iter();
    resources
        .map(|resource| Manifest {
            node: &resource.node,
            id: resource.id.clone(),
            origin: resource.origin.clone(),
            cluster: "",
        })
        .collect()
}
