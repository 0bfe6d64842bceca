//! Origins whose pages may call: lists that grow, and credentials that are let through.

use std::collections::BTreeSet;

use super::route::{pair, routes};
use crate::policy::Level;
use crate::policy::change::{Changed, Leaves, last_key, leaves, listed, shown, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};

pub(super) const RULE: Rule =
    Rule { id: "cors-wider", gate: Gate::Risks, codes: &[WIDER], check: Check::Change(check) };

const WIDER: Code = Code::sound("cors-wider", Level::Warning);

/// What an origin policy opens.
#[derive(Default)]
struct Cors {
    origins: BTreeSet<String>,
    credentials: bool,
    extras: BTreeSet<String>,
}

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        return;
    }
    let gvk = &changed.diff.id.gvk;
    let (before, after) = (routes(gvk, changed.before()), routes(gvk, changed.after()));
    let mut told = false;
    for pair in pair(&before, &after) {
        let Some(now) = pair.after else { continue };
        // A route that comes has what the others had, or opens to all.
        let then = match pair.before {
            Some(then) => cors(&leaves(then.node)),
            None => cors(&changed.leaves().0),
        };
        told |= compare(changed, &then, &cors(&leaves(now.node)), &now.field, report);
    }
    if !told {
        let (before, after) = changed.leaves();
        compare(changed, &cors(before), &cors(after), "spec", report);
    }
}

fn cors(leaves: &Leaves<'_>) -> Cors {
    let mut cors = Cors::default();
    for (path, text) in leaves.iter() {
        let lower = path.to_ascii_lowercase();
        if !(lower.contains("cors") || lower.contains("accesscontrolallow")) {
            continue;
        }
        let is_on = text == "true";
        if lower.contains("origin") {
            let parts = text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
            let form = last_key(path);
            let form = if ["regex", "prefix"].contains(&form) {
                format!("{form} ")
            } else {
                String::new()
            };
            cors.origins.extend(parts.map(|part| format!("{form}{part}")));
        } else if lower.contains("credentials") {
            cors.credentials |= is_on;
        } else if lower.contains("method") || lower.contains("allowheaders") {
            cors.extras.extend(text.split(',').map(|part| part.trim().to_owned()));
        } else if lower.ends_with("enable-cors]") && is_on {
            // nginx opens to all without a list.
            let listed = leaves.iter().any(|(path, _)| path.contains("cors-allow-origin"));
            cors.origins.extend((!listed).then(|| "*".to_owned()));
        }
    }
    cors
}

/// Whether an origin of one list is any origin.
fn is_any(origin: &str) -> bool {
    matches!(
        origin,
        "*" | "regex .*"
            | "regex ^.*$"
            | "regex .+"
            | "prefix http"
            | "prefix https://"
            | "prefix http://"
            | "http://*"
            | "https://*"
            | "prefix *"
            | "regex *"
    )
}

fn compare(
    changed: &Changed<'_>,
    then: &Cors,
    now: &Cors,
    field: &str,
    report: &mut Report<'_>,
) -> bool {
    let was_open = then.origins.iter().any(|origin| is_any(origin));
    let come: Vec<&String> = now.origins.difference(&then.origins).collect();
    if !come.is_empty() && !was_open {
        let words =
            words("answers pages of more origins", "answer pages of more origins", listed(&come));
        report.tell(changed, WIDER, field, words);
        return true;
    }
    if now.credentials && !then.credentials && !now.origins.is_empty() {
        let words = words(
            "takes credentials from other origins",
            "take credentials from other origins",
            "",
        );
        report.tell(changed, WIDER, field, words);
        return true;
    }
    let more: Vec<&String> = now.extras.difference(&then.extras).collect();
    if !more.is_empty() && !then.extras.is_empty() && !then.extras.contains("*") {
        let words = words("allows other origins more", "allow other origins more", shown(more[0]));
        report.tell(changed, WIDER, field, words);
        return true;
    }
    false
}
