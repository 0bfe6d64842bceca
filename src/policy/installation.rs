//! A set of manifests as an installation of Istio has it: with the ingress gateway that each brings.

use super::mesh::{Manifest, Mesh};
use super::subject::Subject;
use crate::kustomize::ResourceId;
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};

/// The ingress gateway that every installation of Istio brings, unless the set has its own.
pub(super) const INGRESS_GATEWAY: &str = "\
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system, labels: {istio: ingressgateway}}
spec:
  selector: {istio: ingressgateway}
  ports:
  - {port: 80, targetPort: 80, protocol: TCP}
  - {port: 443, targetPort: 443, protocol: TCP}
  - {port: 31400, targetPort: 31400, protocol: TCP}
  - {port: 15443, targetPort: 15443, protocol: TCP}
---
apiVersion: v1
kind: Pod
metadata: {name: istio-ingressgateway, namespace: istio-system, labels: {istio: ingressgateway}}
";

/// Looks at the subject as a mesh, with what every installation of Istio brings.
pub(super) fn with_mesh(subject: &Subject<'_>, look: impl FnOnce(&Mesh<'_>)) {
    let assumed = parse_stream(INGRESS_GATEWAY, Dialect::V3).expect("a constant that is YAML");
    let mut all: Vec<Manifest<'_>> = subject.manifests.to_vec();
    let nowhere = Location::file(RepoPath::root());
    for manifest in assumed.iter().flat_map(|node| manifests(node, &nowhere)) {
        if !all.iter().any(|known| known.id == manifest.id) {
            all.push(manifest);
        }
    }
    look(&Mesh::new(&all, subject.mesh_config, subject.mesh_networks));
}

/// The manifests of a document, each with the identity that its text gives it: one, or the items
/// of a `List`.
#[must_use]
pub fn manifests<'a>(node: &'a Node, origin: &Location) -> Vec<Manifest<'a>> {
    let items = node.get("items").and_then(Node::as_sequence);
    if let (true, Some(items)) = (node.text_at(&["kind"]).ends_with("List"), items) {
        return items.iter().flat_map(|item| manifests(item, origin)).collect();
    }
    vec![Manifest { node, id: ResourceId::of(node), origin: origin.clone(), cluster: "" }]
}
