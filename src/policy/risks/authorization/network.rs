//! Network policies of Kubernetes and Cilium: which traffic they let through.

use super::super::cover::{network_rule, selects_all_of};
use super::super::relabelled::Relabelled;
use super::codes::{WIDER, refusal_gone};
use crate::policy::change::{Changed, items, listed, text, texts, words};
use crate::policy::rule::Report;
use crate::yaml::Node;

/// How a kind of network policy is written.
struct NetworkKind {
    selector: &'static str,
    allows: &'static [&'static str],
    denies: &'static [&'static str],
}

impl NetworkKind {
    const KUBERNETES: Self =
        Self { selector: "podSelector", allows: &["ingress", "egress"], denies: &[] };
    const CILIUM: Self = Self {
        selector: "endpointSelector",
        allows: &["ingress", "egress"],
        denies: &["ingressDeny", "egressDeny"],
    };
}

/// Tells what a NetworkPolicy of Kubernetes lets through that it did not.
pub(super) fn kubernetes(changed: &Changed<'_>, report: &mut Report<'_>) {
    network(changed, &NetworkKind::KUBERNETES, report);
}

/// The same of a policy of Cilium.
pub(super) fn cilium(changed: &Changed<'_>, report: &mut Report<'_>) {
    network(changed, &NetworkKind::CILIUM, report);
}

fn network(changed: &Changed<'_>, kind: &NetworkKind, report: &mut Report<'_>) {
    if changed.is_deleted() {
        if !(kind.selector == "podSelector" && is_refused_by_others(changed)) {
            refusal_gone(changed, report);
        }
        return;
    }
    if !changed.stays() {
        return;
    }
    let mut wider = lets_through(changed.before(), changed.after(), kind);
    if !wider.is_empty() {
        let relabelled = Relabelled::of(changed.all);
        if !relabelled.is_empty() {
            let then = relabelled.without(changed.before(), false);
            let now = relabelled.without(changed.after(), true);
            wider = lets_through(then.as_ref(), now.as_ref(), kind);
        }
    }
    let (then, now) = changed.values(&["specs"]);
    if then != now {
        wider.push("specs");
    }
    if let Some(first) = wider.first() {
        let field = format!("spec.{first}");
        report.tell(
            changed,
            WIDER,
            &field,
            words("lets more traffic through", "let more traffic through", listed(&wider)),
        );
    }
}

/// The parts of a policy by which it lets more through than before.
fn lets_through(
    before: Option<&Node>,
    after: Option<&Node>,
    kind: &NetworkKind,
) -> Vec<&'static str> {
    let values = |key: &str| {
        let of = |node: Option<&'_ Node>| node.and_then(|node| node.at(&["spec", key])).cloned();
        (of(before), of(after))
    };
    let mut wider: Vec<&'static str> = Vec::new();
    let (then, now) = values(kind.selector);
    let (then, now) = (then.as_ref(), now.as_ref());
    if then != now && !then.zip(now).is_some_and(|(then, now)| selects_all_of(now, then)) {
        wider.push(kind.selector);
    }
    for direction in kind.allows {
        let (then, now) = values(direction);
        let (then, now) = (then.as_ref(), now.as_ref());
        let (isolated, isolates) = (isolates(before, direction), isolates(after, direction));
        let lets_more =
            !items(now).iter().all(|now| items(then).iter().any(|then| network_rule(then, now)));
        if isolated && (!isolates || lets_more) {
            wider.push(direction);
        }
    }
    for direction in kind.denies {
        let (then, now) = values(direction);
        let (then, now) = (then.as_ref(), now.as_ref());
        if !items(then).iter().all(|then| items(now).iter().any(|now| network_rule(now, then))) {
            wider.push(direction);
        }
    }
    wider
}

/// Whether other policies refuse all that one refused which goes: then its end lets nothing more through.
fn is_refused_by_others(changed: &Changed<'_>) -> bool {
    let spec =
        |node: Option<&Node>| node.and_then(|node| node.at(&["spec", "podSelector"])).cloned();
    let Some(own) = spec(changed.before()) else { return false };
    let others = || {
        changed.all.after.resources.iter().filter(|other| {
            other.id.gvk == changed.diff.id.gvk
                && other.id.namespace == changed.diff.id.namespace
                && spec(Some(&other.node)).is_some_and(|it| selects_all_of(&it, &own))
        })
    };
    // What the others let in was let in beside it, too, if they were there before.
    let was_there = |other: &crate::kustomize::Resource| {
        changed.all.before.resources.iter().any(|it| it.id == other.id && it.node == other.node)
    };
    let covered = |direction: &str| {
        others().any(|other| was_there(other) && isolates(Some(&other.node), direction))
    };
    ["ingress", "egress"]
        .into_iter()
        .filter(|direction| isolates(changed.before(), direction))
        .all(covered)
}

/// Whether a policy refuses what it does not name in a direction.
fn isolates(node: Option<&Node>, direction: &str) -> bool {
    let spec = |key: &str| node.and_then(|node| node.at(&["spec", key]));
    if text(node, &["spec", "enableDefaultDeny", direction]) == "false" {
        return false;
    }
    let types = texts(spec("policyTypes"));
    if types.is_empty() {
        // Ingress always, the other one if it is written (kubernetes.io, "Network Policies");
        // Cilium has no types, and a direction that is written is refused but for its rules.
        return spec(direction).is_some()
            || direction == "ingress" && spec("podSelector").is_some();
    }
    types.iter().any(|kind| kind.eq_ignore_ascii_case(direction))
}
