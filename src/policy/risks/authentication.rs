//! Which tokens are accepted: issuers, keys and audiences.

use std::collections::BTreeMap;

use super::mtls::reach;
use super::settings;
use crate::policy::Level;
use crate::policy::change::{
    Changed, Leaves, all_become, at, becomes, items, listed, new_ones, setting, shown, text, texts,
    words,
};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "authentication-changes",
    gate: Gate::Risks,
    codes: &[CHANGES, FEWER],
    check: Check::Change(check),
};

const CHANGES: Code = Code::sound("authentication-changes", Level::Warning);
const FEWER: Code = Code::sound("authentication-changes", Level::Info);

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is("istio.io", "RequestAuthentication") {
        request_authentication(changed, report);
    } else if changed.stays() {
        issuers_elsewhere(changed, report);
        settings::callers(changed, CHANGES, report);
        providers_of_contour(changed, report);
    }
}

/// Providers of tokens that Contour asks for.
fn providers_of_contour(changed: &Changed<'_>, report: &mut Report<'_>) {
    let names = |node| -> Vec<&str> {
        let all = items(at(node, &["spec", "virtualhost", "jwtProviders"])).iter();
        all.map(|it| text(Some(it), &["name"])).collect()
    };
    let (then, now) = (names(changed.before()), names(changed.after()));
    let lost = new_ones(&now, &then);
    if changed.kind() == "HTTPProxy" && !lost.is_empty() {
        let words = words("no longer checks tokens", "no longer check tokens", listed(&lost));
        report.tell(changed, CHANGES, "spec.virtualhost", words);
    }
}

fn request_authentication(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        let words = words(
            format!("is deleted, so tokens are no longer checked {}", reach(changed)),
            "are deleted, so tokens are no longer checked",
            "",
        );
        return report.tell(changed, CHANGES, "", words);
    }
    if !changed.stays() {
        return;
    }
    let (then, now) = (rules(changed.before()), rules(changed.after()));
    let issuers = |rules: &BTreeMap<String, &Node>| rules.keys().cloned().collect::<Vec<_>>();
    let (before, after) = (issuers(&then), issuers(&now));
    let as_text = |list: &'_ [String]| list.iter().map(String::clone).collect::<Vec<_>>();
    let (before, after) = (as_text(&before), as_text(&after));
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
    let (come, gone) = (new_ones(&before, &after), new_ones(&after, &before));
    if !come.is_empty() || now.is_empty() && !then.is_empty() {
        let detail = match (gone.is_empty(), come.is_empty()) {
            (true, _) => listed(&come),
            (false, true) => format!("{} → unset", listed(&gone)),
            (false, false) => all_become(&gone, &come),
        };
        report.tell(
            changed,
            CHANGES,
            "spec.jwtRules",
            words("accepts tokens of another issuer", "accept tokens of other issuers", detail),
        );
    } else if !gone.is_empty() {
        report.tell(
            changed,
            FEWER,
            "spec.jwtRules",
            words(
                "no longer accepts tokens of an issuer",
                "no longer accept tokens of an issuer",
                listed(&gone),
            ),
        );
    }
    for (issuer, rule) in &now {
        let Some(before) = then.get(issuer) else { continue };
        compare(changed, issuer, before, rule, report);
    }
    let (selector, other) = changed.values(&["spec", "selector"]);
    if selector != other && other.is_some() {
        report.tell(
            changed,
            CHANGES,
            "spec.selector",
            words("is about other workloads", "are about other workloads", ""),
        );
    }
}

fn rules(node: Option<&Node>) -> BTreeMap<String, &Node> {
    let rules = items(node.and_then(|node| node.at(&["spec", "jwtRules"])));
    rules.iter().map(|rule| (text(Some(rule), &["issuer"]).to_owned(), rule)).collect()
}

/// One issuer's keys and audiences.
fn compare(
    changed: &Changed<'_>,
    issuer: &str,
    before: &Node,
    after: &Node,
    report: &mut Report<'_>,
) {
    for key in ["jwksUri", "jwks"] {
        let (then, now) = (text(Some(before), &[key]), text(Some(after), &[key]));
        if then != now {
            // A key set is no secret, but no reading matter either.
            let detail = if key == "jwks" { shown(issuer) } else { becomes(then, now) };
            report.tell(
                changed,
                CHANGES,
                "spec.jwtRules",
                words("checks tokens by other keys", "check tokens by other keys", detail),
            );
        }
    }
    let (then, now) = (texts(before.get("audiences")), texts(after.get("audiences")));
    let more = new_ones(&then, &now);
    if !then.is_empty() && (now.is_empty() || !more.is_empty()) {
        let detail = if now.is_empty() { "any".to_owned() } else { listed(&more) };
        report.tell(
            changed,
            CHANGES,
            "spec.jwtRules",
            words(
                "accepts tokens for other audiences",
                "accept tokens for other audiences",
                detail,
            ),
        );
    }
}

/// Words in a key, a variable's name or an argument that name an issuer.
fn names_issuer(word: &str) -> bool {
    let word = word.to_ascii_lowercase().replace(['-', '_', '.'], "");
    let is_token = ["oidc", "jwt", "jwks", "token", "auth"].iter().any(|part| word.contains(part));
    word.contains("jwksur")
        || word.contains("issuer") && (is_token || word == "issuer" || word.starts_with("issuerur"))
        || word.contains("idpoidc")
}

/// The same in other kinds: values, variables, arguments, annotations.
fn issuers_elsewhere(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.kind() == "Certificate" || changed.is_of("cert-manager.io") {
        return;
    }
    let (before, after) = changed.leaves();
    for (path, then) in before.iter() {
        let Some(now) = after.get(path).filter(|now| *now != then) else { continue };
        if names_issuer(setting(path)) {
            let detail = becomes(then, now);
            report.tell(
                changed,
                CHANGES,
                after.field(path),
                words("trusts another issuer", "trust another issuer", detail),
            );
        }
    }
    let argument = |path: &str, text: &'_ str| {
        let (name, value) = text.split_once('=')?;
        (path.contains(".args[") && names_issuer(name)).then(|| (name.to_owned(), value.to_owned()))
    };
    let found = |leaves: &Leaves<'_>| -> BTreeMap<String, (String, String)> {
        let found = leaves.iter().filter_map(|(path, text)| {
            let (name, value) = argument(path, text)?;
            Some((name, (value, leaves.field(path).to_owned())))
        });
        found.collect()
    };
    let then = found(before);
    for (name, (now, field)) in found(after) {
        if let Some((then, _)) = then.get(&name).filter(|(then, _)| *then != now) {
            let detail = becomes(then, &now);
            report.tell(
                changed,
                CHANGES,
                &field,
                words("trusts another issuer", "trust another issuer", detail),
            );
        }
    }
}
