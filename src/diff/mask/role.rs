//! What a kustomization aims at Secrets: patches by their targets, values of replacements and transformers.

use crate::kustomize::decode::{get, same_key};
use crate::kustomize::whole_pattern::WholePattern;
use crate::yaml::{Mapping, Node};

/// How a document reaches Secrets although it does not say `kind: Secret`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff) enum Role {
    /// It does not.
    #[default]
    Plain,
    /// A patch whose target names no kind.
    PerhapsSecretPatch,
    /// A patch of Secrets.
    SecretPatch,
}

/// How the target of a patch relates to Secrets.
pub(super) fn role_of_target(target: Option<&Node>) -> Role {
    let Some(target) = target.filter(|target| !target.is_null()) else { return Role::Plain };
    let kind = target.as_mapping().and_then(|target| get(target, "kind"));
    let kind = kind.and_then(Node::text).unwrap_or_default();
    if kind.is_empty() {
        return Role::PerhapsSecretPatch;
    }
    // kustomize reads the kind as a regular expression that has to match as a whole.
    let matches = match WholePattern::parse(kind) {
        Ok(pattern) if kind.len() <= 200 => pattern.is_match("Secret"),
        _ => true,
    };
    if matches { Role::SecretPatch } else { Role::Plain }
}

/// Whether a key of a replacement, or of a transformer that adds a value, holds what it puts into Secrets, or may.
pub(super) fn is_own_value(mapping: &Mapping, key: &str) -> bool {
    let of = |name: &str, selector: &str| {
        same_key(key, name) && {
            let targets = get(mapping, "targets").and_then(Node::as_sequence).unwrap_or_default();
            let mut targets = targets.iter().filter_map(Node::as_mapping);
            targets.any(|target| role_of_target(get(target, selector)) != Role::Plain)
        }
    };
    of("sourceValue", "select") || of("value", "selector")
}
