//! The words that fields of Kubernetes' own kinds may hold, where its OpenAPI document has none.
//!
//! By hand, from the API reference of Kubernetes: the fields that people write most.

/// The words of one field.
pub(super) struct Words {
    /// How the schema's name ends, its version included.
    pub(super) of: &'static str,
    /// The field; for a list of words the list.
    pub(super) field: &'static str,
    /// The words.
    pub(super) words: &'static [&'static str],
}

const fn words(of: &'static str, field: &'static str, words: &'static [&'static str]) -> Words {
    Words { of, field, words }
}

const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const ACCESS_MODES: &[&str] =
    &["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
const POLICIES: &[&str] = &["Cluster", "Local"];

pub(super) const WORDS: &[Words] = &[
    words("core.v1.Container", "imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
    words("core.v1.Container", "terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
    words("core.v1.ContainerPort", "protocol", PROTOCOLS),
    words(
        "core.v1.PodSpec",
        "dnsPolicy",
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    ),
    words("core.v1.PodSpec", "restartPolicy", &["Always", "OnFailure", "Never"]),
    words("core.v1.Toleration", "effect", &["", "NoSchedule", "PreferNoSchedule", "NoExecute"]),
    words(
        "core.v1.NodeSelectorRequirement",
        "operator",
        &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
    ),
    words(
        "meta.v1.LabelSelectorRequirement",
        "operator",
        &["In", "NotIn", "Exists", "DoesNotExist"],
    ),
    words(
        "core.v1.TopologySpreadConstraint",
        "whenUnsatisfiable",
        &["DoNotSchedule", "ScheduleAnyway"],
    ),
    words("core.v1.SeccompProfile", "type", &["Localhost", "RuntimeDefault", "Unconfined"]),
    words("core.v1.HTTPGetAction", "scheme", &["", "HTTP", "HTTPS"]),
    words("core.v1.VolumeMount", "mountPropagation", &["None", "HostToContainer", "Bidirectional"]),
    words(
        "core.v1.ServiceSpec",
        "type",
        &["", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
    ),
    words("core.v1.ServiceSpec", "sessionAffinity", &["", "ClientIP", "None"]),
    words("core.v1.ServiceSpec", "externalTrafficPolicy", &["", "Cluster", "Local"]),
    words("core.v1.ServiceSpec", "internalTrafficPolicy", POLICIES),
    words(
        "core.v1.ServiceSpec",
        "ipFamilyPolicy",
        &["SingleStack", "PreferDualStack", "RequireDualStack"],
    ),
    words("core.v1.ServicePort", "protocol", PROTOCOLS),
    words("core.v1.PersistentVolumeClaimSpec", "accessModes", ACCESS_MODES),
    words("core.v1.PersistentVolumeSpec", "accessModes", ACCESS_MODES),
    words("core.v1.PersistentVolumeClaimSpec", "volumeMode", &["Block", "Filesystem"]),
    words(
        "core.v1.PersistentVolumeSpec",
        "persistentVolumeReclaimPolicy",
        &["Retain", "Recycle", "Delete"],
    ),
    words("apps.v1.DeploymentStrategy", "type", &["Recreate", "RollingUpdate"]),
    words("apps.v1.StatefulSetUpdateStrategy", "type", &["RollingUpdate", "OnDelete"]),
    words("apps.v1.DaemonSetUpdateStrategy", "type", &["RollingUpdate", "OnDelete"]),
    words("apps.v1.StatefulSetSpec", "podManagementPolicy", &["OrderedReady", "Parallel"]),
    words("batch.v1.CronJobSpec", "concurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    words("batch.v1.JobSpec", "completionMode", &["NonIndexed", "Indexed"]),
    words(
        "networking.v1.HTTPIngressPath",
        "pathType",
        &["Exact", "Prefix", "ImplementationSpecific"],
    ),
    words("networking.v1.NetworkPolicySpec", "policyTypes", &["Ingress", "Egress"]),
    words("networking.v1.NetworkPolicyPort", "protocol", PROTOCOLS),
    words(
        "policy.v1.PodDisruptionBudgetSpec",
        "unhealthyPodEvictionPolicy",
        &["IfHealthyBudget", "AlwaysAllow"],
    ),
    words("rbac.v1.Subject", "kind", &["User", "Group", "ServiceAccount"]),
];
