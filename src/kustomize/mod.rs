//! Building an overlay: files in, ordered resources and warnings out, as `kustomize build` does it.
//!
//! Pure: no disk, no network, no process. What is not known of the files is reported, not guessed.

pub mod decode;
pub mod error;
pub mod field_spec;
pub mod kustomization;
pub mod label_selector;
pub mod origin;
pub mod resource;
pub mod resource_id;
pub mod resource_set;
pub mod scalar;
pub mod schema;
pub mod selector;
pub mod transform;

use std::collections::BTreeSet;

pub use error::BuildError;
pub use resource_id::{Gvk, ResourceId};

use crate::model::{Files, Location, RepoPath};
use crate::yaml;

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadRestrictor {
    /// Only files below the kustomization's own directory (`LoadRestrictionsRootOnly`).
    #[default]
    RootOnly,
    /// Any file of the repository (`LoadRestrictionsNone`).
    None,
}

/// In which order resources are printed where no `sortOptions` says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reorder {
    /// Namespaces and definitions first, webhooks last, by identity in between: the command's default.
    #[default]
    Legacy,
    /// As accumulated.
    None,
}

/// How to build.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Which files may be loaded.
    pub load_restrictor: LoadRestrictor,
    /// The order where the kustomization names none.
    pub reorder: Reorder,
    /// Whether each resource gets the label `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
}

/// One object of a build.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The object as it will be printed.
    pub node: yaml::Node,
    /// Its identity now.
    pub id: ResourceId,
    /// Its identity in the file it came from, before prefixes, suffixes and namespaces.
    pub original_id: ResourceId,
    /// The file it came from, and where in it; for generated ones the kustomization.
    pub origin: Location,
}

/// A built overlay.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The resources, in the order in which they are printed.
    pub resources: Vec<Resource>,
    /// What kustomize would remark on standard error, one sentence each.
    pub warnings: Vec<String>,
    /// Every file that the build read, kustomizations included, symlinks followed.
    pub inputs: BTreeSet<RepoPath>,
}

impl Build {
    /// The rendered manifest: the bytes that `kustomize build` prints.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        yaml::write_stream(self.resources.iter().map(|resource| &resource.node), &mut out);
        out
    }
}

/// Builds the overlay in `dir`.
///
/// # Errors
/// [`BuildError`] with the place a person has to edit; [`BuildError::Unknown`] names files whose
/// content the caller has to fetch before asking again.
pub fn build(
    _files: &dyn Files,
    dir: &RepoPath,
    _options: &BuildOptions,
) -> Result<Build, BuildError> {
    Err(BuildError::NoKustomization { dir: dir.clone() })
}
