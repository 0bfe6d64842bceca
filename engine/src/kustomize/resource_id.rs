//! What tells one resource from another.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::yaml::Node;

/// Group, version and kind. The group is empty for core kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gvk {
    /// The API group, such as `networking.istio.io`.
    pub group: CompactString,
    /// The version, such as `v1`.
    pub version: CompactString,
    /// The kind, such as `VirtualService`.
    pub kind: CompactString,
}

impl Gvk {
    /// Whether it is one of Kubernetes' own kinds, by its group.
    #[must_use]
    pub fn is_kubernetes(&self) -> bool {
        KUBERNETES_GROUPS.contains(&self.group.as_str())
    }

    /// Splits `group/version`; without a slash all of it is the version.
    #[must_use]
    pub fn from_api_version(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// Reads `Kind`, `version Kind`, `group/ Kind` or `group/version Kind`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (api_version, kind) = text.split_once(' ').unwrap_or(("", text));
        Self::from_api_version(api_version, kind)
    }

    /// As `==`, but what differs most often is compared first.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.group == other.group && self.version == other.version
    }

    /// Whether a text is what [`Gvk::from_api_version`] made the group and version of.
    #[must_use]
    pub fn has_api_version(&self, text: &str) -> bool {
        match text.strip_prefix(self.group.as_str()) {
            Some(rest) if !self.group.is_empty() => {
                rest.strip_prefix('/').is_some_and(|version| version == self.version)
            }
            Some(version) => version == self.version && !version.contains('/'),
            None => false,
        }
    }

    /// `group/version`, or the version alone.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether `selector` selects this kind: each of its parts is empty or equal.
    #[must_use]
    pub fn is_selected(&self, selector: &Self) -> bool {
        (selector.group.is_empty() || selector.group == self.group)
            && (selector.version.is_empty() || selector.version == self.version)
            && (selector.kind.is_empty() || selector.kind == self.kind)
    }

    /// What kustomize sorts field specs by: the rank of the kind, then the name.
    #[must_use]
    pub fn legacy_key(&self) -> (isize, Vec<u8>) {
        (rank(&self.kind), self.sort_key().collect())
    }

    /// The bytes that kustomize compares: the three parts with `_` between, `~` in empty ones.
    pub fn sort_key(&self) -> impl Iterator<Item = u8> {
        let or = |part, empty| if str::is_empty(part) { empty } else { part };
        let parts =
            [or(&self.group, "~G"), "_", or(&self.version, "~V"), "_", or(&self.kind, "~K")];
        parts.into_iter().flat_map(str::bytes)
    }
}

/// Kinds that come first, in order.
pub const ORDER_FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last, in order.
pub const ORDER_LAST: [&str; 2] =
    ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The rank of a kind: negative for those that come first, positive for those that come last.
fn rank(kind: &str) -> isize {
    rank_among(kind, &ORDER_FIRST, &ORDER_LAST)
}

/// The rank of a kind among lists of those that come first and last.
pub fn rank_among<T: AsRef<str>>(kind: &str, first: &[T], last: &[T]) -> isize {
    let place = |list: &[T]| list.iter().rposition(|name| name.as_ref() == kind);
    let signed = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
    match (place(last), place(first)) {
        (Some(at), _) => signed(at) + 1,
        (None, Some(at)) => signed(at) - signed(first.len()),
        (None, None) => 0,
    }
}

/// A resource's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceId {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The namespace as written; empty where none is.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

/// The groups of Kubernetes' own kinds.
const KUBERNETES_GROUPS: [&str; 19] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
];

/// The signs of a generated suffix: hexadecimal digits but for those that could spell words
/// (kustomize's `api/hasher/hasher.go`, `encode`).
const HASH_SIGNS: &str = "bcdf2456789ghkmt";
/// How many there are.
const HASH_LENGTH: usize = 10;

/// A name without the hash that a generator put behind it, if it has one.
#[must_use]
pub fn name_without_hash(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((rest, hash))
            if hash.len() == HASH_LENGTH && hash.chars().all(|c| HASH_SIGNS.contains(c)) =>
        {
            rest
        }
        _ => name,
    }
}

/// `Kind namespace/name`, or `Kind name` where there is no namespace.
impl ResourceId {
    /// The identity that an object gives itself; parts that it lacks are empty.
    #[must_use]
    pub fn of(object: &Node) -> Self {
        let text = |keys: &[&str]| object.text_at(keys);
        Self {
            gvk: Gvk::from_api_version(text(&["apiVersion"]), text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: text(&["metadata", "name"]).into(),
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.gvk.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.gvk.kind, self.namespace, self.name)
        }
    }
}
