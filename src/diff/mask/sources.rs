//! Where values come from that replacements and vars put into Secrets, for kustomizations that cannot be built.
//!
//! A build knows what it copied. Where it ends in an error nobody does, so that the sources are looked up in the
//! files: by kind, name and the last part of the field path, and in doubt more of them. What is hidden where it
//! stands is looked for elsewhere, too.

use super::known::KnownValues;
use super::role::{Role, role_of_target};
use super::spot::{find_spots, resolve};
use crate::kustomize::decode::get;
use crate::kustomize::secret_facts::is_data;
use crate::yaml::{Dialect, Mapping, Node, Value, parse_stream};

/// A place whose value goes into a Secret, or may.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    kind: String,
    name: String,
    field: String,
    /// Which part of the value, if not all of it.
    part: Option<(String, usize)>,
    /// The name of a var: it counts where a Secret has it in a value.
    var: Option<String>,
}

/// Finds the sources in a kustomization, or in a file with replacements.
pub(super) fn find_sources(node: &Node, found: &mut Vec<Source>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| find_sources(item, found)),
        Value::Mapping(mapping) => {
            found.extend(of_replacement(mapping));
            found.extend(of_var(mapping));
            mapping.into_iter().for_each(|pair| find_sources(&pair.value, found));
        }
    }
}

fn of_replacement(mapping: &Mapping) -> Option<Source> {
    let source = get(mapping, "source").and_then(Node::as_mapping)?;
    let targets = get(mapping, "targets").and_then(Node::as_sequence)?;
    let mut targets = targets.iter().filter_map(Node::as_mapping);
    let goes = targets.any(|target| role_of_target(get(target, "select")) != Role::Plain);
    let options = get(source, "options").and_then(Node::as_mapping);
    let part = options.and_then(|options| {
        let delimiter = text(options, "delimiter").filter(|delimiter| !delimiter.is_empty())?;
        Some((delimiter, text(options, "index").and_then(|it| it.parse().ok()).unwrap_or(0)))
    });
    goes.then(|| Source {
        kind: text(source, "kind").unwrap_or_default(),
        name: text(source, "name").unwrap_or_default(),
        field: text(source, "fieldPath").unwrap_or_else(|| "metadata.name".to_owned()),
        part,
        var: None,
    })
}

fn of_var(mapping: &Mapping) -> Option<Source> {
    let object = get(mapping, "objref").and_then(Node::as_mapping)?;
    let field = get(mapping, "fieldref").and_then(Node::as_mapping);
    let field = field.and_then(|field| text(field, "fieldpath"));
    Some(Source {
        kind: text(object, "kind").unwrap_or_default(),
        name: text(object, "name").unwrap_or_default(),
        field: field.unwrap_or_else(|| "metadata.name".to_owned()),
        part: None,
        var: Some(text(mapping, "name")?),
    })
}

impl Source {
    /// Whether what it holds gets into one of these values of Secrets.
    pub(super) fn is_used<'v>(&self, mut values: impl Iterator<Item = &'v str>) -> bool {
        let Some(var) = &self.var else { return true };
        let reference = format!("$({var})");
        values.any(|value| value.contains(&reference))
    }

    /// The values in a document.
    pub(super) fn values_in(&self, document: &Node) -> Vec<String> {
        let of = |field: Option<&Node>| field.and_then(Node::text).unwrap_or_default().to_owned();
        let (kind, name) = (of(document.get("kind")), of(document.at(&["metadata", "name"])));
        // Prefixes and suffixes may be on their way to either of them.
        let is_named =
            self.name.is_empty() || name.contains(&self.name) || self.name.contains(&name);
        if !is_named || !self.kind.is_empty() && self.kind != kind {
            return Vec::new();
        }
        let mut found = Vec::new();
        collect(document, last_key(&self.field), false, &mut found);
        match &self.part {
            None => found,
            Some((delimiter, index)) => {
                let part =
                    |text: String| text.split(delimiter.as_str()).nth(*index).map(str::to_owned);
                found.into_iter().filter_map(part).collect()
            }
        }
    }
}

/// The values in the parts of a document that are hidden.
pub(super) fn collect_hidden(document: &Node, role: Role, found: &mut Vec<String>) {
    for spot in find_spots(document, role, &KnownValues::default()) {
        resolve(document, &spot.path).into_iter().for_each(|node| collect_values(node, found));
    }
}

/// The texts of a hidden part; of one that is a patch or a manifest itself its values.
fn collect_values(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let nested = parse_stream(&scalar.text, Dialect::V3).unwrap_or_default();
            let nested = nested.iter().filter(|it| !matches!(it.value, Value::Scalar(_)));
            let before = found.len();
            nested.for_each(|node| collect_nested(node, found));
            if found.len() == before {
                let value = scalar.text.split_once('=').map_or(&*scalar.text, |(_, value)| value);
                found.extend([scalar.text.to_string(), value.to_owned()]);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect_values(item, found)),
        Value::Mapping(mapping) => {
            mapping.into_iter().for_each(|pair| collect_values(&pair.value, found));
        }
    }
}

/// The data of manifests, and the values of operations, in a patch or a list of them.
fn collect_nested(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| collect_nested(item, found)),
        Value::Mapping(mapping) => {
            for pair in mapping {
                if is_data(&pair.key.text) || pair.key.text == "value" {
                    collect(&pair.value, None, true, found);
                } else {
                    collect_nested(&pair.value, found);
                }
            }
        }
    }
}

/// The key that a field path ends with; `None` if that is an item of a list.
fn last_key(field: &str) -> Option<&str> {
    let key = match field.strip_suffix(']') {
        Some(inside) => inside.rsplit('[').next()?,
        None => field.rsplit(['.', '/']).next()?,
    };
    let is_item = key.contains('=') || key == "*" || key.parse::<usize>().is_ok();
    (!is_item).then_some(key)
}

/// The texts of a key, or all of them.
fn collect(node: &Node, key: Option<&str>, is_there: bool, found: &mut Vec<String>) {
    match &node.value {
        Value::Scalar(scalar) if is_there || key.is_none() => found.push(scalar.text.to_string()),
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            items.iter().for_each(|item| collect(item, key, is_there, found));
        }
        Value::Mapping(mapping) => {
            for pair in mapping {
                let is_there = is_there || key == Some(pair.key.text.as_str());
                collect(&pair.value, key, is_there, found);
            }
        }
    }
}

fn text(mapping: &Mapping, field: &str) -> Option<String> {
    get(mapping, field).and_then(Node::text).map(str::to_owned)
}
