//! Traffic that moves, and routes that refused or redirected and go.

use std::collections::BTreeMap;

use super::host::still_served;
use super::route::{Route, pair, routes, title};
use crate::kustomize::{Build, ResourceId};
use crate::policy::Level;
use crate::policy::change::{Changed, becomes, items, last_key, listed, shown, text, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const MOVES_RULE: Rule = Rule {
    id: "traffic-moves",
    gate: Gate::Risks,
    codes: &[MOVES],
    check: Check::Change(check_moves),
};

pub(super) const GONE_RULE: Rule =
    Rule { id: "route-gone", gate: Gate::Risks, codes: &[GONE], check: Check::Change(check_gone) };

const MOVES: Code = Code::sound("traffic-moves", Level::Warning);
const GONE: Code = Code::sound("route-gone", Level::Warning);

fn check_moves(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    weights(changed, report);
    shadowed(changed, report);
    subsets(changed, report);
    service(changed, report);
    annotations(changed, report);
}

/// Both sides' routes.
fn both<'a>(changed: &Changed<'a>) -> (Vec<Route<'a>>, Vec<Route<'a>>) {
    let gvk = &changed.diff.id.gvk;
    (routes(gvk, changed.before()), routes(gvk, changed.after()))
}

fn weights(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = both(changed);
    let mut moves: Vec<(String, String)> = Vec::new();
    let mut gone: Vec<String> = Vec::new();
    for pair in pair(&before, &after) {
        match (pair.before, pair.after) {
            (Some(then), Some(now)) => {
                let same = renamed(changed, &then.destinations, &now.destinations);
                if !same && !now.destinations.is_empty() {
                    let whose = if after.len() > 1 {
                        format!("{} ", shown(&title(now)))
                    } else {
                        String::new()
                    };
                    let shift = shift(&then.destinations, &now.destinations);
                    moves.push((format!("{whose}{shift}"), now.field.clone()));
                }
                let mut other = |one: &str, many: &str, detail: String| {
                    report.tell(changed, MOVES, &now.field, words(one, many, detail));
                };
                if then.mirror != now.mirror && !now.mirror.is_empty() {
                    other(
                        "copies its requests",
                        "copy their requests",
                        format!("to {}", shown(&now.mirror)),
                    );
                }
                if now.faults && !then.faults {
                    other(
                        "injects faults into requests",
                        "inject faults into requests",
                        shown(&title(now)),
                    );
                }
                if !then.denies
                    && !then.redirects
                    && (now.denies || now.redirects)
                    && now.destinations.is_empty()
                {
                    other(
                        "no longer forwards a route",
                        "no longer forward a route",
                        shown(&title(then)),
                    );
                }
            }
            (Some(then), None) if !then.denies && !then.redirects => gone.push(title(then)),
            _ => {}
        }
    }
    if let Some((_, field)) = moves.first() {
        let details: Vec<&str> = moves.iter().take(2).map(|(detail, _)| detail.as_str()).collect();
        let more = match moves.len().saturating_sub(2) {
            0 => String::new(),
            rest => format!(", and {rest} more routes"),
        };
        let detail = format!("{}{more}", details.join("; "));
        report.tell(changed, MOVES, field, words("moves traffic", "move traffic", detail));
    }
    if !gone.is_empty() {
        report.tell(changed, MOVES, "spec", words("loses a route", "lose routes", listed(&gone)));
    }
}

/// Whether traffic goes where it went: to the same, or to what got another name in this change.
fn renamed(
    changed: &Changed<'_>,
    then: &BTreeMap<String, u64>,
    now: &BTreeMap<String, u64>,
) -> bool {
    let parts = |name: &'_ str| {
        let (host, rest) = name.split_once(' ').unwrap_or((name, ""));
        (host.to_owned(), rest.to_owned())
    };
    let is_same = |then: &str, now: &str| {
        let ((host, rest), (other, other_rest)) = (parts(then), parts(now));
        let same_host = host == other || changed.is_renamed(&["Service"], &host, &other);
        rest == other_rest && same_host
    };
    let goes_on = |(name, share): (&String, &u64)| {
        now.iter().any(|(other, now)| now == share && is_same(name, other))
    };
    then.len() == now.len() && then.iter().all(goes_on)
}

/// `web v1` 90 → 50 %, `web v2` 10 → 50 %.
fn shift(then: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> String {
    let names = then.keys().chain(now.keys().filter(|name| !then.contains_key(*name)));
    // A host that all share says nothing.
    let host = then
        .keys()
        .next()
        .and_then(|name| name.split_once(' '))
        .map(|(host, _)| format!("{host} "));
    if let Some(host) = host
        && then.keys().chain(now.keys()).all(|name| name.starts_with(&host))
    {
        let short = |shares: &BTreeMap<String, u64>| -> BTreeMap<String, u64> {
            shares.iter().map(|(name, share)| (name[host.len()..].to_owned(), *share)).collect()
        };
        return shift(&short(then), &short(now));
    }
    // All from one to another needs no numbers.
    if let ([(from, 10_000)], [(to, 10_000)]) = (
        then.iter().map(|(n, s)| (n, *s)).collect::<Vec<_>>().as_slice(),
        now.iter().map(|(n, s)| (n, *s)).collect::<Vec<_>>().as_slice(),
    ) {
        return becomes(from, to);
    }
    let percent = |share: u64| {
        if share.is_multiple_of(100) {
            (share / 100).to_string()
        } else {
            format!("{}.{:02}", share / 100, share % 100)
        }
    };
    let parts = names.filter_map(|name| {
        let share = |shares: &BTreeMap<String, u64>| shares.get(name).copied().unwrap_or(0);
        let (then, now) = (share(then), share(now));
        (then != now).then(|| format!("{} {} → {} %", shown(name), percent(then), percent(now)))
    });
    parts.take(4).collect::<Vec<_>>().join(", ")
}

/// A route that catches everything before one that had traffic.
fn shadowed(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = both(changed);
    let catcher = |routes: &[Route<'_>], group: &str| {
        routes.iter().position(|r| r.group == group && r.is_ordered && r.matches.is_empty())
    };
    for pair in pair(&before, &after) {
        let (Some(then), Some(now)) = (pair.before, pair.after) else { continue };
        let index = |routes: &[Route<'_>], route: &Route<'_>| {
            routes.iter().position(|r| r.field == route.field)
        };
        let hidden = |routes: &[Route<'_>], route: &Route<'_>| {
            catcher(routes, &route.group)
                .zip(index(routes, route))
                .is_some_and(|(catcher, own)| catcher < own)
        };
        if hidden(&after, now) && !hidden(&before, then) {
            let words = words(
                "has a route that another one takes over",
                "have routes that others take over",
                shown(&title(now)),
            );
            report.tell(changed, MOVES, &now.field, words);
            return;
        }
    }
}

/// Subsets that routes name.
fn subsets(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.is("istio.io", "DestinationRule") {
        return;
    }
    let subsets = |node: Option<&'_ Node>| -> BTreeMap<String, Option<Node>> {
        let subsets = items(node.and_then(|node| node.at(&["spec", "subsets"])));
        subsets
            .iter()
            .map(|s| (text(Some(s), &["name"]).to_owned(), s.get("labels").cloned()))
            .collect()
    };
    let (then, now) = (subsets(changed.before()), subsets(changed.after()));
    let gone: Vec<&String> = then.keys().filter(|name| !now.contains_key(*name)).collect();
    let others: Vec<&String> = then
        .iter()
        .filter(|(name, labels)| now.get(*name).is_some_and(|now| now != *labels))
        .map(|(name, _)| name)
        .collect();
    if !gone.is_empty() {
        let words = words(
            "loses a subset, so routes to it fail",
            "lose subsets, so routes to them fail",
            listed(&gone),
        );
        report.tell(changed, MOVES, "spec.subsets", words);
    }
    if !others.is_empty() {
        let words = words(
            "has other Pods behind a subset",
            "have other Pods behind a subset",
            listed(&others),
        );
        report.tell(changed, MOVES, "spec.subsets", words);
    }
}

/// What a Service sends its traffic to.
fn service(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.is("", "Service") {
        return;
    }
    let (then, now) = changed.values(&["spec", "selector"]);
    if then != now && then.is_some() {
        let labels = |node: Option<&Node>| {
            let pairs = node.and_then(Node::as_mapping).into_iter().flatten();
            pairs
                .map(|pair| format!("{}={}", pair.key.text, pair.value.text().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(",")
        };
        // Labels that all Pods of the set have as well move nothing.
        let detail = becomes(&labels(then), &labels(now));
        if !selects_the_same(changed, then, now) {
            report.tell(
                changed,
                MOVES,
                "spec.selector",
                words("selects other Pods", "select other Pods", detail),
            );
        }
    }
    let (then, now) = changed.texts(&["spec", "externalName"]);
    if then != now && !then.is_empty() {
        let detail = becomes(then, now);
        report.tell(
            changed,
            MOVES,
            "spec.externalName",
            words("leads elsewhere", "lead elsewhere", detail),
        );
    }
}

/// Whether a selector selects the same workloads of the set before and after, which got new labels, or names and
/// a namespace, with it.
fn selects_the_same(changed: &Changed<'_>, then: Option<&Node>, now: Option<&Node>) -> bool {
    let selected = |build: &Build, id: &ResourceId, selector: Option<&Node>| -> Vec<ResourceId> {
        let wanted = super::deleted::labels(selector);
        let here = build.resources.iter().filter(|r| r.id.namespace == id.namespace);
        here.filter(|resource| super::deleted::pods_have(&resource.node, &wanted))
            .map(|resource| resource.original_id.clone())
            .collect()
    };
    let id = &changed.diff.id;
    let before = changed.diff.id_before.as_ref().unwrap_or(id);
    let before = selected(changed.all.before, before, then);
    !before.is_empty() && before == selected(changed.all.after, id, now)
}

/// Weights in annotations: nginx's canaries, the actions of an ALB.
fn annotations(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let is_weight = |key: &str| {
        key.contains("canary") && (key.contains("weight") || key.ends_with("/canary"))
            || key.starts_with("alb.ingress.kubernetes.io/actions.")
    };
    let paths = before.iter().chain(after.iter()).map(|(path, _)| path);
    let mut seen: Vec<&str> = Vec::new();
    for path in paths.filter(|path| is_weight(last_key(path)) && path.contains("annotations")) {
        let (then, now) =
            (before.get(path).unwrap_or_default(), after.get(path).unwrap_or_default());
        if then != now && !seen.contains(&path) {
            seen.push(path);
            let detail = format!("{} {}", shown(last_key(path)), becomes(then, now));
            report.tell(
                changed,
                MOVES,
                after.field(path),
                words("moves traffic", "move traffic", detail),
            );
        }
    }
}

fn check_gone(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_added() {
        return;
    }
    // Where nobody answers for its hosts any more, nothing is let through.
    if changed.is_deleted() && !still_served(changed) {
        return;
    }
    let (before, after) = both(changed);
    for pair in pair(&before, &after) {
        let Some(then) = pair.before else { continue };
        let (denied, redirected) =
            pair.after.map_or((false, false), |now| (now.denies, now.redirects));
        let what =
            match (then.denies && !denied && !redirected, then.redirects && !redirected && !denied)
            {
                (true, _) => "refused",
                (_, true) => "redirected",
                _ => continue,
            };
        // Where all goes, nothing is let through.
        let words = words(
            format!("loses a route that {what} requests"),
            format!("lose routes that {what} requests"),
            shown(&title(then)),
        );
        report.tell(changed, GONE, pair.after.map_or("spec", |now| now.field.as_str()), words);
    }
    for key in ["permanent-redirect", "temporal-redirect", "denylist-source-range"] {
        let key = format!("nginx.ingress.kubernetes.io/{key}");
        let (then, now) = changed.annotation(&key);
        if !then.is_empty() && now.is_empty() && changed.stays() {
            let words =
                words("loses a redirect or a refusal", "lose redirects or refusals", shown(&key));
            report.tell(changed, GONE, "metadata.annotations", words);
        }
    }
}
