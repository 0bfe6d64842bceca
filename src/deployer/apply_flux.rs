//! What Flux does with the objects of a build: it puts variables in, and gives all of them labels and annotations.

use super::changes::{Changes, Metadata, Substitution};
use super::envsubst::substitute;
use crate::kustomize::{Build, Resource, ResourceId};
use crate::yaml::{Node, parse_manifests, write_document};

/// The label or annotation by which an object says no to variables.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Changes a build as its deployer does. Returns what could not be done, one sentence each.
pub fn finish(build: &mut Build, changes: &Changes) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(substitution) = &changes.substitution {
        for resource in &mut build.resources {
            if let Err(reason) = put_variables_in(resource, substitution) {
                faults.push(format!("{}: variables cannot be put in: {reason}", resource.id));
            }
        }
    }
    let Metadata { labels, annotations } = &changes.metadata;
    for resource in &mut build.resources {
        set_all(&mut resource.node, "labels", labels);
        set_all(&mut resource.node, "annotations", annotations);
    }
    faults
}

fn put_variables_in(resource: &mut Resource, substitution: &Substitution) -> Result<(), String> {
    let metadata = |kind: &str| resource.node.at(&["metadata", kind, SUBSTITUTE]);
    let says_no = ["labels", "annotations"]
        .iter()
        .any(|kind| metadata(kind).and_then(Node::text) == Some("disabled"));
    if says_no {
        return Ok(());
    }
    let mut text = String::new();
    write_document(&resource.node, &mut text);
    if !text.contains('$') {
        return Ok(());
    }
    let put = substitute(&text, substitution)?;
    if put == text {
        return Ok(());
    }
    let documents = parse_manifests(&put).map_err(|error| error.reason.to_string())?;
    let node = documents.into_iter().next().ok_or("nothing is left of it")?;
    resource.id = ResourceId::of(&node);
    resource.node = node;
    Ok(())
}

fn set_all(node: &mut Node, field: &str, pairs: &[(String, String)]) {
    if pairs.is_empty() {
        return;
    }
    let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if metadata.get(field).is_none_or(|it| it.as_mapping().is_none()) {
        metadata.insert(field, Node::mapping());
    }
    let Some(all) = metadata.get_mut(field).and_then(Node::as_mapping_mut) else { return };
    for (key, value) in pairs {
        all.insert(key.as_str(), Node::string(value.as_str()));
    }
}
