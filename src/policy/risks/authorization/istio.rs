//! AuthorizationPolicies of Istio: which requests the rules match, and for whom.

use super::super::cover::{istio_rule, selects_all_of};
use super::super::mtls::reach;
use super::codes::{OTHER, WIDER};
use crate::policy::change::{Changed, Leaves, becomes, items, leaves, listed, shown, text, words};
use crate::policy::rule::Report;
use crate::yaml::Node;

/// Tells what an AuthorizationPolicy lets through that it did not.
pub(super) fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
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

fn action(node: Option<&Node>) -> &str {
    match text(node, &["spec", "action"]) {
        "" => "ALLOW",
        action => action,
    }
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
