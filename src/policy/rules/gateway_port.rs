//! A Gateway for proxies that do not exist, or on a port that their Service does not have
//! (IST0101, IST0162).

use std::collections::BTreeSet;

use crate::policy::Level;
use crate::policy::mesh::{GATEWAY, Mesh, Pod, SERVICE, labels, selector_text, selects};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::port;
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("gateway-port", &[NO_SELECTOR, NO_PORT], check);

const NO_SELECTOR: Code = Code::if_complete("IST0101", Level::Error);
const NO_PORT: Code = Code::if_complete("IST0162", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for gateway in mesh.all(GATEWAY) {
        let selector = labels(gateway.spec(&["selector"]));
        let text = selector_text(&selector);
        let pods: Vec<&Pod<'_>> =
            mesh.pods().iter().filter(|pod| selects(&selector, &pod.labels)).collect();
        if pods.is_empty() {
            report.say(
                NO_SELECTOR,
                gateway,
                "spec.selector",
                format!("selector `{text}` not found"),
            );
            continue;
        }
        let open = open_ports(mesh, &pods);
        for (index, server) in gateway.list(&["servers"]).iter().enumerate() {
            if let Some(number) = port(server.at(&["port", "number"]))
                && !open.contains(&number)
            {
                let message = format!("port {number} is on no service of the pods with `{text}`");
                report.say(NO_PORT, gateway, format!("spec.servers[{index}].port.number"), message);
            }
        }
    }
}

/// The TCP ports, and the ports of Pods behind them, of all Services that select one of the Pods.
fn open_ports(mesh: &Mesh<'_>, pods: &[&Pod<'_>]) -> BTreeSet<i64> {
    let mut open = BTreeSet::new();
    for service in mesh.all(SERVICE) {
        let selector = labels(service.spec(&["selector"]));
        let behind = |pod: &&Pod<'_>| {
            pod.namespace == service.namespace() && selects(&selector, &pod.labels)
        };
        if !pods.iter().any(behind) {
            continue;
        }
        for entry in service.list(&["ports"]) {
            let protocol = entry.get("protocol").and_then(Node::text).unwrap_or("TCP");
            if protocol == "TCP" {
                open.extend(port(entry.get("port")));
                open.extend(port(entry.get("targetPort")));
            }
        }
    }
    open
}
