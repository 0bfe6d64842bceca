//! Identities by which sources and targets are found: those that a resource has, or had before.

use crate::kustomize::Gvk;
use crate::kustomize::resource::{DEFAULT_NAMESPACE, Draft};

/// Whether two namespaces are one; none is the default one.
pub(super) fn in_same_namespace(a: &str, b: &str) -> bool {
    let effective = |namespace: &str| namespace.is_empty() || namespace == DEFAULT_NAMESPACE;
    a == b || (effective(a) && effective(b))
}

/// An identity that a resource has or had.
pub(super) struct Id<'a> {
    pub(super) gvk: &'a Gvk,
    pub(super) name: &'a str,
    /// As written for the current identity, effective for earlier ones.
    pub(super) namespace: &'a str,
}

/// Whether an identity that a resource has or had fits.
pub(super) fn any_id(draft: &Draft, fits: &mut dyn FnMut(&Id<'_>) -> bool) -> bool {
    let gvk = &draft.id.gvk;
    fits(&Id { gvk, name: &draft.id.name, namespace: &draft.id.namespace })
        || draft.previous.iter().any(|id| {
            let of_kind;
            let gvk = if id.kind == gvk.kind {
                gvk
            } else {
                of_kind = Gvk { kind: id.kind.clone(), ..gvk.clone() };
                &of_kind
            };
            fits(&Id { gvk, name: &id.name, namespace: &id.namespace })
        })
}
