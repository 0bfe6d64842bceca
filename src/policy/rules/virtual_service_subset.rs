//! A VirtualService that routes to a subset which no DestinationRule has (IST0101).

use std::collections::BTreeSet;

use crate::policy::mesh::{DESTINATION_RULE, FullName, Mesh, VIRTUAL_SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::virtual_service::destinations;
use crate::policy::{Level, host};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("virtual-service-subset", &[NOT_FOUND, ELSEWHERE], check);

const NOT_FOUND: Code = Code::sound("IST0101", Level::Error);
/// A set without a DestinationRule for the host leaves its subsets to somebody else.
const ELSEWHERE: Code = Code::if_complete("IST0101", Level::Error);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let known = subsets(mesh);
    let hosts: BTreeSet<&FullName> = known.iter().map(|(host, _)| host).collect();
    for service in mesh.all(VIRTUAL_SERVICE) {
        for destination in destinations(service) {
            let (name, subset) = (destination.host(), destination.subset());
            let host = host::service(service.namespace(), name);
            let code = if hosts.contains(&host) { NOT_FOUND } else { ELSEWHERE };
            if subset.is_empty() || known.contains(&(host, subset)) {
                continue;
            }
            let field = format!("{}.subset", destination.field);
            let message = format!("no DestinationRule for `{name}` has a subset `{subset}`");
            report.say(code, service, field, message);
        }
    }
}

fn subsets<'a>(mesh: &Mesh<'a>) -> BTreeSet<(FullName, &'a str)> {
    let mut known = BTreeSet::new();
    for rule in mesh.all(DESTINATION_RULE) {
        let host = rule.spec(&["host"]).and_then(Node::text).unwrap_or_default();
        let host = host::service(rule.namespace(), host);
        // A rule without subsets is one all the same.
        known.insert((host.clone(), ""));
        for subset in
            rule.node.at(&["spec", "subsets"]).and_then(Node::as_sequence).unwrap_or_default()
        {
            let name = subset.text_at(&["name"]);
            known.insert((host.clone(), name));
        }
    }
    known
}
