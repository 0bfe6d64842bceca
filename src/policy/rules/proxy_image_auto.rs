//! `image: auto` where nobody puts the proxy's image in (IST0146, IST0147).

use crate::policy::Level;
use crate::policy::label_selector;
use crate::policy::mesh::{Labels, MUTATING_WEBHOOK, Mesh, Pod, labels};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::sidecar::{PROXY_CONTAINER, namespace};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("proxy-image-auto", &[WORKLOAD, POD], check);

const WORKLOAD: Code = Code::if_complete("IST0146", Level::Warning);
const POD: Code = Code::sound("IST0147", Level::Error);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let configurations = mesh.all(MUTATING_WEBHOOK);
    let webhooks: Vec<&Node> = configurations
        .flat_map(|manifest| manifest.node.get("webhooks").and_then(Node::as_sequence))
        .flatten()
        .filter(|webhook| webhook.text_at(&["name"]).ends_with("istio.io"))
        .collect();
    for pod in mesh.pods() {
        let (Some(manifest), Some(index)) = (pod.manifest, auto_image(pod)) else { continue };
        if pod.is_plain() {
            let message = "a pod is not injected any more, so `image: auto` is never replaced";
            report.say(POD, manifest, format!("spec.containers[{index}].image"), message);
        } else if !webhooks.iter().any(|webhook| is_sent_to(mesh, pod, webhook)) {
            let field = pod.field(&format!("spec.containers[{index}].image"));
            let message = "no webhook injects its pods, so `image: auto` is never replaced";
            report.say(WORKLOAD, manifest, field, message);
        }
    }
}

fn auto_image(pod: &Pod<'_>) -> Option<usize> {
    pod.containers().iter().position(|container| {
        let text = |key| container.text_at(&[key]);
        text("name") == PROXY_CONTAINER && text("image") == "auto"
    })
}

fn is_sent_to(mesh: &Mesh<'_>, pod: &Pod<'_>, webhook: &Node) -> bool {
    let name = if pod.namespace.is_empty() { "default" } else { &pod.namespace };
    let around = namespace(mesh, name)
        .map_or_else(Labels::new, |namespace| labels(namespace.node.at(&["metadata", "labels"])));
    label_selector::matches(webhook.get("namespaceSelector"), &around)
        && label_selector::matches(webhook.get("objectSelector"), &pod.labels)
}
