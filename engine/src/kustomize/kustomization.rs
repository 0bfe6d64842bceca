//! The kustomization file: every field it has, as values that were checked when they were read.
//!
//! Written from kustomize's `api/types`. A field that nobody knows is an error with the nearest
//! name, as in kustomize; case does not matter, since Go's JSON decoder ignores it.

mod fields;
mod parse;

pub use fields::{
    FieldOptions, GeneratorArgs, GeneratorOptions, Image, Kustomization, LabelSet, Patch,
    Reference, Replacement, ReplacementField, ReplacementSource, ReplacementTarget, Replica,
    SortOptions, Var,
};
pub use parse::{
    field_spec, field_specs, generator_args, image, patch, references, replacement,
    replacement_field, replica, selector,
};
