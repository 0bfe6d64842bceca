//! Building an overlay: files in, ordered resources and warnings out, as `kustomize build` does it.
//!
//! Pure: no disk, no network, no process. What is not known of the files is reported, not guessed.

pub mod accumulate;
pub mod books;
pub mod configuration;
pub mod decode;
pub mod error;
pub mod field_spec;
mod finish;
mod foreign;
pub mod generate;
pub mod go_regex;
pub mod growth;
pub mod kustomization;
pub mod label_selector;
pub mod load;
pub mod manifest;
pub mod origin;
pub mod path_tree;
pub mod places;
pub mod plugin;
mod read_ahead;
pub mod remote;
pub mod resource;
pub mod resource_id;
pub mod resource_set;
pub mod scalar;
pub mod schema;
pub mod secret_facts;
pub mod selector;
mod share_out;
pub mod sort;
mod take_in;
pub mod transform;
pub mod transformer;
pub mod vars;
pub mod version;
pub mod visits;
pub mod whole_pattern;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

pub use books::LostBooks;
pub use error::BuildError;
pub use foreign::ForeignEngine;
pub use remote::{RemoteResolver, RemoteTree};
pub use resource_id::{Gvk, ResourceId, name_without_hash};
pub use version::Version;

use crate::model::{Files, Location, RepoPath};
use crate::yaml;
use load::Loader;
use secret_facts::SecretFacts;
use share_out::share_out_with;

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
    /// The kustomize that is followed.
    pub version: Version,
    /// Whether each resource gets the label `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
    /// Who fetches remote bases; they are refused without.
    pub remote: Option<Arc<dyn RemoteResolver>>,
    /// Who builds; we do without.
    pub engine: Option<Arc<dyn ForeignEngine>>,
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
    /// How much of them was read.
    pub bytes_read: usize,
    /// Whether `original_id` and `origin` of the resources are guesses, because another engine built.
    pub origins_are_guessed: bool,
    /// What the build learned of values of Secrets.
    pub secrets: Arc<SecretFacts>,
    /// Patches and replacements that took kustomize's own notes with a resource's annotations.
    pub lost_books: Vec<LostBooks>,
}

impl Build {
    /// The rendered manifest: the bytes that `kustomize build` prints.
    #[must_use]
    pub fn render(&self) -> String {
        // Room that is not used is no memory, and a text that grows is copied.
        let room = || String::with_capacity(self.bytes_read.saturating_mul(2));
        if self.bytes_read < MUCH {
            let mut out = room();
            yaml::write_stream(self.resources.iter().map(|resource| &resource.node), &mut out);
            return out;
        }
        let done = share_out_with(&self.resources, room, |buffer, resource| {
            let start = buffer.len();
            yaml::write_document(&resource.node, buffer);
            start..buffer.len()
        });
        let mut out = String::new();
        let document = |(worker, range): (usize, Range<usize>)| &done.states[worker][range];
        yaml::join_documents(done.results.into_iter().map(document), &mut out);
        out
    }
}

/// Below so many bytes of manifests, a few milliseconds, a second thread is not worth its start.
const MUCH: usize = 1 << 20;

/// Builds the overlay in `dir`.
///
/// # Errors
/// [`BuildError`] with the place a person has to edit; [`BuildError::Unknown`] names files whose
/// content the caller has to fetch before asking again.
pub fn build(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
) -> Result<Build, BuildError> {
    if let Some(engine) = &options.engine {
        return foreign::build(engine.as_ref(), files, dir, options);
    }
    let loader = Loader::new(options);
    let result = finish::build(&loader, files, dir, options);
    let account = loader.into_account();
    // What could not be read explains whatever else went wrong.
    if !account.unknown.is_empty() {
        return Err(BuildError::Unknown(account.unknown));
    }
    result.map(|build| Build {
        inputs: account.inputs,
        bytes_read: account.bytes,
        secrets: Arc::new(account.secrets),
        ..build
    })
}
