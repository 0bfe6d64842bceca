//! Who may call what: AuthorizationPolicies, network policies and roles that let more through.

use super::change::{Changed, becomes, items, listed, new_ones, shown, text, texts, words};
use super::cover::{istio_rule, network_rule, role_rule, selects_all_of};
use super::leaf::{Leaves, last_key, leaves};
use super::mtls::reach;
use super::relabelled::Relabelled;
use crate::diff::Change;
use crate::kustomize::ResourceId;
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "authorization-wider",
    gate: Gate::Risks,
    codes: &[WIDER, OTHER],
    check: Check::Change(check),
};

const WIDER: Code = Code::sound("authorization-wider", Level::Warning);
const OTHER: Code = Code::sound("authorization-wider", Level::Info);

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
        istio(changed, report);
    } else if changed.is("networking.k8s.io", "NetworkPolicy") {
        network(changed, &NetworkKind::KUBERNETES, report);
    } else if ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"].contains(&kind) {
        network(changed, &NetworkKind::CILIUM, report);
    } else if OPAQUE.iter().any(|(group, kind)| changed.is(group, kind)) {
        opaque(changed, report);
    } else if changed.is_of("rbac.authorization.k8s.io") {
        roles(changed, report);
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
        project(changed, report);
    } else if changed.is("argoproj.io", "Application") {
        of_project(changed, report);
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

/// The project whose bounds hold for an Application.
fn of_project(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (then, now) = changed.texts(&["spec", "project"]);
    if changed.stays() && then != now && !then.is_empty() {
        let code = if now == "default" { WIDER } else { OTHER };
        let words = words(
            "is within the bounds of another project",
            "are within the bounds of another project",
            becomes(then, now),
        );
        report.tell(changed, code, "spec.project", words);
    }
}

/// What the Applications of an Argo CD project may do.
fn project(changed: &Changed<'_>, report: &mut Report<'_>) {
    const ALLOWS: [&str; 4] =
        ["sourceRepos", "sourceNamespaces", "destinations", "clusterResourceWhitelist"];
    const REFUSES: [&str; 3] =
        ["clusterResourceBlacklist", "namespaceResourceBlacklist", "signatureKeys"];
    if !changed.stays() {
        return;
    }
    let is_all = |it: &Node| {
        let leaves = leaves(Some(it));
        leaves.iter().all(|(path, text)| text == "*" || last_key(path) == "name")
    };
    let sides = |key: &str| {
        let (then, now) = changed.values(&["spec", key]);
        (items(then), items(now))
    };
    let lacks = |all: &[Node], some: &[Node]| some.iter().any(|it| !all.contains(it));
    let mut wider: Vec<&str> = Vec::new();
    for key in ALLOWS {
        let (then, now) = sides(key);
        if !then.iter().any(is_all) && lacks(then, now) {
            wider.push(key);
        }
    }
    // What is not written allows all.
    let key = "namespaceResourceWhitelist";
    let (then, now) = sides(key);
    if !then.is_empty() && (now.is_empty() || !then.iter().any(is_all) && lacks(then, now)) {
        wider.push(key);
    }
    for key in REFUSES {
        let (then, now) = sides(key);
        if lacks(now, then) {
            wider.push(key);
        }
    }
    if let Some(first) = wider.first() {
        let field = format!("spec.{first}");
        let words = words(
            "lets its Applications do more",
            "let their Applications do more",
            listed(&wider),
        );
        report.tell(changed, WIDER, &field, words);
    }
}

fn action(node: Option<&Node>) -> &str {
    match text(node, &["spec", "action"]) {
        "" => "ALLOW",
        action => action,
    }
}

fn istio(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = (action(changed.before()), action(changed.after()));
    let reach = reach(changed);
    let mut say = |field: &str, one: &str, many: &str, detail: String| {
        report.tell(changed, WIDER, field, words(format!("{one} {reach}"), many, detail));
    };
    if changed.is_deleted() {
        return match before {
            "ALLOW" if allows_all(changed.before()) => {}
            "ALLOW" => say(
                "",
                "is deleted, so what it limited may be open to everybody",
                "are deleted, so what they limited may be open to everybody",
                String::new(),
            ),
            "AUDIT" => {}
            _ => say(
                "",
                "is deleted, so what it refused is allowed",
                "are deleted, so what they refused is allowed",
                String::new(),
            ),
        };
    }
    if changed.is_added() {
        if allows_all(changed.after()) {
            say(
                "spec.rules",
                "comes and allows every request",
                "come and allow every request",
                String::new(),
            );
        } else if after == "ALLOW"
            && !items(changed.after().and_then(|n| n.at(&["spec", "rules"]))).is_empty()
        {
            let words = words(
                "comes and changes who may call what",
                "come and change who may call what",
                "",
            );
            report.tell(changed, OTHER, "spec.rules", words);
        }
        return;
    }
    if before != after {
        let stricter = before == "AUDIT" && after != "ALLOW";
        if !stricter {
            let detail = becomes(before, after);
            say("spec.action", "has another action", "have another action", detail);
        }
        return;
    }
    if after == "AUDIT" {
        return;
    }
    selected(changed, after, report);
    let (then, now) = changed.values(&["spec", "rules"]);
    let (then, now) = (items(then), items(now));
    let (wider, narrower) = match after {
        "ALLOW" => (!holds(then, now), !holds(now, then)),
        _ => (!holds(now, then), !holds(then, now)),
    };
    if wider {
        let what = lost(then, now, after);
        let (one, many) = if after == "ALLOW" {
            ("allows more requests", "allow more requests")
        } else {
            ("refuses fewer requests", "refuse fewer requests")
        };
        let field = if now.is_empty() { "spec" } else { "spec.rules" };
        report.tell(changed, WIDER, field, words(format!("{one} {reach}"), many, what));
    } else if narrower {
        let words = words(format!("refuses more requests {reach}"), "refuse more requests", "");
        report.tell(changed, OTHER, "spec.rules", words);
    }
}

/// Whether each of `narrow` is matched by one of `wide`.
fn holds(wide: &[Node], narrow: &[Node]) -> bool {
    narrow.iter().all(|narrow| wide.iter().any(|wide| istio_rule(wide, narrow)))
}

/// What comes or goes in the rules, where that can be said in a few words.
fn lost(before: &[Node], after: &[Node], action: &str) -> String {
    if action == "ALLOW" && after.iter().any(is_empty) && !before.iter().any(is_empty) {
        return "every one".to_owned();
    }
    let values = |rules: &[Node]| -> Vec<String> {
        let leaves: Vec<Leaves<'_>> = rules.iter().map(|rule| leaves(Some(rule))).collect();
        let texts = leaves.iter().flat_map(|leaves| leaves.iter().map(|(_, text)| text.to_owned()));
        texts.collect()
    };
    let (then, now) = (values(before), values(after));
    let come: Vec<&String> = now.iter().filter(|value| !then.contains(value)).collect();
    let gone: Vec<&String> = then.iter().filter(|value| !now.contains(value)).collect();
    let count = |rules: &[Node], key: &str| {
        rules.iter().filter(|rule| !items(rule.get(key)).is_empty()).count()
    };
    let parts: Vec<&str> = ["from", "to", "when"]
        .into_iter()
        .filter(|key| before.len() == after.len() && count(after, key) < count(before, key))
        .collect();
    match (action, parts.is_empty(), come.is_empty(), gone.is_empty()) {
        ("ALLOW", true, false, _) => {
            let is = if come.len() == 1 { "is" } else { "are" };
            format!("{} {is} allowed", listed(&come))
        }
        (_, false, ..) => format!("without {}", listed(&parts)),
        (_, _, _, false) => format!("without {}", listed(&gone)),
        _ => String::new(),
    }
}

fn is_empty(rule: &Node) -> bool {
    ["from", "to", "when"].iter().all(|key| items(rule.get(key)).is_empty())
}

/// An empty rule matches every request; no rule at all matches none.
fn allows_all(node: Option<&Node>) -> bool {
    let rules = items(node.and_then(|node| node.at(&["spec", "rules"])));
    action(node) == "ALLOW" && rules.iter().any(is_empty)
}

/// Whom a policy is about. One that refuses and is about fewer, or one that allows and is about
/// others, lets more through.
fn selected(changed: &Changed<'_>, action: &str, report: &mut Report<'_>) {
    for key in ["selector", "targetRef", "targetRefs"] {
        let (then, now) = changed.values(&["spec", key]);
        if then == now {
            continue;
        }
        let widens =
            now.is_none() || then.zip(now).is_some_and(|(then, now)| selects_all_of(now, then));
        let only_more = widens && (action != "ALLOW" || !allows_all(changed.after()));
        if !only_more {
            let words = words("is about other workloads", "are about other workloads", shown(key));
            report.tell(changed, WIDER, &format!("spec.{key}"), words);
        }
    }
}

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

fn refusal_gone(changed: &Changed<'_>, report: &mut Report<'_>) {
    let words = words(
        "is deleted, so what it refused is allowed",
        "are deleted, so what they refused is allowed",
        "",
    );
    report.tell(changed, WIDER, "", words);
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

fn roles(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        return;
    }
    match changed.kind() {
        "Role" | "ClusterRole" => grants(changed, report),
        "RoleBinding" | "ClusterRoleBinding" => binding(changed, report),
        _ => {}
    }
}

fn grants(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (then, now) = changed.values(&["rules"]);
    let (then, now) = (items(then), items(now));
    let is_wide =
        |rule: &Node| ["verbs", "resources"].iter().any(|key| texts(rule.get(key)).contains(&"*"));
    let more: Vec<&Node> =
        now.iter().filter(|now| !then.iter().any(|then| role_rule(then, now))).collect();
    if more.iter().any(|rule| is_wide(rule)) {
        let words = words(
            "grants every verb or every resource",
            "grant every verb or every resource",
            shown("*"),
        );
        report.tell(changed, WIDER, "rules", words);
    } else if let (Some(first), true) = (more.first(), changed.stays()) {
        let detail = format!(
            "{} of {}",
            listed(&texts(first.get("verbs"))),
            listed(&texts(first.get("resources")))
        );
        report.tell(changed, WIDER, "rules", words("grants more", "grant more", detail));
    }
}

fn binding(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (role_before, role) = changed.texts(&["roleRef", "name"]);
    let subjects = |node: Option<&Node>| -> Vec<String> {
        let subjects = items(node.and_then(|node| node.get("subjects")));
        let name = |subject: &Node| {
            let part = |key: &str| text(Some(subject), &[key]).to_owned();
            format!(
                "{} {}",
                part("kind"),
                [part("namespace"), part("name")]
                    .iter()
                    .filter(|p| !p.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("/")
            )
        };
        subjects.iter().map(name).collect()
    };
    let (then, now) = (subjects(changed.before()), subjects(changed.after()));
    let (then, now): (Vec<&str>, Vec<&str>) =
        (then.iter().map(String::as_str).collect(), now.iter().map(String::as_str).collect());
    let come = new_ones(&then, &now);
    let come: Vec<&str> = come.into_iter().filter(|who| !has_moved(changed, who, &then)).collect();
    let is_mighty = role == "cluster-admin";
    let anybody = come.iter().any(|who| {
        who.contains("system:unauthenticated")
            || who.contains("system:authenticated")
            || who.contains("system:anonymous")
    });
    let is_same = changed.is_renamed(&["Role", "ClusterRole"], role_before, role);
    if role != role_before && !is_same && (is_mighty || changed.stays()) {
        let detail = if role_before.is_empty() { shown(role) } else { becomes(role_before, role) };
        report.tell(
            changed,
            WIDER,
            "roleRef.name",
            words("grants another role", "grant other roles", detail),
        );
    } else if !come.is_empty() && (changed.stays() || anybody) {
        let detail = format!("{} to {}", shown(role), listed(&come));
        report.tell(
            changed,
            WIDER,
            "subjects",
            words("grants its role to others", "grant their roles to others", detail),
        );
    }
}

/// Whether a subject is an account that had the role already and moves to another name or namespace.
fn has_moved(changed: &Changed<'_>, who: &str, then: &[&str]) -> bool {
    let subject = |id: &ResourceId| match id.namespace.as_str() {
        "" => format!("ServiceAccount {}", id.name),
        namespace => format!("ServiceAccount {namespace}/{}", id.name),
    };
    let accounts = |change: Change| {
        let all = changed.all.resources.iter();
        all.filter(move |it| it.change == change && it.id.gvk.kind == "ServiceAccount")
    };
    accounts(Change::Added).filter(|new| subject(&new.id) == who).any(|new| {
        accounts(Change::Deleted).any(|old| {
            old.original.name == new.original.name && then.contains(&subject(&old.id).as_str())
        })
    })
}
