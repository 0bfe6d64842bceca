//! What Argo CD and Flux objects of a repository say about how its folders are deployed: to which clusters, and
//! what is changed on the way.
//!
//! Pure: objects are read from the repository's files and from nowhere else. Nothing that they name is fetched or
//! started, and what cannot be known here (the clusters of a generator, a value in a Secret) is said to be unknown.

mod apply;
mod apply_flux;
mod argo;
mod changes;
mod configmap;
mod deployment;
mod envsubst;
mod find;
mod flux;
mod generator;
mod glob;
mod go_function;
mod go_template;
mod go_template_tree;
mod json;
mod parameters;
mod set;

pub use apply::kustomization_with;
pub use apply_flux::finish;
pub use changes::Changes;
pub use deployment::{Deployment, Kind};
pub use find::{Deployers, Variant};
