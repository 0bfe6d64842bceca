//! Rules over a proposed change and what they say: findings.
//!
//! [`check()`] runs the gates that a repository wants over a [`Subject`]: the resources of an overlay or
//! of plain manifests, and what is known beside them. A rule is a file in `rules/` and a line in its
//! list; it has one id, belongs to one [`Gate`] and gives one or more codes. [`mark_new`] tells what a
//! promotion brings from what was there before.

mod analysis;
mod article;
mod change;
mod check;
mod check_annotation;
pub mod environment_words;
mod field_way;
mod finding;
mod gate;
pub mod guessed_place;
mod host;
mod installation;
pub mod istio_annotation;
pub mod label_selector;
pub mod mesh;
mod place;
mod plain;
mod reading;
pub mod rego;
mod risks;
pub mod rule;
mod rules;
pub mod schema;
mod schema_source;
pub mod service_registry;
pub mod sidecar;
mod standards;
mod subject;
mod templates;
mod values;
pub mod virtual_service;
mod whole;

pub use analysis::{Surroundings, analyze};
pub use change::{Changes, OwnValue};
pub use check::{Findings, all_rules, check, mark_new};
pub use check_annotation::{Annotation, AnnotationLevel, annotations};
pub use finding::{Alike, Finding, Level, NOT_VALIDATED};
pub use gate::{Day, Gate, Gates, ResourceGlob, Severity, Suppression};
pub use installation::manifests;
pub use mesh::Manifest;
pub use plain::PlainManifests;
pub use reading::Reading;
pub use risks::{gravity, is_risk};
pub use rule::Rule;
pub use schema_source::{RemoteSchema, SchemaSource};
pub use standards::{Fetched, Standards, UnknownFiles};
pub use subject::{Overlay, Promotion, Side, Subject};
pub use templates::Beside;
pub use values::{check_at_once, check_values, values_over};
pub use whole::{
    Terms, check_changes, check_manifests, check_overlay, check_without_lines, known_words,
};
