//! Telemetries that log to no provider (IST0157) or to one that is gone (IST0002).

use std::collections::BTreeSet;

use crate::policy::Level;
use crate::policy::mesh::{Mesh, TELEMETRY};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("telemetry-provider", &[NO_PROVIDER, DEPRECATED], check);

const NO_PROVIDER: Code = Code::sound("IST0157", Level::Warning);
const DEPRECATED: Code = Code::sound("IST0002", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let config = mesh.config().map(|config| config.node);
    check_access_logs(mesh, config, report);
    let lightstep = lightstep_providers(config);
    for telemetry in mesh.all(TELEMETRY) {
        for (index, tracing) in telemetry.list(&["tracing"]).iter().enumerate() {
            for provider in items(tracing, "providers") {
                let name = provider.text_at(&["name"]);
                if lightstep.contains(name) {
                    let message =
                        format!("provider `{name}` is Lightstep, which OpenTelemetry replaces");
                    report.say(DEPRECATED, telemetry, format!("spec.tracing[{index}]"), message);
                }
            }
        }
    }
}

fn check_access_logs(mesh: &Mesh<'_>, config: Option<&Node>, report: &mut Report<'_>) {
    let defaults = config.and_then(|config| config.at(&["defaultProviders", "accessLogging"]));
    if defaults.and_then(Node::as_sequence).is_some_and(|providers| !providers.is_empty()) {
        return;
    }
    for telemetry in mesh.all(TELEMETRY) {
        for (index, log) in telemetry.list(&["accessLogging"]).iter().enumerate() {
            let is_off = log.get("disabled").and_then(Node::text) == Some("true");
            if !is_off && items(log, "providers").is_empty() {
                let message = "names no provider, and the mesh has no default one";
                report.say(NO_PROVIDER, telemetry, format!("spec.accessLogging[{index}]"), message);
            }
        }
    }
}

fn lightstep_providers(config: Option<&Node>) -> BTreeSet<&str> {
    let providers = config.map_or(&[][..], |config| items(config, "extensionProviders"));
    let lightstep = providers.iter().filter(|provider| provider.get("lightstep").is_some());
    lightstep.filter_map(|provider| provider.get("name").and_then(Node::text)).collect()
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}
