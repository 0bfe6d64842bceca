//! What people no longer see of an application: logs, traces and metrics that are switched off, alerts that go or
//! come later, notices that reach nobody.

use std::collections::BTreeMap;

use super::deleted::labels;
use super::observers::{A_LITTLE, Does, WEAKER, does};
use super::pod::pod_specs;
use super::{alerts, switches, telemetry, watchers};
use crate::diff::ResourceDiff;
use crate::kustomize::Resource;
use crate::policy::change::{Changed, at, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Report, Rule};

pub(super) const RULE: Rule = Rule {
    id: "observability-weaker",
    gate: Gate::Risks,
    codes: &[WEAKER, A_LITTLE],
    check: Check::Change(check),
};

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    let belongs = changed.is_deleted() && goes_with_what_it_watched(changed);
    telemetry::check(changed, belongs, report);
    alerts::check(changed, belongs, report);
    if changed.is_deleted() {
        return deleted(changed, belongs, report);
    }
    if changed.stays() {
        watchers::narrower(changed, report);
        watchers::tellers(changed, report);
        watchers::notifications(changed, report);
        switches::scraping(changed, report);
        switches::parts(changed, report);
        switches::mesh(changed, report);
    }
}

fn deleted(changed: &Changed<'_>, belongs: bool, report: &mut Report<'_>) {
    let Some(does) = does(changed) else { return };
    if is_replaced(changed, does) {
        return;
    }
    let code = if belongs { A_LITTLE } else { WEAKER };
    let (one, many) = does.deleted();
    report.tell(changed, code, "", words(one, many, ""));
}

/// Fields that say what something watches.
const WATCHED: [&[&str]; 3] =
    [&["spec", "selector"], &["spec", "eventSources"], &["spec", "targets"]];

/// Whether something comes that does the same for the same, whatever it is called.
fn is_replaced(changed: &Changed<'_>, does_so: Does) -> bool {
    let all = changed.all.resources.iter();
    let mut comes = all.filter(|it| it.before.is_none()).filter(|it| {
        does(&Changed::new(it, changed.all)) == Some(does_so)
            && it.id.namespace == changed.diff.id.namespace
    });
    let same = |other: &ResourceDiff| {
        let mut has =
            WATCHED.iter().filter_map(|keys| at(changed.before(), keys).map(|it| (keys, it)));
        let fields = has.clone().next().is_some();
        let likewise = has.all(|(keys, value)| at(other.after.as_ref(), keys) == Some(value));
        fields && likewise || other.id.name == changed.diff.id.name
    };
    comes.any(same) || changed.kind() == "Provider" && is_left_by_all(changed)
}

/// Whether every alert that named a provider is still there and names another one.
fn is_left_by_all(changed: &Changed<'_>) -> bool {
    let name = |it: &'_ Resource| it.node.text_at(&["spec", "providerRef", "name"]).to_owned();
    let alerts = |all: &'_ [Resource]| -> BTreeMap<String, String> {
        let own = all
            .iter()
            .filter(|it| it.id.gvk.kind == "Alert" && it.id.namespace == changed.diff.id.namespace);
        own.map(|it| (it.id.name.to_string(), name(it))).collect()
    };
    let after = alerts(&changed.all.after.resources);
    let gone = changed.diff.id.name.as_str();
    let before = alerts(&changed.all.before.resources);
    let mut named = before.iter().filter(|(_, provider)| *provider == gone).peekable();
    named.peek().is_some()
        && named
            .all(|(alert, _)| after.get(alert).is_some_and(|now| now != gone && !now.is_empty()))
}

/// Whether what something watched plainly goes with it: all that ran in its namespace, or all that has its labels.
fn goes_with_what_it_watched(changed: &Changed<'_>) -> bool {
    const OWN: [&str; 4] = [
        "app.kubernetes.io/instance",
        "app.kubernetes.io/name",
        "app.kubernetes.io/part-of",
        "app",
    ];
    let namespace = &changed.diff.id.namespace;
    let runs = |it: &&Resource| {
        let kind = it.id.gvk.kind.as_str();
        it.id.namespace == *namespace
            && (!pod_specs(Some(&it.node)).is_empty()
                || ["HelmRelease", "HelmChart"].contains(&kind))
    };
    let before: Vec<&Resource> = changed.all.before.resources.iter().filter(runs).collect();
    let after: Vec<&Resource> = changed.all.after.resources.iter().filter(runs).collect();
    if !before.is_empty() && after.is_empty() {
        return true;
    }
    let of = |it: &Resource| labels(it.node.at(&["metadata", "labels"]));
    let own = labels(at(changed.before(), &["metadata", "labels"]));
    let selected = labels(at(changed.before(), &["spec", "selector", "matchLabels"]));
    let has = |it: &Resource| {
        OWN.iter().any(|key| {
            let own = own.get(*key).or(selected.get(*key));
            own.is_some() && of(it).get(*key) == own
        })
    };
    before.iter().any(|it| has(it)) && !after.iter().any(|it| has(it))
}
