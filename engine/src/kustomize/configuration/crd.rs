//! What the OpenAPI definitions that `crds` names say about references, labels and names.
//!
//! As kustomize's `api/internal/accumulator/loadconfigfromcrds.go`.

use super::table::{Configuration, ConflictingFieldSpecs, NameReference, merge_specs};
use crate::kustomize::Gvk;
use crate::kustomize::field_spec::FieldSpec;
use crate::yaml::Node;

/// Properties nest at most this deep, so that definitions that refer to each other end.
const DEPTH_LIMIT: usize = 50;

/// Adds what a file of definitions says.
///
/// # Errors
/// [`ConflictingFieldSpecs`] where it contradicts what is known.
pub(super) fn add_definitions(
    configuration: &mut Configuration,
    file: &Node,
) -> Result<(), ConflictingFieldSpecs> {
    let Some(definitions) = file.as_mapping() else { return Ok(()) };
    for pair in definitions {
        let Some(properties) = properties(&pair.value) else { continue };
        if ["kind", "apiVersion", "metadata"].iter().all(|key| properties.get(key).is_some()) {
            let kind = pair.key.text.rsplit('.').next().unwrap_or_default();
            let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
            let mut reader = Reader { configuration, file, gvk };
            reader.definition(&pair.key.text, &mut Vec::new())?;
        }
    }
    Ok(())
}

struct Reader<'a> {
    configuration: &'a mut Configuration,
    file: &'a Node,
    gvk: Gvk,
}

impl<'a> Reader<'a> {
    fn definition(
        &mut self,
        name: &str,
        path: &mut Vec<&'a str>,
    ) -> Result<(), ConflictingFieldSpecs> {
        let found = self.file.get(name).and_then(properties).and_then(Node::as_mapping);
        let Some(properties) = found else { return Ok(()) };
        if path.len() > DEPTH_LIMIT {
            return Ok(());
        }
        for pair in properties {
            path.push(&pair.key.text);
            self.property(&pair.value, path)?;
            if let Some(target) = pair.value.get("$ref").and_then(Node::text) {
                self.definition(target, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, node: &Node, path: &[&str]) -> Result<(), ConflictingFieldSpecs> {
        let spec = |path: &[&str]| FieldSpec {
            gvk: self.gvk.clone(),
            path: path.join("/"),
            create: false,
        };
        if extension(node, "annotation").is_some() {
            merge_specs(&mut self.configuration.common_annotations, &[spec(path)])?;
        }
        if extension(node, "label-selector").is_some() {
            merge_specs(&mut self.configuration.common_labels, &[spec(path)])?;
        }
        if extension(node, "identity").is_some() {
            merge_specs(&mut self.configuration.name_prefix, &[spec(path)])?;
        }
        let version = extension(node, "object-ref-api-version");
        let Some((version, kind)) = version.zip(extension(node, "object-ref-kind")) else {
            return Ok(());
        };
        let name = extension(node, "object-ref-name-key").unwrap_or("name");
        let mut path = path.to_vec();
        path.push(name);
        let target = Gvk { version: version.into(), kind: kind.into(), ..Gvk::default() };
        let reference = NameReference { target, referrers: vec![spec(&path)] };
        let other = Configuration { name_references: vec![reference], ..Configuration::default() };
        self.configuration.merge(&other)
    }
}

fn properties(definition: &Node) -> Option<&Node> {
    let schema = definition.get("Schema").or_else(|| definition.get("schema"))?;
    schema.get("properties")
}

fn extension<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(&format!("x-kubernetes-{name}")).and_then(Node::as_str)
}
