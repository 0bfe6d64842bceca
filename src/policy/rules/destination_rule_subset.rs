//! A DestinationRule for a host that does not exist, or a subset that no Pod is in (IST0174, IST0173).

use crate::policy::Level;
use crate::policy::mesh::{DESTINATION_RULE, Labels, Manifest, Mesh, labels, selects};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::{ServiceRegistry, texts};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("destination-rule-subset", &[NO_PODS, NO_HOST], check);

const NO_PODS: Code = Code::if_complete("IST0173", Level::Error);
const NO_HOST: Code = Code::if_complete("IST0174", Level::Warning);

/// Labels that a Pod gets from its node or from the mesh; nothing here knows them.
const TOPOLOGY: [&str; 6] = [
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
    "topology.istio.io/cluster",
    "topology.istio.io/network",
    "kubernetes.io/hostname",
];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let registry = ServiceRegistry::of(mesh);
    for rule in mesh.all(DESTINATION_RULE) {
        let host = rule.spec(&["host"]).and_then(Node::text).unwrap_or_default();
        let Some(service) = registry.find(rule.namespace(), &texts(rule, &["exportTo"]), host)
        else {
            report.say(NO_HOST, rule, "spec.host", format!("host `{host}` does not exist"));
            continue;
        };
        check_subsets(mesh, rule, &service.workload_selector, report);
    }
}

fn check_subsets(
    mesh: &Mesh<'_>,
    rule: &Manifest<'_>,
    workloads: &Labels,
    report: &mut Report<'_>,
) {
    for (index, subset) in rule.list(&["subsets"]).iter().enumerate() {
        let mut selector = workloads.clone();
        selector.extend(labels(subset.get("labels")));
        // An empty label is none that a node would give.
        selector.retain(|key, value| value.is_empty() || !TOPOLOGY.contains(&key.as_str()));
        if mesh.pods().iter().any(|pod| selects(&selector, &pod.labels)) {
            continue;
        }
        let name = subset.text_at(&["name"]);
        let message = format!("no pod has the labels of subset `{name}`");
        report.say(NO_PODS, rule, format!("spec.subsets[{index}].labels"), message);
    }
}
