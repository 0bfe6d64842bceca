//! Resources that go, and how bad that is: for what holds state, and for what others select or name, a
//! warning.

use std::collections::BTreeMap;

use super::pod::pod_specs;
use crate::diff::Change;
use crate::kustomize::{Resource, ResourceId};
use crate::policy::Level;
use crate::policy::change::{Changed, at, becomes, is_switched_on, last_key, leaves, shown, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "resource-deleted",
    gate: Gate::Risks,
    codes: &[MISSED, GONE],
    check: Check::Change(check),
};

const MISSED: Code = Code::sound("resource-deleted", Level::Warning);
const GONE: Code = Code::sound("resource-deleted", Level::Info);

/// What goes with a resource of a kind.
const CONSEQUENCES: [(&str, &str, &str); 13] = [
    (
        "HelmRelease",
        "is deleted with all that it installed",
        "are deleted with all that they installed",
    ),
    (
        "Application",
        "is deleted, and what it applied may go with it",
        "are deleted, and what they applied may go with them",
    ),
    (
        "Kustomization",
        "is deleted, and what it applied may go with it",
        "are deleted, and what they applied may go with them",
    ),
    ("Namespace", "is deleted with everything in it", "are deleted with everything in them"),
    (
        "CustomResourceDefinition",
        "is deleted with every resource of its kind",
        "are deleted with every resource of their kinds",
    ),
    (
        "PersistentVolumeClaim",
        "is deleted, and its data may be lost",
        "are deleted, and their data may be lost",
    ),
    (
        "PersistentVolume",
        "is deleted, and its data may be lost",
        "are deleted, and their data may be lost",
    ),
    ("StatefulSet", "is deleted, which holds state", "are deleted, which hold state"),
    ("StorageClass", "is deleted, and claims of it wait", "are deleted, and claims of them wait"),
    (
        "Schedule",
        "is deleted, so nothing is backed up by it",
        "are deleted, so nothing is backed up by them",
    ),
    (
        "ScheduledBackup",
        "is deleted, so nothing is backed up by it",
        "are deleted, so nothing is backed up by them",
    ),
    (
        "ResourceQuota",
        "is deleted, so nothing bounds its namespace",
        "are deleted, so nothing bounds their namespaces",
    ),
    (
        "LimitRange",
        "is deleted, so nothing bounds its namespace",
        "are deleted, so nothing bounds their namespaces",
    ),
];

/// Kinds of operators that keep data, by how their names end.
const KEEPERS: [&str; 16] = [
    "Cluster",
    "Kafka",
    "KafkaTopic",
    "Postgresql",
    "PostgresCluster",
    "PerconaServerMySQL",
    "MySQLCluster",
    "MongoDB",
    "MongoDBCommunity",
    "Redis",
    "RedisCluster",
    "RedisFailover",
    "Elasticsearch",
    "RabbitmqCluster",
    "CassandraDatacenter",
    "Etcd",
];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    pruning(changed, report);
    deploying(changed, report);
    if !changed.is_deleted() {
        return;
    }
    let kind = changed.kind();
    let elsewhere = moved_to(changed);
    let detail = elsewhere
        .map_or(String::new(), |id| format!("{} comes in its place", shown(&id.to_string())));
    if let Some((_, one, many)) = CONSEQUENCES.iter().find(|(of, ..)| *of == kind) {
        return report.tell(changed, MISSED, "", words(*one, *many, detail));
    }
    let holds_state = KEEPERS.contains(&kind) && !changed.is_of("k8s.io");
    if holds_state {
        return report.tell(
            changed,
            MISSED,
            "",
            words("is deleted, which may hold state", "are deleted, which may hold state", detail),
        );
    }
    if let Some(by) = missed_by(changed) {
        let more = if detail.is_empty() { String::new() } else { format!(", {detail}") };
        let detail = format!("by {}{more}", shown(&by.to_string()));
        return report.tell(
            changed,
            MISSED,
            "",
            words("is deleted and still needed", "are deleted and still needed", detail),
        );
    }
    report.tell(changed, GONE, "", words("is deleted", "are deleted", detail));
}

/// What comes from the same place under another name.
fn moved_to<'a>(changed: &Changed<'a>) -> Option<&'a ResourceId> {
    let own = &changed.diff.original;
    let same = |other: &&&crate::diff::ResourceDiff| {
        other.change == Change::Added
            && other.original.gvk.kind == own.gvk.kind
            && other.original.gvk.group == own.gvk.group
            && other.original.name == own.name
    };
    let added: Vec<&crate::diff::ResourceDiff> = changed.all.resources.iter().collect();
    added.iter().find(same).map(|other| &other.id)
}

/// The labels of a selector, or of an object.
pub(super) fn labels(node: Option<&Node>) -> BTreeMap<String, String> {
    let pairs = node.and_then(Node::as_mapping).into_iter().flatten();
    pairs
        .filter_map(|pair| Some((pair.key.text.to_string(), pair.value.text()?.to_owned())))
        .collect()
}

/// Whether the Pods of a workload have these labels; none have none.
pub(super) fn pods_have(node: &Node, wanted: &BTreeMap<String, String>) -> bool {
    let template =
        node.at(&["spec", "template"]).or(node.at(&["spec", "jobTemplate", "spec", "template"]));
    let has = labels(at(template, &["metadata", "labels"]));
    !wanted.is_empty()
        && !has.is_empty()
        && wanted.iter().all(|(key, value)| has.get(key) == Some(value))
}

/// A resource that stays and selects or names what goes.
fn missed_by<'a>(changed: &Changed<'a>) -> Option<&'a ResourceId> {
    let id = &changed.diff.id;
    let near = |resource: &&Resource| {
        resource.id.namespace == id.namespace
            || id.namespace.is_empty()
            || resource.id.namespace.is_empty()
    };
    let stays = || changed.all.after.resources.iter().filter(near);
    if let Some(node) = changed.before().filter(|node| !pod_specs(Some(node)).is_empty()) {
        let selecting = stays().find(|resource| {
            let wanted = labels(selector(resource));
            pods_have(node, &wanted) && !stays().any(|other| pods_have(&other.node, &wanted))
        });
        if let Some(selecting) = selecting {
            return Some(&selecting.id);
        }
    }
    let after = &changed.all.after.resources;
    if id.gvk.kind == "Secret" && stays().any(|resource| makes(resource, id)) {
        return None;
    }
    stays().find(|resource| names(resource, id, after)).map(|resource| &resource.id)
}

/// Whether a resource makes a Secret of this name in its place: from a store, from a seal, as a certificate.
fn makes(resource: &Resource, id: &ResourceId) -> bool {
    let own = resource.id.name.as_str();
    let or_own = |keys: &[&str]| {
        let name = at(Some(&resource.node), keys).and_then(Node::text);
        name.map_or(own, |name| if name.is_empty() { own } else { name })
    };
    let name = match resource.id.gvk.kind.as_str() {
        "ExternalSecret" => or_own(&["spec", "target", "name"]),
        "SealedSecret" => or_own(&["spec", "template", "metadata", "name"]),
        "Certificate" => or_own(&["spec", "secretName"]),
        "VaultStaticSecret" | "VaultDynamicSecret" => or_own(&["spec", "destination", "name"]),
        "OnePasswordItem" => own,
        _ => return false,
    };
    name == id.name && resource.id.namespace == id.namespace
}

/// The selector of what sends to Pods or watches over them.
fn selector(resource: &Resource) -> Option<&Node> {
    let spec = resource.node.get("spec")?;
    match resource.id.gvk.kind.as_str() {
        "Service" => spec.get("selector"),
        "PodDisruptionBudget" | "PodMonitor" => spec.at(&["selector", "matchLabels"]),
        _ => None,
    }
}

/// Kinds that others refer to by name, and the keys under which they do.
const REFERENCES: [(&str, &[&str]); 10] = [
    ("Service", &["host", "serviceName", "name", "service"]),
    ("ConfigMap", &["name", "configMapName", "configMap"]),
    ("Secret", &["name", "secretName", "credentialName", "secret"]),
    ("ServiceAccount", &["serviceAccountName", "serviceAccount", "name"]),
    ("Gateway", &["gateways", "name"]),
    ("Deployment", &["name"]),
    ("Rollout", &["name"]),
    ("Role", &["name"]),
    ("ClusterRole", &["name"]),
    ("Middleware", &["name"]),
];

/// Whether a resource names another one. `after` are all that there are.
fn names(resource: &Resource, id: &ResourceId, after: &[Resource]) -> bool {
    let Some((_, keys)) = REFERENCES.iter().find(|(kind, _)| *kind == id.gvk.kind) else {
        return false;
    };
    if resource.id.gvk.kind == id.gvk.kind {
        return false;
    }
    let found = leaves(Some(&resource.node));
    found.iter().any(|(path, value)| {
        let key = last_key(path);
        let host = value.split(['.', ':']).next().unwrap_or(value);
        let is_host = id.gvk.kind == "Service" && key == "host" && host == id.name;
        let is_name = value == id.name
            || is_host && is_here(value, resource, id)
            || id.gvk.kind == "Gateway" && value.rsplit('/').next() == Some(id.name.as_str());
        let beside = |key: &str| {
            let up = path.strip_suffix(".name").map(|up| format!("{up}.{key}"));
            up.and_then(|path| found.get(&path))
        };
        let kind_fits = || beside("kind").is_none_or(|kind| kind == id.gvk.kind);
        let space = || beside("namespace").unwrap_or(&resource.id.namespace);
        // Istio's full names say their namespace themselves.
        let says_it =
            is_host && value.contains('.') || id.gvk.kind == "Gateway" && value.contains('/');
        is_name
            && !path.starts_with("metadata")
            && keys.contains(&key)
            && (key != "name" || refers(path, &id.gvk.kind) && kind_fits())
            && (says_it || is_meant(space(), id, after))
    })
}

/// Whether a name in a namespace means a resource, and not one that is there under the same name.
fn is_meant(space: &str, id: &ResourceId, after: &[Resource]) -> bool {
    if space == id.namespace {
        return true;
    }
    let is_other = |other: &Resource| {
        other.id.gvk.kind == id.gvk.kind && other.id.name == id.name && other.id.namespace == space
    };
    (space.is_empty() || id.namespace.is_empty()) && !after.iter().any(is_other)
}

/// Whether a path to a `name` is one of those that refer to a kind.
fn refers(path: &str, kind: &str) -> bool {
    let steps = || path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    let has = |names: &[&str]| steps().any(|step| names.contains(&step));
    let has_ref = |what: &str| {
        steps().any(|step| step.to_ascii_lowercase().contains(what) && step.ends_with("Ref"))
    };
    match kind {
        "Service" => {
            const REFS: [&str; 5] =
                ["backendRefs", "parentRefs", "serviceRef", "targetRef", "targetRefs"];
            has(&["backend", "service", "services", "destination"]) || has(&REFS)
        }
        "Deployment" | "Rollout" => has(&["scaleTargetRef", "targetRef", "workloadRef"]),
        "Role" | "ClusterRole" => has(&["roleRef"]),
        "Middleware" => has(&["middlewares"]),
        "Gateway" => has(&["parentRefs"]),
        "ServiceAccount" => has(&["subjects", "serviceAccounts", "serviceAccountRef"]),
        "ConfigMap" => has_ref("configmap") || has(&["configMap", "valuesFrom"]),
        "Secret" => {
            let lists = ["secret", "imagePullSecrets", "valuesFrom", "certificateRefs"];
            has_ref("secret") || has(&lists)
        }
        _ => false,
    }
}

/// Whether a full host name is one of the namespace of what goes.
fn is_here(host: &str, resource: &Resource, id: &ResourceId) -> bool {
    match host.split('.').nth(1) {
        None => resource.id.namespace == id.namespace,
        Some(namespace) => namespace == id.namespace,
    }
}

/// Argo CD and Flux that begin to delete what the repository drops.
fn pruning(changed: &Changed<'_>, report: &mut Report<'_>) {
    let group = changed.diff.id.gvk.group.as_str();
    if !changed.stays() || !(group == "argoproj.io" || group.ends_with("toolkit.fluxcd.io")) {
        return;
    }
    let (before, after) = changed.leaves();
    for (path, now) in after.iter().filter(|(path, _)| last_key(path) == "prune") {
        if is_switched_on(before.get(path).unwrap_or_default(), now) {
            let words = words(
                "begins to delete what the repository drops",
                "begin to delete what the repository drops",
                shown("prune"),
            );
            report.tell(changed, MISSED, after.field(path), words);
        }
    }
}

/// Where Argo CD and Flux put something, by kind, and what.
const PLACES: [(&str, &[&str], bool); 8] = [
    ("Application", &["spec", "destination", "server"], true),
    ("Application", &["spec", "destination", "name"], true),
    ("Application", &["spec", "destination", "namespace"], true),
    ("Application", &["spec", "source", "path"], false),
    ("Kustomization", &["spec", "kubeConfig", "secretRef", "name"], true),
    ("Kustomization", &["spec", "targetNamespace"], true),
    ("HelmRelease", &["spec", "targetNamespace"], true),
    ("Kustomization", &["spec", "path"], false),
];

/// Argo CD and Flux that deploy something else, or elsewhere: what was there goes, or nobody keeps it any more.
fn deploying(changed: &Changed<'_>, report: &mut Report<'_>) {
    let group = changed.diff.id.gvk.group.as_str();
    if !changed.stays() || !(group == "argoproj.io" || group.ends_with("toolkit.fluxcd.io")) {
        return;
    }
    for (_, keys, is_where) in PLACES.iter().filter(|(kind, ..)| *kind == changed.kind()) {
        let (then, now) = changed.texts(keys);
        // What two ways to write a folder differ in is none.
        let folder = |text: &str| text.trim_start_matches("./").trim_end_matches('/').to_owned();
        if folder(then) == folder(now) || !is_where && then.is_empty() {
            continue;
        }
        let words = match is_where {
            true => words("is deployed elsewhere", "are deployed elsewhere", becomes(then, now)),
            false => words("deploys another folder", "deploy other folders", becomes(then, now)),
        };
        report.tell(changed, MISSED, &keys.join("."), words);
    }
}
