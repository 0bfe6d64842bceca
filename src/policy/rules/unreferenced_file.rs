//! Files below an overlay that no kustomization names, so that they have no effect: what a promotion
//! copies for nothing, and what lies there.

use crate::model::{CHART_NAME, Location, RepoPath, is_manifest_name};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Overlay, Subject};
use crate::yaml::{Node, Value};

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
    // Without a kustomization all manifests are built, and what else lies there is no kustomization's to name.
    if !below
        .iter()
        .any(|path| path.is_kustomization() && path.parent().as_ref() == Some(overlay.path))
    {
        return;
    }
    let nested = nested(overlay, &below);
    let handed = handed_over(overlay);
    let edits = subject.promotion.map_or(&[][..], |promotion| promotion.edits);
    for path in below.iter().filter(|path| is_manifest(path)) {
        let is_elsewhere = nested.iter().any(|directory| path.is_within(directory))
            || handed.iter().any(|text| is_named_by(text, path));
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

/// Directories below the overlay with a chart, or a kustomization of their own that the overlay does not use.
fn nested(overlay: Overlay<'_>, below: &[RepoPath]) -> Vec<RepoPath> {
    let is_root = |path: &&RepoPath| path.is_kustomization() || path.file_name() == CHART_NAME;
    let others = below.iter().filter(is_root);
    let unused = others.filter(|path| !overlay.build.inputs.contains(*path));
    unused.filter_map(RepoPath::parent).filter(|directory| directory != overlay.path).collect()
}

/// The files of values that what deploys charts names, as it names them.
fn handed_over(overlay: Overlay<'_>) -> Vec<String> {
    let deploys = |kind: &str| matches!(kind, "Application" | "ApplicationSet" | "HelmRelease");
    let of = overlay.build.resources.iter().filter(|it| deploys(&it.id.gvk.kind));
    of.flat_map(|resource| files_named_in(&resource.node)).collect()
}

fn files_named_in(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Scalar(scalar) if is_manifest_name(&scalar.text) => vec![scalar.text.to_string()],
        Value::Scalar(_) => Vec::new(),
        Value::Sequence(items) => items.iter().flat_map(files_named_in).collect(),
        Value::Mapping(pairs) => {
            pairs.iter().flat_map(|pair| files_named_in(&pair.value)).collect()
        }
    }
}

/// Whether a path that something names, from wherever it does, may be that of a file.
fn is_named_by(text: &str, path: &RepoPath) -> bool {
    let rest = text.rsplit("../").next().unwrap_or(text).trim_start_matches("./");
    let rest = rest.split_once('/').filter(|(top, _)| top.starts_with('$')).map_or(rest, |it| it.1);
    let whole = path.as_str();
    whole == rest || whole.strip_suffix(rest).is_some_and(|above| above.ends_with('/'))
}

fn is_manifest(path: &RepoPath) -> bool {
    let name = path.parts().next_back().unwrap_or_default();
    is_manifest_name(name) && !name.starts_with('.')
}
