//! A DestinationRule that speaks TLS without a CA verifies nobody (IST0128, IST0129).

use crate::policy::Level;
use crate::policy::mesh::{DESTINATION_RULE, Manifest, Mesh};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("destination-rule-tls", &[DESTINATION, PORT], check);

const DESTINATION: Code = Code::sound("IST0128", Level::Warning);
const PORT: Code = Code::sound("IST0129", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for rule in mesh.all(DESTINATION_RULE) {
        if let Some(mode) = unverified(rule, rule.spec(&["trafficPolicy", "tls"])) {
            let message = format!("TLS mode {mode} without `caCertificates` verifies no server");
            report.say(DESTINATION, rule, "spec.trafficPolicy.tls.mode", message);
        }
        for (index, port) in rule.list(&["trafficPolicy", "portLevelSettings"]).iter().enumerate() {
            if let Some(mode) = unverified(rule, port.get("tls")) {
                let field = format!("spec.trafficPolicy.portLevelSettings[{index}].tls.mode");
                let message = format!(
                    "TLS mode {mode} without `caCertificates` verifies no server on this port"
                );
                report.say(PORT, rule, field, message);
            }
        }
    }
}

/// The mode of settings that start TLS and check nothing.
fn unverified<'a>(rule: &Manifest<'_>, tls: Option<&'a Node>) -> Option<&'a str> {
    let tls = tls?;
    let text = |key: &str| tls.text_at(&[key]);
    let starts_tls = matches!(text("mode"), "SIMPLE" | "MUTUAL");
    // A credential is read by gateways only, and only where the rule selects them.
    let by_credential =
        !text("credentialName").is_empty() && rule.spec(&["workloadSelector"]).is_some();
    let unverified = starts_tls && text("caCertificates").is_empty() && !by_credential;
    unverified.then(|| tls.get("mode").and_then(Node::text)).flatten()
}
