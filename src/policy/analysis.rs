//! A set as Istio's analyzers see it.

use super::Finding;
use super::check::check;
use super::gate::{Day, Gate, Gates};
use super::mesh::{Manifest, Mesh};
use super::standards::Standards;
use super::subject::Subject;
use crate::kustomize::{Gvk, ResourceId};
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};

/// What is known of the set beyond its manifests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// Whether the set holds all that the cluster has, so that what is absent does not exist.
    pub complete: bool,
    /// Istio's mesh configuration, where the set has one.
    pub mesh_config: Option<&'a Manifest<'a>>,
    /// Istio's mesh networks, where the set has them.
    pub mesh_networks: Option<&'a Manifest<'a>>,
}

/// The ingress gateway that every installation of Istio brings, unless the set has its own.
const INGRESS_GATEWAY: &str = "\
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

/// What the Istio gate says of a set, in the order of the rules' ids.
#[must_use]
pub fn analyze(set: &[Manifest<'_>], surroundings: Surroundings<'_>) -> Vec<Finding> {
    let subject = Subject {
        manifests: set,
        mesh_config: surroundings.mesh_config,
        mesh_networks: surroundings.mesh_networks,
        standards: &Standards::default(),
        overlay: None,
        promotion: None,
    };
    let run = [Gate::Istio].into();
    let gates = Gates { run, complete: surroundings.complete, ..Gates::default() };
    check(&subject, &gates, Day::MIN).findings
}

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
    let text = |keys: &[&str]| node.at(keys).and_then(Node::text).unwrap_or_default();
    let items = node.get("items").and_then(Node::as_sequence);
    if let (true, Some(items)) = (text(&["kind"]).ends_with("List"), items) {
        return items.iter().flat_map(|item| manifests(item, origin)).collect();
    }
    let id = ResourceId {
        gvk: Gvk::from_api_version(text(&["apiVersion"]), text(&["kind"])),
        namespace: text(&["metadata", "namespace"]).into(),
        name: text(&["metadata", "name"]).into(),
    };
    vec![Manifest { node, id, origin: origin.clone(), cluster: "" }]
}
