//! Secrets whose values stand in the repository for everybody to read.
//!
//! Values are looked at and never shown. Encrypted files, placeholders and certificates without a key
//! are no secrets.

use crate::model::text_in_base64;
use crate::policy::gate::Gate;
use crate::policy::mesh::SECRET;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;
use crate::policy::{Level, Manifest};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule { id: "plain-secret", gate: Gate::Leaks, codes: &[PLAIN], check: Check::Subject(check) };

const PLAIN: Code = Code::sound("plain-secret", Level::Warning);

/// How a value begins that somebody replaces or decrypts later.
const STAND_INS: [&str; 8] = ["ENC[", "<", "${", "$(", "{{", "ref+", "vault:", "op://"];
/// How words begin that stand for a value that somebody writes in elsewhere.
const WORDS: [&str; 8] =
    ["your-", "your_", "your ", "placeholder", "replace-", "replace_", "replaceme", "to-be-"];
/// Keys whose values are public.
const PUBLIC: [&str; 3] = ["ca.crt", "tls.crt", "ca-bundle.crt"];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for manifest in subject.manifests {
        let is_secret = (manifest.id.gvk.group.as_str(), manifest.id.gvk.kind.as_str()) == SECRET;
        if !is_secret || manifest.node.get("sops").is_some() {
            continue;
        }
        if let Some(field) = plain(manifest) {
            let message = "the values of this Secret can be read in the repository";
            let help =
                "keep it in a secret manager (ExternalSecret), or encrypt it (SealedSecret, SOPS)";
            report.advise(PLAIN, manifest, field, message, help);
        }
    }
}

/// The first field with a value that is one.
fn plain(manifest: &Manifest<'_>) -> Option<String> {
    ["data", "stringData"].into_iter().find_map(|part| {
        let pairs = manifest.node.get(part).and_then(Node::as_mapping)?;
        let found = pairs.iter().find(|pair| {
            let key = pair.key.text.as_str();
            let text = pair.value.text().unwrap_or_default();
            !PUBLIC.contains(&key)
                && is_value(text)
                && (part == "stringData" || is_encoded_value(text))
        })?;
        Some(format!("{part}.[{}]", found.key.text))
    })
}

fn is_value(text: &str) -> bool {
    let text = text.trim();
    let lower = text.get(..12.min(text.len())).unwrap_or_default().to_ascii_lowercase();
    !text.is_empty()
        && !STAND_INS.iter().any(|start| text.starts_with(start))
        && !WORDS.iter().any(|start| lower.starts_with(start))
}

/// The same for what is base64; what stands for no text is a value.
fn is_encoded_value(text: &str) -> bool {
    text_in_base64(text).is_none_or(|text| is_value(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::base64_of;

    #[test]
    fn words_that_stand_for_a_value_are_none() {
        for stand_in in
            ["YOUR_REAL_PASSWORD", "your-api-key", "PLACEHOLDER_TOKEN", "<token>", "REPLACE_ME"]
        {
            assert!(!is_value(stand_in), "{stand_in}");
            assert!(!is_encoded_value(&base64_of(stand_in)), "{stand_in}");
        }
        // Whoever deploys these has them for a password.
        for value in ["changeme", "youreallymeanit", "ünïcode-value", "admin"] {
            assert!(is_value(value) && is_encoded_value(&base64_of(value)), "{value}");
        }
    }
}
