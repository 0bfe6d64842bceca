//! Who may call what: AuthorizationPolicies, network policies and roles that let more through.

mod codes;
mod istio;
mod network;
mod project;
mod role;

use codes::{OTHER, WIDER, refusal_gone};

use crate::policy::change::{Changed, items, listed, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Report, Rule};

pub(super) const RULE: Rule = Rule {
    id: "authorization-wider",
    gate: Gate::Risks,
    codes: &[WIDER, OTHER],
    check: Check::Change(check),
};

/// Policies of networks whose rules are not compared one by one.
const OPAQUE: [(&str, &str); 6] = [
    ("crd.projectcalico.org", "NetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    let kind = changed.kind();
    if changed.is("istio.io", "AuthorizationPolicy") {
        istio::check(changed, report);
    } else if changed.is("networking.k8s.io", "NetworkPolicy") {
        network::kubernetes(changed, report);
    } else if ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"].contains(&kind) {
        network::cilium(changed, report);
    } else if OPAQUE.iter().any(|(group, kind)| changed.is(group, kind)) {
        opaque(changed, report);
    } else if changed.is_of("rbac.authorization.k8s.io") {
        role::check(changed, report);
    } else if changed.is("envoyproxy.io", "SecurityPolicy") {
        parts_lost(
            changed,
            &["authorization", "jwt", "basicAuth", "apiKeyAuth", "extAuth", "oidc"],
            report,
        );
    } else if changed.is("linkerd.io", "AuthorizationPolicy")
        || changed.is("linkerd.io", "ServerAuthorization")
    {
        opaque(changed, report);
    } else if changed.is("gateway.networking.k8s.io", "ReferenceGrant") {
        references_let_in(changed, report);
    } else if changed.is("argoproj.io", "AppProject") {
        project::check(changed, report);
    } else if changed.is("argoproj.io", "Application") {
        project::check_member(changed, report);
    }
}

/// Namespaces that may refer to what is here, by a grant of the Gateway API.
fn references_let_in(changed: &Changed<'_>, report: &mut Report<'_>) {
    let comes = |key: &str| {
        let (then, now) = changed.values(&["spec", key]);
        items(now).iter().any(|it| !items(then).contains(it))
    };
    let (from, to) = (comes("from"), comes("to"));
    if from || to {
        let (_, now) = changed.values(&["spec", "from"]);
        let names: Vec<&str> = items(now).iter().map(|it| it.text_at(&["namespace"])).collect();
        let words = words(
            "lets another namespace refer to what is here",
            "let other namespaces refer to what is here",
            listed(&names),
        );
        report.tell(changed, WIDER, if from { "spec.from" } else { "spec.to" }, words);
    }
}

/// A policy whose change cannot be told apart here.
fn opaque(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        refusal_gone(changed, report);
    } else if changed.stays() && changed.is_substantial() {
        let words =
            words("changes which traffic is refused", "change which traffic is refused", "");
        report.tell(changed, WIDER, "spec", words);
    }
}

/// A policy of parts that each ask something of whoever calls.
fn parts_lost(changed: &Changed<'_>, parts: &[&str], report: &mut Report<'_>) {
    let lost: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| {
            let (then, now) = changed.values(&["spec", part]);
            then.is_some() && now.is_none()
        })
        .collect();
    if changed.is_deleted() {
        refusal_gone(changed, report);
    } else if !lost.is_empty() {
        report.tell(
            changed,
            WIDER,
            "spec",
            words("no longer asks who calls", "no longer ask who calls", listed(&lost)),
        );
    } else if changed.stays()
        && changed.values(&["spec", "authorization"]).0
            != changed.values(&["spec", "authorization"]).1
    {
        report.tell(
            changed,
            WIDER,
            "spec.authorization",
            words("changes who may call what", "change who may call what", ""),
        );
    }
}
