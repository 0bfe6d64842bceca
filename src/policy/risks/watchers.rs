//! Monitors, alerts of Flux and routes of Alertmanager that see or tell less, and Argo CD's subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use super::deleted::labels;
use super::observers::{A_LITTLE, Does, WEAKER, does};
use crate::policy::change::{
    Changed, at, becomes, is_switched_on, items, listed, shown, text, texts, words,
};
use crate::policy::rule::Report;
use crate::yaml::Node;

/// Selectors of what watches that begin to leave something out.
pub(super) fn narrower(changed: &Changed<'_>, report: &mut Report<'_>) {
    if does(changed).is_none() {
        return;
    }
    let before = at(changed.before(), &["spec"]).and_then(Node::as_mapping).into_iter().flatten();
    for pair in before.filter(|it| it.key.text.ends_with("elector")) {
        let keys = ["spec", pair.key.text.as_str()];
        let now = at(changed.after(), &keys);
        // An empty selector takes all, and one that is not there none.
        let all =
            |node: Option<&Node>| node.and_then(Node::as_mapping).is_some_and(|it| it.is_empty());
        let none = |node: Option<&Node>| node.is_none_or(Node::is_null);
        let more = || {
            let wanted = |node| labels(at(node, &["matchLabels"]));
            let (then, now) = (wanted(Some(&pair.value)), wanted(now));
            then.iter().all(|(key, value)| now.get(key) == Some(value)) && now.len() > then.len()
        };
        let takes_all = all(Some(&pair.value));
        if none(Some(&pair.value))
            || all(now)
            || !(takes_all && now != Some(&pair.value) || none(now) || more())
        {
            continue;
        }
        let words = words("watches less", "watch less", shown(&pair.key.text));
        report.tell(changed, WEAKER, &keys.join("."), words);
    }
    let endpoints = |node| -> BTreeSet<String> {
        let lists = ["endpoints", "podMetricsEndpoints"].map(|key| items(at(node, &["spec", key])));
        let name =
            |it: &Node| ["port", "targetPort", "path"].map(|key| text(Some(it), &[key])).join(" ");
        lists.into_iter().flatten().map(|it| name(it).trim().to_owned()).collect()
    };
    let (then, now) = (endpoints(changed.before()), endpoints(changed.after()));
    if now.len() < then.len() {
        let lost: Vec<&String> = then.difference(&now).collect();
        let words = words("scrapes fewer ports", "scrape fewer ports", listed(&lost));
        report.tell(changed, WEAKER, "spec", words);
    }
}

/// Flux's alerts and Alertmanager's routes that tell fewer people of less.
pub(super) fn tellers(changed: &Changed<'_>, report: &mut Report<'_>) {
    if does(changed) != Some(Does::Tells) {
        return;
    }
    for key in ["suspend", "isPaused"] {
        let (then, now) = changed.texts(&["spec", key]);
        if is_switched_on(then, now) {
            let words =
                words("is suspended, so nobody is told", "are suspended, so nobody is told", "");
            report.tell(changed, WEAKER, &format!("spec.{key}"), words);
        }
    }
    let (then, now) = changed.texts(&["spec", "eventSeverity"]);
    if now == "error" && then != "error" {
        let words = words("tells of errors alone", "tell of errors alone", "");
        report.tell(changed, A_LITTLE, "spec.eventSeverity", words);
    }
    let named = |node: Option<&Node>, keys: &[&str], name: &[&str]| -> Vec<String> {
        let all = items(at(node, keys)).iter();
        all.map(|it| name.iter().map(|key| text(Some(it), &[key])).collect::<Vec<_>>().join(" "))
            .map(|it| it.trim().to_owned())
            .collect()
    };
    for (key, name, one, many) in [
        ("eventSources", &["kind", "name"][..], "tells of less", "tell of less"),
        ("receivers", &["name"], "loses a receiver", "lose receivers"),
    ] {
        let then = named(changed.before(), &["spec", key], name);
        let now = named(changed.after(), &["spec", key], name);
        let lost: Vec<&String> = then.iter().filter(|it| !now.contains(it)).collect();
        let takes_all = |it: &&String| {
            now.contains(&it.split(' ').next().map_or(String::new(), |kind| format!("{kind} *")))
        };
        if !lost.iter().all(takes_all) {
            report.tell(changed, WEAKER, &format!("spec.{key}"), words(one, many, listed(&lost)));
        }
    }
    let exclusions = |node| texts(at(node, &["spec", "exclusionList"])).len();
    if exclusions(changed.after()) > exclusions(changed.before()) {
        let words = words("tells of less", "tell of less", shown("exclusionList"));
        report.tell(changed, A_LITTLE, "spec.exclusionList", words);
    }
    for key in ["channel", "address"] {
        let (then, now) = changed.texts(&["spec", key]);
        if then != now && !then.is_empty() {
            let words = words("tells somebody else", "tell somebody else", becomes(then, now));
            report.tell(changed, A_LITTLE, &format!("spec.{key}"), words);
        }
    }
    let (then, now) = changed.texts(&["spec", "route", "receiver"]);
    if then != now && !then.is_empty() {
        let words = words("tells somebody else", "tell somebody else", becomes(then, now));
        report.tell(changed, WEAKER, "spec.route.receiver", words);
    }
}

/// Argo CD's subscriptions: an annotation for each trigger and service.
pub(super) fn notifications(changed: &Changed<'_>, report: &mut Report<'_>) {
    const PREFIX: &str = "notifications.argoproj.io/subscribe.";
    let subscribed = |node| -> BTreeMap<String, String> {
        let pairs = labels(at(node, &["metadata", "annotations"])).into_iter();
        let own =
            pairs.filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?.to_owned(), value)));
        own.filter(|(_, value)| !value.trim().is_empty()).collect()
    };
    let (then, now) = (subscribed(changed.before()), subscribed(changed.after()));
    let trigger = |key: &str| key.split('.').next().unwrap_or_default().to_owned();
    let heard = |lost: &str| now.keys().any(|key| trigger(key) == trigger(lost));
    let lost: Vec<&String> =
        then.keys().filter(|key| !now.contains_key(*key) && !heard(key)).collect();
    if !lost.is_empty() {
        let words = words("tells nobody any more", "tell nobody any more", listed(&lost));
        report.tell(changed, WEAKER, "metadata.annotations", words);
    }
    if changed.kind() == "ConfigMap" && changed.diff.id.name == "argocd-notifications-cm" {
        let keys = |node| labels(at(node, &["data"])).into_keys().collect::<Vec<_>>();
        let now = keys(changed.after());
        let then = keys(changed.before());
        let lost: Vec<&String> =
            then.iter().filter(|key| !now.contains(key) && !key.starts_with("template.")).collect();
        if !lost.is_empty() {
            let words = words("tells of less", "tell of less", listed(&lost));
            report.tell(changed, WEAKER, "data", words);
        }
    }
}
