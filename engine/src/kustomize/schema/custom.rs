//! Schemas that a kustomization brings along (`openapi.path`): OpenAPI v2 definitions with the
//! extensions `x-kubernetes-patch-strategy`, `x-kubernetes-patch-merge-key`,
//! `x-kubernetes-list-map-keys` and `x-kubernetes-group-version-kind`.
//!
//! Definitions are read from the file's tree where they are needed; only the index from kinds to
//! definitions is made beforehand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builtin;
use super::builtin::Shape;
use crate::kustomize::Gvk;
use crate::yaml::{Node, Tag, Value};

/// How many references may lead to each other before a definition counts as missing.
const MAX_REFERENCES: usize = 64;

/// An OpenAPI file, with an index of what it defines.
#[derive(Clone, Debug)]
pub(super) struct CustomSchema {
    file: Arc<Node>,
    /// Definition names by `apiVersion` and kind.
    by_type: BTreeMap<(String, String), String>,
    /// Whether definitions that the file lacks are Kubernetes' own.
    over_builtin: bool,
    /// Whether a kind is namespaced, as the API paths tell.
    namespaced: BTreeMap<(String, String), bool>,
}

impl CustomSchema {
    /// Indexes an OpenAPI file that stands alone, or that goes before the built-in table.
    pub(super) fn new(file: Node, over_builtin: bool) -> Self {
        let mut by_type = BTreeMap::new();
        for pair in file.get("definitions").and_then(Node::as_mapping).into_iter().flatten() {
            let types = pair.value.get("x-kubernetes-group-version-kind");
            for of in types.and_then(Node::as_sequence).unwrap_or_default() {
                if let Some(id) = type_of(of) {
                    by_type.insert(id, pair.key.text.to_string());
                }
            }
        }
        let namespaced = namespaced(&file);
        Self { file: Arc::new(file), by_type, over_builtin, namespaced }
    }

    /// The definition of a kind.
    pub(super) fn definition(&self, api_version: &str, kind: &str) -> Option<&Node> {
        let name = self.by_type.get(&(api_version.to_owned(), kind.to_owned()))?;
        self.file.get("definitions")?.get(name)
    }

    /// Whether a kind lives in a namespace, if the paths tell.
    pub(super) fn is_namespaced(&self, gvk: &Gvk) -> Option<bool> {
        self.namespaced.get(&(join(&gvk.group, &gvk.version), gvk.kind.to_string())).copied()
    }

    /// The schema of a field: of the property, or of all values of a map.
    pub(super) fn field<'a>(&'a self, schema: &'a Node, name: &str) -> Option<KnownShape<'a>> {
        let property = schema.get("properties").and_then(|properties| properties.get(name));
        let of_any = || schema.get("additionalProperties").filter(|any| any.as_mapping().is_some());
        self.resolve(property.or_else(of_any)?)
    }

    /// The schema of a list's items.
    pub(super) fn item<'a>(&'a self, schema: &'a Node) -> Option<KnownShape<'a>> {
        if schema.get("type").and_then(Node::as_str) != Some("array") {
            return None;
        }
        self.resolve(schema.get("items")?)
    }

    fn resolve<'a>(&'a self, schema: &'a Node) -> Option<KnownShape<'a>> {
        let mut schema = schema;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = schema.get("$ref").and_then(Node::as_str) else {
                return Some(KnownShape::Custom(self, schema));
            };
            let name = reference.strip_prefix("#/definitions/")?;
            schema = match self.file.get("definitions").and_then(|all| all.get(name)) {
                Some(schema) => schema,
                None if self.over_builtin => {
                    return builtin::definition(name).map(KnownShape::Builtin);
                }
                None => return None,
            };
        }
        None
    }
}

/// Why a tree is no OpenAPI file; `None` if it is one.
pub(super) fn fault_of(file: &Node) -> Option<&'static str> {
    let is_map = |node: &Node| node.is_null() || node.as_mapping().is_some();
    if !is_map(file) {
        return Some("it is no mapping");
    }
    for key in ["definitions", "paths"] {
        let Some(all) = file.get(key) else { continue };
        let each = all.as_mapping().into_iter().flatten();
        if !is_map(all) || !each.into_iter().all(|pair| is_map(&pair.value)) {
            return Some("its `definitions` or `paths` are no mappings");
        }
    }
    let definitions = file.get("definitions").and_then(Node::as_mapping);
    for definition in definitions.into_iter().flatten() {
        let kind = definition.value.get("type").map(|kind| &kind.value);
        if matches!(kind, Some(Value::Scalar(kind)) if !matches!(kind.tag, Tag::Str | Tag::Null)) {
            return Some("a `type` is no text");
        }
        let types = definition.value.get("x-kubernetes-group-version-kind");
        let types = types.and_then(Node::as_sequence).unwrap_or_default();
        let has = |of: &Node, key| of.get(key).and_then(Node::as_str).is_some();
        if types.iter().any(|of| !has(of, "version") || !has(of, "kind")) {
            return Some("an `x-kubernetes-group-version-kind` lacks its version or kind");
        }
    }
    None
}

/// The merge keys of a list schema: `None` if its lists are replaced, empty if its items are
/// themselves the keys.
pub(super) fn merge_keys(schema: &Node) -> Option<Vec<&str>> {
    let strategy = schema.get("x-kubernetes-patch-strategy")?.as_str()?;
    if !strategy.split(',').any(|part| part == "merge") {
        return None;
    }
    if let Some(keys) = schema.get("x-kubernetes-list-map-keys").and_then(Node::as_sequence) {
        return Some(keys.iter().filter_map(Node::as_str).collect());
    }
    Some(schema.get("x-kubernetes-patch-merge-key").and_then(Node::as_str).into_iter().collect())
}

fn namespaced(file: &Node) -> BTreeMap<(String, String), bool> {
    let mut scopes = BTreeMap::new();
    for pair in file.get("paths").and_then(Node::as_mapping).into_iter().flatten() {
        let of = pair.value.at(&["get", "x-kubernetes-group-version-kind"]);
        let Some(id) = of.and_then(type_of) else { continue };
        let in_namespace = pair.key.text.contains("namespaces/{namespace}");
        *scopes.entry(id).or_insert(false) |= in_namespace;
    }
    scopes
}

fn type_of(node: &Node) -> Option<(String, String)> {
    let version = node.get("version")?.as_str()?;
    let kind = node.get("kind")?.as_str()?;
    let group = node.get("group").and_then(Node::as_str).unwrap_or_default();
    Some((join(group, version), kind.to_owned()))
}

fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum KnownShape<'a> {
    Builtin(&'static Shape),
    Custom(&'a CustomSchema, &'a Node),
}
