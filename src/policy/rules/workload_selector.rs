//! Sidecars and Telemetries that select no Pod, or the same Pods twice
//! (IST0101; IST0110 and IST0111, IST0159 and IST0160; IST0167).

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::mesh::{FullName, Kind, Manifest, Mesh, labels, selector_text};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::{Level, sidecar};

pub(super) const RULE: Rule = Rule::istio(
    "workload-selector",
    &[
        NO_POD,
        NO_EFFECT,
        KINDS[0].conflict,
        KINDS[0].several_defaults,
        KINDS[1].conflict,
        KINDS[1].several_defaults,
    ],
    check,
);

const NO_POD: Code = Code::if_complete("IST0101", Level::Error);
const NO_EFFECT: Code = Code::sound("IST0167", Level::Warning);

/// A kind of which each Pod may have one.
struct Selecting {
    kind: Kind,
    /// Where its selector's labels stand.
    labels_at: &'static [&'static str],
    conflict: Code,
    several_defaults: Code,
    /// Whether it does nothing in ambient mode.
    needs_sidecar: bool,
}

const KINDS: [Selecting; 2] = [
    Selecting {
        kind: ("networking.istio.io", "Sidecar"),
        labels_at: &["workloadSelector", "labels"],
        conflict: Code::sound("IST0110", Level::Error),
        several_defaults: Code::sound("IST0111", Level::Error),
        needs_sidecar: true,
    },
    Selecting {
        kind: ("telemetry.istio.io", "Telemetry"),
        labels_at: &["selector", "matchLabels"],
        conflict: Code::sound("IST0159", Level::Error),
        several_defaults: Code::sound("IST0160", Level::Error),
        needs_sidecar: false,
    },
];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for selecting in &KINDS {
        let mut reported = BTreeSet::new();
        check_selected(mesh, selecting, &mut reported, report);
        check_defaults(mesh, selecting, &mut reported, report);
    }
}

fn check_selected(
    mesh: &Mesh<'_>,
    selecting: &Selecting,
    ambient: &mut BTreeSet<FullName>,
    report: &mut Report<'_>,
) {
    let mut by_pod: BTreeMap<usize, Vec<&Manifest<'_>>> = BTreeMap::new();
    for manifest in mesh.all(selecting.kind) {
        let selector = labels(manifest.spec(selecting.labels_at));
        if selector.is_empty() {
            continue;
        }
        let near = |index: &usize| mesh.pods()[*index].namespace == manifest.namespace();
        let pods: Vec<usize> = mesh.selected_at(&selector).filter(near).collect();
        for index in &pods {
            by_pod.entry(*index).or_default().push(manifest);
        }
        if pods.is_empty() {
            let message = format!("selector `{}` not found", selector_text(&selector));
            report.say(NO_POD, manifest, field(selecting), message);
        }
    }
    for (index, manifests) in by_pod {
        let is_ambient = selecting.needs_sidecar && sidecar::is_ambient(&mesh.pods()[index]);
        for manifest in &manifests {
            if is_ambient && ambient.insert(manifest.full_name()) {
                let message = "the selected workload is in ambient mode, where this does nothing";
                report.say(NO_EFFECT, manifest, field(selecting), message);
            } else if !is_ambient && manifests.len() > 1 {
                let message = "another one selects the same workload";
                report.say(selecting.conflict, manifest, field(selecting), message);
            }
        }
    }
}

/// Those without a selector are for their whole namespace, which can have one.
fn check_defaults(
    mesh: &Mesh<'_>,
    selecting: &Selecting,
    ambient: &mut BTreeSet<FullName>,
    report: &mut Report<'_>,
) {
    let mut by_namespace: BTreeMap<&str, Vec<&Manifest<'_>>> = BTreeMap::new();
    for manifest in mesh.all(selecting.kind) {
        let has_target = manifest.spec(&["targetRef"]).or(manifest.spec(&["targetRefs"])).is_some();
        if !has_target && labels(manifest.spec(selecting.labels_at)).is_empty() {
            by_namespace.entry(&manifest.id.namespace).or_default().push(manifest);
        }
    }
    for (namespace, manifests) in by_namespace {
        let is_ambient = selecting.needs_sidecar && sidecar::is_ambient_namespace(mesh, namespace);
        for manifest in &manifests {
            if is_ambient && ambient.insert(manifest.full_name()) {
                let message = "the namespace is in ambient mode, where this does nothing";
                report.say(NO_EFFECT, manifest, "metadata.namespace", message);
            } else if !is_ambient && manifests.len() > 1 {
                let message = "another one is for the whole namespace too";
                report.say(selecting.several_defaults, manifest, "metadata.namespace", message);
            }
        }
    }
}

fn field(selecting: &Selecting) -> String {
    format!("spec.{}", selecting.labels_at.join("."))
}
