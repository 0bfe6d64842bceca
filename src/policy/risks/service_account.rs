//! What a workload may do in the cluster and in the cloud: another service account, its token,
//! another identity.

use crate::policy::Level;
use crate::policy::change::{Changed, Leaves, Words, becomes, has_values, last_key, shown, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};

pub(super) const RULE: Rule = Rule {
    id: "service-account-changes",
    gate: Gate::Risks,
    codes: &[CHANGES],
    check: Check::Change(check),
};

const CHANGES: Code = Code::sound("service-account-changes", Level::Warning);

/// The field and its old name, which the API server fills in beside it.
const NAMES: [&str; 2] = ["serviceAccountName", "serviceAccount"];

/// Annotations that give a service account, or a Pod, an identity outside the cluster.
const IDENTITIES: [&str; 5] = [
    "eks.amazonaws.com/role-arn",
    "iam.amazonaws.com/role",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/client-id",
    "azure.workload.identity/tenant-id",
];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    accounts(changed, report);
    token(changed, report);
    identities(changed, report);
}

/// The account that each place of a resource names: `serviceAccountName`, or what stands for it.
fn accounts(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let of_values = has_values(changed.kind(), changed.after());
    let is_flux = changed.diff.id.gvk.group.ends_with("toolkit.fluxcd.io");
    let owners = |leaves: &Leaves<'_>| -> Vec<String> {
        let found = leaves.iter().filter_map(|(path, _)| owner(path, of_values));
        found.map(str::to_owned).collect()
    };
    let mut all = owners(before);
    all.extend(owners(after));
    all.sort();
    all.dedup();
    for owner in all {
        let (then, now) = (account(before, &owner), account(after, &owner));
        let stays = [before, after].iter().all(|leaves| has_more(leaves, &owner));
        if then == now || !stays || changed.is_renamed(&["ServiceAccount"], then, now) {
            continue;
        }
        let keys = NAMES.map(|key| below(&owner, key));
        let key = keys.iter().rfind(|path| after.get(path).is_some());
        let field = key.map_or("spec", |path| after.field(path));
        if let Some(words) = sentence(is_flux && owner == "spec", then, now) {
            report.tell(changed, CHANGES, field, words);
        }
    }
}

/// What is said of another account; of one that Flux takes on to apply with, what it loses.
fn sentence(applies: bool, then: &str, now: &str) -> Option<Words> {
    let words = match (applies, then, now) {
        (true, "", _) => return None,
        (true, _, "") => words(
            "is applied with the permissions of Flux itself",
            "are applied with the permissions of Flux itself",
            format!("no longer with those of {}", shown(then)),
        ),
        (true, ..) => words(
            "is applied with the permissions of another service account",
            "are applied with the permissions of other service accounts",
            becomes(then, now),
        ),
        (false, ..) => words(
            "runs as another service account",
            "run as other service accounts",
            becomes(or_default(then), or_default(now)),
        ),
    };
    Some(words)
}

/// Whether something beside the name of its account stands there: what goes as a whole runs as nobody.
fn has_more(leaves: &Leaves<'_>, owner: &str) -> bool {
    let is_below = |path: &str| {
        let rest =
            path.strip_prefix(owner).filter(|rest| owner.is_empty() || rest.starts_with('.'));
        rest.is_some_and(|rest| !NAMES.contains(&rest.trim_start_matches('.')))
    };
    leaves.iter().any(|(path, _)| is_below(path))
}

fn or_default(name: &str) -> &str {
    if name.is_empty() { "default" } else { name }
}

/// The path of what has an account, of the path of its name.
fn owner(path: &str, of_values: bool) -> Option<&str> {
    if path.starts_with("metadata") {
        return None;
    }
    let key = last_key(path);
    if NAMES.contains(&key) {
        return Some(path[..path.len() - key.len()].trim_end_matches('.'));
    }
    let of_chart = path.strip_suffix("serviceAccount.name").filter(|_| of_values)?;
    (of_chart.is_empty() || of_chart.ends_with('.')).then(|| of_chart.trim_end_matches('.'))
}

/// The name of an owner's account; empty for the namespace's `default`.
fn account<'a>(leaves: &Leaves<'a>, owner: &str) -> &'a str {
    let keys = [NAMES[0], "serviceAccount.name", NAMES[1]];
    let name = keys.into_iter().find_map(|key| leaves.get(&below(owner, key)));
    name.filter(|name| *name != "default").unwrap_or_default()
}

fn below(owner: &str, key: &str) -> String {
    if owner.is_empty() { key.to_owned() } else { format!("{owner}.{key}") }
}

/// A service account whose token comes to every Pod again. What a Pod says of it stands in its security context.
fn token(changed: &Changed<'_>, report: &mut Report<'_>) {
    let key = ["automountServiceAccountToken"];
    if changed.is("", "ServiceAccount")
        && matches!(changed.texts(&key), ("false", now) if now != "false")
    {
        let words = words("gives its token to every Pod", "give their tokens to every Pod", "");
        report.tell(changed, CHANGES, "", words);
    }
}

/// Who a service account, or a Pod, is in the cloud.
fn identities(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let is_identity = |path: &str| IDENTITIES.contains(&last_key(path));
    let mut paths: Vec<&str> = before.iter().chain(after.iter()).map(|(path, _)| path).collect();
    paths.retain(|path| is_identity(path));
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let (then, now) =
            (before.get(path).unwrap_or_default(), after.get(path).unwrap_or_default());
        if then == now {
            continue;
        }
        let field = if now.is_empty() { "metadata" } else { after.field(path) };
        let words = words(
            "is somebody else in the cloud",
            "are somebody else in the cloud",
            becomes(then, now),
        );
        report.tell(changed, CHANGES, field, words);
    }
}
