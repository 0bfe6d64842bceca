//! The fields that hold names of other resources or vars, in a table of our own.
//!
//! Kinds with a pod share most of their fields; they are written once and multiplied.

use crate::kustomize::Gvk;
use crate::kustomize::configuration::NameReference;
use crate::kustomize::field_spec::FieldSpec;

/// Kinds with a pod in them: the kind as [`Gvk::of`] reads it, and the path of the pod's spec.
const PODS: [(&str, &str); 8] = [
    ("v1 Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// Kinds whose pods run under a service account, a claim and a priority that may be renamed.
const RUNNERS: [(&str, &str); 7] = [
    ("Pod", "spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
];

/// Fields that hold names of other resources.
pub(super) fn name_references() -> Vec<NameReference> {
    let scaled =
        || vec![FieldSpec::of("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false)];
    let mut references: Vec<NameReference> =
        ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
            .map(|kind| reference(kind, scaled()))
            .into();
    references.extend([
        reference("v1 ConfigMap", config_map_referrers()),
        reference("v1 Secret", secret_referrers()),
        reference("v1 Service", service_referrers()),
        reference("v1 ServiceAccount", service_account_referrers()),
        reference(
            "rbac.authorization.k8s.io/ Role",
            specs(&[("rbac.authorization.k8s.io/ RoleBinding", "roleRef/name")]),
        ),
        reference(
            "rbac.authorization.k8s.io/ ClusterRole",
            specs(&[
                ("rbac.authorization.k8s.io/ RoleBinding", "roleRef/name"),
                ("rbac.authorization.k8s.io/ ClusterRoleBinding", "roleRef/name"),
            ]),
        ),
        reference(
            "v1 PersistentVolumeClaim",
            runner_specs("volumes/persistentVolumeClaim/claimName"),
        ),
        reference(
            "v1 PersistentVolume",
            specs(&[
                ("PersistentVolumeClaim", "spec/volumeName"),
                ("ClusterRole", "rules/resourceNames"),
            ]),
        ),
        reference(
            "storage.k8s.io/v1 StorageClass",
            specs(&[
                ("PersistentVolume", "spec/storageClassName"),
                ("PersistentVolumeClaim", "spec/storageClassName"),
                ("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
            ]),
        ),
        reference("scheduling.k8s.io/v1 PriorityClass", runner_specs("priorityClassName")),
        ingress_class(),
        reference(
            "admissionregistration.k8s.io/ ValidatingAdmissionPolicy",
            specs(&[(
                "admissionregistration.k8s.io/ ValidatingAdmissionPolicyBinding",
                "spec/policyName",
            )]),
        ),
    ]);
    references
}

/// kustomize writes the version into the group here, so that the entry matches nothing; it is kept
/// because a configuration with the right group has to be a new entry, as there.
fn ingress_class() -> NameReference {
    NameReference {
        target: Gvk {
            group: "networking.k8s.io/v1".into(),
            version: "v1".into(),
            kind: "IngressClass".into(),
        },
        referrers: specs(&[("Ingress", "spec/ingressClassName")]),
    }
}

fn config_map_referrers() -> Vec<FieldSpec> {
    let mut referrers = pod_specs(&[
        "volumes/configMap/name",
        "containers/env/valueFrom/configMapKeyRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name",
        "containers/envFrom/configMapRef/name",
        "initContainers/envFrom/configMapRef/name",
        "volumes/projected/sources/configMap/name",
    ]);
    referrers.extend(specs(&[
        ("Node", "spec/configSource/configMap"),
        ("Role", "rules/resourceNames"),
        ("ClusterRole", "rules/resourceNames"),
        ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
    ]));
    referrers
}

fn secret_referrers() -> Vec<FieldSpec> {
    let mut referrers = pod_specs(&[
        "volumes/secret/secretName",
        "containers/env/valueFrom/secretKeyRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name",
        "containers/envFrom/secretRef/name",
        "initContainers/envFrom/secretRef/name",
        "imagePullSecrets/name",
        "volumes/projected/sources/secret/name",
    ]);
    referrers.extend(specs(&[
        ("Ingress", "spec/tls/secretName"),
        ("Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
        ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
        ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
        ("ServiceAccount", "imagePullSecrets/name"),
        ("StorageClass", "parameters/secretName"),
        ("StorageClass", "parameters/adminSecretName"),
        ("StorageClass", "parameters/userSecretName"),
        ("StorageClass", "parameters/secretRef"),
        ("Role", "rules/resourceNames"),
        ("ClusterRole", "rules/resourceNames"),
        (
            "serving.knative.dev/v1 Service",
            "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
        ),
        ("PersistentVolume", "spec/azureFile/secretName"),
    ]));
    referrers
}

fn service_referrers() -> Vec<FieldSpec> {
    specs(&[
        ("apps/ StatefulSet", "spec/serviceName"),
        ("Ingress", "spec/rules/http/paths/backend/serviceName"),
        ("Ingress", "spec/backend/serviceName"),
        ("Ingress", "spec/rules/http/paths/backend/service/name"),
        ("Ingress", "spec/defaultBackend/service/name"),
        ("apiregistration.k8s.io/ APIService", "spec/service/name"),
        (
            "admissionregistration.k8s.io/ ValidatingWebhookConfiguration",
            "webhooks/clientConfig/service",
        ),
        (
            "admissionregistration.k8s.io/ MutatingWebhookConfiguration",
            "webhooks/clientConfig/service",
        ),
    ])
}

fn service_account_referrers() -> Vec<FieldSpec> {
    let mut referrers = specs(&[
        ("rbac.authorization.k8s.io/ RoleBinding", "subjects"),
        ("rbac.authorization.k8s.io/ ClusterRoleBinding", "subjects"),
    ]);
    referrers.extend(runner_specs("serviceAccountName"));
    referrers
}

/// Fields in which `$(NAME)` is replaced.
pub(super) fn var_references() -> Vec<FieldSpec> {
    let in_containers = ["args", "command", "env/value", "volumeMounts/mountPath"];
    let mut references = Vec::new();
    for (kind, pod) in PODS.iter().filter(|(kind, _)| *kind != "PodTemplate") {
        let kind = kind.trim_start_matches("v1 ");
        for containers in ["containers", "initContainers"] {
            references.extend(
                in_containers.map(|field| {
                    FieldSpec::of(kind, &format!("{pod}/{containers}/{field}"), false)
                }),
            );
        }
        let volumes = match kind {
            "CronJob" => "spec/jobTemplate/spec/template/volumes".to_owned(),
            "StatefulSet" => "spec/volumeClaimTemplates/spec".to_owned(),
            _ => format!("{pod}/volumes"),
        };
        references.push(FieldSpec::of(kind, &format!("{volumes}/nfs/server"), false));
    }
    references.extend(specs(&[
        ("Deployment", "spec/template/metadata/annotations"),
        ("Ingress", "spec/rules/host"),
        ("Ingress", "spec/tls/hosts"),
        ("Ingress", "spec/tls/secretName"),
        ("Service", "spec/ports/port"),
        ("Service", "spec/ports/targetPort"),
        ("PersistentVolume", "spec/nfs/server"),
        ("", "metadata/labels"),
        ("", "metadata/annotations"),
    ]));
    references
}

fn pod_specs(fields: &[&str]) -> Vec<FieldSpec> {
    let each = |(kind, pod): &(&str, &str)| {
        fields
            .iter()
            .map(|field| FieldSpec::of(kind, &format!("{pod}/{field}"), false))
            .collect::<Vec<_>>()
    };
    PODS.iter().flat_map(each).collect()
}

fn runner_specs(field: &str) -> Vec<FieldSpec> {
    RUNNERS
        .iter()
        .map(|(kind, pod)| FieldSpec::of(kind, &format!("{pod}/{field}"), false))
        .collect()
}

fn reference(target: &str, referrers: Vec<FieldSpec>) -> NameReference {
    NameReference { target: Gvk::of(target), referrers }
}

fn specs(table: &[(&str, &str)]) -> Vec<FieldSpec> {
    table.iter().map(|(kind, path)| FieldSpec::of(kind, path, false)).collect()
}
