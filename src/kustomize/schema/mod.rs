//! What is known of Kubernetes' kinds.

use super::Gvk;

/// What is known of Kubernetes' kinds: which have no namespace, which lists merge by which keys.
#[derive(Clone, Debug, Default)]
pub struct Schema {}

impl Schema {
    /// Whether this kind is known to have no namespace.
    #[must_use]
    pub fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        matches!(gvk.kind.as_str(), "Namespace" | "ClusterRole" | "ClusterRoleBinding")
    }
}
