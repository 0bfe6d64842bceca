//! Patches of an overlay that match no resource, which kustomize passes over in silence, and patches
//! that change nothing.
//!
//! What a patch did is noted by the build. Where another engine built, nothing is said: nobody noted it there.

use crate::kustomize::{Build, PatchEffect, ResourceId};
use crate::model::{Location, PATCH_LISTS};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Overlay, Subject};

pub(super) const RULE: Rule = Rule {
    id: "patch-effect",
    gate: Gate::Hygiene,
    codes: &[MATCHES_NOTHING, CHANGES_NOTHING],
    check: Check::Subject(check),
};

const MATCHES_NOTHING: Code = Code::sound("patch-matches-nothing", Level::Warning);
const CHANGES_NOTHING: Code = Code::sound("patch-changes-nothing", Level::Info);

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    if overlay.build.patches.iter().all(|patch| patch.has_changed) {
        return;
    }
    for patch in overlay.build.patches.iter().filter(|patch| !patch.has_changed) {
        // What a deployer adds stands in no file.
        let Some(at) = entry(overlay, patch) else { continue };
        match &patch.first {
            None => {
                let help = "correct the target, or remove the patch".to_owned();
                let message = "the patch matches no resource, so it does nothing";
                report.say_at(MATCHES_NOTHING, at, message, Some(help));
            }
            Some(first) if subject.promotion.is_none() || is_new(patch, subject) => {
                let id = now(first, overlay.build);
                let message = format!("the patch changes nothing: {id} is so without it");
                report.say_at(CHANGES_NOTHING, at, message, None);
            }
            Some(_) => {}
        }
    }
}

/// The entry in the overlay's own kustomization.
fn entry(overlay: Overlay<'_>, patch: &PatchEffect) -> Option<Location> {
    let (list, _) = patch.at.field.split_once('[')?;
    let (path, position) = overlay.locate(patch.mark).filter(|_| PATCH_LISTS.contains(&list))?;
    Some(Location { path, position: Some(position), field: patch.at.field.clone() })
}

/// Whether a promotion brings the patch: its file was not read for the target before.
fn is_new(patch: &PatchEffect, subject: &Subject<'_>) -> bool {
    let before = subject.promotion.map(|promotion| &promotion.target.build.inputs);
    match (&patch.file, before) {
        (Some(file), Some(inputs)) => !inputs.contains(file),
        _ => false,
    }
}

/// What a resource is called in the build.
fn now<'b>(original: &'b ResourceId, build: &'b Build) -> &'b ResourceId {
    let found = build.resources.iter().find(|resource| resource.original_id == *original);
    found.map_or(original, |resource| &resource.id)
}
