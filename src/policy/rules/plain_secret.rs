//! Secrets whose values stand in the repository for everybody to read.
//!
//! Values are looked at and never shown. Encrypted files, placeholders and certificates without a key
//! are no secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

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
    !text.is_empty() && !STAND_INS.iter().any(|start| text.starts_with(start))
}

/// The same for what is base64; what is none is taken as it is.
fn is_encoded_value(text: &str) -> bool {
    let joined: String = text.split_whitespace().collect();
    match STANDARD.decode(joined) {
        Ok(bytes) => std::str::from_utf8(&bytes).map_or(true, is_value),
        Err(_) => true,
    }
}
