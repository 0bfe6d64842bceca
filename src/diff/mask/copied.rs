//! Values that kustomize copies from Secrets into other resources (`replacements`, `vars`), where
//! nothing but the value itself tells that it is one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::{Regex, RegexBuilder};

use super::spot::{Role, Shape, find_spots, resolve};
use crate::kustomize::Build;
use crate::yaml::Node;

/// Shorter values are found everywhere by chance.
const SHORTEST: usize = 4;

/// What a pattern of all values may take; beyond it every text counts as one of them.
const PATTERN_LIMIT_BYTES: usize = 64 << 20;

/// The values of all Secrets of some builds; empty where no kustomization copies from a Secret.
#[derive(Debug, Default)]
pub(in crate::diff) struct CopiedValues {
    pattern: Option<Regex>,
    everything: bool,
}

impl CopiedValues {
    /// Collects the values, as they are written and decoded.
    pub(in crate::diff) fn of(builds: &[&Build]) -> Self {
        let mut values = Vec::new();
        for resource in builds.iter().flat_map(|build| &build.resources) {
            collect(&resource.node, &mut values);
        }
        values.sort();
        values.dedup();
        if values.is_empty() {
            return Self::default();
        }
        let words: Vec<String> = values.iter().map(|value| regex::escape(value)).collect();
        let pattern =
            RegexBuilder::new(&words.join("|")).size_limit(PATTERN_LIMIT_BYTES).build().ok();
        Self { everything: pattern.is_none(), pattern }
    }

    /// Whether a text holds one of the values.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.everything || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

fn collect(node: &Node, values: &mut Vec<String>) {
    let spots = find_spots(node, Role::Plain, &CopiedValues::default());
    for spot in spots.iter().filter(|spot| spot.shape == Shape::Keys) {
        for pair in resolve(node, &spot.path).and_then(Node::as_mapping).into_iter().flatten() {
            let Some(text) = pair.value.text() else { continue };
            let plain: String = text.split_whitespace().collect();
            let decoded =
                STANDARD.decode(plain).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let all = [Some(text.to_owned()), decoded];
            values.extend(
                all.into_iter()
                    .flatten()
                    .map(|value| value.trim().to_owned())
                    .filter(|value| value.len() >= SHORTEST),
            );
        }
    }
}
