//! Comparisons: files, rendered overlays and environments, as unified diffs, Secret values masked.
//!
//! - [`FilesDiff`]: what the edits do to files; `git apply` reads it.
//! - [`RenderedDiff`]: what an overlay builds before and after, as one diff that `patch` reads and
//!   resource by resource, paired by identity.
//! - [`DriftDiff`]: what still differs between two environments.
//!
//! Values of Secrets are masked in the trees and texts that are compared, so that no later step
//! has them. What decides about changes in words (risk, findings) reads [`ResourceDiff`].

mod drift;
mod field;
mod file;
mod git_binary;
mod item;
mod mask;
mod pairing;
mod rendered;
mod resource;
mod unified;

pub use drift::DriftDiff;
pub use field::{FieldChange, FieldValue};
pub use file::FilesDiff;
pub use item::item_names;
pub use mask::{KnownValues, MASKED, MASKED_CHANGED, SecretInputs};
pub use rendered::RenderedDiff;
pub use resource::{Change, ResourceDiff};
pub use unified::Hunks;

#[cfg(test)]
mod tests;
