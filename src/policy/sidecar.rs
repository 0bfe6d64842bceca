//! Which Pods have Istio's proxy, as far as files tell: by container, label, annotation, namespace.
//!
//! Pods that run may differ; nothing here asks a cluster.

use super::mesh::{FullName, INJECTION_LABEL, Manifest, Mesh, NAMESPACE, Pod};
use crate::yaml::Node;

/// The name of the proxy's container.
pub const PROXY_CONTAINER: &str = "istio-proxy";
/// The label that names the control plane for a namespace or Pod.
pub const REVISION_LABEL: &str = "istio.io/rev";
/// The label that puts a namespace into ambient mode.
pub const DATAPLANE_LABEL: &str = "istio.io/dataplane-mode";

/// Whether a Pod gets the proxy: its own word counts before its namespace's.
#[must_use]
pub fn has_proxy(mesh: &Mesh<'_>, pod: &Pod<'_>) -> bool {
    const INJECT: &str = "sidecar.istio.io/inject";
    let own = pod.labels.get(INJECT).map(String::as_str).or_else(|| pod.annotation(INJECT));
    if pod.containers().iter().chain(pod.init_containers()).any(is_proxy) {
        return true;
    }
    own.map_or_else(
        || {
            namespace(mesh, &pod.namespace)
                .is_some_and(|namespace| namespace.label(INJECTION_LABEL) == Some("enabled"))
        },
        |word| word == "true",
    )
}

/// Whether a Pod's traffic is redirected to the node's proxy.
#[must_use]
pub fn is_ambient(pod: &Pod<'_>) -> bool {
    pod.annotation("ambient.istio.io/redirection") == Some("enabled")
}

/// Whether a namespace's Pods are redirected to the node's proxy and get none of their own.
#[must_use]
pub fn is_ambient_namespace(mesh: &Mesh<'_>, name: &str) -> bool {
    namespace(mesh, name).is_some_and(|namespace| {
        namespace.label(INJECTION_LABEL) != Some("enabled")
            && namespace.label(REVISION_LABEL).is_none_or(str::is_empty)
            && namespace.label(DATAPLANE_LABEL) == Some("ambient")
    })
}

/// The namespace with this name; none where it is empty or not in the set.
#[must_use]
pub fn namespace<'a>(mesh: &Mesh<'a>, name: &str) -> Option<&'a Manifest<'a>> {
    mesh.find(NAMESPACE, &FullName { namespace: String::new(), name: name.to_owned() })
}

fn is_proxy(container: &Node) -> bool {
    let text = |key| container.text_at(&[key]);
    text("name") == PROXY_CONTAINER && !text("image").is_empty()
}
