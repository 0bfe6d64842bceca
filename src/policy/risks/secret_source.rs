//! Secrets that are read from elsewhere: keys, stores, references of containers and gateways.

use crate::diff::{MASKED, MASKED_CHANGED};
use crate::kustomize::name_without_hash;
use crate::policy::Level;
use crate::policy::change::{
    Changed, all_become, becomes, is_switched_on, last_key, listed, shown, texts, words,
};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::{Node, Pair};

pub(super) const RULE: Rule = Rule {
    id: "secret-source-changes",
    gate: Gate::Risks,
    codes: &[CHANGES],
    check: Check::Change(check),
};

const CHANGES: Code = Code::sound("secret-source-changes", Level::Warning);

/// Kinds that fetch secrets: all of their spec says from where, but for what stands beside.
const FETCHERS: [&str; 11] = [
    "ExternalSecret",
    "ClusterExternalSecret",
    "SecretStore",
    "ClusterSecretStore",
    "SecretProviderClass",
    "VaultStaticSecret",
    "VaultDynamicSecret",
    "VaultPKISecret",
    "VaultAuth",
    "VaultConnection",
    "PushSecret",
];

/// Parts of their spec that say how often and what becomes of it, not from where.
const BESIDE: [&str; 8] = [
    "refreshInterval",
    "refreshAfter",
    "rolloutRestartTargets",
    "deletionPolicy",
    "creationPolicy",
    "template",
    "hmacSecretData",
    "retrySettings",
];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let kind = changed.kind();
    if FETCHERS.contains(&kind) {
        fetched(changed, report);
    } else if kind == "SealedSecret" {
        sealed(changed, report);
        scope(changed, report);
    } else {
        references(changed, report);
    }
    encrypted(changed, report);
    annotations(changed, report);
}

/// Where a sealed secret may be opened: in its own place, in its namespace, anywhere.
fn scope(changed: &Changed<'_>, report: &mut Report<'_>) {
    for (key, one, many) in [
        (
            "sealedsecrets.bitnami.com/cluster-wide",
            "may be opened in any namespace under any name",
            "may be opened in any namespace under any name",
        ),
        (
            "sealedsecrets.bitnami.com/namespace-wide",
            "may be opened under any name of its namespace",
            "may be opened under any name of their namespaces",
        ),
    ] {
        let (then, now) = changed.annotation(key);
        if is_switched_on(then, now) {
            let field = format!("metadata.annotations.[{key}]");
            report.tell(changed, CHANGES, &field, words(one, many, shown(key)));
        }
    }
}

fn fetched(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let counts =
        |path: &str| path.starts_with("spec") && !BESIDE.iter().any(|part| path.contains(part));
    let mut differ: Vec<String> = Vec::new();
    let mut field = "spec".to_owned();
    for (path, then) in before.iter().filter(|(path, _)| counts(path)) {
        let now = after.get(path);
        if now == Some(then) {
            continue;
        }
        if differ.is_empty() && now.is_some() {
            field = after.field(path).to_owned();
        }
        let told = match now {
            Some(now) => becomes(then, now),
            None => format!("{} is dropped", shown(then)),
        };
        // The same in several of its entries is told once.
        if !differ.contains(&told) {
            differ.push(told);
        }
    }
    let come: Vec<&str> = after
        .iter()
        .filter(|(path, _)| counts(path) && before.get(path).is_none())
        .map(|(_, text)| text)
        .collect();
    if differ.is_empty() && come.is_empty() {
        return;
    }
    let mut detail: Vec<String> = differ.iter().take(2).cloned().collect();
    if differ.is_empty() {
        detail.push(format!("{} is added", listed(&come)));
    }
    report.tell(
        changed,
        CHANGES,
        &field,
        words("reads from elsewhere", "read from elsewhere", detail.join(", ")),
    );
}

fn sealed(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.values(&["spec", "encryptedData"]);
    let pairs = before.and_then(Node::as_mapping).into_iter().flatten();
    let is_other = |pair: &&Pair| after.and_then(|it| it.get(&pair.key.text)) != Some(&pair.value);
    let keys: Vec<&str> = pairs.filter(is_other).map(|pair| pair.key.text.as_str()).collect();
    if !keys.is_empty() {
        report.tell(
            changed,
            CHANGES,
            "spec.encryptedData",
            words("has other sealed values", "have other sealed values", listed(&keys)),
        );
    }
}

/// Which secret a container, a gateway or a chart names.
fn references(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let mut differ: Vec<(String, String)> = Vec::new();
    for (path, then) in before.iter().filter(|(path, _)| is_reference(path)) {
        let now = after.get(path);
        let same = |now: &str| name_without_hash(now) == name_without_hash(then);
        match now {
            Some(now) if same(now) => {}
            Some(now) => differ.push((
                format!("{}{}", whose(path), becomes(then, now)),
                after.field(path).to_owned(),
            )),
            // A value in its place can be read by everybody.
            None => {
                let value =
                    path.split_once(".valueFrom").map(|(variable, _)| format!("{variable}.value"));
                if let Some(value) = value.filter(|value| after.get(value).is_some()) {
                    differ.push((
                        format!("{}{} → a value", whose(path), shown(then)),
                        after.field(&value).to_owned(),
                    ));
                }
            }
        }
    }
    // A list of names has each of them for its path.
    for (path, then) in before
        .iter()
        .filter(|(path, _)| path.contains("envFrom[") || path.contains("imagePullSecrets["))
    {
        let is_secret = path.contains("secretRef") || path.contains("imagePullSecrets");
        let still = after.iter().any(|(other, now)| {
            let list = path.split('[').next().unwrap_or_default();
            other.starts_with(list) && name_without_hash(now) == name_without_hash(then)
        });
        let other = after.iter().find(|(other, now)| {
            let in_list = path.contains("envFrom[")
                && other.contains("envFrom[")
                && other.contains("secretRef")
                || path.contains("imagePullSecrets[") && other.contains("imagePullSecrets[");
            in_list
                && !before.iter().any(|(_, then)| name_without_hash(then) == name_without_hash(now))
        });
        if let (true, false, Some((other, now))) = (is_secret, still, other) {
            differ.push((becomes(then, now), after.field(other).to_owned()));
        }
    }
    let Some((_, field)) = differ.first() else { return };
    let details: Vec<&str> = differ.iter().take(3).map(|(detail, _)| detail.as_str()).collect();
    report.tell(
        changed,
        CHANGES,
        field,
        words("reads another secret", "read other secrets", details.join(", ")),
    );
}

fn is_reference(path: &str) -> bool {
    let key = last_key(path);
    let in_ref =
        ["secretKeyRef.", "secretRef.", "authSecret"].iter().any(|part| path.contains(part));
    in_ref && ["name", "key"].contains(&key) && !path.contains("envFrom[")
        || ["secretName", "credentialName", "existingSecret"].contains(&key)
            && path.starts_with("spec")
}

/// `` `DB_PASSWORD` `` of a variable's path.
fn whose(path: &str) -> String {
    let name =
        path.split_once("env[").and_then(|(_, rest)| rest.split_once(']')).map(|(name, _)| name);
    name.map_or(String::new(), |name| format!("{} ", shown(name)))
}

/// For whom SOPS encrypted a file.
fn encrypted(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (then, now) = changed.values(&["sops"]);
    let (Some(then), Some(now)) = (then, now) else { return };
    const KEYS: [(&str, &str); 6] = [
        ("age", "recipient"),
        ("kms", "arn"),
        ("gcp_kms", "resource_id"),
        ("azure_kv", "name"),
        ("hc_vault", "key_name"),
        ("pgp", "fp"),
    ];
    let keys = |node: &Node| -> Vec<String> {
        let each = KEYS.iter().flat_map(|(list, key)| {
            let items = node.get(list).and_then(Node::as_sequence).unwrap_or_default().iter();
            items.flat_map(|item| texts(item.get(key))).map(str::to_owned).collect::<Vec<_>>()
        });
        each.collect()
    };
    let (then, now) = (keys(then), keys(now));
    let come: Vec<&String> = now.iter().filter(|key| !then.contains(key)).collect();
    let gone: Vec<&String> = then.iter().filter(|key| !now.contains(key)).collect();
    if !come.is_empty() || !gone.is_empty() {
        let detail = all_become(&gone, &come);
        report.tell(
            changed,
            CHANGES,
            "sops",
            words("is encrypted for other keys", "are encrypted for other keys", detail),
        );
    }
}

/// The path in Vault's annotations, and the store of a plugin.
fn annotations(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    let is_source = |key: &str| {
        key.starts_with("vault.hashicorp.com/agent-inject-secret-")
            || key == "vault.hashicorp.com/role"
            || key == "avp.kubernetes.io/path"
    };
    for (path, then) in before.iter().filter(|(path, _)| is_source(last_key(path))) {
        let now = after.get(path).unwrap_or_default();
        if now != then && ![MASKED, MASKED_CHANGED].contains(&now) {
            let detail = becomes(then, now);
            report.tell(
                changed,
                CHANGES,
                after.field(path),
                words("reads from elsewhere", "read from elsewhere", detail),
            );
        }
    }
}
