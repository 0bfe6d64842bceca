//! How long, deep and self-repeating a text may be.

/// Longest text that is read. The largest manifests in the wild have a few megabytes.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// Deepest nesting; every reader of the tree may recurse this deep.
pub const MAX_DEPTH: usize = 400;
/// Nodes that aliases may add to one text.
pub(super) const MAX_ALIASED_NODES: usize = 400_000;
/// Documents in one text.
pub(super) const MAX_DOCUMENTS: usize = 200_000;
