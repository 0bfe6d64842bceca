//! Which resources a patch or a replacement is for, as written in the kustomization.

use compact_str::CompactString;

use super::Gvk;

/// Which resources a patch or a replacement is for. Every empty field matches anything; the others
/// are regular expressions over the whole value, save the two selectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Patterns for group, version and kind.
    pub gvk: Gvk,
    /// Pattern for the name it has or had first.
    pub name: CompactString,
    /// Pattern for the effective namespace it has or had first.
    pub namespace: CompactString,
    /// A Kubernetes label selector over the annotations.
    pub annotation_selector: String,
    /// A Kubernetes label selector over the labels.
    pub label_selector: String,
}
