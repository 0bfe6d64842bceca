//! Wiring: the target's kustomization gets the source's entries for copied files, and loses those
//! of pruned ones. Without it a copied patch has no effect.
//!
//! Entries are compared by the path they name, normalised; the three patch fields count as one,
//! `resources` and `bases` too. What the target references already keeps the target's entry.

mod alias;
mod entry;
mod field;
mod generator;
mod kustomizations;
mod unwire;

use super::draft::Draft;
use super::error::PlanError;
use crate::model::{FieldHolds, KustomizationField, file_lists};

pub(super) use kustomizations::Kustomizations;
pub(super) use unwire::unwire;

/// Opens the two kustomizations for wiring.
///
/// # Errors
/// [`PlanError`] if one cannot be read, or has an alias where it names files.
pub(super) fn open_kustomizations(draft: &Draft<'_>) -> Result<Kustomizations, PlanError> {
    let both = Kustomizations::read(draft)?;
    alias::refuse(&both.source)?;
    alias::refuse(&both.target)?;
    Ok(both)
}

/// Gives the target's kustomization the source's entries for files that are copied.
pub(super) fn wire(draft: &mut Draft<'_>, both: &mut Kustomizations) -> Result<(), PlanError> {
    for family in file_lists() {
        field::wire_family(draft, both, &family)?;
    }
    field::wire_openapi(draft, both)?;
    for field in KustomizationField::holding(FieldHolds::Objects) {
        generator::wire(draft, both, field.name)?;
    }
    Ok(())
}
