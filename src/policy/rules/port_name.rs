//! Service ports whose protocol Istio has to guess (IST0118), or must not (IST0150).

use crate::policy::Level;
use crate::policy::mesh::{Mesh, SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("port-name", &[CONVENTION, EXTERNAL_NAME], check);

const CONVENTION: Code = Code::sound("IST0118", Level::Info);
const EXTERNAL_NAME: Code = Code::sound("IST0150", Level::Warning);

/// What a port's name may begin with, up to a dash.
const PROTOCOLS: [&str; 13] = [
    "http",
    "http2",
    "https",
    "tcp",
    "tls",
    "grpc",
    "grpc-web",
    "mongo",
    "mysql",
    "redis",
    "udp",
    "hbone",
    "http_proxy",
];
/// Ports that are not sniffed although they have no name.
const KNOWN_PORTS: [&str; 3] = ["25", "3306", "27017"];
/// Controllers of gateways that Istio makes itself.
const GATEWAY_CONTROLLERS: [&str; 3] =
    ["istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller"];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for service in mesh.all(SERVICE) {
        let is_istio =
            service.label("istio").is_some() || service.label("release") == Some("istio");
        let manager = service.label("gateway.istio.io/managed").unwrap_or_default();
        if is_istio || GATEWAY_CONTROLLERS.contains(&manager) {
            continue;
        }
        let is_external = service.spec(&["type"]).and_then(Node::text) == Some("ExternalName");
        for (index, port) in service.list(&["ports"]).iter().enumerate() {
            let name = port.text_at(&["name"]);
            if names_protocol(port) && !(is_external && name == "tcp") {
                continue;
            }
            let field = format!("spec.ports[{index}].name");
            if is_external {
                let message =
                    "a port of an ExternalName service must name its protocol, and not tcp";
                report.say(EXTERNAL_NAME, service, field, message);
            } else {
                let message = match name {
                    "" => "a port without a name tells no protocol, so it is detected".to_owned(),
                    name => format!("`{name}` does not begin with a protocol, so it is detected"),
                };
                report.say(CONVENTION, service, field, message);
            }
        }
    }
}

/// Whether a port says what is spoken on it.
fn names_protocol(port: &Node) -> bool {
    let text = |key: &str| port.text_at(&[key]);
    if text("protocol") == "UDP" {
        return true;
    }
    let written = match text("appProtocol") {
        "" => text("name"),
        protocol => protocol,
    };
    let written = written.to_ascii_lowercase();
    let is_known = |name: &str| PROTOCOLS.contains(&name) || name.starts_with("kubernetes.io/");
    let first = written.split('-').next().unwrap_or_default();
    is_known(&written)
        || written.starts_with("grpc-web-")
        || is_known(first)
        || written.is_empty() && KNOWN_PORTS.contains(&text("port"))
}
