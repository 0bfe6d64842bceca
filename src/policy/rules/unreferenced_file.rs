//! Files below an overlay that no kustomization names, so that they have no effect: what a promotion
//! copies for nothing, and what lies there.

use crate::model::{Location, RepoPath};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Overlay, Subject};

pub(super) const RULE: Rule = Rule {
    id: "unreferenced-file",
    gate: Gate::Hygiene,
    codes: &[COPIED, PRESENT],
    check: Check::Subject(check),
};

const COPIED: Code = Code::sound("copied-for-nothing", Level::Warning);
const PRESENT: Code = Code::sound("unreferenced-file", Level::Info);

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    // What was not built names nothing, whatever its kustomization says.
    if overlay.build.inputs.is_empty() {
        return;
    }
    let Ok(below) = overlay.files.list(overlay.path) else { return };
    let nested = nested(overlay, &below);
    let edits = subject.promotion.map_or(&[][..], |promotion| promotion.edits);
    for path in below.iter().filter(|path| is_manifest(path)) {
        let is_elsewhere = nested.iter().any(|directory| path.is_within(directory));
        if is_elsewhere || path.is_kustomization() || overlay.build.inputs.contains(path) {
            continue;
        }
        let is_copied = edits.iter().any(|edit| edit.path == *path && edit.after.is_some());
        let message = "no kustomization names this file, so it has no effect".to_owned();
        let help = Some("name it in `resources` or `patches`, or remove it".to_owned());
        let code = if is_copied { COPIED } else { PRESENT };
        report.say_at(code, Location::file(path.clone()), message, help);
    }
}

/// Directories below the overlay with a kustomization of their own that the overlay does not use.
fn nested(overlay: Overlay<'_>, below: &[RepoPath]) -> Vec<RepoPath> {
    let others = below.iter().filter(|path| path.is_kustomization());
    let unused = others.filter(|path| !overlay.build.inputs.contains(*path));
    unused.filter_map(RepoPath::parent).filter(|directory| directory != overlay.path).collect()
}

fn is_manifest(path: &RepoPath) -> bool {
    let name = path.parts().next_back().unwrap_or_default();
    [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) && !name.starts_with('.')
}
