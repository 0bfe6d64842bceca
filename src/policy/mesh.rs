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
    /// The keys on the way to it in the manifest; none for a Pod.
    pub way: &'static [&'static str],
    /// The namespace it runs in.
    pub namespace: String,
    /// The labels it has.
    pub labels: Labels,
    /// Its own metadata.
    pub metadata: Option<&'a Node>,
    /// Its spec.
    pub spec: Option<&'a Node>,
}

impl<'a> Pod<'a> {
    /// Its containers, without those that only start it.
    #[must_use]
    pub fn containers(&self) -> &'a [Node] {
        self.containers_at("containers")
    }

    /// The containers that run before the others.
    #[must_use]
    pub fn init_containers(&self) -> &'a [Node] {
        self.containers_at("initContainers")
    }

    fn containers_at(&self, key: &str) -> &'a [Node] {
        self.spec.and_then(|spec| spec.get(key)).and_then(Node::as_sequence).unwrap_or_default()
    }

    /// An annotation of the Pod.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        self.metadata?.at(&["annotations", key])?.text()
    }

    /// A field of it, as a field of the manifest.
    #[must_use]
    pub fn field(&self, below: &str) -> String {
        self.way.iter().chain([&below]).copied().collect::<Vec<_>>().join(".")
    }

    /// Whether it stands in the set itself, not as the template of a workload.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.manifest.is_some_and(|manifest| manifest.id.gvk.kind == "Pod")
    }
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
/// `AuthorizationPolicy`.
pub const AUTHORIZATION_POLICY: Kind = ("security.istio.io", "AuthorizationPolicy");
/// `Deployment`.
pub const DEPLOYMENT: Kind = ("apps", "Deployment");
/// `MutatingWebhookConfiguration`.
pub const MUTATING_WEBHOOK: Kind = ("admissionregistration.k8s.io", "MutatingWebhookConfiguration");
/// `CustomResourceDefinition`.
pub const CUSTOM_RESOURCE_DEFINITION: Kind = ("apiextensions.k8s.io", "CustomResourceDefinition");
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
    /// The places in `pods` of those with a label, so that a selector need not look at all.
    pods_by_label: BTreeMap<(String, String), Vec<usize>>,
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
        let (pods, pods_by_label) = (Vec::new(), BTreeMap::new());
        let mut mesh = Self { by_kind, by_name, pods, pods_by_label, config, networks };
        let seen = |manifest: &&Manifest<'_>| !IGNORED_NAMESPACES.contains(&manifest.namespace());
        for manifest in manifests.iter().filter(seen) {
            let ResourceId { gvk, namespace, name } = &manifest.id;
            mesh.by_kind.entry((&gvk.group, &gvk.kind)).or_default().push(manifest);
            mesh.by_name.entry((&gvk.group, &gvk.kind, namespace, name)).or_insert(manifest);
        }
        mesh.pods = mesh.collect_pods();
        for (index, pod) in mesh.pods.iter().enumerate() {
            for (key, value) in &pod.labels {
                let label = (key.clone(), value.clone());
                mesh.pods_by_label.entry(label).or_default().push(index);
            }
        }
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

    /// Whether anything of the set is for Istio: a kind of its own, or one of its labels or
    /// annotations on a namespace or Pod.
    #[must_use]
    pub fn is_istios(&self) -> bool {
        let marks = |metadata: Option<&Node>| {
            ["labels", "annotations"].into_iter().any(|key| {
                let pairs = metadata.and_then(|metadata| metadata.get(key)?.as_mapping());
                pairs.into_iter().flatten().any(|pair| {
                    pair.key.text.contains("istio.io/") || pair.key.text == INJECTION_LABEL
                })
            })
        };
        self.by_kind.keys().any(|(group, _)| group.ends_with(".istio.io"))
            || self.all(NAMESPACE).any(|namespace| marks(namespace.node.get("metadata")))
            || self.pods.iter().any(|pod| marks(pod.metadata))
    }

    /// All Pods, those of templates included.
    #[must_use]
    pub fn pods(&self) -> &[Pod<'a>] {
        &self.pods
    }

    /// The Pods that a selector selects, in all namespaces; an empty selector selects all.
    pub fn selected<'s>(&'s self, selector: &'s Labels) -> impl Iterator<Item = &'s Pod<'a>> {
        self.selected_at(selector).map(|index| &self.pods[index])
    }

    /// The places in [`Self::pods`] of the Pods that a selector selects.
    pub fn selected_at<'s>(&'s self, selector: &'s Labels) -> impl Iterator<Item = usize> + 's {
        // Each Pod of the selection has each of its labels: the rarest one leaves the fewest.
        let with = |(key, value): (&String, &String)| {
            let label = (key.clone(), value.clone());
            self.pods_by_label.get(&label).map_or(&[][..], Vec::as_slice)
        };
        let rarest = selector.iter().map(with).min_by_key(|places| places.len());
        let all = if rarest.is_none() { 0..self.pods.len() } else { 0..0 };
        let candidates = rarest.unwrap_or_default().iter().copied().chain(all);
        candidates.filter(move |index| selects(selector, &self.pods[*index].labels))
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
        let no_way: &[&str] = &[];
        let plain = self.all(("", "Pod")).map(|manifest| (manifest, no_way, manifest.node));
        let templates = TEMPLATES.iter().flat_map(|(kind, way)| {
            self.all(*kind).filter_map(|manifest| Some((manifest, *way, manifest.node.at(way)?)))
        });
        plain
            .chain(templates)
            .map(|(manifest, way, node)| Pod {
                manifest: Some(manifest),
                way,
                namespace: manifest.namespace().to_owned(),
                labels: labels(node.at(&["metadata", "labels"])),
                metadata: node.get("metadata"),
                spec: node.get("spec"),
            })
            .collect()
    }
}

/// The label of a namespace whose Pods get a proxy.
pub const INJECTION_LABEL: &str = "istio-injection";
