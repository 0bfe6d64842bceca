//! Building an overlay: files in, ordered resources and warnings out, as `kustomize build` does it.
//!
//! Pure: no disk, no network, no process. What is not known of the files is reported, not guessed.

pub mod accumulate;
pub mod accumulator;
pub mod books;
mod built;
pub mod configuration;
pub mod decode;
pub mod error;
pub mod field_spec;
mod file_text;
mod finish;
mod foot;
mod foreign;
pub mod generate;
pub mod go_regex;
pub mod growth;
mod json;
pub mod kustomization;
pub mod label_selector;
pub mod load;
mod made_keys;
pub mod manifest;
mod options;
pub mod origin;
pub mod overlay;
mod own;
mod patch_effect;
pub mod path_tree;
pub mod places;
pub mod plugin;
mod read_ahead;
pub mod reference;
pub mod remote;
pub mod resource;
pub mod resource_id;
pub mod resource_set;
pub mod scalar;
pub mod schema;
pub mod secret_facts;
pub mod selector;
pub mod session;
mod settled_foot;
mod share_out;
pub mod shared_configuration;
pub mod site;
pub mod sort;
mod steps;
mod take_in;
mod texts;
pub mod transform;
pub mod vars;
pub mod version;
pub mod visits;
pub mod whole_pattern;

pub use books::LostBooks;
pub use built::{AbsentFile, Build, Resource};
pub use error::{BuildError, NoBuild};
pub use file_text::counted_text;
pub use options::{AbsentFiles, BuildOptions, ForeignEngine, LoadRestrictor, Reorder};
pub use patch_effect::PatchEffect;
pub use remote::{RemoteResolver, RemoteTree};
pub use resource_id::{Gvk, ResourceId, name_without_hash};
pub use version::Version;

use crate::model::{Files, RepoPath};

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
    own::build(files, dir, options)
}
