//! Flux objects that wait for each other in a circle, for themselves, or for what is not there.

use std::collections::BTreeMap;

use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::mesh::{FullName, Kind, Manifest, Mesh};
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "flux-depends-on",
    gate: Gate::Order,
    codes: &[CIRCLE, MISSING],
    check: Check::Subject(check),
};

const CIRCLE: Code = Code::sound("flux-circle", Level::Error);
const MISSING: Code = Code::if_complete("flux-missing", Level::Error);

/// Kinds that depend on others of their kind.
const KINDS: [Kind; 2] =
    [("kustomize.toolkit.fluxcd.io", "Kustomization"), ("helm.toolkit.fluxcd.io", "HelmRelease")];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let mesh = Mesh::new(subject.manifests, None, None);
    for kind in KINDS {
        let needs: BTreeMap<FullName, Vec<FullName>> =
            mesh.all(kind).map(|manifest| (manifest.full_name(), needs(manifest))).collect();
        for manifest in mesh.all(kind) {
            for (index, needed) in needs[&manifest.full_name()].iter().enumerate() {
                let field = format!("spec.dependsOn[{index}]");
                if !needs.contains_key(needed) {
                    let message = format!("waits for {} `{needed}`, which does not exist", kind.1);
                    report.say(MISSING, manifest, field, message);
                } else if let Some(way) = way_back(&needs, needed, &manifest.full_name()) {
                    let message = format!("waits for itself: {}", way.join(" → "));
                    report.say(CIRCLE, manifest, field, message);
                }
            }
        }
    }
}

fn needs(manifest: &Manifest<'_>) -> Vec<FullName> {
    let items = manifest.list(&["dependsOn"]).iter();
    let name = |item: &Node| {
        let namespace = item.get("namespace").and_then(Node::text);
        Some(FullName {
            namespace: namespace.unwrap_or_else(|| manifest.namespace()).to_owned(),
            name: item.get("name")?.text()?.to_owned(),
        })
    };
    items.filter_map(name).collect()
}

/// The names from one object to another along what they wait for, if there is such a way.
fn way_back(
    needs: &BTreeMap<FullName, Vec<FullName>>,
    from: &FullName,
    to: &FullName,
) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&FullName, &FullName> = BTreeMap::new();
    let mut waiting = vec![from];
    while let Some(here) = waiting.pop() {
        if here == to {
            let mut way = vec![to.to_string()];
            let mut step = here;
            while let Some(earlier) = came_from.get(step).filter(|_| step != from) {
                way.push(earlier.to_string());
                step = earlier;
            }
            way.push(to.to_string());
            way.reverse();
            return Some(way);
        }
        for next in needs.get(here).into_iter().flatten() {
            if next != from && !came_from.contains_key(next) {
                came_from.insert(next, here);
                waiting.push(next);
            }
        }
    }
    None
}
