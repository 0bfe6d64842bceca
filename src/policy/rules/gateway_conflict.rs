//! Two Gateways that open the same host on the same port of the same proxies (IST0145).

use crate::policy::Level;
use crate::policy::mesh::{GATEWAY, Labels, Manifest, Mesh, labels, selector_text, selects};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::port;
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("gateway-conflict", &[CONFLICT, NO_SELECTOR], check);

const CONFLICT: Code = Code::sound("IST0145", Level::Error);
const NO_SELECTOR: Code = Code::if_complete("IST0101", Level::Error);

/// One server of one Gateway.
struct Server<'a> {
    gateway: &'a Manifest<'a>,
    selector: Labels,
    node: &'a Node,
}

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let servers: Vec<Server<'_>> = mesh.all(GATEWAY).flat_map(servers).collect();
    for gateway in mesh.all(GATEWAY) {
        let selector = labels(gateway.spec(&["selector"]));
        if gateway.list(&["servers"]).is_empty() && !selector.is_empty() {
            let text = selector_text(&selector);
            report.say(
                NO_SELECTOR,
                gateway,
                "spec.selector",
                format!("selector `{text}` not found"),
            );
        }
    }
    for (index, server) in servers.iter().enumerate() {
        let mut others: Vec<String> = servers
            .iter()
            .filter(|other| other.gateway.full_name() != server.gateway.full_name())
            .filter(|other| same_port(server, other) && same_proxies(mesh, server, other))
            .filter(|other| shares_host(server.node, other.node))
            .map(|other| other.gateway.full_name().to_string())
            .collect();
        if others.is_empty() {
            continue;
        }
        others.sort();
        others.dedup();
        let place = index
            - servers[..index]
                .iter()
                .rposition(|s| s.gateway.full_name() != server.gateway.full_name())
                .map_or(0, |at| at + 1);
        let message = format!("opens a host and port that `{}` opens too", others.join("`, `"));
        report.say(CONFLICT, server.gateway, format!("spec.servers[{place}]"), message);
    }
}

fn servers<'a>(gateway: &'a Manifest<'a>) -> impl Iterator<Item = Server<'a>> {
    let selector = labels(gateway.spec(&["selector"]));
    let nodes = gateway.list(&["servers"]).iter();
    nodes.map(move |node| Server { gateway, selector: selector.clone(), node })
}

fn same_port(a: &Server<'_>, b: &Server<'_>) -> bool {
    let number = |server: &Server<'_>| port(server.node.at(&["port", "number"]));
    number(a) == number(b)
}

/// The same selector, or selectors of which one holds the other and that meet in a Pod.
fn same_proxies(mesh: &Mesh<'_>, a: &Server<'_>, b: &Server<'_>) -> bool {
    if a.selector == b.selector {
        return true;
    }
    let (x, y) = (selector_text(&a.selector), selector_text(&b.selector));
    (x.contains(&y) || y.contains(&x))
        && mesh
            .pods()
            .iter()
            .any(|p| selects(&a.selector, &p.labels) && selects(&b.selector, &p.labels))
}

fn shares_host(a: &Node, b: &Node) -> bool {
    let text = |node: &Node| node.text_at(&["bind"]).to_owned();
    let hosts = |node: &'_ Node| -> Vec<String> {
        let items = node.get("hosts").and_then(Node::as_sequence).unwrap_or_default();
        items.iter().filter_map(Node::text).map(str::to_owned).collect()
    };
    text(a) == text(b) && hosts(a).iter().any(|host| hosts(b).contains(host))
}
