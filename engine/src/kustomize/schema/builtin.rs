//! The lists of Kubernetes' own kinds that strategic merge joins by key: the types that lead to
//! them, shared as Kubernetes shares them.
//!
//! kustomize carries the OpenAPI schema of Kubernetes 1.21 and knows no merge key of kinds outside
//! it (`apps/v1beta1`, `autoscaling/v2` and custom resources replace their lists). The table is ours:
//! `scripts/probe-merge-keys` asks `kubectl kustomize` about every entry and about lists that are
//! deliberately absent, such as container `args`, Ingress `rules` and EndpointSlice `ports`.

use Shape::{List, Object, Opaque, Set};

/// What is known below one field.
type Field = (&'static str, &'static Shape);

static LEAF: Shape = Object(&[]);
static CONDITIONS: Shape = List { keys: &["type"], item: &LEAF };
static BY_NAME: Shape = List { keys: &["name"], item: &LEAF };

static METADATA: Shape =
    Object(&[("finalizers", &Set), ("ownerReferences", &List { keys: &["uid"], item: &LEAF })]);
const META: Field = ("metadata", &METADATA);
static STATUS_CONDITIONS: Shape = Object(&[("conditions", &CONDITIONS)]);
const STATUS: Field = ("status", &STATUS_CONDITIONS);

static VOLUME: Shape =
    Object(&[("ephemeral", &Object(&[("volumeClaimTemplate", &Object(&[META]))]))]);
static DEVICES: Shape = List { keys: &["devicePath"], item: &LEAF };
static MOUNTS: Shape = List { keys: &["mountPath"], item: &LEAF };
static CONTAINER: Shape = Object(&[
    ("env", &BY_NAME),
    ("ports", &List { keys: &["containerPort", "protocol"], item: &LEAF }),
    ("volumeDevices", &DEVICES),
    ("volumeMounts", &MOUNTS),
]);
static EPHEMERAL_CONTAINER: Shape =
    Object(&[("env", &BY_NAME), ("volumeDevices", &DEVICES), ("volumeMounts", &MOUNTS)]);
static POD_SPEC: Shape = Object(&[
    ("containers", &List { keys: &["name"], item: &CONTAINER }),
    ("ephemeralContainers", &List { keys: &["name"], item: &EPHEMERAL_CONTAINER }),
    ("hostAliases", &List { keys: &["ip"], item: &LEAF }),
    ("imagePullSecrets", &BY_NAME),
    ("initContainers", &List { keys: &["name"], item: &CONTAINER }),
    (
        "topologySpreadConstraints",
        &List { keys: &["topologyKey", "whenUnsatisfiable"], item: &LEAF },
    ),
    ("volumes", &List { keys: &["name"], item: &VOLUME }),
]);
static POD: Shape = Object(&[
    META,
    ("spec", &POD_SPEC),
    (
        "status",
        &Object(&[("conditions", &CONDITIONS), ("podIPs", &List { keys: &["ip"], item: &LEAF })]),
    ),
]);
static POD_TEMPLATE: Shape = Object(&[META, ("spec", &POD_SPEC)]);
static TEMPLATED: Shape = Object(&[("template", &POD_TEMPLATE)]);
const TEMPLATED_SPEC: Field = ("spec", &TEMPLATED);

static WORKLOAD: Shape = Object(&[META, TEMPLATED_SPEC, STATUS]);
static CRON_JOB: Shape =
    Object(&[META, ("spec", &Object(&[("jobTemplate", &Object(&[META, TEMPLATED_SPEC]))]))]);
static BARE_TEMPLATE: Shape = Object(&[META, ("template", &POD_TEMPLATE)]);
static SERVICE: Shape = Object(&[
    META,
    ("spec", &Object(&[("ports", &List { keys: &["port", "protocol"], item: &LEAF })])),
    STATUS,
]);
static SERVICE_ACCOUNT: Shape = Object(&[META, ("secrets", &BY_NAME)]);
static NODE: Shape = Object(&[
    META,
    ("spec", &Object(&[("podCIDRs", &Set)])),
    ("status", &Object(&[("addresses", &CONDITIONS), ("conditions", &CONDITIONS)])),
]);
static COMPONENT_STATUS: Shape = Object(&[META, ("conditions", &CONDITIONS)]);
static WITH_STATUS: Shape = Object(&[META, STATUS]);
static PLAIN: Shape = Object(&[META]);
static CONTROLLER_REVISION: Shape = Object(&[META, ("data", &Opaque)]);
static WEBHOOKS: Shape = Object(&[META, ("webhooks", &BY_NAME)]);
static CSI_NODE: Shape = Object(&[META, ("spec", &Object(&[("drivers", &BY_NAME)]))]);
static KUSTOMIZATION: Shape =
    Object(&[("configMapGenerator", &BY_NAME), ("secretGenerator", &BY_NAME)]);

/// The shape of a kind, if it is one of Kubernetes' own that kustomize knows.
#[must_use]
pub(super) fn shape(api_version: &str, kind: &str) -> Option<&'static Shape> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Some(match (group, version, kind) {
        ("", "v1", _) => core(kind)?,
        ("apps", "v1", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "v1", "Job") => &WORKLOAD,
        ("apps", "v1", "ControllerRevision") => &CONTROLLER_REVISION,
        ("batch", "v1" | "v1beta1", "CronJob") => &CRON_JOB,
        (
            "admissionregistration.k8s.io",
            "v1" | "v1beta1",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => &WEBHOOKS,
        ("apiregistration.k8s.io", "v1" | "v1beta1", "APIService")
        | ("policy", "v1" | "v1beta1", "PodDisruptionBudget") => &WITH_STATUS,
        ("storage.k8s.io", "v1" | "v1beta1", "CSINode") => &CSI_NODE,
        ("kustomize.config.k8s.io", "v1beta1", "Kustomization") => &KUSTOMIZATION,
        _ if super::scope::is_known(group, version, kind) || is_request(group, version, kind) => {
            &PLAIN
        }
        _ => return None,
    })
}

/// The shape of a definition, by the name that Kubernetes' own OpenAPI file gives it.
#[must_use]
pub(super) fn definition(name: &str) -> Option<&'static Shape> {
    if name == "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" {
        return Some(&METADATA);
    }
    let mut parts = name.strip_prefix("io.k8s.api.")?.split('.');
    let (group, version, kind) = (parts.next()?, parts.next()?, parts.next()?);
    match (group, kind) {
        ("core", "PodTemplateSpec") => Some(&POD_TEMPLATE),
        ("core", "PodSpec") => Some(&POD_SPEC),
        ("core", "Container") => Some(&CONTAINER),
        ("core", "Volume") => Some(&VOLUME),
        ("core", _) => shape(version, kind),
        _ => shape(&format!("{group}/{version}"), kind),
    }
}

fn core(kind: &str) -> Option<&'static Shape> {
    Some(match kind {
        "Pod" => &POD,
        "PodTemplate" => &BARE_TEMPLATE,
        "ReplicationController" => &WORKLOAD,
        "Service" => &SERVICE,
        "ServiceAccount" => &SERVICE_ACCOUNT,
        "Node" => &NODE,
        "Namespace" | "PersistentVolumeClaim" => &WITH_STATUS,
        "ComponentStatus" => &COMPONENT_STATUS,
        "Binding" => &PLAIN,
        _ if super::scope::is_known("", "v1", kind) => &PLAIN,
        _ => return None,
    })
}

/// Kinds that are only ever sent to the API server, never stored, so that no path tells their scope.
fn is_request(group: &str, version: &str, kind: &str) -> bool {
    matches!(
        (group, version, kind),
        ("authentication.k8s.io", "v1" | "v1beta1", "TokenReview")
            | ("authentication.k8s.io", "v1", "TokenRequest")
            | (
                "authorization.k8s.io",
                "v1" | "v1beta1",
                "LocalSubjectAccessReview"
                    | "SelfSubjectAccessReview"
                    | "SelfSubjectRulesReview"
                    | "SubjectAccessReview"
            )
            | ("policy", "v1beta1", "Eviction")
    )
}

/// What the merge has to know of a place in a tree of a built-in kind.
#[derive(Debug)]
pub(super) enum Shape {
    /// A mapping of which these fields lead to lists that merge.
    Object(&'static [(&'static str, &'static Self)]),
    /// A list whose items merge when these of their fields are equal.
    List {
        /// The fields, the most important first.
        keys: &'static [&'static str],
        /// What is known of the items.
        item: &'static Self,
    },
    /// A list of scalars that is united.
    Set,
    /// Content of any type, about which nothing may be concluded.
    Opaque,
}
