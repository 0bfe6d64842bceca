//! A VirtualService that sends traffic to a host or port that does not exist, or leaves open to which
//! of several ports (IST0101, IST0112), or whose ingress routes pass over another's subsets (IST0140).

use crate::policy::Level;
use crate::policy::mesh::{Manifest, Mesh, VIRTUAL_SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::{Service, ServiceRegistry, port, texts};
use crate::policy::virtual_service::{Destination, destinations};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule::istio("virtual-service-destination", &[NOT_FOUND, PORT_NEEDED, NOT_AFFECTED], check);

const NOT_FOUND: Code = Code::if_complete("IST0101", Level::Error);
const PORT_NEEDED: Code = Code::if_complete("IST0112", Level::Error);
const NOT_AFFECTED: Code = Code::sound("IST0140", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let registry = ServiceRegistry::of(mesh);
    for service in mesh.all(VIRTUAL_SERVICE) {
        let export_to = texts(service, &["exportTo"]);
        for destination in destinations(service) {
            let host = destination.host();
            match registry.find(service.namespace(), &export_to, host) {
                Some(known) => check_port(service, &destination, known, report),
                None => {
                    let what = if destination.is_mirror { "mirror host" } else { "host" };
                    let field = format!("{}.host", destination.field);
                    report.say(
                        NOT_FOUND,
                        service,
                        field,
                        format!("{what} `{host}` does not exist"),
                    );
                }
            }
        }
        check_ingress(mesh, service, report);
    }
}

fn check_port(
    service: &Manifest<'_>,
    destination: &Destination<'_>,
    known: &Service,
    report: &mut Report<'_>,
) {
    let host = destination.host();
    let field = |below: &str| format!("{}.{below}", destination.field);
    let Some(number) = destination.node.and_then(|n| n.get("port")).map(|p| port(p.get("number")))
    else {
        if known.ports.len() > 1 {
            let message = format!("`{host}` has several ports, and none is chosen");
            report.say(PORT_NEEDED, service, field("host"), message);
        }
        return;
    };
    let number = number.unwrap_or_default();
    if !known.ports.contains(&number) {
        let message = format!("`{host}` has no port {number}");
        report.say(NOT_FOUND, service, field("port.number"), message);
    }
}

/// Routes of a gateway do not take the route rules of the host they lead to.
fn check_ingress(mesh: &Mesh<'_>, service: &Manifest<'_>, report: &mut Report<'_>) {
    if service.list(&["gateways"]).is_empty() {
        return;
    }
    for (rule, entry) in service.list(&["http"]).iter().enumerate() {
        let routes = entry.get("route").and_then(Node::as_sequence).unwrap_or_default();
        for (index, route) in routes.iter().enumerate() {
            let text = |key| route.text_at(&["destination", key]);
            if !text("subset").is_empty() {
                continue;
            }
            for other in mesh.all(VIRTUAL_SERVICE) {
                for _ in 0..own_subset_routes(other, text("host")) {
                    let field = format!("spec.http[{rule}].route[{index}].destination.host");
                    let message =
                        format!("the subset rules of `{}` have no effect here", other.full_name());
                    report.say(NOT_AFFECTED, service, field, message);
                }
            }
        }
    }
}

/// How many routes of a VirtualService lead to a subset of `host`, its own host.
fn own_subset_routes(service: &Manifest<'_>, host: &str) -> usize {
    let own = texts(service, &["hosts"]);
    let leads = |d: &Destination<'_>| {
        d.field.starts_with("spec.http")
            && !d.is_mirror
            && !d.subset().is_empty()
            && d.host() == host
    };
    let own = own.iter().filter(|name| **name == host).count();
    own * destinations(service).iter().filter(|d| leads(d)).count()
}
