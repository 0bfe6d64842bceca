//! The builtin transformers: each changes resources that were accumulated before it.

pub mod json_6902;
pub mod patch;
pub mod strategic_merge;
