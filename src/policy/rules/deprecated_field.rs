//! Fields and kinds that Istio has given up (IST0002).

use crate::policy::Level;
use crate::policy::mesh::{CUSTOM_RESOURCE_DEFINITION, Mesh, VIRTUAL_SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("deprecated-field", &[DEPRECATED], check);

const DEPRECATED: Code = Code::sound("IST0002", Level::Warning);
/// The kinds of `rbac.istio.io`, which AuthorizationPolicy replaced.
const GONE: [&str; 4] = ["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for service in mesh.all(VIRTUAL_SERVICE) {
        for (index, rule) in service.list(&["http"]).iter().enumerate() {
            let percent = rule.at(&["fault", "delay", "percent"]).and_then(Node::text);
            if percent.and_then(|text| text.parse::<i64>().ok()).is_some_and(|percent| percent > 0)
            {
                let field = format!("spec.http[{index}].fault.delay.percent");
                report.say(DEPRECATED, service, field, "`percent` is deprecated: use `percentage`");
            }
        }
    }
    for sidecar in mesh.all(("networking.istio.io", "Sidecar")) {
        let proxy = sidecar.spec(&["outboundTrafficPolicy", "egressProxy"]);
        if proxy.is_some_and(|proxy| !proxy.is_null()) {
            let field = "spec.outboundTrafficPolicy.egressProxy";
            report.say(DEPRECATED, sidecar, field, "`egressProxy` is ignored");
        }
    }
    for definition in mesh.all(CUSTOM_RESOURCE_DEFINITION) {
        let text = |keys: &[&str]| definition.spec(keys).and_then(Node::text).unwrap_or_default();
        let kind = text(&["names", "kind"]);
        if text(&["group"]) == "rbac.istio.io" && GONE.contains(&kind) {
            let message = format!("`{kind}` is gone: AuthorizationPolicy replaced it");
            report.say(DEPRECATED, definition, "spec.names.kind", message);
        }
    }
}
