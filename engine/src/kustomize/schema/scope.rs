//! Which of Kubernetes' own kinds live in a namespace and which do not.
//!
//! Only kinds that kustomize's schema (Kubernetes 1.21) knows are here: any other kind counts as
//! namespaced when a namespace is set, even one that a cluster would know better.

use Scope::{Cluster, Namespaced};

use crate::kustomize::version::{ADMISSION_POLICIES, Version};

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// In the cluster itself.
    Cluster,
    /// In a namespace.
    Namespaced,
}

/// The scope of a kind, if it is known.
pub(super) fn of(group: &str, version: &str, kind: &str, kustomize: Version) -> Option<Scope> {
    if kustomize.has(&ADMISSION_POLICIES)
        && (group, version) == ("admissionregistration.k8s.io", "v1")
        && matches!(kind, "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding")
    {
        return Some(Cluster);
    }
    in_schema(group, version, kind)
}

/// Whether the kind has a definition, not only a scope.
pub(super) fn is_known(group: &str, version: &str, kind: &str) -> bool {
    in_schema(group, version, kind).is_some()
}

fn in_schema(group: &str, version: &str, kind: &str) -> Option<Scope> {
    let scope = match (group, version) {
        ("", "v1") => core(kind)?,
        ("apps", "v1") => of_kinds(
            kind,
            &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
            Namespaced,
        )?,
        ("batch", "v1") => of_kinds(kind, &["CronJob", "Job"], Namespaced)?,
        ("batch", "v1beta1") => of_kinds(kind, &["CronJob"], Namespaced)?,
        ("autoscaling", "v1") => of_kinds(kind, &["HorizontalPodAutoscaler", "Scale"], Namespaced)?,
        ("autoscaling", "v2beta1" | "v2beta2") => {
            of_kinds(kind, &["HorizontalPodAutoscaler"], Namespaced)?
        }
        ("extensions", "v1beta1") => of_kinds(kind, &["Ingress"], Namespaced)?,
        ("networking.k8s.io", "v1") if kind == "NetworkPolicy" => Namespaced,
        ("flowcontrol.apiserver.k8s.io", "v1beta1") => {
            of_kinds(kind, &["FlowSchema", "PriorityLevelConfiguration"], Cluster)?
        }
        ("policy", "v1beta1") if kind == "PodSecurityPolicy" => Cluster,
        ("storage.k8s.io", "v1beta1") if kind == "CSIStorageCapacity" => Namespaced,
        (_, "v1" | "v1beta1") => in_both_versions(group, kind)?,
        _ => return None,
    };
    Some(scope)
}

/// Groups that have the same kinds in `v1` and `v1beta1`.
fn in_both_versions(group: &str, kind: &str) -> Option<Scope> {
    match group {
        "admissionregistration.k8s.io" => of_kinds(
            kind,
            &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
            Cluster,
        ),
        "apiextensions.k8s.io" => of_kinds(kind, &["CustomResourceDefinition"], Cluster),
        "apiregistration.k8s.io" => of_kinds(kind, &["APIService"], Cluster),
        "certificates.k8s.io" => of_kinds(kind, &["CertificateSigningRequest"], Cluster),
        "coordination.k8s.io" => of_kinds(kind, &["Lease"], Namespaced),
        "discovery.k8s.io" => of_kinds(kind, &["EndpointSlice"], Namespaced),
        "events.k8s.io" => of_kinds(kind, &["Event"], Namespaced),
        "networking.k8s.io" => of_kinds(kind, &["Ingress"], Namespaced)
            .or_else(|| of_kinds(kind, &["IngressClass"], Cluster)),
        "node.k8s.io" => of_kinds(kind, &["RuntimeClass"], Cluster),
        "policy" => of_kinds(kind, &["PodDisruptionBudget"], Namespaced),
        "rbac.authorization.k8s.io" => of_kinds(kind, &["Role", "RoleBinding"], Namespaced)
            .or_else(|| of_kinds(kind, &["ClusterRole", "ClusterRoleBinding"], Cluster)),
        "scheduling.k8s.io" => of_kinds(kind, &["PriorityClass"], Cluster),
        "storage.k8s.io" => {
            of_kinds(kind, &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], Cluster)
        }
        _ => None,
    }
}

fn core(kind: &str) -> Option<Scope> {
    const CLUSTER: [&str; 5] =
        ["ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"];
    const NAMESPACED: [&str; 17] = [
        "ConfigMap",
        "Endpoints",
        "Event",
        "LimitRange",
        "PersistentVolumeClaim",
        "Pod",
        "PodAttachOptions",
        "PodExecOptions",
        "PodPortForwardOptions",
        "PodProxyOptions",
        "PodTemplate",
        "ReplicationController",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
        "ServiceProxyOptions",
    ];
    of_kinds(kind, &CLUSTER, Cluster).or_else(|| of_kinds(kind, &NAMESPACED, Namespaced))
}

fn of_kinds(kind: &str, kinds: &[&str], scope: Scope) -> Option<Scope> {
    kinds.contains(&kind).then_some(scope)
}
