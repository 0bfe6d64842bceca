//! Values that kustomize copies from Secrets into other resources (`replacements`, `vars`), that charts put
//! into Secrets and elsewhere: nothing but the value itself tells that it is one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::{Regex, RegexBuilder};

use super::spot::{Role, Shape, find_spots, resolve};
use crate::kustomize::Build;
use crate::yaml::Node;

/// Shorter values are found everywhere by chance.
const SHORTEST: usize = 4;
/// Shorter parts of values are too, and what charts put into Secrets beside passwords.
pub(super) const SHORTEST_PART: usize = 6;

/// What a pattern of all values may take; beyond it every text counts as one of them.
const PATTERN_LIMIT_BYTES: usize = 64 << 20;

/// The last words of keys whose values are no secrets, although charts keep them in Secrets: they stand in
/// images, names and arguments, which nobody could review if they were hidden there.
const HARMLESS: [&str; 12] = [
    "user", "username", "host", "hostname", "port", "database", "db", "dbname", "name", "region",
    "type", "mode",
];

/// The values of all Secrets of some builds; empty where no kustomization copies from a Secret.
#[derive(Debug, Default)]
pub(in crate::diff) struct CopiedValues {
    pattern: Option<Regex>,
    everything: bool,
    /// All values, if parts of them count too: a chart may put a Secret together.
    parts: Option<String>,
    /// Names of resources, which are shown anyway.
    names: String,
}

impl CopiedValues {
    /// Collects the values, as they are written and decoded.
    pub(in crate::diff) fn of(builds: &[&Build]) -> Self {
        Self::matching(&values_of(builds, |_| true))
    }

    /// The values that charts may have put into other resources too.
    pub(in crate::diff) fn of_charts(builds: &[&Build]) -> Self {
        let is_secret = |key: &str| {
            let word = key.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(key);
            !HARMLESS.iter().any(|harmless| word.eq_ignore_ascii_case(harmless))
        };
        let names = names_of(builds);
        let mut values = values_of(builds, is_secret);
        values.retain(|value| value.len() >= SHORTEST_PART && !names.contains(value.as_str()));
        Self::matching(&values)
    }

    /// All values, for the files that charts make them of: texts count that are parts of them.
    pub(in crate::diff) fn with_parts(builds: &[&Build]) -> Self {
        let names = names_of(builds);
        let mut values = values_of(builds, |_| true);
        values.retain(|value| !names.contains(value.as_str()));
        Self { parts: Some(values.join("\0")), names, ..Self::matching(&values) }
    }

    fn matching(values: &[String]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let words: Vec<String> = values.iter().map(|value| regex::escape(value)).collect();
        let pattern =
            RegexBuilder::new(&words.join("|")).size_limit(PATTERN_LIMIT_BYTES).build().ok();
        Self { everything: pattern.is_none(), pattern, ..Self::default() }
    }

    /// Whether a text holds one of the values.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let is_part = |values: &String| {
            text.len() >= SHORTEST_PART && values.contains(text) && !self.names.contains(text)
        };
        self.everything
            || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
            || self.parts.as_ref().is_some_and(is_part)
    }
}

/// The names and namespaces of all resources.
fn names_of(builds: &[&Build]) -> String {
    let resources = builds.iter().flat_map(|build| &build.resources);
    let names = resources.flat_map(|resource| [&resource.id.name, &resource.id.namespace]);
    names.map(|name| format!("{name}\0")).collect()
}

/// The values under keys that `is_wanted` wants.
fn values_of(builds: &[&Build], is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut values = Vec::new();
    for resource in builds.iter().flat_map(|build| &build.resources) {
        collect(&resource.node, &is_wanted, &mut values);
    }
    values.sort();
    values.dedup();
    values
}

fn collect(node: &Node, is_wanted: &impl Fn(&str) -> bool, values: &mut Vec<String>) {
    let spots = find_spots(node, Role::Plain, &CopiedValues::default());
    for spot in spots.iter().filter(|spot| spot.shape == Shape::Keys) {
        for pair in resolve(node, &spot.path).and_then(Node::as_mapping).into_iter().flatten() {
            let Some(text) = pair.value.text().filter(|_| is_wanted(&pair.key.text)) else {
                continue;
            };
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
