//! Remarks about Kubernetes' own resources.

use super::{Risk, Subject, caution, danger, items, listed, new_ones, shown, text};
use crate::diff::Change;
use crate::yaml::Node;

/// What goes, and what goes with it.
pub(super) fn deleted(subject: &Subject<'_>) -> Vec<Risk> {
    // Rules for these say more.
    let told = ["PeerAuthentication", "AuthorizationPolicy", "RequestAuthentication"];
    let kind = subject.diff.id.gvk.kind.as_str();
    if !subject.is_deleted()
        || told.contains(&kind) && subject.diff.id.gvk.group.ends_with("istio.io")
    {
        return Vec::new();
    }
    danger(match kind {
        "Namespace" => "is deleted with everything in it",
        "CustomResourceDefinition" => "is deleted with every resource of its kind",
        "PersistentVolumeClaim" | "PersistentVolume" => "is deleted: its data may be lost",
        "NetworkPolicy" => "is deleted: what it refused is allowed",
        "PodDisruptionBudget" => "is deleted: nodes may be drained without regard to it",
        "ValidatingWebhookConfiguration" | "ValidatingAdmissionPolicy" => {
            "is deleted: what it refused is admitted"
        }
        _ => "is deleted",
    })
}

pub(super) fn replicas(subject: &Subject<'_>) -> Vec<Risk> {
    let (before, after) = subject.texts(&["spec", "replicas"]);
    if subject.diff.change == Change::Changed && after == "0" && before != "0" {
        return danger(format!("is scaled from {} to {}", shown(before), shown(after)));
    }
    Vec::new()
}

/// The pod's spec, wherever the kind keeps it.
fn pod_spec(node: Option<&Node>) -> Option<&Node> {
    let node = node?;
    let places: [&[&str]; 3] = [
        &["spec", "template", "spec"],
        &["spec", "jobTemplate", "spec", "template", "spec"],
        &["spec"],
    ];
    places.iter().find_map(|place| node.at(place).filter(|spec| spec.get("containers").is_some()))
}

pub(super) fn pod_security(subject: &Subject<'_>) -> Vec<Risk> {
    let open = |node: Option<&Node>| -> Vec<&'static str> {
        let Some(pod) = pod_spec(node) else { return Vec::new() };
        let mut open = Vec::new();
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            if text(Some(pod), &[key]) == "true" {
                open.push(key);
            }
        }
        let containers =
            items(pod.get("containers")).iter().chain(items(pod.get("initContainers")));
        for container in containers {
            let context = |key| text(Some(container), &["securityContext", key]);
            if context("privileged") == "true" {
                open.push("privileged");
            }
            if context("allowPrivilegeEscalation") == "true" {
                open.push("allowPrivilegeEscalation");
            }
            if context("runAsUser") == "0" {
                open.push("runAsUser: 0");
            }
        }
        if items(pod.get("volumes")).iter().any(|volume| volume.get("hostPath").is_some()) {
            open.push("hostPath");
        }
        open
    };
    let new = new_ones(&open(subject.before()), &open(subject.after()));
    if new.is_empty() {
        Vec::new()
    } else {
        danger(format!("gets more of the node: {}", listed(&new)))
    }
}

pub(super) fn roles(subject: &Subject<'_>) -> Vec<Risk> {
    if subject.is_deleted() || !subject.is("rbac.authorization.k8s.io", &subject.diff.id.gvk.kind) {
        return Vec::new();
    }
    match subject.diff.id.gvk.kind.as_str() {
        "Role" | "ClusterRole" => {
            let wide = |node: Option<&Node>| {
                items(node.and_then(|node| node.get("rules"))).iter().any(|rule| {
                    ["verbs", "resources"]
                        .iter()
                        .any(|key| items(rule.get(key)).iter().any(|item| item.text() == Some("*")))
                })
            };
            if wide(subject.after()) && !wide(subject.before()) {
                danger("grants `*`: every verb or every resource")
            } else {
                caution("changes what its holders may do")
            }
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let role = text(subject.after(), &["roleRef", "name"]);
            if role == "cluster-admin" {
                danger("grants `cluster-admin`")
            } else {
                caution(format!("changes who holds {}", shown(role)))
            }
        }
        _ => Vec::new(),
    }
}

/// What can be reached from outside, or what keeps others out.
pub(super) fn exposure(subject: &Subject<'_>) -> Vec<Risk> {
    if subject.is_deleted() {
        return Vec::new();
    }
    match subject.diff.id.gvk.kind.as_str() {
        "Service" if subject.diff.id.gvk.group.is_empty() => {
            let (before, after) = subject.texts(&["spec", "type"]);
            if before != after && matches!(after, "LoadBalancer" | "NodePort") {
                return caution(format!(
                    "can be reached from outside the cluster: {}",
                    shown(after)
                ));
            }
            Vec::new()
        }
        "NetworkPolicy" if subject.diff.change == Change::Changed => {
            caution("changes which traffic is refused")
        }
        "Ingress" | "HTTPRoute" | "GRPCRoute" | "TLSRoute" => hosts(subject),
        _ => Vec::new(),
    }
}

fn hosts(subject: &Subject<'_>) -> Vec<Risk> {
    let of = |node: Option<&'_ Node>| -> Vec<String> {
        let rules = items(node.and_then(|node| node.at(&["spec", "rules"])));
        let rules = rules.iter().map(|rule| text(Some(rule), &["host"]).to_owned());
        let names = items(node.and_then(|node| node.at(&["spec", "hostnames"])));
        rules
            .chain(names.iter().filter_map(Node::text).map(str::to_owned))
            .filter(|host| !host.is_empty())
            .collect()
    };
    let (before, after) = (of(subject.before()), of(subject.after()));
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
    super::changes_of(&before, &after, "answers for", "now").map_or_else(Vec::new, caution)
}

pub(super) fn namespace(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("", "Namespace") || subject.diff.change != Change::Changed {
        return Vec::new();
    }
    let label = |key: &str| subject.texts(&["metadata", "labels", key]);
    let mut risks = Vec::new();
    let (before, after) = label("istio-injection");
    if before == "enabled" && after != "enabled" {
        risks.extend(danger("gets no sidecars any more: its traffic leaves the mesh"));
    }
    let rank = |level: &str| match level {
        "restricted" => 2,
        "baseline" => 1,
        _ => 0,
    };
    let (before, after) = label("pod-security.kubernetes.io/enforce");
    if rank(after) < rank(before) {
        risks.extend(danger(format!("enforces {} in place of {}", shown(after), shown(before))));
    }
    risks
}
