//! Policies and controllers that no longer enforce: Kyverno, Gatekeeper, Pod Security, webhooks, and
//! what Argo CD and Flux no longer keep as it is written.

use std::collections::BTreeMap;

use super::scope;
use crate::policy::Level;
use crate::policy::change::{
    Changed, Leaves, all_become, becomes, is_switched_off, is_switched_on, items, last_key, leaves,
    listed, shown, text, texts, words,
};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "policy-not-enforced",
    gate: Gate::Risks,
    codes: &[NOT_ENFORCED, ANOTHER_WAY],
    check: Check::Change(check),
};

const NOT_ENFORCED: Code = Code::sound("policy-not-enforced", Level::Warning);
const ANOTHER_WAY: Code = Code::sound("policy-not-enforced", Level::Info);

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    let group = changed.diff.id.gvk.group.as_str();
    if is_policy(changed) && changed.is_deleted() {
        let words = words(
            "is deleted, so what it refused is admitted",
            "are deleted, so what they refused is admitted",
            "",
        );
        return report.tell(changed, NOT_ENFORCED, "", words);
    }
    if group.ends_with("kyverno.io") {
        kyverno(changed, report);
    } else if group == "constraints.gatekeeper.sh" {
        gatekeeper(changed, report);
    } else if group == "policies.kubewarden.io" {
        falls(changed, &["spec", "mode"], "protect", "protect", report);
    } else if changed.is("", "Namespace") {
        pod_security(changed, report);
    } else if group == "admissionregistration.k8s.io" {
        admission(changed, report);
    } else if changed.is("istio.io", "EnvoyFilter") {
        envoy_filter(changed, report);
    } else if changed.is("istio.io", "AuthorizationPolicy") {
        let (then, now) = changed.annotation("istio.io/dry-run");
        if is_switched_on(then, now) && changed.stays() {
            report.tell(
                changed,
                NOT_ENFORCED,
                "metadata.annotations.[istio.io/dry-run]",
                words("only watches", "only watch", shown("istio.io/dry-run")),
            );
        }
    }
    controllers(changed, report);
    scope::check(changed, (NOT_ENFORCED, ANOTHER_WAY), report);
}

/// Whether a kind refuses things.
fn is_policy(changed: &Changed<'_>) -> bool {
    let id = &changed.diff.id.gvk;
    match id.group.as_str() {
        "kyverno.io" => {
            ["ClusterPolicy", "Policy"].contains(&id.kind.as_str())
                && has_validation(changed.before())
        }
        "policies.kyverno.io" => {
            id.kind.contains("ValidatingPolicy") || id.kind == "ImageValidatingPolicy"
        }
        "constraints.gatekeeper.sh" => {
            text(changed.before(), &["spec", "enforcementAction"]) != "dryrun"
        }
        "templates.gatekeeper.sh" | "policies.kubewarden.io" => true,
        "admissionregistration.k8s.io" => id.kind.starts_with("Validating"),
        group if group.ends_with("istio.io") => {
            id.kind == "EnvoyFilter" && enforces(changed.before()) > 0
        }
        _ => false,
    }
}

/// Whether a policy of Kyverno's checks anything, and not only changes or makes things.
fn has_validation(node: Option<&Node>) -> bool {
    let rules = items(node.and_then(|node| node.at(&["spec", "rules"])));
    rules.is_empty()
        || rules
            .iter()
            .any(|rule| rule.get("validate").is_some() || rule.get("verifyImages").is_some())
}

/// Tells that a field leaves the value that enforces.
fn falls(
    changed: &Changed<'_>,
    keys: &[&str],
    enforcing: &str,
    default: &str,
    report: &mut Report<'_>,
) {
    let (then, now) = changed.texts(keys);
    let is_on =
        |text: &str| if text.is_empty() { default } else { text }.eq_ignore_ascii_case(enforcing);
    if changed.stays() && is_on(then) && !is_on(now) {
        let detail = becomes(then, now);
        report.tell(
            changed,
            NOT_ENFORCED,
            &keys.join("."),
            words("no longer enforces", "no longer enforce", detail),
        );
    }
}

fn kyverno(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_added() && changed.kind() == "PolicyException" {
        return report.tell(
            changed,
            NOT_ENFORCED,
            "spec",
            words(
                "comes and excepts resources from policies",
                "come and except resources from policies",
                "",
            ),
        );
    }
    if !changed.stays() {
        return;
    }
    falls(changed, &["spec", "validationFailureAction"], "enforce", "audit", report);
    let actions = |node: Option<&Node>| {
        texts(node.and_then(|n| n.at(&["spec", "validationActions"])))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (then, now) = (actions(changed.before()), actions(changed.after()));
    let denies = |list: &[String]| list.is_empty() || list.iter().any(|action| action == "Deny");
    if denies(&then) && !denies(&now) {
        let detail = all_become(&then, &now);
        report.tell(
            changed,
            NOT_ENFORCED,
            "spec.validationActions",
            words("no longer enforces", "no longer enforce", detail),
        );
    }
    falls(changed, &["spec", "failurePolicy"], "fail", "fail", report);
    kyverno_rules(changed, report);
    let (then, now) = changed.values(&["spec", "validationFailureActionOverrides"]);
    let audits = |node: Option<&Node>| {
        items(node)
            .iter()
            .filter(|o| text(Some(o), &["action"]).eq_ignore_ascii_case("audit"))
            .count()
    };
    if audits(now) > audits(then) {
        report.tell(
            changed,
            NOT_ENFORCED,
            "spec.validationFailureActionOverrides",
            words("only watches some namespaces", "only watch some namespaces", ""),
        );
    }
    if changed.kind() == "PolicyException" && changed.is_substantial() {
        report.tell(
            changed,
            NOT_ENFORCED,
            "spec",
            words(
                "excepts other resources from policies",
                "except other resources from policies",
                "",
            ),
        );
    }
}

fn kyverno_rules(changed: &Changed<'_>, report: &mut Report<'_>) {
    let rules = |node: Option<&'_ Node>| -> BTreeMap<String, Node> {
        items(node.and_then(|node| node.at(&["spec", "rules"])))
            .iter()
            .map(|rule| (text(Some(rule), &["name"]).to_owned(), rule.clone()))
            .collect()
    };
    let (then, now) = (rules(changed.before()), rules(changed.after()));
    let gone: Vec<&String> = then.keys().filter(|name| !now.contains_key(*name)).collect();
    if !gone.is_empty() {
        report.tell(
            changed,
            NOT_ENFORCED,
            "spec.rules",
            words("loses a rule", "lose rules", listed(&gone)),
        );
    }
    for (name, rule) in &now {
        let Some(before) = then.get(name) else { continue };
        let action = |rule: &'_ Node| text(Some(rule), &["validate", "failureAction"]).to_owned();
        let (a, b) = (action(before), action(rule));
        if a.eq_ignore_ascii_case("enforce") && !b.eq_ignore_ascii_case("enforce") {
            let detail = format!("{} {}", shown(name), becomes(&a, &b));
            report.tell(
                changed,
                NOT_ENFORCED,
                "spec.rules",
                words("no longer enforces", "no longer enforce", detail),
            );
        }
        if rule.get("exclude") != before.get("exclude") && rule.get("exclude").is_some() {
            report.tell(
                changed,
                NOT_ENFORCED,
                "spec.rules",
                words("excepts other resources", "except other resources", shown(name)),
            );
        }
    }
}

fn gatekeeper(changed: &Changed<'_>, report: &mut Report<'_>) {
    falls(changed, &["spec", "enforcementAction"], "deny", "deny", report);
    let excluded = |node: Option<&Node>| {
        texts(node.and_then(|n| n.at(&["spec", "match", "excludedNamespaces"])))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (then, now) = (excluded(changed.before()), excluded(changed.after()));
    let more: Vec<&String> = now.iter().filter(|name| !then.contains(name)).collect();
    if changed.stays() && !more.is_empty() {
        report.tell(
            changed,
            NOT_ENFORCED,
            "spec.match.excludedNamespaces",
            words("excepts more namespaces", "except more namespaces", listed(&more)),
        );
    }
}

/// kubernetes.io/docs/concepts/security/pod-security-admission.
fn pod_security(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let rank = |level: &str| match level {
        "restricted" => 2,
        "baseline" => 1,
        _ => 0,
    };
    let key = "pod-security.kubernetes.io/enforce";
    let (then, now) = changed.texts(&["metadata", "labels", key]);
    if rank(now) < rank(then) {
        let detail = format!("Pod Security {}", becomes(then, now));
        let field = if now.is_empty() {
            "metadata.labels".to_owned()
        } else {
            format!("metadata.labels.[{key}]")
        };
        report.tell(changed, NOT_ENFORCED, &field, words("enforces less", "enforce less", detail));
    }
    let key = "admission.gatekeeper.sh/ignore";
    let (then, now) = changed.values(&["metadata", "labels", key]);
    if then.is_none() && now.is_some() {
        report.tell(
            changed,
            NOT_ENFORCED,
            &format!("metadata.labels.[{key}]"),
            words("is excepted from Gatekeeper", "are excepted from Gatekeeper", ""),
        );
    }
}

fn admission(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let actions = |node: Option<&Node>| {
        texts(node.and_then(|n| n.at(&["spec", "validationActions"]))).contains(&"Deny")
    };
    if actions(changed.before()) && !actions(changed.after()) {
        report.tell(
            changed,
            NOT_ENFORCED,
            "spec.validationActions",
            words("no longer enforces", "no longer enforce", shown("Deny")),
        );
    }
    falls(changed, &["spec", "failurePolicy"], "fail", "fail", report);
    let webhooks = |node: Option<&Node>| -> BTreeMap<String, String> {
        let webhooks = items(node.and_then(|node| node.get("webhooks")));
        let policy = |webhook: &Node| match text(Some(webhook), &["failurePolicy"]) {
            "" => "Fail".to_owned(),
            policy => policy.to_owned(),
        };
        webhooks
            .iter()
            .map(|webhook| (text(Some(webhook), &["name"]).to_owned(), policy(webhook)))
            .collect()
    };
    let (then, now) = (webhooks(changed.before()), webhooks(changed.after()));
    let validates = changed.kind().starts_with("Validating");
    for (name, policy) in &then {
        match now.get(name) {
            None if validates => report.tell(
                changed,
                NOT_ENFORCED,
                "webhooks",
                words("loses a webhook", "lose webhooks", shown(name)),
            ),
            Some(now) if policy == "Fail" && now == "Ignore" => {
                let detail = format!("{} `Fail` → `Ignore`", shown(name));
                report.tell(
                    changed,
                    NOT_ENFORCED,
                    "webhooks",
                    words(
                        "passes requests where its webhook fails",
                        "pass requests where their webhooks fail",
                        detail,
                    ),
                );
            }
            _ => {}
        }
    }
}

/// Filters of Envoy's that refuse requests.
const FILTERS: [&str; 5] = ["rbac", "ext_authz", "jwt_authn", "ratelimit", "csrf"];

/// How many filters of a patch refuse, those that only watch left out.
fn enforces(node: Option<&Node>) -> usize {
    let found = leaves(node);
    let refuses =
        |text: &str| FILTERS.iter().any(|filter| text.to_ascii_lowercase().contains(filter));
    let filters =
        found.iter().filter(|(path, text)| path.ends_with("@type") && refuses(text)).count();
    let watching =
        |path: &&str| path.contains("shadow_rules.action") || path.contains("shadowRules.action");
    let enforcing = |path: &&str| path.ends_with(".rules.action");
    let (watching, enforcing) = (
        found.iter().filter(|(path, _)| watching(path)).count(),
        found.iter().filter(|(path, _)| enforcing(path)).count(),
    );
    filters.saturating_sub(if enforcing == 0 { watching } else { 0 })
}

fn envoy_filter(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let (then, now) = (enforces(changed.before()), enforces(changed.after()));
    let (before, after) = changed.leaves();
    let rules = |leaves: &Leaves<'_>| {
        leaves.iter().filter(|(path, _)| path.contains(".rules.policies")).count() > 0
    };
    if now < then || rules(before) && !rules(after) {
        return report.tell(
            changed,
            NOT_ENFORCED,
            "spec.configPatches",
            words("refuses less than before", "refuse less than before", ""),
        );
    }
    for (path, then) in before
        .iter()
        .filter(|(path, _)| path.contains("filter_enforced") && path.ends_with("numerator"))
    {
        let now = after.get(path).unwrap_or("0");
        if then.parse::<f64>().ok() > now.parse::<f64>().ok() {
            let detail = format!("{then} → {now}");
            report.tell(
                changed,
                NOT_ENFORCED,
                after.field(path),
                words("enforces a smaller part", "enforce a smaller part", detail),
            );
        }
    }
}

/// What an object of Flux's no longer does while it is suspended. Of those that tell people `observability-weaker`
/// speaks.
fn suspended(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "Alert" | "Provider" => return None,
        "Receiver" => (
            "is suspended, so nothing is applied the moment that it changes",
            "are suspended, so nothing is applied the moment that it changes",
        ),
        "ImageRepository" | "ImagePolicy" | "ImageUpdateAutomation" => (
            "is suspended, so images stay as they are",
            "are suspended, so images stay as they are",
        ),
        kind if kind.ends_with("Repository") || ["Bucket", "HelmChart"].contains(&kind) => {
            ("is suspended, so nothing new is fetched", "are suspended, so nothing new is fetched")
        }
        _ => ("is suspended, so nothing is applied", "are suspended, so nothing is applied"),
    })
}

/// What Argo CD and Flux do by themselves.
fn controllers(changed: &Changed<'_>, report: &mut Report<'_>) {
    let group = changed.diff.id.gvk.group.as_str();
    let is_flux = group.ends_with("toolkit.fluxcd.io");
    let is_argo =
        group == "argoproj.io" && ["Application", "ApplicationSet"].contains(&changed.kind());
    if !changed.stays() || !(is_flux || is_argo) {
        return;
    }
    let (before, after) = changed.leaves();
    if is_flux {
        let (then, now) = changed.texts(&["spec", "suspend"]);
        if let Some((one, many)) = suspended(changed.kind())
            && is_switched_on(then, now)
        {
            report.tell(changed, NOT_ENFORCED, "spec.suspend", words(one, many, ""));
        }
        for place in [&["spec", "verify"][..], &["spec", "chart", "spec", "verify"]] {
            if let (Some(_), None) = changed.values(place) {
                let words =
                    words("no longer verifies signatures", "no longer verify signatures", "");
                report.tell(changed, NOT_ENFORCED, "spec", words);
            }
        }
    }
    let automated =
        |leaves: &Leaves<'_>| leaves.iter().any(|(path, _)| path.contains("syncPolicy.automated"));
    let block = |node: Option<&Node>| {
        let places: [&[&str]; 2] = [
            &["spec", "syncPolicy", "automated"],
            &["spec", "template", "spec", "syncPolicy", "automated"],
        ];
        places.iter().any(|place| node.is_some_and(|node| node.at(place).is_some()))
    };
    if is_argo && block(changed.before()) && !block(changed.after()) && !automated(after) {
        return report.tell(
            changed,
            NOT_ENFORCED,
            "spec.syncPolicy",
            words(
                "is no longer synchronised by itself",
                "are no longer synchronised by themselves",
                "",
            ),
        );
    }
    for (path, then) in before.iter() {
        let key = last_key(path);
        let now = after.get(path).unwrap_or("false");
        if ["selfHeal", "prune"].contains(&key) && is_switched_off(then, now) {
            let (one, many) = if key == "prune" {
                (
                    "no longer removes what the repository dropped",
                    "no longer remove what the repository dropped",
                )
            } else {
                ("no longer undoes changes by hand", "no longer undo changes by hand")
            };
            report.tell(changed, NOT_ENFORCED, after.field(path), words(one, many, shown(key)));
        }
        let is_enabled = path.ends_with("automated.enabled") && now == "false" && then != "false";
        if is_enabled {
            report.tell(
                changed,
                NOT_ENFORCED,
                after.field(path),
                words(
                    "is no longer synchronised by itself",
                    "are no longer synchronised by themselves",
                    "",
                ),
            );
        }
    }
}
