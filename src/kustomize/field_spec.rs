//! Which field of which kinds a transformer changes.

use super::Gvk;

/// A field, and the kinds that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldSpec {
    /// The kinds; an empty part matches anything.
    pub gvk: Gvk,
    /// Field names with `/` between them; `\/` is a slash in a name, lists are walked through.
    pub path: String,
    /// Whether the field is made where it is missing.
    pub create: bool,
}
