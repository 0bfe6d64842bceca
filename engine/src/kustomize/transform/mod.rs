//! The builtin transformers: each changes resources that were accumulated before it.

pub mod images;
pub mod json_6902;
pub mod labels;
pub mod name_affix;
pub mod name_hash;
pub mod name_reference;
pub mod namespace;
pub mod patch;
pub mod replacements;
pub mod replicas;
pub mod strategic_merge;
pub mod value_add;

#[cfg(test)]
mod tests;
