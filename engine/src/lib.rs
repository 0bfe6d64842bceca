//! What Overlift knows of a repository before anything is promoted: the words of the field, YAML, and kustomize.

pub mod kustomize;
pub mod model;
pub mod yaml;
