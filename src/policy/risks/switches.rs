//! Switches of logs, traces and metrics: annotations, parts of charts, the mesh's own configuration.

use super::observers::{Does, WEAKER, does};
use crate::policy::change::{
    Changed, becomes, is_switched_off, last_key, listed, shown, text, words,
};
use crate::policy::rule::Report;
use crate::yaml::parse_manifests;

/// The annotation by which Prometheus finds what to scrape.
pub(super) fn scraping(changed: &Changed<'_>, report: &mut Report<'_>) {
    const KEY: &str = "prometheus.io/scrape";
    for above in [&["metadata"][..], &["spec", "template", "metadata"]] {
        let keys: Vec<&str> = above.iter().copied().chain(["annotations", KEY]).collect();
        let (then, now) = changed.texts(&keys);
        let is_monitored = || {
            let mut comes = changed.all.resources.iter().filter(|it| it.before.is_none());
            comes.any(|it| does(&Changed::new(it, changed.all)) == Some(Does::Scrapes))
        };
        if is_switched_off(then, now) && !is_monitored() {
            let words = words("is no longer scraped", "are no longer scraped", shown(KEY));
            let field = if now.is_empty() {
                format!("{}.annotations", above.join("."))
            } else {
                format!("{}.annotations.[{KEY}]", above.join("."))
            };
            report.tell(changed, WEAKER, &field, words);
        }
    }
}

/// Parts of charts that watch, by the key above `enabled`, without marks and in small letters.
const PARTS: [&str; 27] = [
    "servicemonitor",
    "podmonitor",
    "prometheusrule",
    "prometheusrules",
    "metrics",
    "monitoring",
    "prometheus",
    "alertmanager",
    "grafana",
    "tracing",
    "telemetry",
    "alerts",
    "alerting",
    "accesslog",
    "accesslogs",
    "auditlog",
    "audit",
    "logging",
    "opentelemetry",
    "otel",
    "exporter",
    "nodeexporter",
    "prometheusnodeexporter",
    "kubestatemetrics",
    "thanosruler",
    "defaultrules",
    "vmalert",
];

/// Parts of charts that values switch off.
pub(super) fn parts(changed: &Changed<'_>, report: &mut Report<'_>) {
    let Some((before, after)) = changed.chart_values() else { return };
    let mut off: Vec<(String, &str)> = Vec::new();
    for (path, then) in before.iter() {
        let Some(owner) = path.strip_suffix(".enabled") else { continue };
        let part: String = last_key(owner).chars().filter(char::is_ascii_alphanumeric).collect();
        let is_off = then == "true" && after.get(path) == Some("false");
        if is_off && PARTS.contains(&part.to_ascii_lowercase().as_str()) {
            let whose = owner.split_once("values.").map_or(owner, |(_, whose)| whose);
            off.push((whose.to_owned(), after.field(path)));
        }
    }
    if let Some((_, field)) = off.first() {
        let names: Vec<&str> = off.iter().map(|(whose, _)| whose.as_str()).collect();
        let words = words("switches off what watches", "switch off what watches", listed(&names));
        report.tell(changed, WEAKER, field, words);
    }
}

/// Settings of the whole mesh: Istio's own ConfigMap, its operators, its charts.
pub(super) fn mesh(changed: &Changed<'_>, report: &mut Report<'_>) {
    let is_own = changed.kind() == "ConfigMap" && changed.diff.id.name.starts_with("istio");
    if is_own {
        let read = |node| {
            parse_manifests(text(node, &["data", "mesh"])).ok().and_then(|it| it.into_iter().next())
        };
        let (Some(then), Some(now)) = (read(changed.before()), read(changed.after())) else {
            return;
        };
        for (key, what) in MESH {
            let (then, now) = (then.text_at(&[key]), now.text_at(&[key]));
            if is_on(then) && !is_on(now) {
                let words = words(what.0, what.1, format!("{} {}", shown(key), becomes(then, now)));
                report.tell(changed, WEAKER, "data.mesh", words);
            }
        }
        return;
    }
    if changed.chart_values().is_none() && !["IstioOperator", "Istio"].contains(&changed.kind()) {
        return;
    }
    let (before, after) = changed.leaves();
    for (path, then) in before.iter() {
        let Some((key, what)) = MESH.iter().find(|(key, _)| *key == last_key(path)) else {
            continue;
        };
        let now = after.get(path).unwrap_or_default();
        if is_on(then) && !is_on(now) && path.contains("meshConfig") {
            let words = words(what.0, what.1, format!("{} {}", shown(key), becomes(then, now)));
            let field = if after.get(path).is_some() { after.field(path) } else { "spec" };
            report.tell(changed, WEAKER, field, words);
        }
    }
}

/// Keys of the mesh's configuration, and what is so when one is off.
const MESH: [(&str, (&str, &str)); 2] = [
    ("accessLogFile", ("logs no requests any more", "log no requests any more")),
    ("enableTracing", ("traces no requests any more", "trace no requests any more")),
];

fn is_on(value: &str) -> bool {
    !matches!(value, "" | "false" | "null")
}
