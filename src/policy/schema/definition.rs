//! A CustomResourceDefinition, as far as validation needs it.

use crate::yaml::Node;

/// What a definition defines.
pub(super) struct Definition {
    pub(super) group: String,
    pub(super) kind: String,
    /// Each version with its schema as it is written.
    pub(super) versions: Vec<(String, Node)>,
}

/// Why a CustomResourceDefinition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDefinition {
    /// A field that every definition has is absent or of another type.
    #[error("the definition has no `{0}`")]
    Missing(&'static str),
}

/// Reads a definition of `apiextensions.k8s.io/v1` or `v1beta1`; `None` if the node is something else.
pub(super) fn parse(node: &Node) -> Result<Option<Definition>, InvalidDefinition> {
    let text = |keys: &[&str]| node.at(keys).and_then(Node::as_str).map(str::to_owned);
    let api_version = text(&["apiVersion"]).unwrap_or_default();
    if text(&["kind"]).as_deref() != Some("CustomResourceDefinition")
        || !api_version.starts_with("apiextensions.k8s.io/")
    {
        return Ok(None);
    }
    let group = text(&["spec", "group"]).ok_or(InvalidDefinition::Missing("spec.group"))?;
    let kind =
        text(&["spec", "names", "kind"]).ok_or(InvalidDefinition::Missing("spec.names.kind"))?;
    // v1beta1 has one schema for all versions at the top; v1 has one in each version.
    let shared = node.at(&["spec", "validation", "openAPIV3Schema"]);
    let mut versions = Vec::new();
    for version in node.at(&["spec", "versions"]).and_then(Node::as_sequence).unwrap_or_default() {
        let name = version
            .get("name")
            .and_then(Node::as_str)
            .ok_or(InvalidDefinition::Missing("spec.versions[].name"))?;
        if let Some(schema) = version.at(&["schema", "openAPIV3Schema"]).or(shared) {
            versions.push((name.to_owned(), schema.clone()));
        }
    }
    if let (true, Some(name), Some(schema)) =
        (versions.is_empty(), text(&["spec", "version"]), shared)
    {
        versions.push((name, schema.clone()));
    }
    Ok(Some(Definition { group, kind, versions }))
}
