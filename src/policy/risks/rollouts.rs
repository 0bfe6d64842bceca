//! What judges a new version on its way, and how it takes its leave: analyses, pauses and thresholds of Argo Rollouts
//! and Flagger, checks after Flux has applied something, what a container does before it stops.

use std::collections::BTreeMap;

use super::alerts::{Threshold, threshold};
use super::pod::pod_specs;
use crate::policy::change::{
    Changed, at, becomes, is_switched_off, is_switched_on, items, listed, shown, text, words,
};
use crate::policy::rule::{Code, Report};
use crate::yaml::Node;

/// Tells what a new version is no longer asked.
pub(super) fn check(
    changed: &Changed<'_>,
    (weaker, little): (Code, Code),
    report: &mut Report<'_>,
) {
    match changed.kind() {
        "Rollout" if changed.is_of("argoproj.io") => rollout(changed, weaker, report),
        "AnalysisTemplate" | "ClusterAnalysisTemplate" => {
            analysis(changed, (weaker, little), report)
        }
        "Canary" if changed.is_of("flagger.app") => canary(changed, weaker, report),
        "Kustomization" | "HelmRelease" if changed.is_of("toolkit.fluxcd.io") => {
            flux(changed, (weaker, little), report);
        }
        _ => {}
    }
    leave(changed, (weaker, little), report);
}

/// Steps that judge or wait, each counted: they have no names.
fn rollout(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let counts = |node| -> BTreeMap<&'static str, usize> {
        let steps = items(at(node, &["spec", "strategy", "canary", "steps"]));
        let of = |key: &str| steps.iter().filter(|step| step.get(key).is_some()).count();
        let whole = ["canary", "blueGreen"].map(|kind| {
            ["analysis", "prePromotionAnalysis", "postPromotionAnalysis"]
                .iter()
                .filter(|key| at(node, &["spec", "strategy", kind, key]).is_some())
                .count()
        });
        [
            ("analysis", of("analysis") + whole.iter().sum::<usize>()),
            ("experiment", of("experiment")),
            ("pause", of("pause")),
        ]
        .into()
    };
    let (then, now) = (counts(changed.before()), counts(changed.after()));
    let lost: Vec<&str> =
        then.iter().filter(|(key, count)| now[*key] < **count).map(|(key, _)| *key).collect();
    if !lost.is_empty() {
        let words = words(
            "is judged less on its way to a new version",
            "are judged less on their way to a new version",
            format!("fewer steps {}", listed(&lost)),
        );
        report.tell(changed, weaker, "spec.strategy", words);
    }
    let keys = ["spec", "strategy", "blueGreen", "autoPromotionEnabled"];
    let (then, now) = changed.texts(&keys);
    if then == "false" && now != "false" {
        let words = words(
            "no longer waits for somebody before a new version",
            "no longer wait for somebody before a new version",
            shown("autoPromotionEnabled"),
        );
        report.tell(changed, weaker, "spec.strategy.blueGreen", words);
    }
}

/// Metrics by name.
fn metrics<'a>(node: Option<&'a Node>, keys: &[&str]) -> BTreeMap<&'a str, &'a Node> {
    items(at(node, keys)).iter().map(|metric| (text(Some(metric), &["name"]), metric)).collect()
}

fn lost_metrics(changed: &Changed<'_>, keys: &[&str], weaker: Code, report: &mut Report<'_>) {
    let (then, now) = (metrics(changed.before(), keys), metrics(changed.after(), keys));
    let lost: Vec<&str> = then.keys().filter(|name| !now.contains_key(*name)).copied().collect();
    if !lost.is_empty() {
        let words = words("asks for fewer metrics", "ask for fewer metrics", listed(&lost));
        report.tell(changed, weaker, &keys[..keys.len() - 1].join("."), words);
    }
}

fn analysis(changed: &Changed<'_>, (weaker, little): (Code, Code), report: &mut Report<'_>) {
    let keys = ["spec", "metrics"];
    lost_metrics(changed, &keys, weaker, report);
    let then = metrics(changed.before(), &keys);
    for (name, now) in metrics(changed.after(), &keys) {
        let Some(then) = then.get(name).copied() else { continue };
        for key in ["failureLimit", "inconclusiveLimit", "consecutiveErrorLimit"] {
            let (a, b) = (text(Some(then), &[key]), text(Some(now), &[key]));
            let more =
                |text: &str| if text.is_empty() { Some(0.0) } else { text.parse::<f64>().ok() };
            if more(b) > more(a) {
                let detail = format!("{} {} {}", shown(name), shown(key), becomes(a, b));
                let words =
                    words("bears more before it fails", "bear more before they fail", detail);
                report.tell(changed, weaker, "spec.metrics", words);
            }
        }
        for (key, easier) in
            [("successCondition", Threshold::Stricter), ("failureCondition", Threshold::Rarer)]
        {
            let (a, b) = (text(Some(then), &[key]), text(Some(now), &[key]));
            let code = match threshold(a, b) {
                Threshold::Same => continue,
                found if found == easier => weaker,
                Threshold::Other => little,
                _ => continue,
            };
            let words = words(
                "judges by another condition",
                "judge by other conditions",
                format!("{} {} {}", shown(name), shown(key), becomes(a, b)),
            );
            report.tell(changed, code, "spec.metrics", words);
        }
    }
}

fn canary(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let (then, now) = changed.texts(&["spec", "skipAnalysis"]);
    if is_switched_on(then, now) {
        let words = words(
            "lets new versions through without a judgement",
            "let new versions through without a judgement",
            shown("skipAnalysis"),
        );
        report.tell(changed, weaker, "spec.skipAnalysis", words);
    }
    let keys = ["spec", "analysis", "threshold"];
    let (then, now) = changed.texts(&keys);
    if now.parse::<f64>().ok() > then.parse::<f64>().ok() && !then.is_empty() {
        let detail = format!("`threshold` {}", becomes(then, now));
        let words = words("bears more before it fails", "bear more before they fail", detail);
        report.tell(changed, weaker, &keys.join("."), words);
    }
    lost_metrics(changed, &["spec", "analysis", "metrics"], weaker, report);
}

/// What Flux asks after it has applied something, and what it does when that fails.
fn flux(changed: &Changed<'_>, (weaker, little): (Code, Code), report: &mut Report<'_>) {
    let (then, now) = changed.texts(&["spec", "wait"]);
    let waits = |node| at(node, &["spec", "wait"]).and_then(Node::text) == Some("true");
    let checks = |node| items(at(node, &["spec", "healthChecks"])).len();
    if is_switched_off(then, now) && checks(changed.after()) == 0 {
        let words = words(
            "no longer waits until what it applied is healthy",
            "no longer wait until what they applied is healthy",
            "",
        );
        report.tell(changed, weaker, "spec", words);
    }
    if checks(changed.after()) < checks(changed.before()) && !waits(changed.after()) {
        let words = words(
            "checks less of what it applied",
            "check less of what they applied",
            shown("healthChecks"),
        );
        report.tell(changed, weaker, "spec", words);
    }
    let (then, now) = changed.texts(&["spec", "force"]);
    if is_switched_on(then, now) {
        let words = words(
            "deletes and makes anew what it cannot change",
            "delete and make anew what they cannot change",
            shown("force"),
        );
        report.tell(changed, weaker, "spec.force", words);
    }
    for part in ["install", "upgrade"] {
        let (then, now) = changed.values(&["spec", part, "remediation"]);
        if then.is_some() && now.is_none() {
            let words = words(
                "is left as it is when a release fails",
                "are left as they are when a release fails",
                shown(&format!("{part}.remediation")),
            );
            report.tell(changed, little, "spec", words);
        }
    }
}

/// What a container does before it stops, and how long it may take.
fn leave(changed: &Changed<'_>, (weaker, little): (Code, Code), report: &mut Report<'_>) {
    let hooks = |node| -> Vec<(String, bool)> {
        let pods = pod_specs(node);
        let containers = pods.iter().flat_map(|pod| pod.containers());
        let has = |node: &Node| node.at(&["lifecycle", "preStop"]).is_some();
        containers.map(|it| (it.name.to_owned(), has(it.node))).collect()
    };
    let after = hooks(changed.after());
    let before = hooks(changed.before());
    let lost: Vec<&String> = before
        .iter()
        .filter(|(name, had)| *had && after.iter().any(|(other, has)| other == name && !has))
        .map(|(name, _)| name)
        .collect();
    if !lost.is_empty() {
        let words = words(
            "stops without its hook",
            "stop without their hooks",
            format!("{} `preStop`", listed(&lost)),
        );
        report.tell(changed, little, "spec", words);
    }
    let grace = |node| -> Option<f64> {
        let pods = pod_specs(node);
        let seconds = pods.first()?.node.text_at(&["terminationGracePeriodSeconds"]).to_owned();
        if seconds.is_empty() { Some(30.0) } else { seconds.parse().ok() }
    };
    if let (Some(then), Some(now)) = (grace(changed.before()), grace(changed.after()))
        && now < then
    {
        let code = if now == 0.0 { weaker } else { little };
        let words = words(
            "is given less time to stop",
            "are given less time to stop",
            format!("{then} s → {now} s"),
        );
        report.tell(changed, code, "spec", words);
    }
}
