//! Where a resource came from, as `buildMetadata: [originAnnotations, transformerAnnotations]` tells it.

use std::fmt::Write as _;

use super::resource_id::ResourceId;
use crate::yaml::{Dialect, Node, Value, parse_stream, write_document};

/// One origin: a file for what was loaded, a plugin and its file for what was generated or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file, relative to the directory that is built.
    pub path: String,
    /// The remote repository, if it came from one.
    pub repo: String,
    /// The ref in the remote repository.
    pub reference: String,
    /// The file that configures the generator or transformer.
    pub configured_in: String,
    /// The generator or transformer.
    pub configured_by: Option<ConfiguredBy>,
}

/// The identity of a generator or transformer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredBy {
    /// `builtin` for the kustomization's own fields.
    pub api_version: String,
    /// The plugin's kind.
    pub kind: String,
    /// The name of its configuration; empty for fields.
    pub name: String,
    /// The namespace of its configuration.
    pub namespace: String,
}

/// The annotation that tells where a resource is from.
pub const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that tells in which steps a resource was changed.
pub const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

impl Origin {
    /// The origin of a path below this one.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        Self { path: clean(&format!("{}/{path}", self.path)), ..self.clone() }
    }

    /// The origin of what a field of the kustomization `file` here makes or changes.
    #[must_use]
    pub fn of_builtin(&self, file: &str, plugin: &str) -> Self {
        Self {
            path: String::new(),
            configured_in: clean(&format!("{}/{file}", self.path)),
            configured_by: Some(ConfiguredBy {
                api_version: "builtin".to_owned(),
                kind: plugin.to_owned(),
                ..ConfiguredBy::default()
            }),
            ..self.clone()
        }
    }

    /// The origin of what a plugin makes or changes whose configuration is from `own` and has this identity.
    #[must_use]
    pub fn of_plugin(own: &Self, id: &ResourceId) -> Self {
        let own = own.clone();
        Self {
            configured_in: own.path,
            path: String::new(),
            configured_by: Some(ConfiguredBy {
                api_version: id.gvk.api_version(),
                kind: id.gvk.kind.to_string(),
                name: id.name.to_string(),
                namespace: id.namespace.to_string(),
            }),
            ..own
        }
    }

    /// The origins that an annotation of the user lists; `None` if the text is none.
    #[must_use]
    pub fn parse_all(text: &str) -> Option<Vec<Self>> {
        let list = first_document(text)?;
        match &list.value {
            Value::Sequence(items) => items.iter().map(Self::of_node).collect(),
            _ => list.is_null().then(Vec::new),
        }
    }

    /// Whether a text reads as an origin.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        first_document(text).is_some_and(|node| Self::of_node(&node).is_some())
    }

    fn of_node(node: &Node) -> Option<Self> {
        if node.as_mapping().is_none() && !node.is_null() {
            return None;
        }
        let text_of = |node: Option<&Node>| match node {
            None => Some(String::new()),
            Some(node) if node.is_null() => Some(String::new()),
            Some(node) => node.text().map(str::to_owned),
        };
        let text = |key: &str| text_of(node.get(key));
        let by = node.get("configuredBy").filter(|by| !by.is_null());
        let by = by.map(|by| {
            by.as_mapping()?;
            let text = |key: &str| text_of(by.get(key));
            Some(ConfiguredBy {
                api_version: text("apiVersion")?,
                kind: text("kind")?,
                name: text("name")?,
                namespace: text("namespace")?,
            })
        });
        Some(Self {
            path: text("path")?,
            repo: text("repo")?,
            reference: text("ref")?,
            configured_in: text("configuredIn")?,
            configured_by: match by {
                None => None,
                Some(by) => Some(by?).filter(|by| *by != ConfiguredBy::default()),
            },
        })
    }

    /// The text of the annotation.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        self.write("", "", &mut out);
        out
    }

    /// The text of the annotation with all transformations.
    #[must_use]
    pub fn render_all(origins: &[Self]) -> String {
        let mut out = String::new();
        for origin in origins {
            origin.write("- ", "  ", &mut out);
        }
        out
    }

    /// Appends the origin as YAML, its first line after `first`, the others after `rest`.
    fn write(&self, first: &str, rest: &str, out: &mut String) {
        let mut lines = vec![
            ("", "path", self.path.as_str()),
            ("", "repo", &self.repo),
            ("", "ref", &self.reference),
            ("", "configuredIn", &self.configured_in),
        ];
        if let Some(by) = &self.configured_by {
            lines.extend([
                ("", "configuredBy", ""),
                ("  ", "apiVersion", &by.api_version),
                ("  ", "kind", &by.kind),
                ("  ", "name", &by.name),
                ("  ", "namespace", &by.namespace),
            ]);
        }
        let mut lead = first;
        for (indent, key, value) in lines {
            if value.is_empty() && key != "configuredBy" {
                continue;
            }
            // Writing to a String cannot fail.
            let _ = write!(out, "{lead}{indent}{key}:");
            if value.is_empty() {
                out.push('\n');
            } else {
                out.push(' ');
                // `n` and its like are in quotes.
                write_document(&Node::string(value), out);
            }
            lead = rest;
        }
    }
}

/// An annotation of a resource, in the user's own words.
#[must_use]
pub fn written<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.at(&["metadata", "annotations", key]).map(|text| text.text().unwrap_or_default())
}

fn first_document(text: &str) -> Option<Node> {
    let documents = parse_stream(text, Dialect::V2).ok()?;
    Some(documents.into_iter().next().unwrap_or_else(Node::null))
}

/// The path without `.`, empty parts, and `x/..`; `..` at its front stays.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
