//! What containers may do on their node: privileges, root, capabilities, the host's namespaces and
//! files, and hardening that is dropped.

use std::collections::{BTreeMap, BTreeSet};

use super::pod::{PodSpec, pod_specs, visit_mappings};
use crate::policy::Level;
use crate::policy::change::{Changed, at, items, listed, shown, text, texts, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "security-context-weaker",
    gate: Gate::Risks,
    codes: &[WEAKER],
    check: Check::Change(check),
};

const WEAKER: Code = Code::sound("security-context-weaker", Level::Warning);

/// What opens a container, and what hardens it; a container by its name, a Pod without one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stance {
    field: String,
    opens: BTreeSet<String>,
    hardens: BTreeSet<String>,
}

type Stances = BTreeMap<String, Stance>;

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        return;
    }
    let (before, after) = (stances(changed.before()), stances(changed.after()));
    let mut changes: Vec<(String, String)> = Vec::new();
    for (name, now) in &after {
        let nothing = Stance::default();
        let then = before.get(name);
        let opens: Vec<&String> = now.opens.difference(&then.unwrap_or(&nothing).opens).collect();
        // A container that comes has lost nothing.
        let drops: Vec<&String> =
            then.unwrap_or(&nothing).hardens.difference(&now.hardens).collect();
        let mut parts = Vec::new();
        if !opens.is_empty() {
            parts.push(format!("gains {}", listed(&opens)));
        }
        if !drops.is_empty() {
            parts.push(format!("loses {}", listed(&drops)));
        }
        if !parts.is_empty() {
            let whose = if name.is_empty() { String::new() } else { format!("{} ", shown(name)) };
            changes.push((format!("{whose}{}", parts.join(" and ")), now.field.clone()));
        }
    }
    of_values(changed, &mut changes);
    let Some((_, field)) = changes.first() else { return };
    let details: Vec<&str> = changes.iter().take(3).map(|(detail, _)| detail.as_str()).collect();
    let words = words("may do more on its node", "may do more on their nodes", details.join(", "));
    report.tell(changed, WEAKER, field, words);
}

fn stances(node: Option<&Node>) -> Stances {
    let mut all = Stances::new();
    for pod in pod_specs(node) {
        let of_pod = pod_stance(&pod);
        all.entry(String::new()).or_default().take(of_pod);
        for container in pod.containers() {
            let field = format!("{}.securityContext", container.field);
            let stance = container_stance(pod.node, container.node, field);
            all.entry(container.name.to_owned()).or_default().take(stance);
        }
    }
    all
}

impl Stance {
    fn take(&mut self, other: Self) {
        if self.field.is_empty() {
            self.field = other.field;
        }
        self.opens.extend(other.opens);
        self.hardens.extend(other.hardens);
    }
}

fn pod_stance(pod: &PodSpec<'_>) -> Stance {
    let mut stance = Stance { field: pod.field.clone(), ..Stance::default() };
    for key in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
        if text(Some(pod.node), &[key]) == "true" {
            stance.opens.insert(key.to_owned());
        }
    }
    for volume in items(pod.node.get("volumes")) {
        if let Some(path) = at(Some(volume), &["hostPath", "path"]).and_then(Node::text) {
            stance.opens.insert(format!("hostPath {path}"));
        }
    }
    let runtime = text(Some(pod.node), &["runtimeClassName"]);
    if ["gvisor", "runsc", "kata"].iter().any(|it| runtime.starts_with(it)) {
        stance.hardens.insert("a sandbox of its own".to_owned());
    }
    if text(Some(pod.node), &["automountServiceAccountToken"]) == "false" {
        stance.hardens.insert("automountServiceAccountToken: false".to_owned());
    }
    for sysctl in items(at(Some(pod.node), &["securityContext", "sysctls"])) {
        stance.opens.insert(format!("sysctl {}", text(Some(sysctl), &["name"])));
    }
    stance
}

fn container_stance(pod: &Node, container: &Node, field: String) -> Stance {
    let mut stance = context_stance(container.get("securityContext"), pod.get("securityContext"));
    for port in items(container.get("ports")) {
        let host_port = text(Some(port), &["hostPort"]);
        if !host_port.is_empty() && host_port != "0" {
            stance.opens.insert(format!("hostPort {host_port}"));
        }
    }
    stance.field = field;
    stance
}

/// What a security context allows and forbids; the Pod's counts where the container's is silent.
fn context_stance(own: Option<&Node>, of_pod: Option<&Node>) -> Stance {
    let mut stance = Stance::default();
    let value = |keys: &[&str]| match text(own, keys) {
        "" => text(of_pod, keys),
        value => value,
    };
    for key in ["privileged", "allowPrivilegeEscalation"] {
        if value(&[key]) == "true" {
            stance.opens.insert(key.to_owned());
        }
    }
    if value(&["runAsUser"]) == "0" {
        stance.opens.insert("root".to_owned());
    } else if !value(&["runAsUser"]).is_empty() || value(&["runAsNonRoot"]) == "true" {
        // Either keeps it from being root.
        stance.hardens.insert("a user other than root".to_owned());
    }
    if value(&["runAsNonRoot"]) == "true" {
        stance.hardens.insert("runAsNonRoot".to_owned());
    }
    if value(&["allowPrivilegeEscalation"]) == "false" {
        stance.hardens.insert("allowPrivilegeEscalation: false".to_owned());
    }
    if value(&["readOnlyRootFilesystem"]) == "true" {
        stance.hardens.insert("readOnlyRootFilesystem".to_owned());
    }
    for capability in texts(at(own, &["capabilities", "add"])) {
        stance.opens.insert(capability.to_owned());
    }
    let drops = texts(at(own, &["capabilities", "drop"]));
    for capability in &drops {
        stance.hardens.insert(format!("drop {capability}"));
    }
    // What drops all drops each.
    if drops.iter().any(|dropped| dropped.eq_ignore_ascii_case("all")) {
        stance.hardens.insert("drop ALL".to_owned());
    }
    for (key, kind) in [("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")] {
        match value(&[key, "type"]) {
            "" => {}
            "Unconfined" => {
                stance.opens.insert(format!("{kind} Unconfined"));
            }
            _ => {
                stance.hardens.insert(format!("{kind} profile"));
            }
        }
    }
    if value(&["procMount"]) == "Unmasked" {
        stance.opens.insert("procMount Unmasked".to_owned());
    }
    if value(&["windowsOptions", "hostProcess"]) == "true" {
        stance.opens.insert("hostProcess".to_owned());
    }
    stance
}

/// Contexts in a chart's values, each by its place.
fn of_values(changed: &Changed<'_>, changes: &mut Vec<(String, String)>) {
    if changed.chart_values().is_none() || !changed.stays() {
        return;
    }
    let contexts = |node: Option<&Node>| {
        let mut found = Stances::new();
        if let Some(node) = node {
            visit_mappings(node, &mut |field, node| {
                let key = field.rsplit('.').next().unwrap_or_default();
                if key.to_ascii_lowercase().ends_with("securitycontext") {
                    let mut stance = context_stance(Some(node), None);
                    stance.field = field.to_owned();
                    found.insert(field.to_owned(), stance);
                }
            });
        }
        found
    };
    let (before, after) = (contexts(changed.before()), contexts(changed.after()));
    let nothing = Stance::default();
    for (field, then) in &before {
        let now = after.get(field).unwrap_or(&nothing);
        let opens: Vec<&String> = now.opens.difference(&then.opens).collect();
        let drops: Vec<&String> = then.hardens.difference(&now.hardens).collect();
        if !opens.is_empty() || !drops.is_empty() {
            let gains =
                if opens.is_empty() { String::new() } else { format!("gains {} ", listed(&opens)) };
            let loses =
                if drops.is_empty() { String::new() } else { format!("loses {}", listed(&drops)) };
            changes.push((format!("{gains}{loses}").trim().to_owned(), field.clone()));
        }
    }
    for (field, now) in
        after.iter().filter(|(field, now)| !before.contains_key(*field) && !now.opens.is_empty())
    {
        let opens: Vec<&String> = now.opens.iter().collect();
        changes.push((format!("gains {}", listed(&opens)), field.clone()));
    }
}
