//! What the OpenAPI definitions that `crds` names say about references, labels and names.
//!
//! As kustomize's `api/internal/accumulator/loadconfigfromcrds.go`.

use crate::kustomize::Gvk;
use crate::kustomize::configuration::{Configuration, ConflictingFieldSpecs, NameReference};
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::FieldSpec;
use crate::kustomize::transform::{labels, name_affix};
use crate::model::Location;
use crate::yaml::Node;

/// Properties nest at most this deep, so that definitions that refer to each other end.
const DEPTH_LIMIT: usize = 50;

/// Reads a file of definitions that `crds` names.
///
/// # Errors
/// [`BuildError::Invalid`] where it contradicts itself.
pub fn of_definitions(file: &Node, at: &Location) -> Result<Configuration, BuildError> {
    let mut configuration = Configuration::default();
    add_definitions(&mut configuration, file).map_err(|conflict| conflict.at(at))?;
    Ok(configuration)
}

fn add_definitions(
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
            self.configuration.add(&labels::fields::ANNOTATIONS, &[spec(path)])?;
        }
        if extension(node, "label-selector").is_some() {
            self.configuration.add(&labels::fields::COMMON, &[spec(path)])?;
        }
        if extension(node, "identity").is_some() {
            self.configuration.add(&name_affix::PREFIX_FIELDS, &[spec(path)])?;
        }
        let version = extension(node, "object-ref-api-version");
        let Some((version, kind)) = version.zip(extension(node, "object-ref-kind")) else {
            return Ok(());
        };
        let name = extension(node, "object-ref-name-key").unwrap_or("name");
        let mut path = path.to_vec();
        path.push(name);
        let target = Gvk { version: version.into(), kind: kind.into(), ..Gvk::default() };
        let mut other = Configuration::default();
        other.name_references.push(NameReference { target, referrers: vec![spec(&path)] });
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
