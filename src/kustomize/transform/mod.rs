//! The builtin transformers: each changes resources that were accumulated before it.

pub mod strategic_merge;
