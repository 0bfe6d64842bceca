//! istiod fetches keys for RequestAuthentications from anywhere (IST0175).

use crate::policy::Level;
use crate::policy::mesh::{Mesh, REQUEST_AUTHENTICATION};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("blocked-cidrs", &[UNRESTRICTED], check);

const UNRESTRICTED: Code = Code::sound("IST0175", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    if mesh.all(REQUEST_AUTHENTICATION).next().is_none() {
        return;
    }
    for deployment in mesh.all(("apps", "Deployment")) {
        let containers = deployment.list(&["template", "spec", "containers"]);
        if deployment.label("app") == Some("istiod") && !containers.iter().any(is_restricted) {
            let message =
                "`BLOCKED_CIDRS_IN_JWKS_URIS` is not set, so a `jwksUri` may lead anywhere";
            report.say(UNRESTRICTED, deployment, "spec.template.spec.containers", message);
        }
    }
}

fn is_restricted(container: &Node) -> bool {
    let variables = container.get("env").and_then(Node::as_sequence).unwrap_or_default();
    variables.iter().any(|variable| {
        let text = |key: &str| variable.text_at(&[key]);
        text("name") == "BLOCKED_CIDRS_IN_JWKS_URIS" && !text("value").is_empty()
    })
}
