//! AuthorizationPolicies for workloads or from namespaces that do not exist (IST0127, IST0101).

use std::collections::BTreeSet;

use crate::policy::Level;
use crate::policy::mesh::{
    AUTHORIZATION_POLICY, Manifest, Mesh, NAMESPACE, Pod, labels, selector_text, selects,
};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::sidecar::{has_proxy, is_ambient};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule::istio("authorization-policy", &[NO_WORKLOAD, NO_NAMESPACE], check);

const NO_WORKLOAD: Code = Code::if_complete("IST0127", Level::Warning);
const NO_NAMESPACE: Code = Code::if_complete("IST0101", Level::Error);

/// The namespace whose policies are for all, unless the mesh says otherwise.
const ROOT_NAMESPACE: &str = "istio-system";

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let named = mesh.config().and_then(|config| config.node.get("rootNamespace"));
    let root = named.and_then(Node::text).unwrap_or(ROOT_NAMESPACE);
    let inside = |pod: &&Pod<'_>| has_proxy(mesh, pod) || is_ambient(pod);
    let populated: BTreeSet<&str> =
        mesh.pods().iter().filter(inside).map(|pod| pod.namespace.as_str()).collect();
    for policy in mesh.all(AUTHORIZATION_POLICY) {
        check_workloads(mesh, policy, policy.namespace() == root, &populated, report);
        check_namespaces(mesh, policy, report);
    }
}

fn check_workloads(
    mesh: &Mesh<'_>,
    policy: &Manifest<'_>,
    is_mesh_wide: bool,
    populated: &BTreeSet<&str>,
    report: &mut Report<'_>,
) {
    let Some(selector) = policy.spec(&["selector"]).filter(|selector| !selector.is_null()) else {
        if !is_mesh_wide && !populated.contains(policy.namespace()) {
            let message = "there is no workload in this namespace";
            report.say(NO_WORKLOAD, policy, "metadata.namespace", message);
        }
        return;
    };
    let selector = labels(selector.get("matchLabels"));
    let meant = |pod: &&Pod<'_>| {
        (is_mesh_wide || pod.namespace == policy.namespace())
            && selects(&selector, &pod.labels)
            && (has_proxy(mesh, pod) || is_ambient(pod))
    };
    if !mesh.selected(&selector).any(|pod| meant(&pod)) {
        let message = format!("no workload has the labels `{}`", selector_text(&selector));
        report.say(NO_WORKLOAD, policy, "spec.selector.matchLabels", message);
    }
}

fn check_namespaces(mesh: &Mesh<'_>, policy: &Manifest<'_>, report: &mut Report<'_>) {
    for (rule, node) in policy.list(&["rules"]).iter().enumerate() {
        for (from, node) in items(node, "from").iter().enumerate() {
            for key in ["namespaces", "notNamespaces"] {
                let patterns = node.get("source").map_or(&[][..], |source| items(source, key));
                for (index, pattern) in patterns.iter().filter_map(Node::text).enumerate() {
                    if mesh.all(NAMESPACE).any(|known| matches(known.name(), pattern)) {
                        continue;
                    }
                    let field = format!("spec.rules[{rule}].from[{from}].source.{key}[{index}]");
                    let message = format!("no namespace is called `{pattern}`");
                    report.say(NO_NAMESPACE, policy, field, message);
                }
            }
        }
    }
}

/// Whether a namespace is meant by a name, perhaps with `*` at its beginning or end.
fn matches(name: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name.eq_ignore_ascii_case(pattern),
    }
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}
