//! The two kustomizations of a promotion: what is read of the source's, and what is done to the target's.

use super::super::draft::{Change, Draft};
use super::super::error::PlanError;
use super::super::overlay::KustomizationFile;
use super::super::planned_edit::Cause;
use super::super::remark::{NotPromoted, NotPromotedReason};
use crate::model::{File, FileMode, Location};
use crate::yaml::edit::SpanNode;

/// The two kustomizations, the target's being edited.
pub(in crate::promotion) struct Kustomizations {
    /// The source's, only read.
    pub source: KustomizationFile,
    /// The target's.
    pub target: KustomizationFile,
    /// What was done to the target's so far.
    pub causes: Vec<Cause>,
}

impl Kustomizations {
    /// Reads both.
    pub(super) fn read(draft: &Draft<'_>) -> Result<Self, PlanError> {
        let (source, target) = (draft.source.kustomization()?, draft.target.kustomization()?);
        Ok(Self { source, target, causes: Vec::new() })
    }

    /// Hands the edited kustomization to the draft.
    ///
    /// # Errors
    /// [`PlanError::InTheWay`] if it is a symlink: the file it leads to belongs to others too.
    pub(in crate::promotion) fn finish(self, draft: &mut Draft<'_>) -> Result<(), PlanError> {
        if self.causes.is_empty() {
            return Ok(());
        }
        let KustomizationFile { below, path, file, editor } = self.target;
        if file.mode == FileMode::Symlink {
            let at = Location::file(path.clone());
            return Err(PlanError::InTheWay { at, obstacle: path, what: "symlink" });
        }
        let after = File { mode: file.mode, content: editor.text().into_bytes().into() };
        draft.changes.insert(below, Change { after: Some(after), causes: self.causes });
        Ok(())
    }
}

/// Notes an entry of the source that stays behind.
pub(super) fn leave(
    draft: &mut Draft<'_>,
    both: &Kustomizations,
    node: &SpanNode,
    field: &'static str,
    entry: String,
    reason: NotPromotedReason,
) {
    let position = both.source.editor.position(node);
    let at = both.source.location(Some(position), field);
    draft.not_promoted.push(NotPromoted { field, entry, reason, at });
}
