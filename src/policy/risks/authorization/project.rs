//! Projects of Argo CD: what bounds their Applications.

use super::codes::{OTHER, WIDER};
use crate::policy::change::{Changed, becomes, items, last_key, leaves, listed, words};
use crate::policy::rule::Report;
use crate::yaml::Node;

/// What the Applications of an Argo CD project may do.
pub(super) fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
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

/// The project whose bounds hold for an Application.
pub(super) fn check_member(changed: &Changed<'_>, report: &mut Report<'_>) {
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
