//! What keeps an application, and those beside it, answering: probes, the way of a rollout, Pods spread over nodes,
//! bounded memory.

use super::pod::pod_specs;
use super::rollouts;
use crate::policy::Level;
use crate::policy::change::{Changed, at, becomes, items, listed, shown, text, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "availability-weaker",
    gate: Gate::Risks,
    codes: &[WEAKER, A_LITTLE],
    check: Check::Change(check),
};

const WEAKER: Code = Code::sound("availability-weaker", Level::Warning);
const A_LITTLE: Code = Code::sound("availability-weaker", Level::Info);

/// Probes without which a container gets requests, or stays, whatever is wrong with it.
const PROBES: [&str; 2] = ["readinessProbe", "livenessProbe"];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    probes(changed, report);
    probes_of_values(changed, report);
    rollout(changed, report);
    placement(changed, report);
    memory(changed, report);
    rollouts::check(changed, (WEAKER, A_LITTLE), report);
}

/// Containers of which nothing bounds the memory any more: what they take, others on their node lack.
fn memory(changed: &Changed<'_>, report: &mut Report<'_>) {
    let limits = |node| -> Vec<(String, String, String)> {
        let pods = pod_specs(node);
        let containers = pods.iter().flat_map(|pod| pod.containers());
        let limit = |node| text(Some(node), &["resources", "limits", "memory"]).to_owned();
        containers.map(|it| (it.name.to_owned(), it.field, limit(it.node))).collect()
    };
    let after = limits(changed.after());
    let mut lost: Vec<String> = Vec::new();
    let mut field = "";
    for (name, _, had) in limits(changed.before()).into_iter().filter(|(.., had)| !had.is_empty()) {
        let now = after.iter().find(|(other, _, has)| *other == name && has.is_empty());
        if let Some((_, place, _)) = now {
            field = if lost.is_empty() { place } else { field };
            lost.push(format!("{} memory limit {had} → unset", shown(&name)));
        }
    }
    if !lost.is_empty() {
        let words = words(
            "may take all memory of its node",
            "may take all memory of their nodes",
            lost.join(", "),
        );
        report.tell(changed, WEAKER, field, words);
    }
}

/// Probes of containers that stay.
fn probes(changed: &Changed<'_>, report: &mut Report<'_>) {
    let probed = |node| -> Vec<(String, String, Vec<&str>)> {
        let pods = pod_specs(node);
        let containers = pods.iter().flat_map(|pod| pod.containers());
        let has = |node: &Node| PROBES.into_iter().filter(|key| node.get(key).is_some()).collect();
        containers.map(|it| (it.name.to_owned(), it.field, has(it.node))).collect()
    };
    let after = probed(changed.after());
    let mut lost: Vec<String> = Vec::new();
    let mut field = String::new();
    for (name, _, had) in probed(changed.before()) {
        let Some((_, place, has)) = after.iter().find(|(other, ..)| *other == name) else {
            continue;
        };
        let gone: Vec<&str> = had.into_iter().filter(|key| !has.contains(key)).collect();
        if gone.is_empty() {
            continue;
        }
        if lost.is_empty() {
            field.clone_from(place);
        }
        lost.push(format!("{} {}", shown(&name), listed(&gone)));
    }
    if !lost.is_empty() {
        let words = words("is no longer probed", "are no longer probed", lost.join(", "));
        report.tell(changed, WEAKER, &field, words);
    }
}

/// Probes that a chart's values switch off.
fn probes_of_values(changed: &Changed<'_>, report: &mut Report<'_>) {
    let Some((before, after)) = changed.chart_values() else { return };
    for (path, then) in before.iter() {
        let probe = path.strip_suffix(".enabled").and_then(|probe| probe.rsplit('.').next());
        let Some(probe) = probe.filter(|probe| PROBES.contains(probe)) else { continue };
        if then == "true" && after.get(path) == Some("false") {
            let words = words("is no longer probed", "are no longer probed", shown(probe));
            report.tell(changed, WEAKER, after.field(path), words);
        }
    }
}

/// The way from one version to the next.
fn rollout(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.kind() != "Deployment" {
        return;
    }
    let (before, after) = changed.texts(&["spec", "strategy", "type"]);
    if after == "Recreate" && before != after {
        let detail = becomes(if before.is_empty() { "RollingUpdate" } else { before }, after);
        let words = words(
            "is stopped at each change before it starts anew",
            "are stopped at each change before they start anew",
            detail,
        );
        return report.tell(changed, WEAKER, "spec.strategy.type", words);
    }
    let keys = ["spec", "strategy", "rollingUpdate", "maxUnavailable"];
    let (before, after) = changed.texts(&keys);
    if after == "100%" && before != after {
        let words = words(
            "may be missing as a whole at each change",
            "may be missing as a whole at each change",
            format!("`maxUnavailable` {}", becomes(before, after)),
        );
        report.tell(changed, WEAKER, &keys.join("."), words);
    }
}

/// Where Pods run, and which go first where there is no room.
fn placement(changed: &Changed<'_>, report: &mut Report<'_>) {
    let kept = |node| -> [bool; 3] {
        let pods = pod_specs(node);
        let any = |has: &dyn Fn(&Node) -> bool| pods.iter().any(|pod| has(pod.node));
        [
            any(&|pod| !items(pod.get("topologySpreadConstraints")).is_empty()),
            any(&|pod| at(Some(pod), &["affinity", "podAntiAffinity"]).is_some()),
            any(&|pod| pod.get("priorityClassName").is_some()),
        ]
    };
    let (before, after) = (kept(changed.before()), kept(changed.after()));
    let spread = |kept: [bool; 3]| kept[0] || kept[1];
    if spread(before) && !spread(after) {
        let had = ["topologySpreadConstraints", "podAntiAffinity"].into_iter().zip(before);
        let had: Vec<&str> = had.filter(|(_, had)| *had).map(|(key, _)| key).collect();
        let words = words("may run on one node alone", "may run on one node alone", listed(&had));
        report.tell(changed, A_LITTLE, "spec", words);
    }
    let keys = ["spec", "template", "spec", "nodeSelector"];
    let (then, now) = changed.values(&keys);
    let had = |key: &str| then.is_some_and(|then| then.get(key).is_some());
    let pairs = now.and_then(Node::as_mapping).into_iter().flatten();
    let new: Vec<&str> = pairs.map(|pair| pair.key.text.as_str()).filter(|key| !had(key)).collect();
    if changed.kind() == "DaemonSet" && !new.is_empty() {
        let words = words("runs on fewer nodes", "run on fewer nodes", listed(&new));
        report.tell(changed, A_LITTLE, &keys.join("."), words);
    }
    if before[2] && !after[2] {
        let words = words(
            "goes first where there is no room",
            "go first where there is no room",
            shown("priorityClassName"),
        );
        report.tell(changed, A_LITTLE, "spec", words);
    }
}
