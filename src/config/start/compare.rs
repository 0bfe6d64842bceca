//! Which fields of a file that two environments have look as if they belonged to the environment.
//!
//! A guess, for a person to correct: by the names of fields that are usually sized or named for one
//! environment, and by values that name the environment itself.

use std::collections::BTreeSet;

use crate::yaml::{Dialect, Node, Value, parse_stream};

/// Keys whose values are usually an environment's own.
const KEYS: [&str; 30] = [
    "replicas",
    "minReplicas",
    "maxReplicas",
    "minAvailable",
    "maxUnavailable",
    "host",
    "hosts",
    "hostname",
    "hostnames",
    "domain",
    "domains",
    "url",
    "credentialName",
    "secretName",
    "clusterName",
    "serviceAccountName",
    "cpu",
    "memory",
    "storage",
    "storageClassName",
    "limits",
    "requests",
    "max_tokens",
    "tokens_per_fill",
    "fill_interval",
    "requests_per_unit",
    "requestsPerUnit",
    "maxConnections",
    "randomSamplingPercentage",
    "logLevel",
];

/// How a file differs between two environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Nothing in it looks like an environment's own.
    Ordinary,
    /// These fields do; there may be other differences.
    Fields(BTreeSet<String>),
    /// It is no YAML that fields could be named in, and it names an environment.
    Whole,
}

/// Compares a file of the source with the target's.
pub(super) fn compare(source: &str, target: &str, names: [&str; 2]) -> Difference {
    let read = |text| parse_stream(text, Dialect::V3).ok();
    match (read(source), read(target)) {
        (Some(before), Some(after)) if before.len() == after.len() => {
            let mut found = Found { names, fields: BTreeSet::new() };
            for (source, target) in before.iter().zip(&after) {
                found.walk(&mut Vec::new(), source, target);
            }
            match found.fields {
                fields if fields.is_empty() => Difference::Ordinary,
                fields => Difference::Fields(fields),
            }
        }
        _ if mentions(source, names[0]) && mentions(target, names[1]) => Difference::Whole,
        _ => Difference::Ordinary,
    }
}

struct Found<'a> {
    names: [&'a str; 2],
    fields: BTreeSet<String>,
}

impl Found<'_> {
    fn walk(&mut self, path: &mut Vec<String>, source: &Node, target: &Node) {
        if source == target {
            return;
        }
        match (&source.value, &target.value) {
            (Value::Mapping(before), Value::Mapping(after)) => {
                for pair in before {
                    let Some(target) = after.get(pair.key.text.as_str()) else { continue };
                    path.push(escape(pair.key.text.as_str()));
                    self.walk(path, &pair.value, target);
                    path.pop();
                }
            }
            (Value::Sequence(before), Value::Sequence(after))
                if before.len() == after.len() && !is_plain(source) =>
            {
                for (at, (source, target)) in before.iter().zip(after).enumerate() {
                    path.push(at.to_string());
                    self.walk(path, source, target);
                    path.pop();
                }
            }
            _ => self.leaf(path, source, target),
        }
    }

    /// A difference that goes no deeper: a scalar, a list of scalars, another shape.
    fn leaf(&mut self, path: &[String], source: &Node, target: &Node) {
        let key = path.last().is_some_and(|key| KEYS.contains(&key.as_str()));
        let named = names_itself(source, self.names[0]) && names_itself(target, self.names[1]);
        if !path.is_empty() && (key || named) && path.iter().all(|step| !step.is_empty()) {
            self.fields.insert(path.join("."));
        }
    }
}

/// Whether a list has scalars only: such a list is one value to people.
fn is_plain(node: &Node) -> bool {
    let items = node.as_sequence().unwrap_or_default();
    items.iter().all(|item| matches!(item.value, Value::Scalar(_)))
}

fn names_itself(node: &Node, name: &str) -> bool {
    match &node.value {
        Value::Scalar(scalar) => mentions(scalar.text.as_str(), name),
        Value::Sequence(items) => items.iter().any(|item| names_itself(item, name)),
        Value::Mapping(_) => false,
    }
}

/// Whether a text has the name as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

/// A key as one step of a field path.
fn escape(key: &str) -> String {
    if key.contains(['.', '[', ']', '*']) { format!("[{key}]") } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(source: &str, target: &str) -> Vec<String> {
        match compare(source, target, ["staging", "production"]) {
            Difference::Fields(fields) => fields.into_iter().collect(),
            Difference::Ordinary => Vec::new(),
            Difference::Whole => vec!["whole".to_owned()],
        }
    }

    #[test]
    fn sizes_and_names_belong_to_an_environment() {
        let source = "spec:\n  replicas: 1\n  timeout: 5s\n  servers:\n  - hosts: [a.x, b.x]\n    tls: {mode: A}\n";
        let target =
            "spec:\n  replicas: 9\n  timeout: 9s\n  servers:\n  - hosts: [x]\n    tls: {mode: B}\n";
        assert_eq!(fields(source, target), ["spec.replicas", "spec.servers.0.hosts"]);
    }

    #[test]
    fn a_value_that_names_its_environment_belongs_to_it() {
        let source = "a.b/c: db-staging.example.com\nd: staging\ne: upstaging\n";
        let target = "a.b/c: db-production.example.com\nd: canary\ne: upproduction\n";
        assert_eq!(fields(source, target), ["[a.b/c]"]);
        assert_eq!(fields("a: [\nstaging", "b: {production"), ["whole"]);
    }

    #[test]
    fn ordinary_changes_are_promoted() {
        assert_eq!(fields("timeout: 5s\nnew: 1\n", "timeout: 9s\n"), [""; 0]);
    }
}
