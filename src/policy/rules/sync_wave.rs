//! Argo CD's waves and hooks that put something before what it needs: then the earlier wave fails or
//! never becomes healthy, and the later one is never applied.
//!
//! Within one wave Argo CD has an order of its own, so only a later wave or phase is a fault.

use std::collections::{BTreeMap, BTreeSet};

use crate::kustomize::ResourceId;
use crate::policy::gate::Gate;
use crate::policy::mesh::{
    CUSTOM_RESOURCE_DEFINITION, DESTINATION_RULE, FullName, GATEWAY, Kind, Mesh, NAMESPACE, SECRET,
    VIRTUAL_SERVICE,
};
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::service_registry::texts;
use crate::policy::subject::Subject;
use crate::policy::virtual_service::destinations;
use crate::policy::{Level, Manifest, host};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "sync-wave",
    gate: Gate::Order,
    codes: &[ORDER, NAMESPACE_LATER, INVALID],
    check: Check::Subject(check),
};

const ORDER: Code = Code::sound("sync-wave", Level::Error);
/// A warning, since Argo CD may make the namespace by itself.
const NAMESPACE_LATER: Code = Code::sound("sync-wave-namespace", Level::Warning);
const INVALID: Code = Code::sound("sync-wave-invalid", Level::Warning);

const WAVE: &str = "argocd.argoproj.io/sync-wave";
const HOOK: &str = "argocd.argoproj.io/hook";

const CONFIG_MAP: Kind = ("", "ConfigMap");

/// Hooks in the order of their phases; the rest is applied in `Sync`.
const PHASES: [&str; 4] = ["PreSync", "Sync", "PostSync", "SyncFail"];
/// Hooks that are no part of a sync.
const APART: [&str; 3] = ["Skip", "PreDelete", "PostDelete"];

/// When something is applied: its phase, then its wave.
type Moment = (usize, i64);

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let uses = |m: &Manifest<'_>| m.annotation(WAVE).is_some() || m.annotation(HOOK).is_some();
    if !subject.manifests.iter().any(uses) {
        return;
    }
    for manifest in subject.manifests {
        check_annotations(manifest, report);
    }
    let mesh = Mesh::new(subject.manifests, None, None);
    let before = subject.promotion.map(|promotion| promotion.target.build);
    let before = before.into_iter().flat_map(|build| &build.resources);
    let waves = Waves { mesh: &mesh, there: before.map(|resource| &resource.id).collect() };
    let definitions = definitions(&mesh);
    let subsets = subsets(&mesh);
    for manifest in subject.manifests {
        let namespace =
            FullName { namespace: String::new(), name: manifest.namespace().to_owned() };
        waves.needs(manifest, NAMESPACE, &namespace, "metadata.namespace", report);
        let gvk = &manifest.id.gvk;
        if let Some(definition) = definitions.get(&(gvk.group.as_str(), gvk.kind.as_str())) {
            waves.compare(manifest, definition, "kind", report);
        }
        if (gvk.group.as_str(), gvk.kind.as_str()) == VIRTUAL_SERVICE {
            check_routes(&waves, manifest, &subsets, report);
        }
    }
    check_pods(&waves, report);
}

fn check_annotations(manifest: &Manifest<'_>, report: &mut Report<'_>) {
    if let Some(wave) = manifest.annotation(WAVE).filter(|wave| wave.trim().parse::<i64>().is_err())
    {
        let message = format!("wave `{wave}` is no whole number, so it counts as 0");
        report.say(INVALID, manifest, format!("metadata.annotations.[{WAVE}]"), message);
    }
    let hooks = manifest.annotation(HOOK).unwrap_or_default().split(',').map(str::trim);
    for hook in hooks.filter(|hook| !hook.is_empty()) {
        if !PHASES.contains(&hook) && !APART.contains(&hook) {
            let message = format!("Argo CD knows no hook `{hook}`");
            report.say(INVALID, manifest, format!("metadata.annotations.[{HOOK}]"), message);
        }
    }
}

struct Waves<'m, 'a> {
    mesh: &'m Mesh<'a>,
    /// What the cluster has already: nothing that comes has to wait for it.
    there: BTreeSet<&'m ResourceId>,
}

impl Waves<'_, '_> {
    /// Compares with the object of this name, if the set has it.
    fn needs(
        &self,
        manifest: &Manifest<'_>,
        kind: Kind,
        name: &FullName,
        field: &str,
        report: &mut Report<'_>,
    ) {
        if let Some(needed) = self.mesh.find(kind, name) {
            self.compare(manifest, needed, field, report);
        }
    }

    fn compare(
        &self,
        manifest: &Manifest<'_>,
        needed: &Manifest<'_>,
        field: &str,
        report: &mut Report<'_>,
    ) {
        let is_new = !self.there.contains(&manifest.id);
        if is_new && self.there.contains(&needed.id) {
            return;
        }
        let (Some(own), Some(other)) = (moment(manifest), moment(needed)) else { return };
        if own < other {
            let message = format!(
                "is applied in {} but needs {}, which comes in {}",
                words(own),
                needed.id,
                words(other)
            );
            let is_namespace = needed.id.gvk.kind == "Namespace";
            let (code, help) = if is_namespace {
                (
                    NAMESPACE_LATER,
                    "let Argo CD make it (`CreateNamespace=true`), or give it an earlier wave",
                )
            } else {
                (
                    ORDER,
                    "give it a later `argocd.argoproj.io/sync-wave`, or the other one an earlier",
                )
            };
            report.advise(code, manifest, field, message, help);
        }
    }
}

/// When a sync applies an object; `None` if none does. The first of several hooks counts.
fn moment(manifest: &Manifest<'_>) -> Option<Moment> {
    let hooks = manifest.annotation(HOOK).unwrap_or_default();
    let hooks: Vec<&str> =
        hooks.split(',').map(str::trim).filter(|hook| !hook.is_empty()).collect();
    let phases = hooks.iter().filter_map(|hook| PHASES.iter().position(|phase| phase == hook));
    let phase = if hooks.is_empty() { Some(1) } else { phases.min() };
    // What only runs after a failure is no part of the order.
    let phase = phase.filter(|phase| *phase < 3)?;
    Some((phase, manifest.annotation(WAVE).and_then(|w| w.trim().parse().ok()).unwrap_or(0)))
}

fn words((phase, wave): Moment) -> String {
    match phase {
        1 => format!("wave {wave}"),
        phase => format!("{} wave {wave}", PHASES[phase]),
    }
}

/// The definitions of the set by the group and kind that they define.
fn definitions<'a>(mesh: &Mesh<'a>) -> BTreeMap<(&'a str, &'a str), &'a Manifest<'a>> {
    let text = |definition: &'a Manifest<'a>, keys: &[&str]| {
        definition.node.get("spec").and_then(|spec| spec.at(keys)?.text()).unwrap_or_default()
    };
    let all = mesh.all(CUSTOM_RESOURCE_DEFINITION);
    all.map(|d| ((text(d, &["group"]), text(d, &["names", "kind"])), d)).collect()
}

/// The DestinationRule that has a subset of a host.
type Subsets<'a> = BTreeMap<(FullName, &'a str), &'a Manifest<'a>>;

fn subsets<'a>(mesh: &Mesh<'a>) -> Subsets<'a> {
    let mut subsets = Subsets::new();
    for rule in mesh.all(DESTINATION_RULE) {
        let name = rule.spec(&["host"]).and_then(Node::text).unwrap_or_default();
        let nodes = rule.node.at(&["spec", "subsets"]).and_then(Node::as_sequence);
        for subset in nodes.unwrap_or_default() {
            let subset = subset.text_at(&["name"]);
            subsets.insert((host::service(rule.namespace(), name), subset), rule);
        }
    }
    subsets
}

fn check_routes(
    waves: &Waves<'_, '_>,
    service: &Manifest<'_>,
    subsets: &Subsets<'_>,
    report: &mut Report<'_>,
) {
    for destination in destinations(service) {
        let host = host::service(service.namespace(), destination.host());
        if let Some(rule) = subsets.get(&(host, destination.subset())) {
            waves.compare(service, rule, &format!("{}.subset", destination.field), report);
        }
    }
    for (index, reference) in texts(service, &["gateways"]).into_iter().enumerate() {
        let name = FullName::resolve(service.namespace(), reference);
        waves.needs(service, GATEWAY, &name, &format!("spec.gateways[{index}]"), report);
    }
}

/// A workload whose Pods cannot start keeps its wave from becoming healthy.
fn check_pods(waves: &Waves<'_, '_>, report: &mut Report<'_>) {
    for pod in waves.mesh.pods() {
        let (Some(manifest), Some(spec)) = (pod.manifest, pod.spec) else { continue };
        for (kind, name) in references(spec) {
            let name = FullName { namespace: pod.namespace.clone(), name: name.to_owned() };
            waves.needs(manifest, kind, &name, "spec", report);
        }
    }
}

/// The objects that a Pod cannot start without.
fn references(spec: &Node) -> Vec<(Kind, &str)> {
    let mut found: Vec<(Kind, &str)> = Vec::new();
    let account = spec.get("serviceAccountName").and_then(Node::text);
    found.extend(account.map(|name| (("", "ServiceAccount"), name)));
    for volume in items(spec, "volumes") {
        found.extend(required(volume.get("configMap"), "name").map(|name| (CONFIG_MAP, name)));
        found.extend(required(volume.get("secret"), "secretName").map(|name| (SECRET, name)));
    }
    for container in items(spec, "containers").iter().chain(items(spec, "initContainers")) {
        let whole =
            items(container, "envFrom").iter().map(|from| (from, "configMapRef", "secretRef"));
        let single =
            items(container, "env").iter().filter_map(|variable| variable.get("valueFrom"));
        let single = single.map(|from| (from, "configMapKeyRef", "secretKeyRef"));
        for (from, map, secret) in whole.chain(single) {
            found.extend(required(from.get(map), "name").map(|name| (CONFIG_MAP, name)));
            found.extend(required(from.get(secret), "name").map(|name| (SECRET, name)));
        }
    }
    found
}

/// The name in a reference, unless the Pod starts without it.
fn required<'n>(reference: Option<&'n Node>, key: &str) -> Option<&'n str> {
    let reference = reference?;
    let is_optional = reference.get("optional").and_then(Node::text) == Some("true");
    reference.get(key).and_then(Node::text).filter(|_| !is_optional)
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}
