//! What all parts of the file are read with, and what their reading collects.

use std::collections::BTreeSet;

use super::places::{Faults, Places};
use crate::model::{Files, RepoPath};

/// What reading collects on its way.
pub(super) struct Reader<'a> {
    pub(super) places: &'a Places<'a>,
    pub(super) files: &'a dyn Files,
    /// The files that were read beside the configuration.
    pub(super) inputs: BTreeSet<RepoPath>,
    pub(super) faults: Faults,
}

impl<'a> Reader<'a> {
    pub(super) fn new(places: &'a Places<'a>, files: &'a dyn Files) -> Self {
        Self { places, files, inputs: BTreeSet::new(), faults: Faults::default() }
    }
}
