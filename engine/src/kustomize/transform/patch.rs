//! Patches: which resources they are for, and laying them over these.
//!
//! As kustomize's `PatchTransformer`, `PatchStrategicMergeTransformer` and
//! `PatchJson6902Transformer`. The three treat identities and labels differently, see `loaded`.

mod entry;
pub mod load;
mod loaded;
mod one_resource;
mod options;

pub use entry::Patch;
pub use loaded::LoadedPatch;
pub use options::PatchOptions;

#[cfg(test)]
mod tests;
