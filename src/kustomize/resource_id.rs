//! What tells one resource from another.

use std::fmt;

use compact_str::CompactString;

/// Group, version and kind. The group is empty for core kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// The API group, such as `networking.istio.io`.
    pub group: CompactString,
    /// The version, such as `v1`.
    pub version: CompactString,
    /// The kind, such as `VirtualService`.
    pub kind: CompactString,
}

impl Gvk {
    /// Splits `group/version`; without a slash all of it is the version.
    #[must_use]
    pub fn from_api_version(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }
}

/// A resource's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The namespace as written; empty where none is.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

/// `Kind namespace/name`, or `Kind name` where there is no namespace.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.gvk.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.gvk.kind, self.namespace, self.name)
        }
    }
}
