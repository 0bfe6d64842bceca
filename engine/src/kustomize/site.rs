//! The place of a kustomization: what is read there, and by which schema.

use super::load::{Loader, Root};
use super::schema::Schema;
use super::version::Version;

/// A directory with a kustomization, for whoever reads what its fields name.
#[derive(Clone, Copy, Debug)]
pub struct Site<'s, 'a> {
    /// Reads files.
    pub loader: &'s Loader<'a>,
    /// What is known of kinds.
    pub schema: &'s Schema,
    /// The directory.
    pub root: &'s Root<'a>,
}

impl Site<'_, '_> {
    /// The kustomize that is followed.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.schema.version()
    }
}
