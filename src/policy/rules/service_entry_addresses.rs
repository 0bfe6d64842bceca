//! A ServiceEntry for TCP without addresses: all of its traffic meets on one listener (IST0134).

use crate::policy::Level;
use crate::policy::mesh::{Mesh, SERVICE_ENTRY};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("service-entry-addresses", &[NO_ADDRESS], check);

const NO_ADDRESS: Code = Code::sound("IST0134", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    if mesh.config().is_some_and(|config| allocates_addresses(config.node)) {
        return;
    }
    for entry in mesh.all(SERVICE_ENTRY) {
        let allocated = entry.node.at(&["status", "addresses"]).and_then(Node::as_sequence);
        if entry.spec(&["addresses"]).is_some() || allocated.is_some_and(|a| !a.is_empty()) {
            continue;
        }
        for (index, port) in entry.list(&["ports"]).iter().enumerate() {
            let protocol = port.text_at(&["protocol"]);
            if protocol.is_empty() || protocol.eq_ignore_ascii_case("TCP") {
                let field = format!("spec.ports[{index}].protocol");
                report.say(NO_ADDRESS, entry, field, "a TCP port needs `spec.addresses`");
            }
        }
    }
}

/// Whether the mesh gives addresses by itself.
fn allocates_addresses(config: &Node) -> bool {
    let on = |key| {
        config.at(&["defaultConfig", "proxyMetadata", key]).and_then(Node::text) == Some("true")
    };
    on("ISTIO_META_DNS_CAPTURE")
        && (on("ISTIO_META_DNS_AUTO_ALLOCATE") || on("PILOT_ENABLE_IP_AUTOALLOCATE"))
}
