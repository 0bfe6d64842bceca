//! Rules over a proposed change and what they say: findings.

mod analysis;
mod finding;
pub mod host;
pub mod mesh;
pub mod rule;
mod rules;
pub mod schema;
pub mod service_registry;
pub mod virtual_service;

pub use analysis::{Surroundings, analyze, manifests};
pub use finding::{Finding, Level};
pub use mesh::Manifest;
