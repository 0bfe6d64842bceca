//! Replica counts.

use crate::kustomize::Gvk;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldSpec, Make, Walk, matches};
use crate::kustomize::kustomization::Replica;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::yaml::Tag;

/// Sets the replica count of the resources that have or had a name, as kustomize's
/// `ReplicaCountTransformer`.
///
/// # Errors
/// [`BuildError::Invalid`] if there is no such resource of a kind with replicas.
pub fn apply(
    set: &mut ResourceSet,
    replica: &Replica,
    fields: &[FieldSpec],
) -> Result<(), BuildError> {
    let count = replica.count.to_string();
    let mut found = false;
    for spec in fields {
        let walk = Walk::new(spec, Make::Scalar);
        for draft in set.contents_mut().filter(|draft| !draft.is_deleted()) {
            if !is_named(draft, &replica.name, &spec.gvk) {
                continue;
            }
            found = true;
            if walk.is_for(&draft.id.gvk) {
                let mut set = |old: &mut _| {
                    scalar::assign(old, count.as_str().into(), Some(Tag::Int));
                };
                walk.each_scalar(draft, &mut set).map_err(|fault| fault.of(draft))?;
            }
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<&str> = fields.iter().map(|spec| spec.gvk.kind.as_str()).collect();
    Err(BuildError::Invalid {
        at: replica.at.clone(),
        reason: format!(
            "there is no `{}` of a kind with replicas ({})",
            replica.name,
            kinds.join(", ")
        ),
    })
}

/// Whether a resource has or had the name while it had a kind that fits.
fn is_named(draft: &Draft, name: &str, pattern: &Gvk) -> bool {
    (draft.id.name == name && matches(pattern, &draft.id.gvk))
        || draft.previous.iter().any(|id| {
            id.name == name
                && matches(pattern, &Gvk { kind: id.kind.clone(), ..draft.id.gvk.clone() })
        })
}
