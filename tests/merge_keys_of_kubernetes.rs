//! Strategic merge knows the lists of Kubernetes' kinds as kustomize does: for every kind and list of
//! the table, and for some that are deliberately not in it, both build the same from one patch.

use std::fmt::Write as _;

use tempfile::TempDir;

use super::support::{kubectl_kustomize, overlift};

/// Fields that are a merge key somewhere.
const KEYS: [&str; 12] = [
    "name",
    "type",
    "ip",
    "uid",
    "port",
    "containerPort",
    "protocol",
    "mountPath",
    "devicePath",
    "topologyKey",
    "whenUnsatisfiable",
    "key",
];
/// Fields that are a merge key together.
const PAIRS: [[&str; 2]; 3] =
    [["containerPort", "protocol"], ["port", "protocol"], ["topologyKey", "whenUnsatisfiable"]];

/// Lists of mappings below a pod's spec. `[]` is an item of the list before it.
const POD_LISTS: [&str; 16] = [
    "containers",
    "initContainers",
    "ephemeralContainers",
    "volumes",
    "imagePullSecrets",
    "hostAliases",
    "topologySpreadConstraints",
    "tolerations",
    "containers.[].env",
    "containers.[].envFrom",
    "containers.[].ports",
    "containers.[].volumeMounts",
    "containers.[].volumeDevices",
    "initContainers.[].ports",
    "ephemeralContainers.[].env",
    "ephemeralContainers.[].ports",
];
/// Lists of scalars below a pod's spec.
const POD_SCALARS: [&str; 2] = ["containers.[].args", "dnsConfig.nameservers"];

/// Workloads, and where their pod's spec is. The last two are unknown to kustomize's schema.
const WORKLOADS: [(&str, &str, &str); 12] = [
    ("v1", "Pod", "spec"),
    ("v1", "PodTemplate", "template.spec"),
    ("v1", "ReplicationController", "spec.template.spec"),
    ("apps/v1", "DaemonSet", "spec.template.spec"),
    ("apps/v1", "Deployment", "spec.template.spec"),
    ("apps/v1", "ReplicaSet", "spec.template.spec"),
    ("apps/v1", "StatefulSet", "spec.template.spec"),
    ("batch/v1", "Job", "spec.template.spec"),
    ("batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec"),
    ("batch/v1beta1", "CronJob", "spec.jobTemplate.spec.template.spec"),
    ("apps/v1beta1", "Deployment", "spec.template.spec"),
    ("argoproj.io/v1alpha1", "Rollout", "spec.template.spec"),
];

/// Lists of mappings of other kinds.
const OTHERS: [(&str, &str, &[&str]); 40] = [
    ("v1", "Service", &["spec.ports", "status.conditions"]),
    ("v1", "ServiceAccount", &["secrets", "imagePullSecrets"]),
    ("v1", "Node", &["status.addresses", "status.conditions", "spec.taints"]),
    ("v1", "Namespace", &["status.conditions"]),
    ("v1", "ComponentStatus", &["conditions"]),
    ("v1", "PersistentVolumeClaim", &["status.conditions"]),
    ("v1", "PersistentVolume", &["spec.claims"]),
    ("v1", "Endpoints", &["subsets"]),
    ("v1", "LimitRange", &["spec.limits"]),
    ("v1", "ResourceQuota", &["spec.scopes"]),
    ("v1", "Pod", &["status.podIPs", "status.conditions", "status.containerStatuses"]),
    ("apps/v1", "Deployment", &["status.conditions", "metadata.managedFields"]),
    ("apps/v1", "StatefulSet", &["spec.volumeClaimTemplates", "status.conditions"]),
    ("apps/v1", "DaemonSet", &["status.conditions"]),
    ("apps/v1", "ControllerRevision", &["data.list"]),
    ("batch/v1", "Job", &["status.conditions"]),
    ("batch/v1", "CronJob", &["status.active"]),
    ("autoscaling/v1", "HorizontalPodAutoscaler", &["status.conditions"]),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", &["spec.metrics", "status.conditions"]),
    ("autoscaling/v2", "HorizontalPodAutoscaler", &["spec.metrics"]),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", &["webhooks"]),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", &["webhooks"]),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", &["webhooks"]),
    (
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &["spec.versions", "status.conditions"],
    ),
    ("apiregistration.k8s.io/v1", "APIService", &["status.conditions"]),
    ("apiregistration.k8s.io/v1beta1", "APIService", &["status.conditions"]),
    ("certificates.k8s.io/v1", "CertificateSigningRequest", &["status.conditions"]),
    ("discovery.k8s.io/v1", "EndpointSlice", &["endpoints", "ports"]),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", &["spec.rules", "status.conditions"]),
    ("networking.k8s.io/v1", "Ingress", &["spec.rules", "spec.tls"]),
    ("extensions/v1beta1", "Ingress", &["spec.rules"]),
    ("networking.k8s.io/v1", "NetworkPolicy", &["spec.ingress", "spec.egress"]),
    ("policy/v1", "PodDisruptionBudget", &["status.conditions"]),
    ("policy/v1beta1", "PodDisruptionBudget", &["status.conditions"]),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", &["rules"]),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", &["subjects"]),
    ("storage.k8s.io/v1", "CSINode", &["spec.drivers"]),
    ("storage.k8s.io/v1beta1", "CSINode", &["spec.drivers"]),
    ("gateway.networking.k8s.io/v1", "HTTPRoute", &["spec.rules", "spec.parentRefs"]),
    ("kustomize.config.k8s.io/v1beta1", "Kustomization", &["configMapGenerator", "images"]),
];

/// One list to probe.
struct Probe {
    api_version: &'static str,
    kind: &'static str,
    path: String,
    scalars: bool,
}

fn probes() -> Vec<Probe> {
    let mut probes = Vec::new();
    for (api_version, kind, pod) in WORKLOADS {
        let lists = POD_LISTS.iter().map(|list| (list, false));
        for (list, scalars) in lists.chain(POD_SCALARS.iter().map(|list| (list, true))) {
            probes.push(Probe { api_version, kind, path: format!("{pod}.{list}"), scalars });
        }
    }
    for (api_version, kind, paths) in OTHERS {
        for path in paths.iter().copied().chain(["metadata.ownerReferences"]) {
            probes.push(Probe { api_version, kind, path: path.to_owned(), scalars: false });
        }
        let path = "metadata.finalizers".to_owned();
        probes.push(Probe { api_version, kind, path, scalars: true });
    }
    let path = "spec.podCIDRs".to_owned();
    probes.push(Probe { api_version: "v1", kind: "Node", path, scalars: true });
    probes
}

/// Which of the two sides of a probe.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Base,
    Patch,
}

impl Probe {
    /// The list of one side. Items of the patch are new save for one key or one pair of keys each.
    fn list(&self, side: Side) -> String {
        if self.scalars {
            return if side == Side::Base { "[a, b]" } else { "[c, b]" }.to_owned();
        }
        let groups =
            KEYS.iter().map(|key| vec![*key]).chain(PAIRS.iter().map(|pair| pair.to_vec()));
        let mut list = String::from("[");
        for (number, shared) in groups.enumerate() {
            list.push('{');
            for key in KEYS {
                let of = if side == Side::Base || shared.contains(&key) { "old" } else { "new" };
                write!(list, "{key}: {of}-{number}, ").unwrap();
            }
            write!(list, "{}: here}}, ", if side == Side::Base { "before" } else { "after" })
                .unwrap();
        }
        list.push(']');
        list
    }

    /// An object with the list in it, as one line.
    fn object(&self, number: usize, side: Side) -> String {
        let mut value = self.list(side);
        for step in self.path.split('.').rev() {
            value = match step {
                "[]" => format!("[{{name: outer, {}}}]", &value[1..value.len() - 1]),
                step => format!("{{{step}: {value}}}"),
            };
        }
        let mut fields = value[1..value.len() - 1].to_owned();
        let name = format!("name: probe-{number}");
        fields = match fields.strip_prefix("metadata: {") {
            Some(metadata) => format!("metadata: {{{name}, {metadata}"),
            None => format!("metadata: {{{name}}}, {fields}"),
        };
        format!("{{apiVersion: {}, kind: {}, {fields}}}", self.api_version, self.kind)
    }
}

#[test]
fn the_table_is_kustomizes() {
    let dir = TempDir::new().unwrap();
    let probes = probes();
    for (file, side) in [("base.yaml", Side::Base), ("patch.yaml", Side::Patch)] {
        let objects: Vec<String> =
            probes.iter().enumerate().map(|(number, probe)| probe.object(number, side)).collect();
        std::fs::write(dir.path().join(file), objects.join("\n---\n")).unwrap();
    }
    let kustomization = "resources: [base.yaml]\npatches: [{path: patch.yaml}]\n";
    std::fs::write(dir.path().join("kustomization.yaml"), kustomization).unwrap();
    let Some(expected) = kubectl_kustomize(dir.path()) else { return };
    let actual = overlift(dir.path(), &["build", "."]).ok();
    let documents = actual.split("---\n").zip(expected.split("---\n"));
    for (actual, expected) in documents {
        assert_eq!(actual, expected);
    }
    assert_eq!(actual.len(), expected.len());
}
