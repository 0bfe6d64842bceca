//! Roles and their bindings: what they grant, and to whom.

use super::super::cover::role_rule;
use super::codes::WIDER;
use crate::diff::Change;
use crate::kustomize::ResourceId;
use crate::policy::change::{Changed, becomes, items, listed, new_ones, shown, text, texts, words};
use crate::policy::rule::Report;
use crate::yaml::Node;

/// Tells what a role grants more, or to whom.
pub(super) fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
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
