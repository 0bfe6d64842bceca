//! What the rules look at: all manifests of one set, found by kind, name and labels.
//!
//! A set is a rendered overlay, or the files of a directory. GitOps repositories hold no Pods, so
//! the templates of workloads stand in for them.

use std::collections::BTreeMap;

use crate::kustomize::ResourceId;
use crate::model::Location;
use crate::yaml::Node;

/// One object of the set.
#[derive(Clone, Debug)]
pub struct Manifest<'a> {
    /// The object.
    pub node: &'a Node,
    /// Its identity.
    pub id: ResourceId,
    /// The file it comes from, and where in it.
    pub origin: Location,
    /// The cluster it is for, where a set holds several.
    pub cluster: &'a str,
}

/// A namespace and a name in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FullName {
    /// The namespace; empty where none is written.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl FullName {
    /// What `reference` means in `namespace`: `name` is there, `other/name` elsewhere.
    #[must_use]
    pub fn resolve(namespace: &str, reference: &str) -> Self {
        let (namespace, name) = reference.split_once('/').unwrap_or((namespace, reference));
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// `namespace/name`, or the name alone.
impl std::fmt::Display for FullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            return f.write_str(&self.name);
        }
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Manifest<'_> {
    /// Its namespace; empty where none is written.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.id.namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.id.name
    }

    /// Namespace and name.
    #[must_use]
    pub fn full_name(&self) -> FullName {
        FullName { namespace: self.namespace().to_owned(), name: self.name().to_owned() }
    }

    /// The part of the spec at these keys.
    #[must_use]
    pub fn spec(&self, keys: &[&str]) -> Option<&Node> {
        self.node.get("spec")?.at(keys)
    }

    /// The items of a list in the spec; none if it is not there.
    #[must_use]
    pub fn list(&self, keys: &[&str]) -> &[Node] {
        self.spec(keys).and_then(Node::as_sequence).unwrap_or_default()
    }

    /// A label of the object itself.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.node.at(&["metadata", "labels", key])?.text()
    }

    /// An annotation of the object itself.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.node.at(&["metadata", "annotations", key])?.text()
    }
}

/// Labels as a selector wants them and an object has them.
pub type Labels = BTreeMap<String, String>;

/// Reads a mapping of texts.
#[must_use]
pub fn labels(node: Option<&Node>) -> Labels {
    let pairs = node.and_then(Node::as_mapping).into_iter().flatten();
    pairs
        .filter_map(|pair| Some((pair.key.text.to_string(), pair.value.text()?.to_owned())))
        .collect()
}

/// Whether an object with these labels is selected; an empty selector selects all.
#[must_use]
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// `key=value,…`, as Kubernetes writes selectors.
#[must_use]
pub fn selector_text(selector: &Labels) -> String {
    let parts: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    parts.join(",")
}

/// A Pod, or what a workload makes Pods from.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    /// The Pod or the workload; where a finding points.
    pub manifest: Option<&'a Manifest<'a>>,
    /// The namespace it runs in.
    pub namespace: String,
    /// The labels it has.
    pub labels: Labels,
    /// Its own metadata.
    pub metadata: Option<&'a Node>,
    /// Its spec.
    pub spec: Option<&'a Node>,
}

/// The group and kind of what rules ask for.
pub type Kind = (&'static str, &'static str);

/// `VirtualService`.
pub const VIRTUAL_SERVICE: Kind = ("networking.istio.io", "VirtualService");
/// `DestinationRule`.
pub const DESTINATION_RULE: Kind = ("networking.istio.io", "DestinationRule");
/// Istio's `Gateway`.
pub const GATEWAY: Kind = ("networking.istio.io", "Gateway");
/// The Gateway API's `Gateway`.
pub const KUBERNETES_GATEWAY: Kind = ("gateway.networking.k8s.io", "Gateway");
/// `ServiceEntry`.
pub const SERVICE_ENTRY: Kind = ("networking.istio.io", "ServiceEntry");
/// `Service`.
pub const SERVICE: Kind = ("", "Service");
/// `Namespace`.
pub const NAMESPACE: Kind = ("", "Namespace");
/// `Secret`.
pub const SECRET: Kind = ("", "Secret");
/// `RequestAuthentication`.
pub const REQUEST_AUTHENTICATION: Kind = ("security.istio.io", "RequestAuthentication");

/// `Telemetry`.
pub const TELEMETRY: Kind = ("telemetry.istio.io", "Telemetry");

/// Namespaces of the cluster's own machinery; Istio's analyzers pass over them.
const IGNORED_NAMESPACES: [&str; 4] =
    ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// The way from a workload to the template of its Pods.
const TEMPLATES: [(Kind, &[&str]); 7] = [
    (("apps", "Deployment"), &["spec", "template"]),
    (("apps", "StatefulSet"), &["spec", "template"]),
    (("apps", "DaemonSet"), &["spec", "template"]),
    (("apps", "ReplicaSet"), &["spec", "template"]),
    (("batch", "Job"), &["spec", "template"]),
    (("batch", "CronJob"), &["spec", "jobTemplate", "spec", "template"]),
    (("argoproj.io", "Rollout"), &["spec", "template"]),
];

/// All manifests of one set.
#[derive(Debug)]
pub struct Mesh<'a> {
    by_kind: BTreeMap<(&'a str, &'a str), Vec<&'a Manifest<'a>>>,
    by_name: BTreeMap<(&'a str, &'a str, &'a str, &'a str), &'a Manifest<'a>>,
    pods: Vec<Pod<'a>>,
    config: Option<&'a Manifest<'a>>,
    networks: Option<&'a Manifest<'a>>,
}

impl<'a> Mesh<'a> {
    /// Puts a set together, with Istio's mesh configuration and networks where there are any.
    #[must_use]
    pub fn new(
        manifests: &'a [Manifest<'a>],
        config: Option<&'a Manifest<'a>>,
        networks: Option<&'a Manifest<'a>>,
    ) -> Self {
        let (by_kind, by_name) = (BTreeMap::new(), BTreeMap::new());
        let mut mesh = Self { by_kind, by_name, pods: Vec::new(), config, networks };
        let seen = |manifest: &&Manifest<'_>| !IGNORED_NAMESPACES.contains(&manifest.namespace());
        for manifest in manifests.iter().filter(seen) {
            let ResourceId { gvk, namespace, name } = &manifest.id;
            mesh.by_kind.entry((&gvk.group, &gvk.kind)).or_default().push(manifest);
            mesh.by_name.entry((&gvk.group, &gvk.kind, namespace, name)).or_insert(manifest);
        }
        mesh.pods = mesh.collect_pods();
        mesh
    }

    /// All objects of a kind, in the order of the set.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &'a Manifest<'a>> + use<'a, '_> {
        self.by_kind.get(&kind).into_iter().flatten().copied()
    }

    /// The object of a kind with this name.
    #[must_use]
    pub fn find(&self, (group, kind): Kind, name: &FullName) -> Option<&'a Manifest<'a>> {
        self.by_name.get(&(group, kind, name.namespace.as_str(), name.name.as_str())).copied()
    }

    /// All Pods, those of templates included.
    #[must_use]
    pub fn pods(&self) -> &[Pod<'a>] {
        &self.pods
    }

    /// Istio's mesh configuration.
    #[must_use]
    pub const fn config(&self) -> Option<&'a Manifest<'a>> {
        self.config
    }

    /// Istio's mesh networks.
    #[must_use]
    pub const fn networks(&self) -> Option<&'a Manifest<'a>> {
        self.networks
    }

    fn collect_pods(&self) -> Vec<Pod<'a>> {
        let plain = self.all(("", "Pod")).map(|manifest| (manifest, manifest.node));
        let templates = TEMPLATES.iter().flat_map(|(kind, way)| {
            self.all(*kind).filter_map(|manifest| Some((manifest, manifest.node.at(way)?)))
        });
        plain
            .chain(templates)
            .map(|(manifest, node)| Pod {
                manifest: Some(manifest),
                namespace: manifest.namespace().to_owned(),
                labels: labels(node.at(&["metadata", "labels"])),
                metadata: node.get("metadata"),
                spec: node.get("spec"),
            })
            .collect()
    }
}
