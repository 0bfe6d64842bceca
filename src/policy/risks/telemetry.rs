//! What Istio's Telemetry switches off: access logs, traces, metrics.

use std::collections::BTreeSet;

use super::observers::{A_LITTLE, WEAKER};
use super::quantity::{Fall, fall};
use crate::policy::change::{Changed, at, becomes, items, listed, shown, text, words};
use crate::policy::rule::Report;
use crate::yaml::Node;

/// The sections, with what they are called and the key that switches one off.
const SECTIONS: [(&str, &str, &str); 3] = [
    ("accessLogging", "access logs", "disabled"),
    ("tracing", "traces", "disableSpanReporting"),
    ("metrics", "metrics", "disabled"),
];

/// Tells what a Telemetry no longer records. `belongs` says that what it was about goes with it.
pub(super) fn check(changed: &Changed<'_>, belongs: bool, report: &mut Report<'_>) {
    if !changed.is("istio.io", "Telemetry") {
        return;
    }
    let (had, has) = (asked_for(changed.before()), asked_for(changed.after()));
    let lost: Vec<&str> = had.iter().map(String::as_str).filter(|it| !has.contains(*it)).collect();
    let off = switched_off(changed.after());
    let then = switched_off(changed.before());
    let new: Vec<&str> = off.iter().map(String::as_str).filter(|it| !then.contains(*it)).collect();
    if changed.is_deleted() {
        if !lost.is_empty() {
            let code = if belongs { A_LITTLE } else { WEAKER };
            let words = words(
                "is deleted, so the mesh's own settings decide what is recorded",
                "are deleted, so the mesh's own settings decide what is recorded",
                listed(&lost),
            );
            report.tell(changed, code, "", words);
        }
        return;
    }
    if !new.is_empty() {
        let words =
            words("switches off what is recorded", "switch off what is recorded", listed(&new));
        return report.tell(changed, WEAKER, "spec", words);
    }
    if !lost.is_empty() {
        let words = words("no longer asks for", "no longer ask for", listed(&lost));
        return report.tell(changed, WEAKER, "spec", words);
    }
    if changed.stays() {
        sampling(changed, report);
        filters(changed, report);
    }
}

/// What a Telemetry asks to be recorded, and to whom.
fn asked_for(node: Option<&Node>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (section, what, off) in SECTIONS {
        for item in items(at(node, &["spec", section])) {
            let is_off = text(Some(item), &[off]) == "true";
            let providers = items(item.get("providers"));
            let names = providers.iter().map(|it| text(Some(it), &["name"]));
            let to: Vec<String> = names.map(|name| format!("{what} to {name}")).collect();
            match (is_off, to.is_empty()) {
                (true, _) => {}
                (false, true) if section != "metrics" => {
                    found.insert(what.to_owned());
                }
                (false, _) => found.extend(to),
            }
        }
    }
    found
}

/// What a Telemetry switches off.
fn switched_off(node: Option<&Node>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (section, what, off) in SECTIONS {
        for item in items(at(node, &["spec", section])) {
            if text(Some(item), &[off]) == "true" {
                found.insert(what.to_owned());
            }
            for changed in items(item.get("overrides")) {
                if text(Some(changed), &["disabled"]) == "true" {
                    let metric = text(Some(changed), &["match", "metric"]);
                    let custom = text(Some(changed), &["match", "customMetric"]);
                    let name = if metric.is_empty() { custom } else { metric };
                    found.insert(match name {
                        "" | "ALL_METRICS" => "all metrics".to_owned(),
                        name => format!("metric {name}"),
                    });
                }
            }
        }
    }
    found
}

/// Of fewer requests a trace is made.
fn sampling(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, then) in before.iter().filter(|it| it.0.ends_with("randomSamplingPercentage")) {
        let now = after.get(path).unwrap_or_default();
        let (Ok(many), Ok(few)) = (then.parse::<f64>(), now.parse::<f64>()) else { continue };
        let code = match fall(many, few) {
            Fall::None => continue,
            Fall::Some => A_LITTLE,
            Fall::Half => WEAKER,
        };
        let words = words("traces fewer requests", "trace fewer requests", becomes(then, now));
        report.tell(changed, code, after.field(path), words);
    }
}

/// Only a part of what happens is logged.
fn filters(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, now) in after.iter().filter(|it| it.0.ends_with("filter.expression")) {
        if before.get(path) != Some(now) {
            let words =
                words("logs a part of the requests", "log a part of the requests", shown(now));
            report.tell(changed, A_LITTLE, after.field(path), words);
        }
    }
}
