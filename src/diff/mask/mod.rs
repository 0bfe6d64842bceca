//! Hiding the values of Secrets before any text exists.
//!
//! A reviewer sees that a value is there and whether it changed, never its length or a hash of it.
//! [`spot`] says which parts of a YAML tree are secret; [`tree`] replaces them in rendered
//! resources, [`text`] in files, where comments and layout have to be hidden with them; [`inputs`]
//! knows which files a secretGenerator or a patch of a Secret reads. In doubt more is hidden.

mod form;
mod input_file;
mod inputs;
mod known;
mod masked;
mod mention;
mod nested;
mod read_inputs;
mod role;
mod sops;
mod sources;
mod spot;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub(super) use inputs::Searched;
pub use inputs::SecretInputs;
pub use known::KnownValues;
pub use masked::{MASKED, MASKED_CHANGED};
pub(super) use text::mask_files;
pub(super) use tree::mask_resources;
