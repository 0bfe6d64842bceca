//! Policies whose selector meets the Pods of a Gateway of the Gateway API, where only `targetRefs`
//! count (IST0166).

use crate::policy::Level;
use crate::policy::mesh::{AUTHORIZATION_POLICY, Mesh, REQUEST_AUTHENTICATION, TELEMETRY, labels};
use crate::policy::rule::{Code, Report, Rule};

pub(super) const RULE: Rule = Rule::istio("kubernetes-gateway-selector", &[NO_EFFECT], check);

const NO_EFFECT: Code = Code::sound("IST0166", Level::Warning);
/// The label of Pods that serve a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let wasm = ("extensions.istio.io", "WasmPlugin");
    for kind in [AUTHORIZATION_POLICY, REQUEST_AUTHENTICATION, TELEMETRY, wasm] {
        for policy in mesh.all(kind) {
            let written = |key| policy.spec(&[key]).filter(|node| !node.is_null());
            let (Some(selector), None) = (written("selector"), written("targetRef")) else {
                continue;
            };
            let selector = labels(selector.get("matchLabels"));
            for pod in mesh.selected(&selector).filter(|pod| pod.namespace == policy.namespace()) {
                if let Some(gateway) = pod.labels.get(GATEWAY_NAME) {
                    let message = format!(
                        "a selector has no effect on Gateway `{gateway}`: use `targetRefs`"
                    );
                    report.say(NO_EFFECT, policy, "spec.selector", message);
                }
            }
        }
    }
}
