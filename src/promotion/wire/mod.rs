//! Wiring: the target's kustomization gets the source's entries for copied files, and loses those
//! of pruned ones. Without it a copied patch has no effect.
//!
//! Entries are compared by the path they name, normalised; the three patch fields count as one,
//! `resources` and `bases` too. What the target references already keeps the target's entry.

mod alias;
mod entry;
mod field;
mod generator;
mod unwire;

use super::draft::{Change, Draft};
use super::error::PlanError;
use super::overlay::KustomizationFile;
use super::plan::{Cause, NotPromoted, NotPromotedReason};
use crate::model::File;

pub(super) use unwire::unwire;

/// The two kustomizations, the target's being edited.
pub(super) struct Kustomizations {
    /// The source's, only read.
    pub source: KustomizationFile,
    /// The target's.
    pub target: KustomizationFile,
    /// What was done to the target's so far.
    pub causes: Vec<Cause>,
}

impl Kustomizations {
    /// Reads both.
    pub(super) fn open(draft: &Draft<'_>) -> Result<Self, PlanError> {
        let (source, target) = (draft.source.kustomization()?, draft.target.kustomization()?);
        alias::refuse(&source)?;
        alias::refuse(&target)?;
        Ok(Self { source, target, causes: Vec::new() })
    }

    /// Hands the edited kustomization to the draft.
    ///
    /// # Errors
    /// [`PlanError::InTheWay`] if it is a symlink: the file it leads to belongs to others too.
    pub(super) fn finish(self, draft: &mut Draft<'_>) -> Result<(), PlanError> {
        if self.causes.is_empty() {
            return Ok(());
        }
        let KustomizationFile { below, path, file, editor } = self.target;
        if file.mode == crate::model::FileMode::Symlink {
            let at = crate::model::Location::file(path.clone());
            return Err(PlanError::InTheWay { at, obstacle: path, what: "symlink" });
        }
        let after = File { mode: file.mode, content: editor.text().into_bytes().into() };
        draft.changes.insert(below, Change { after: Some(after), causes: self.causes });
        Ok(())
    }
}

/// Gives the target's kustomization the source's entries for files that are copied.
pub(super) fn wire(draft: &mut Draft<'_>, both: &mut Kustomizations) -> Result<(), PlanError> {
    for family in field::FAMILIES {
        field::wire_family(draft, both, family)?;
    }
    field::wire_openapi(draft, both)?;
    for field in generator::FIELDS {
        generator::wire(draft, both, field)?;
    }
    Ok(())
}

/// Notes an entry of the source that stays behind.
fn leave(
    draft: &mut Draft<'_>,
    both: &Kustomizations,
    node: &crate::yaml::edit::SpanNode,
    field: &'static str,
    entry: String,
    reason: NotPromotedReason,
) {
    let position = both.source.editor.position(node);
    let at = both.source.location(Some(position), field);
    draft.not_promoted.push(NotPromoted { field, entry, reason, at });
}
