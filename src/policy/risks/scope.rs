//! What policies and deployers no longer look at, though they still enforce the rest.

use std::collections::BTreeMap;

use crate::policy::change::{
    Changed, at, becomes, items, leaves, listed, new_ones, shown, text, texts, words,
};
use crate::policy::rule::{Code, Report};
use crate::yaml::Node;

/// Tells what is no longer looked at.
pub(super) fn check(
    changed: &Changed<'_>,
    (weaker, little): (Code, Code),
    report: &mut Report<'_>,
) {
    if !changed.stays() {
        return;
    }
    let group = changed.diff.id.gvk.group.as_str();
    match (group, changed.kind()) {
        ("kyverno.io", "ClusterPolicy" | "Policy") => kyverno(changed, weaker, report),
        ("constraints.gatekeeper.sh", _) => gatekeeper(changed, (weaker, little), report),
        ("argoproj.io", "Application" | "ApplicationSet") => application(changed, weaker, report),
        ("argoproj.io", "AppProject") => windows(changed, weaker, report),
        (_, "HelmRelease") if changed.is_of("toolkit.fluxcd.io") => drift(changed, weaker, report),
        ("", "Namespace") => version(changed, weaker, report),
        _ => {}
    }
}

/// Whether one match holds all that another one does: lists of kinds that only grew.
fn only_grew(then: Option<&Node>, now: Option<&Node>) -> bool {
    let kinds = |node: Option<&Node>| -> (Vec<String>, String) {
        let found = leaves(node);
        let is_kind = |path: &str| path.contains("kinds[") || path.contains("apiGroups[");
        let kinds = found.iter().filter(|(path, _)| is_kind(path)).map(|(_, text)| text.to_owned());
        let rest: Vec<String> = found
            .iter()
            .filter(|(path, _)| !is_kind(path))
            .map(|(path, text)| format!("{path}={text}"))
            .collect();
        (kinds.collect(), rest.join("\n"))
    };
    let (then, now) = (kinds(then), kinds(now));
    then.1 == now.1 && then.0.iter().all(|kind| now.0.contains(kind))
}

fn kyverno(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let rules = |node: Option<&'_ Node>| -> BTreeMap<String, Node> {
        let rules = items(at(node, &["spec", "rules"])).iter();
        rules.map(|rule| (text(Some(rule), &["name"]).to_owned(), rule.clone())).collect()
    };
    let then = rules(changed.before());
    let other: Vec<String> = rules(changed.after())
        .into_iter()
        .filter(|(name, rule)| {
            let before = then.get(name).map(|it| it.get("match"));
            before.is_some_and(|before| {
                before != rule.get("match") && !only_grew(before, rule.get("match"))
            })
        })
        .map(|(name, _)| name)
        .collect();
    if !other.is_empty() {
        let words = words("looks at other resources", "look at other resources", listed(&other));
        report.tell(changed, weaker, "spec.rules", words);
    }
}

fn gatekeeper(changed: &Changed<'_>, (weaker, little): (Code, Code), report: &mut Report<'_>) {
    // Which namespaces are left out is told by name.
    let matched = |node: Option<&Node>| {
        let mut matched = at(node, &["spec", "match"]).cloned().unwrap_or_else(Node::mapping);
        if let Some(mapping) = matched.as_mapping_mut() {
            mapping.remove("excludedNamespaces");
        }
        matched
    };
    let (then, now) = (matched(changed.before()), matched(changed.after()));
    let (then, now) = (Some(&then), Some(&now));
    if then != now && !only_grew(then, now) {
        let words = words("looks at other resources", "look at other resources", shown("match"));
        report.tell(changed, weaker, "spec.match", words);
    }
    let (then, now) = changed.values(&["spec", "parameters"]);
    if then != now {
        let words = words("asks for something else", "ask for something else", shown("parameters"));
        report.tell(changed, little, "spec.parameters", words);
    }
}

fn application(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    for above in [&["spec"][..], &["spec", "template", "spec"]] {
        let keys = |last: &[&'static str]| above.iter().chain(last).copied().collect::<Vec<&str>>();
        let options = keys(&["syncPolicy", "syncOptions"]);
        let (then, now) = changed.values(&options);
        let (then, now) = (texts(then), texts(now));
        let off = new_ones(&then, &now);
        let off: Vec<&str> = off.into_iter().filter(|it| *it == "Validate=false").collect();
        if !off.is_empty() {
            let words =
                words("applies without validation", "apply without validation", listed(&off));
            report.tell(changed, weaker, &options.join("."), words);
        }
        let ignored = keys(&["ignoreDifferences"]);
        let (then, now) = changed.values(&ignored);
        if items(now).iter().any(|it| !items(then).contains(it)) {
            let kinds: Vec<&str> = items(now)
                .iter()
                .filter(|it| !items(then).contains(it))
                .map(|it| text(Some(it), &["kind"]))
                .collect();
            let words = words(
                "no longer keeps all fields as written",
                "no longer keep all fields as written",
                listed(&kinds),
            );
            report.tell(changed, weaker, &ignored.join("."), words);
        }
    }
}

fn windows(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let denying = |node| {
        items(at(node, &["spec", "syncWindows"]))
            .iter()
            .filter(|it| text(Some(it), &["kind"]) == "deny")
            .count()
    };
    if denying(changed.after()) < denying(changed.before()) {
        let words = words(
            "may be synchronised when it was not to be",
            "may be synchronised when they were not to be",
            shown("syncWindows"),
        );
        report.tell(changed, weaker, "spec", words);
    }
}

fn drift(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let (then, now) = changed.texts(&["spec", "driftDetection", "mode"]);
    if then == "enabled" && now != "enabled" {
        let words = words(
            "no longer undoes changes by hand",
            "no longer undo changes by hand",
            format!("`driftDetection` {}", becomes(then, now)),
        );
        report.tell(changed, weaker, "spec", words);
    }
}

/// The version of Pod Security's rules: older ones know less.
fn version(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let key = "pod-security.kubernetes.io/enforce-version";
    let (then, now) = changed.texts(&["metadata", "labels", key]);
    let minor = |text: &str| match text {
        "" | "latest" => Some(u32::MAX),
        text => text.strip_prefix("v1.")?.parse::<u32>().ok(),
    };
    if minor(now) < minor(then) && minor(now).is_some() {
        let words = words(
            "enforces older rules",
            "enforce older rules",
            format!("Pod Security {}", becomes(then, now)),
        );
        report.tell(changed, weaker, &format!("metadata.labels.[{key}]"), words);
    }
}
