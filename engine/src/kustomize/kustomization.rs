//! The kustomization file: every field it has, as values that were checked when they were read.
//!
//! Written from kustomize's `api/types`. A field that nobody knows is an error with the nearest
//! name, as in kustomize; case does not matter, since Go's JSON decoder ignores it. What the fields ask of
//! transformers is `transform`'s.

mod file;
mod generator;
mod sort_options;
mod var;

pub use file::Kustomization;
pub use generator::{GeneratorArgs, GeneratorOptions, generator_args};
pub use sort_options::SortOptions;
pub use var::Var;
