//! Pods that run as Istio's own user: their traffic passes by the proxy (IST0144).

use crate::policy::Level;
use crate::policy::mesh::{Mesh, Pod};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("application-uid", &[TAKEN], check);

const TAKEN: Code = Code::sound("IST0144", Level::Warning);
/// The user that the proxy runs as.
const PROXY_USER: &str = "1337";

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for pod in mesh.pods() {
        let Some(manifest) = pod.manifest else { continue };
        if manifest.label("istio").is_some() || manifest.label("release") == Some("istio") {
            continue;
        }
        let say = |report: &mut Report<'_>, field: String| {
            report.say(TAKEN, manifest, pod.field(&field), "user 1337 is the proxy's own");
        };
        if runs_as_proxy(pod.spec) {
            say(report, "spec.securityContext.runAsUser".to_owned());
        }
        for (index, container) in containers(pod).iter().enumerate() {
            let name = container.text_at(&["name"]);
            if !matches!(name, "istio-proxy" | "istio-operator") && runs_as_proxy(Some(container)) {
                say(report, format!("spec.containers[{index}].securityContext.runAsUser"));
            }
        }
    }
}

fn containers<'a>(pod: &Pod<'a>) -> &'a [Node] {
    pod.spec.and_then(|s| s.get("containers")).and_then(Node::as_sequence).unwrap_or_default()
}

fn runs_as_proxy(node: Option<&Node>) -> bool {
    let user = node.and_then(|node| node.at(&["securityContext", "runAsUser"]));
    user.and_then(Node::text) == Some(PROXY_USER)
}
