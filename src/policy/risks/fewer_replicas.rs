//! Less that runs: replicas, bounds of autoscalers, disruption budgets, what is suspended.
//!
//! Any fall is told; one by half or more, or to nothing, is a warning.

use super::quantity::{Fall, fall};
use crate::policy::Level;
use crate::policy::change::{
    Changed, at, becomes, is_switched_on, last_key, listed, shown, text, words,
};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "fewer-replicas",
    gate: Gate::Risks,
    codes: &[FEWER, A_FEW],
    check: Check::Change(check),
};

const FEWER: Code = Code::sound("fewer-replicas", Level::Warning);
const A_FEW: Code = Code::sound("fewer-replicas", Level::Info);

/// Fields whose number says how much runs, with what holds without them.
const BOUNDS: [(&str, &[&str], &str); 7] = [
    ("HorizontalPodAutoscaler", &["spec", "minReplicas"], "1"),
    ("HorizontalPodAutoscaler", &["spec", "maxReplicas"], ""),
    ("ScaledObject", &["spec", "minReplicaCount"], "0"),
    ("ScaledObject", &["spec", "maxReplicaCount"], "100"),
    ("ScaledJob", &["spec", "maxReplicaCount"], "100"),
    ("Job", &["spec", "parallelism"], "1"),
    ("DaemonSet", &["spec", "minReadySeconds"], "0"),
];

/// The same in a chart's values.
const KEYS_OF_VALUES: [&str; 5] =
    ["replicaCount", "replicas", "minReplicas", "maxReplicas", "minAvailable"];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    replicas(changed, report);
    bounds(changed, report);
    budget(changed, report);
    suspended(changed, report);
    autoscaled(changed, report);
    of_values(changed, report);
    of_operators(changed, report);
}

fn replicas(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.texts(&["spec", "replicas"]);
    if !changed.stays() || before == after {
        return;
    }
    // An autoscaler decides where the number is left to it.
    if after.is_empty() && is_scaled(changed) {
        return;
    }
    let or_one = |text: &'static str, own: &str| {
        if own.is_empty() { text.to_owned() } else { own.to_owned() }
    };
    let (then, now) = (or_one("1", before), or_one("1", after));
    compare(changed, "spec.replicas", "", (&then, &now), report);
}

/// Whether an autoscaler of the set has this workload for its target.
fn is_scaled(changed: &Changed<'_>) -> bool {
    let id = &changed.diff.id;
    changed.all.after.resources.iter().any(|resource| {
        let kind = resource.id.gvk.kind.as_str();
        let target = ["HorizontalPodAutoscaler", "ScaledObject"].contains(&kind)
            && resource.id.namespace == id.namespace;
        target && text(Some(&resource.node), &["spec", "scaleTargetRef", "name"]) == id.name
    })
}

/// Tells a fall from one number to another.
fn compare(
    changed: &Changed<'_>,
    field: &str,
    what: &str,
    (before, after): (&str, &str),
    report: &mut Report<'_>,
) {
    let (Some(then), Some(now)) = (number(before), number(after)) else { return };
    let fallen = fall(then, now);
    let code = match fallen {
        Fall::None => return,
        Fall::Some => A_FEW,
        Fall::Half => FEWER,
    };
    let detail = match what {
        "" => format!("{before} → {after}"),
        what => format!("`{what}` {before} → {after}"),
    };
    let words = match (what, now == 0.0) {
        ("", true) => words("is scaled to nothing", "are scaled to nothing", detail),
        _ => words("shrinks", "shrink", detail),
    };
    report.tell(changed, code, field, words);
}

/// A number, or a percentage as one.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    text.strip_suffix('%').unwrap_or(text).parse().ok()
}

fn bounds(changed: &Changed<'_>, report: &mut Report<'_>) {
    for (_, keys, default) in BOUNDS.iter().filter(|(kind, ..)| *kind == changed.kind()) {
        let (before, after) = changed.texts(keys);
        if changed.stays() && before != after {
            let or_default =
                |own: &'_ str| if own.is_empty() { (*default).to_owned() } else { own.to_owned() };
            let (then, now) = (or_default(before), or_default(after));
            let what = keys[keys.len() - 1];
            compare(changed, &keys.join("."), what, (&then, &now), report);
        }
    }
    let is_scaler = ["HorizontalPodAutoscaler", "ScaledObject"].contains(&changed.kind());
    if is_scaler && changed.is_deleted() && target_stays(changed) {
        let target = text(changed.before(), &["spec", "scaleTargetRef", "name"]);
        let words = words(
            "is deleted, so its workload is no longer scaled",
            "are deleted, so their workloads are no longer scaled",
            shown(target),
        );
        report.tell(changed, FEWER, "", words);
    }
}

/// Whether what an autoscaler scaled is still there, and no other one scales it.
fn target_stays(changed: &Changed<'_>) -> bool {
    let target = |node: &'_ Node| text(Some(node), &["spec", "scaleTargetRef", "name"]).to_owned();
    let Some(own) = changed.before().map(target) else { return false };
    let here =
        |resource: &&crate::kustomize::Resource| resource.id.namespace == changed.diff.id.namespace;
    let mut after = changed.all.after.resources.iter().filter(here);
    after.clone().any(|resource| resource.id.name == own.as_str())
        && !after.any(|resource| {
            resource.node.at(&["spec", "scaleTargetRef"]).is_some() && target(&resource.node) == own
        })
}

/// How many may be missing at once.
fn budget(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.is("policy", "PodDisruptionBudget") {
        return;
    }
    if changed.is_deleted() {
        let words = words(
            "is deleted, so nodes may be drained without regard to it",
            "are deleted, so nodes may be drained without regard to them",
            "",
        );
        return report.tell(changed, FEWER, "", words);
    }
    if !changed.stays() {
        return;
    }
    let (before, after) = changed.texts(&["spec", "minAvailable"]);
    let (most_before, most_after) = changed.texts(&["spec", "maxUnavailable"]);
    if !before.is_empty() && after.is_empty() || before.ends_with('%') != after.ends_with('%') {
        if !before.is_empty() || most_before != most_after {
            let detail = becomes(
                if before.is_empty() { most_before } else { before },
                if after.is_empty() { most_after } else { after },
            );
            let words = words("counts in another way", "count in another way", detail);
            report.tell(changed, A_FEW, "spec", words);
        }
        return;
    }
    compare(changed, "spec.minAvailable", "minAvailable", (before, after), report);
    let (Some(then), Some(now)) = (number(most_before), number(most_after)) else { return };
    if now > then {
        let detail = format!("`maxUnavailable` {most_before} → {most_after}");
        let words = words("lets more be missing", "let more be missing", detail);
        let code = if now >= then * 2.0 { FEWER } else { A_FEW };
        report.tell(changed, code, "spec.maxUnavailable", words);
    }
}

/// A CronJob that is suspended runs no more.
fn suspended(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.texts(&["spec", "suspend"]);
    let runs = ["CronJob", "Job", "CronWorkflow", "ScheduledBackup"].contains(&changed.kind());
    if runs && changed.stays() && is_switched_on(before, after) {
        let words = words("is suspended and runs no more", "are suspended and run no more", "");
        report.tell(changed, FEWER, "spec.suspend", words);
    }
    let (before, after) = changed.values(&["spec", "paused"]);
    let on = |node: Option<&Node>| at(node, &[]).and_then(Node::text) == Some("true");
    if !changed.stays() || !on(after) || on(before) {
        return;
    }
    if changed.kind() == "Deployment" {
        let words =
            words("is paused, so changes of it wait", "are paused, so changes of them wait", "");
        report.tell(changed, A_FEW, "spec.paused", words);
    }
    // Velero's.
    if changed.is("velero.io", "Schedule") {
        let words = words("is suspended and runs no more", "are suspended and run no more", "");
        report.tell(changed, FEWER, "spec.paused", words);
    }
}

/// What makes an autoscaler raise the number.
fn autoscaled(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let keys = ["spec", "behavior", "scaleUp", "selectPolicy"];
    let (then, now) = changed.texts(&keys);
    if changed.kind() == "HorizontalPodAutoscaler" && now == "Disabled" && then != now {
        let words = words("no longer scales up", "no longer scale up", shown("selectPolicy"));
        report.tell(changed, FEWER, &keys.join("."), words);
    }
    if changed.kind() != "ScaledObject" {
        return;
    }
    let key = "autoscaling.keda.sh/paused-replicas";
    let (then, now) = changed.annotation(key);
    if then.is_empty() && !now.is_empty() {
        let words = words("is no longer scaled", "are no longer scaled", format!("stays at {now}"));
        report.tell(changed, FEWER, &format!("metadata.annotations.[{key}]"), words);
    }
    let triggers =
        |node| at(node, &["spec", "triggers"]).and_then(Node::as_sequence).map_or(0, <[Node]>::len);
    let (then, now) = (triggers(changed.before()), triggers(changed.after()));
    if now < then {
        let words = words(
            "is scaled for fewer reasons",
            "are scaled for fewer reasons",
            format!("triggers {then} → {now}"),
        );
        report.tell(changed, FEWER, "spec.triggers", words);
    }
}

fn of_values(changed: &Changed<'_>, report: &mut Report<'_>) {
    let Some((before, after)) = changed.chart_values() else { return };
    for (path, then) in before.iter() {
        let key = last_key(path);
        let Some(now) = after.get(path).filter(|now| *now != then) else { continue };
        // `replicaCount: {api: 3, worker: 2}`, too.
        let of =
            path.rsplit('.').nth(1).is_some_and(|of| ["replicaCount", "replicas"].contains(&of));
        if KEYS_OF_VALUES.contains(&key) || of {
            compare(changed, after.field(path), path_in_values(path), (then, now), report);
        }
        let is_switch = path.ends_with("autoscaling.enabled");
        if is_switch && then == "true" && now == "false" {
            let words =
                words("is no longer scaled by itself", "are no longer scaled by themselves", "");
            report.tell(changed, A_FEW, after.field(path), words);
        }
    }
}

/// Members of what an operator runs: `spec.instances`, `spec.kafka.replicas`, `spec.nodeSets[hot].count`.
fn of_operators(changed: &Changed<'_>, report: &mut Report<'_>) {
    let is_custom = !changed.diff.id.gvk.is_kubernetes() && changed.chart_values().is_none();
    if !is_custom || !changed.stays() {
        return;
    }
    let (before, after) = changed.leaves();
    let counted = |path: &str| {
        let key = last_key(path);
        path.starts_with("spec.")
            && path != "spec.replicas"
            && (["replicas", "replicaCount", "instances", "size"].contains(&key)
                || key == "count" && path.contains("nodeSets["))
    };
    let is_count = |text: &str| text.parse::<u32>().is_ok();
    let mut gone: Vec<&str> = Vec::new();
    for (path, then) in before.iter().filter(|(path, then)| counted(path) && is_count(then)) {
        if let Some(now) = after.get(path) {
            let what = path.strip_prefix("spec.").unwrap_or(path);
            compare(changed, after.field(path), what, (then, now), report);
            continue;
        }
        // A set of members that goes as a whole; one that only has no number of its own is no news.
        let set = path.rsplit_once('.').map_or("", |(set, _)| set);
        let name = set.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')).map(|(_, it)| it);
        if let Some(name) = name
            && then != "0"
            && !after.iter().any(|(other, _)| other.starts_with(set))
            && !gone.contains(&name)
        {
            gone.push(name);
        }
    }
    if !gone.is_empty() {
        let words = words("loses members", "lose members", listed(&gone));
        report.tell(changed, FEWER, "spec", words);
    }
}

/// The end of a path, as it is written in a chart's values.
fn path_in_values(path: &str) -> &str {
    path.split_once("values.").or(path.split_once("valuesObject.")).map_or(path, |(_, rest)| rest)
}
