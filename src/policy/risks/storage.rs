//! Claims and claim templates that shrink, change their class or go, and data that is no longer kept.

use super::pod::pod_specs;
use super::quantity::{Fall, duration, fall};
use crate::model::quantity;
use crate::policy::Level;
use crate::policy::change::{Changed, Leaves, becomes, items, last_key, shown, text, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "storage-changes",
    gate: Gate::Risks,
    codes: &[CHANGES],
    check: Check::Change(check),
};

const CHANGES: Code = Code::sound("storage-changes", Level::Warning);

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    let is_claim = changed.is("", "PersistentVolumeClaim") || changed.is("", "PersistentVolume");
    if changed.is_deleted() {
        let templates =
            items(changed.before().and_then(|n| n.at(&["spec", "volumeClaimTemplates"])));
        if is_claim || !templates.is_empty() {
            let (one, many) = if is_claim {
                ("is deleted, and its data may be lost", "are deleted, and their data may be lost")
            } else {
                (
                    "is deleted; its claims stay without it",
                    "are deleted; their claims stay without them",
                )
            };
            report.tell(changed, CHANGES, "", words(one, many, ""));
        }
        return;
    }
    if changed.stays() {
        sizes(changed, report);
        persistence(changed, report);
        kept_for_less(changed, report);
        classes(changed, report);
        templates(changed, report);
        retention(changed, report);
        volumes(changed, report);
    }
}

/// Whether a path is to the size of something that is stored.
fn is_size(path: &str, in_values: bool) -> bool {
    let key = last_key(path);
    path.ends_with(".requests.storage")
        || path.ends_with("spec.capacity.storage")
        || ["size", "storageSize"].contains(&key)
            && (path.contains("storage")
                || path.contains("persisten")
                || path.contains("volume")
                || in_values && path.contains("pvc"))
}

/// How long something is kept, or how many of it: backups, metrics, logs.
fn kept_for_less(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, then) in before.iter().filter(|(path, _)| is_retention(path)) {
        let Some(now) = after.get(path) else { continue };
        let (Some(long), Some(short)) = (duration(then), duration(now)) else { continue };
        // A number without a unit is none of days beside one that has some.
        if fall(long.0, short.0) != Fall::None && long.1 == short.1 {
            let words = words(
                "keeps less of what was",
                "keep less of what was",
                format!("{} {then} → {now}", shown(last_key(path))),
            );
            report.tell(changed, CHANGES, after.field(path), words);
        }
    }
}

fn is_retention(path: &str) -> bool {
    let key = last_key(path).to_ascii_lowercase();
    key.contains("retention") || path == "spec.template.ttl"
}

/// A chart that is told to keep nothing any more.
fn persistence(changed: &Changed<'_>, report: &mut Report<'_>) {
    let Some((before, after)) = changed.chart_values() else { return };
    for (path, then) in before.iter().filter(|(path, _)| path.ends_with("persistence.enabled")) {
        if then == "true" && after.get(path) == Some("false") {
            let whose = path.trim_end_matches(".enabled");
            let whose = whose.split_once("values.").map_or(whose, |(_, whose)| whose);
            let words = words("no longer keeps data", "no longer keep data", shown(whose));
            report.tell(changed, CHANGES, after.field(path), words);
        }
    }
}

fn sizes(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let in_values = changed.chart_values().is_some();
    for (path, then) in before.iter().filter(|(path, _)| is_size(path, in_values)) {
        let (Some(now), Some(size)) = (after.get(path), quantity(then)) else { continue };
        if quantity(now).is_some_and(|now| fall(size, now) != Fall::None) {
            let words =
                words("shrinks its storage", "shrink their storage", format!("{then} → {now}"));
            report.tell(changed, CHANGES, after.field(path), words);
        }
    }
}

fn classes(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, then) in before.iter() {
        let is_class = ["storageClassName", "storageClass"].contains(&last_key(path));
        let now = after.get(path);
        // A chart takes an empty name for none.
        if then.is_empty() && now.is_none_or(str::is_empty) && changed.chart_values().is_some() {
            continue;
        }
        if is_class && now != Some(then) && path_stays(path, after) {
            // To a claim an empty name is no class, and none the cluster's own.
            let named = |class: Option<&str>| match class {
                Some("") => "none".to_owned(),
                class => shown(class.unwrap_or_default()),
            };
            let detail = format!("{} → {}", named(Some(then)), named(now));
            let words = words("changes its storage class", "change their storage class", detail);
            report.tell(changed, CHANGES, after.field(path), words);
        }
    }
    for (path, now) in after.iter().filter(|(path, _)| last_key(path) == "storageClassName") {
        if before.get(path).is_none() && path_stays(path, before) && !now.is_empty() {
            let detail = becomes("", now);
            let words = words("changes its storage class", "change their storage class", detail);
            report.tell(changed, CHANGES, after.field(path), words);
        }
    }
    let modes = |node: Option<&Node>| {
        let modes = items(node.and_then(|node| node.at(&["spec", "accessModes"])));
        modes.iter().filter_map(Node::text).map(str::to_owned).collect::<Vec<_>>()
    };
    let (then, now) = (modes(changed.before()), modes(changed.after()));
    if then != now && !then.is_empty() && changed.is("", "PersistentVolumeClaim") {
        let detail = becomes(&then.join(", "), &now.join(", "));
        let words = words("changes its access modes", "change their access modes", detail);
        report.tell(changed, CHANGES, "spec.accessModes", words);
    }
}

/// Whether what the path's owner is about is still there.
fn path_stays(path: &str, other: &Leaves<'_>) -> bool {
    let owner = path.rsplit_once('.').map_or("", |(owner, _)| owner);
    other.iter().any(|(path, _)| path.starts_with(owner))
}

/// Claim templates by name.
fn templates(changed: &Changed<'_>, report: &mut Report<'_>) {
    let names = |node: Option<&Node>| -> Vec<String> {
        let templates = items(node.and_then(|node| node.at(&["spec", "volumeClaimTemplates"])));
        templates.iter().map(|claim| text(Some(claim), &["metadata", "name"]).to_owned()).collect()
    };
    let after = names(changed.after());
    for gone in names(changed.before()).iter().filter(|name| !after.contains(name)) {
        let words = words("loses a claim template", "lose claim templates", shown(gone));
        report.tell(changed, CHANGES, "spec.volumeClaimTemplates", words);
    }
}

/// What becomes of the data once its claim goes.
fn retention(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    const KEYS: [&str; 5] = [
        "reclaimPolicy",
        "persistentVolumeReclaimPolicy",
        "whenDeleted",
        "whenScaled",
        "deletionPolicy",
    ];
    for (path, now) in after.iter() {
        let then = before.get(path).unwrap_or("Retain");
        let goes = now == "Delete" && then != "Delete";
        // A StorageClass without a word deletes.
        let is_default =
            before.get(path).is_none() && !path.contains("persistentVolumeClaimRetentionPolicy");
        if KEYS.contains(&last_key(path)) && goes && !is_default {
            let words = words(
                "no longer keeps data",
                "no longer keep data",
                format!("`{}` {then} → {now}", last_key(path)),
            );
            report.tell(changed, CHANGES, after.field(path), words);
        }
    }
}

/// A volume that was a claim and now goes with its Pod, or is another claim.
fn volumes(changed: &Changed<'_>, report: &mut Report<'_>) {
    let claims = |node: Option<&Node>| -> Vec<(String, String)> {
        let pods = pod_specs(node);
        let volumes = pods.iter().flat_map(|pod| items(pod.node.get("volumes")));
        volumes
            .filter_map(|volume| {
                let claim = text(Some(volume), &["persistentVolumeClaim", "claimName"]);
                let name = text(Some(volume), &["name"]);
                (!claim.is_empty()).then(|| (name.to_owned(), claim.to_owned()))
            })
            .collect()
    };
    let after = claims(changed.after());
    for (volume, claim) in claims(changed.before()) {
        let now = after.iter().find(|(name, _)| *name == volume).map(|(_, claim)| claim.as_str());
        if now != Some(claim.as_str()) {
            let detail = format!(
                "{} {} → {}",
                shown(&volume),
                shown(&claim),
                shown(now.unwrap_or_default())
            );
            let words = words("no longer mounts its claim", "no longer mount their claims", detail);
            report.tell(changed, CHANGES, "spec.template.spec.volumes", words);
        }
    }
}
