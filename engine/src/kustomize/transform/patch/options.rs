//! `options` of an entry of `patches`.

/// What a patch may change beside what every patch may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatchOptions {
    /// Names.
    pub allow_name_change: bool,
    /// Kinds.
    pub allow_kind_change: bool,
}
