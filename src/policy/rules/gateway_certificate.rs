//! Two Gateways for the same proxies with one certificate: HTTP/2 connections are reused across
//! their hosts and end in 404 (IST0138).

use crate::policy::Level;
use crate::policy::mesh::{GATEWAY, Manifest, Mesh, labels, selects};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("gateway-certificate", &[DUPLICATE], check);

const DUPLICATE: Code = Code::sound("IST0138", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for gateway in mesh.all(GATEWAY) {
        let selector = labels(gateway.spec(&["selector"]));
        for other in mesh.all(GATEWAY) {
            let same_proxies = selects(&selector, &labels(other.spec(&["selector"])));
            if gateway.full_name() != other.full_name() && same_proxies {
                compare(gateway, other, report);
            }
        }
    }
}

fn compare(gateway: &Manifest<'_>, other: &Manifest<'_>, report: &mut Report<'_>) {
    for (index, server) in gateway.list(&["servers"]).iter().enumerate() {
        let Some(certificate) = certificate(server) else { continue };
        for other_server in other.list(&["servers"]) {
            if self::certificate(other_server).as_ref() == Some(&certificate) {
                let message =
                    format!("uses the certificate of Gateway `{}` too", other.full_name());
                report.say(DUPLICATE, gateway, format!("spec.servers[{index}].tls"), message);
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Certificate<'a> {
    Credential(&'a str),
    Files { certificate: &'a str, key: &'a str },
}

fn certificate(server: &Node) -> Option<Certificate<'_>> {
    let tls = server.get("tls")?;
    let text = |key: &str| tls.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    if let Some(name) = text("credentialName") {
        return Some(Certificate::Credential(name));
    }
    Some(Certificate::Files { certificate: text("serverCertificate")?, key: text("privateKey")? })
}
