//! Encrypted secrets that a promotion copies although they are sealed for the source: a
//! SealedSecret for one cluster's key, a SOPS file for keys that the target's files do not use.

use std::collections::BTreeSet;

use crate::model::{Entry, FileEdit, Location, RepoPath};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Overlay, Promotion, Subject};
use crate::yaml::{Node, Value, parse_manifests};

pub(super) const RULE: Rule = Rule {
    id: "sealed-elsewhere",
    gate: Gate::Leaks,
    codes: &[SEALED, ENCRYPTED],
    check: Check::Subject(check),
};

const SEALED: Code = Code::sound("sealed-elsewhere", Level::Warning);
const ENCRYPTED: Code = Code::sound("encrypted-elsewhere", Level::Warning);

/// Where SOPS keeps who can decrypt, and the field that names the key.
const RECIPIENTS: [(&str, &str); 6] = [
    ("age", "recipient"),
    ("pgp", "fp"),
    ("kms", "arn"),
    ("gcp_kms", "resource_id"),
    ("azure_kv", "name"),
    ("hc_vault", "key_name"),
];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let (Some(promotion), Some(overlay)) = (subject.promotion, subject.overlay) else { return };
    let texts = promotion.edits.iter().filter_map(|edit| {
        let text = std::str::from_utf8(&edit.after.as_ref()?.content).ok()?;
        Some((edit, text))
    });
    let encrypted: Vec<_> =
        texts.filter(|(_, text)| text.contains("SealedSecret") || text.contains("sops")).collect();
    if encrypted.is_empty() {
        return;
    }
    let own = own_recipients(overlay, promotion.edits);
    for (edit, text) in encrypted {
        let documents = parse_manifests(text).ok();
        for document in documents.unwrap_or_default() {
            check_document(&document, edit, promotion, &own, report);
        }
    }
}

fn check_document(
    document: &Node,
    edit: &FileEdit,
    promotion: Promotion<'_>,
    own: &BTreeSet<String>,
    report: &mut Report<'_>,
) {
    let source = promotion.source.name;
    if document.get("kind").and_then(Node::text) == Some("SealedSecret") {
        let at = Location::file(edit.path.clone()).in_field("spec.encryptedData");
        let message = format!(
            "this SealedSecret is sealed for the cluster of `{source}`, and another one cannot open it"
        );
        let help = "seal it for the target (`kubeseal --cert`), and exclude it from promotions";
        report.say_at(SEALED, at, message, Some(help.to_owned()));
    }
    let recipients = recipients(document);
    if !recipients.is_empty() && recipients.is_disjoint(own) {
        let at = Location::file(edit.path.clone()).in_field("sops");
        let message = if own.is_empty() {
            format!("this file is encrypted for the keys of `{source}`")
        } else {
            format!(
                "this file is encrypted for `{source}`, with none of the keys of the target's files"
            )
        };
        let help = "encrypt it for the target (`sops updatekeys`), and exclude it from promotions";
        report.say_at(ENCRYPTED, at, message, Some(help.to_owned()));
    }
}

/// The keys that the target's own files are encrypted for.
fn own_recipients(overlay: Overlay<'_>, edits: &[&FileEdit]) -> BTreeSet<String> {
    let below = overlay.files.list(overlay.path).unwrap_or_default();
    let is_edited = |path: &RepoPath| edits.iter().any(|edit| edit.path == *path);
    let mut keys = BTreeSet::new();
    for path in below.iter().filter(|path| !is_edited(path) && path.as_str().ends_with("ml")) {
        let Ok((_, Entry::File(file))) = overlay.files.look_up(path) else { continue };
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        if text.contains("sops:") {
            keys.extend(parse_manifests(text).unwrap_or_default().iter().flat_map(recipients));
        }
    }
    keys
}

fn recipients(document: &Node) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let Some(sops) = document.get("sops") else { return keys };
    collect(sops, &mut keys);
    keys
}

/// Recipients stand in lists, which groups of keys may hold again.
fn collect(node: &Node, keys: &mut BTreeSet<String>) {
    for (list, field) in RECIPIENTS {
        let items = node.get(list).and_then(Node::as_sequence).unwrap_or_default();
        let named = items.iter().filter_map(|item| item.get(field)?.text());
        keys.extend(named.map(|key| format!("{list} {key}")));
    }
    if let Some(Value::Sequence(groups)) = node.get("key_groups").map(|groups| &groups.value) {
        groups.iter().for_each(|group| collect(group, keys));
    }
}
