//! A file that is masked: how, as far as its name tells, and what it holds.

use super::role::Role;
use crate::model::{Entry, Files, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};

/// How a file is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff) enum InputRole {
    /// No manifest by its name: hidden as a whole if a manifest of a Secret is quoted in it.
    Text,
    /// Values of a chart, which may be values of Secrets in what it renders.
    Values,
    /// YAML whose secret parts are hidden.
    Manifest(Role),
    /// `KEY=value` lines whose values are hidden.
    EnvFile,
    /// Hidden as a whole.
    SecretFile,
}

/// How a file is masked that no kustomization is known to read: in doubt as what its name says.
pub(super) fn usual_role(path: &RepoPath) -> InputRole {
    let name = path.file_name().to_ascii_lowercase();
    if is_manifest(path) {
        return InputRole::Manifest(Role::Plain);
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "env" => InputRole::EnvFile,
        "key" | "pem" | "p12" | "pfx" | "jks" | "keystore" | "kdbx" | "gpg" | "age" => {
            InputRole::SecretFile
        }
        _ => InputRole::Text,
    }
}

/// Whether a file is YAML or JSON by its name.
pub(super) fn is_manifest(path: &RepoPath) -> bool {
    let name = path.file_name();
    let ending = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
    ["yaml", "yml", "json", "Kustomization"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The documents of a file; none where it cannot be read.
pub(super) fn documents(files: &dyn Files, path: &RepoPath) -> Vec<Node> {
    let Ok((_, Entry::File(file))) = files.look_up(path) else { return Vec::new() };
    let Ok(text) = std::str::from_utf8(&file.content) else { return Vec::new() };
    parse_stream(text, Dialect::V2).unwrap_or_default()
}
