//! One Service that differs between the clusters of a mesh (IST0170).

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::Level;
use crate::policy::mesh::{FullName, Manifest, Mesh, SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("multi-cluster-service", &[INCONSISTENT], check);

const INCONSISTENT: Code = Code::sound("IST0170", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let mut services: BTreeMap<FullName, BTreeMap<&str, &Manifest<'_>>> = BTreeMap::new();
    for service in mesh.all(SERVICE).filter(|service| !service.cluster.is_empty()) {
        services.entry(service.full_name()).or_default().insert(service.cluster, service);
    }
    for clusters in services.values() {
        let mut differences = BTreeSet::new();
        let mut all = clusters.values();
        let Some(first) = all.next() else { continue };
        for other in all {
            differences.extend(compare(first, other));
        }
        if !differences.is_empty() {
            let names: Vec<&str> = clusters.keys().copied().collect();
            let differences: Vec<&str> = differences.into_iter().collect();
            let message =
                format!("differs between {}: {}", names.join(", "), differences.join(", "));
            report.say(INCONSISTENT, first, "spec", message);
        }
    }
}

fn compare(a: &Manifest<'_>, b: &Manifest<'_>) -> Vec<&'static str> {
    let text = |service: &Manifest<'_>, key| {
        service.spec(&[key]).and_then(Node::text).unwrap_or_default().to_owned()
    };
    let is_headless = |service: &Manifest<'_>| text(service, "clusterIP") == "None";
    let mut differences = Vec::new();
    if is_headless(a) != is_headless(b) {
        differences.push("only one is headless");
    }
    if text(a, "type") != text(b, "type") {
        differences.push("type");
    }
    if ports(a) != ports(b) {
        differences.push("ports");
    }
    differences
}

/// All that a Service says of its ports, in the order of their names.
fn ports(service: &Manifest<'_>) -> Vec<[String; 6]> {
    let keys = ["name", "protocol", "port", "targetPort", "nodePort", "appProtocol"];
    let text = |port: &Node, key| port.text_at(&[key]).to_owned();
    let mut ports: Vec<[String; 6]> =
        service.list(&["ports"]).iter().map(|port| keys.map(|key| text(port, key))).collect();
    ports.sort_by(|a, b| a[0].cmp(&b[0]));
    ports
}
