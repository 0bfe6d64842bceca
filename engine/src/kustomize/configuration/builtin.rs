//! The fields that kustomize's transformers change by default, in a table of our own.
//!
//! Kinds with a pod template share most of their fields; they are written once and multiplied.

use super::table::{Configuration, NameReference};
use crate::kustomize::Gvk;
use crate::kustomize::field_spec::FieldSpec;
use crate::kustomize::version::{CLAIM_TEMPLATES, CRON_JOB_IMAGE_VOLUMES, IMAGE_VOLUMES, Version};

/// Kinds with a pod in them: the kind as [`gvk`] reads it, and the path of the pod's spec.
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

/// Where the labels of a kind's templates are, and with `annotations` where their annotations are.
const TEMPLATES: [(&str, &str); 8] = [
    ("v1 ReplicationController", "spec/template/metadata"),
    ("Deployment", "spec/template/metadata"),
    ("ReplicaSet", "spec/template/metadata"),
    ("DaemonSet", "spec/template/metadata"),
    ("apps/ StatefulSet", "spec/template/metadata"),
    ("batch/ Job", "spec/template/metadata"),
    ("batch/ CronJob", "spec/jobTemplate/metadata"),
    ("batch/ CronJob", "spec/jobTemplate/spec/template/metadata"),
];

/// Selectors that `commonLabels` narrow: kind, path, whether it is made.
const SELECTORS: [(&str, &str, bool); 12] = [
    ("v1 Service", "spec/selector", true),
    ("v1 ReplicationController", "spec/selector", true),
    ("Deployment", "spec/selector/matchLabels", true),
    ("ReplicaSet", "spec/selector/matchLabels", true),
    ("DaemonSet", "spec/selector/matchLabels", true),
    ("apps/ StatefulSet", "spec/selector/matchLabels", true),
    ("batch/ Job", "spec/selector/matchLabels", false),
    ("batch/ CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy/ PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("networking.k8s.io/ NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("networking.k8s.io/ NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io/ NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// The parts of a pod's spec that select other pods.
const AFFINITIES: [&str; 5] = [
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "topologySpreadConstraints",
];

/// Everything that holds without a configuration.
pub(super) fn configuration(version: Version) -> Configuration {
    let name = vec![spec("", "metadata/name", false)];
    let mut configuration = Configuration {
        name_prefix: name.clone(),
        name_suffix: name,
        namespace: vec![
            spec("Namespace", "metadata/name", true),
            spec("apiregistration.k8s.io/ APIService", "spec/service/namespace", true),
            spec(
                "apiextensions.k8s.io/ CustomResourceDefinition",
                "spec/conversion/webhook/clientConfig/service/namespace",
                false,
            ),
        ],
        common_labels: common_labels(),
        labels: Vec::new(),
        template_labels: if version.has(&CLAIM_TEMPLATES) {
            template_labels()
        } else {
            template_labels().into_iter().chain(claim_template_labels()).collect()
        },
        volume_claim_template_labels: claim_template_labels(),
        common_annotations: common_annotations(),
        name_references: name_references(),
        var_references: var_references(),
        images: images(version),
        replicas: ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
            .map(|kind| spec(kind, "spec/replicas", true))
            .to_vec(),
    };
    configuration.sort();
    configuration
}

fn common_labels() -> Vec<FieldSpec> {
    let mut specs: Vec<FieldSpec> =
        SELECTORS.iter().map(|(kind, path, create)| spec(kind, path, *create)).collect();
    for kind in ["apps/ Deployment", "apps/ StatefulSet"] {
        specs.extend(AFFINITIES.iter().map(|path| {
            spec(kind, &format!("spec/template/spec/{path}/labelSelector/matchLabels"), false)
        }));
    }
    specs.extend(template_labels());
    specs.extend(claim_template_labels());
    specs
}

fn template_labels() -> Vec<FieldSpec> {
    let mut specs = vec![spec("", "metadata/labels", true)];
    specs.extend(TEMPLATES.iter().map(|(kind, path)| spec(kind, &format!("{path}/labels"), true)));
    specs
}

fn claim_template_labels() -> Vec<FieldSpec> {
    vec![spec("apps/ StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true)]
}

fn common_annotations() -> Vec<FieldSpec> {
    let mut specs = vec![spec("", "metadata/annotations", true)];
    specs.extend(TEMPLATES.iter().map(|(kind, path)| {
        // Stateful sets of any group are annotated, though only those of `apps` are labelled.
        let kind = if *kind == "apps/ StatefulSet" { "StatefulSet" } else { kind };
        spec(kind, &format!("{path}/annotations"), true)
    }));
    specs
}

fn images(version: Version) -> Vec<FieldSpec> {
    let mut fields = vec!["containers[]/image", "initContainers[]/image"];
    if version.has(&IMAGE_VOLUMES) {
        fields.push("volumes[]/image/reference");
    }
    let of_pods = ["spec", "spec/template/spec"]
        .iter()
        .flat_map(|pod| fields.iter().map(move |field| spec("", &format!("{pod}/{field}"), true)));
    let of_cron_jobs = "spec/jobTemplate/spec/template/spec/volumes[]/image/reference";
    let newer = version.has(&CRON_JOB_IMAGE_VOLUMES).then(|| spec("", of_cron_jobs, true));
    of_pods.chain(newer).collect()
}

fn name_references() -> Vec<NameReference> {
    let scaled = || vec![spec("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false)];
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

fn var_references() -> Vec<FieldSpec> {
    let in_containers = ["args", "command", "env/value", "volumeMounts/mountPath"];
    let mut references = Vec::new();
    for (kind, pod) in PODS.iter().filter(|(kind, _)| *kind != "PodTemplate") {
        let kind = kind.trim_start_matches("v1 ");
        for containers in ["containers", "initContainers"] {
            references.extend(
                in_containers
                    .map(|field| spec(kind, &format!("{pod}/{containers}/{field}"), false)),
            );
        }
        let volumes = match kind {
            "CronJob" => "spec/jobTemplate/spec/template/volumes".to_owned(),
            "StatefulSet" => "spec/volumeClaimTemplates/spec".to_owned(),
            _ => format!("{pod}/volumes"),
        };
        references.push(spec(kind, &format!("{volumes}/nfs/server"), false));
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
        fields.iter().map(|field| spec(kind, &format!("{pod}/{field}"), false)).collect::<Vec<_>>()
    };
    PODS.iter().flat_map(each).collect()
}

fn runner_specs(field: &str) -> Vec<FieldSpec> {
    RUNNERS.iter().map(|(kind, pod)| spec(kind, &format!("{pod}/{field}"), false)).collect()
}

fn reference(target: &str, referrers: Vec<FieldSpec>) -> NameReference {
    NameReference { target: gvk(target), referrers }
}

fn specs(table: &[(&str, &str)]) -> Vec<FieldSpec> {
    table.iter().map(|(kind, path)| spec(kind, path, false)).collect()
}

fn spec(kind: &str, path: &str, create: bool) -> FieldSpec {
    FieldSpec { gvk: gvk(kind), path: path.to_owned(), create }
}

/// Reads `Kind`, `version Kind`, `group/ Kind` or `group/version Kind`.
fn gvk(text: &str) -> Gvk {
    match text.split_once(' ') {
        Some((api_version, kind)) => Gvk::from_api_version(api_version, kind),
        None => Gvk::from_api_version("", text),
    }
}
