//! Mesh networks whose endpoints come from a registry that nobody has set up (IST0126).

use std::collections::BTreeSet;

use crate::policy::Level;
use crate::policy::mesh::{Mesh, SECRET};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("mesh-networks", &[UNKNOWN], check);

const UNKNOWN: Code = Code::if_complete("IST0126", Level::Error);
/// The registries that every installation has.
const BUILT_IN: [&str; 3] = ["Mock", "Kubernetes", "External"];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let Some(networks) = mesh.networks() else { return };
    let registries = remote_registries(mesh);
    for pair in networks.node.get("networks").and_then(Node::as_mapping).into_iter().flatten() {
        let network = &pair.key.text;
        let endpoints = pair.value.get("endpoints").and_then(Node::as_sequence);
        for (index, endpoint) in endpoints.unwrap_or_default().iter().enumerate() {
            let Some(name) = endpoint.get("fromRegistry").and_then(Node::text) else { continue };
            if BUILT_IN.contains(&name) || registries.contains(name) {
                continue;
            }
            let field = format!("networks.{network}.endpoints[{index}].fromRegistry");
            report.say(UNKNOWN, networks, field, format!("there is no registry `{name}`"));
        }
    }
}

/// The clusters whose credentials are in Secrets made for that.
fn remote_registries<'a>(mesh: &Mesh<'a>) -> BTreeSet<&'a str> {
    let secrets = mesh.all(SECRET).filter(|s| s.label("istio/multiCluster") == Some("true"));
    let parts = secrets.flat_map(|secret| [secret.node.get("data"), secret.node.get("stringData")]);
    let pairs = parts.flatten().filter_map(Node::as_mapping).flatten();
    pairs.map(|pair| pair.key.text.as_str()).collect()
}
