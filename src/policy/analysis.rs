//! A set as Istio's analyzers see it.

use super::Finding;
use super::check::check;
use super::gate::{Day, Gate, Gates};
use super::mesh::Manifest;
use super::standards::Standards;
use super::subject::Subject;

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
