//! Strategic merge: a patch laid over an object, as kustomize does it (kyaml/yaml/{walk,merge2}).
//!
//! Mappings merge field by field and `null` removes; lists merge by key where the schema names one
//! and are replaced elsewhere. kustomize walks the whole object, not only what the patch has, so a
//! patch anywhere also tidies the object: a value that is left empty (`key:`) goes away, an explicit
//! `null` stays, and merging lists lose items with a key that comes again. kustomize knows
//! `$patch` and nothing else of Kubernetes' directives: `$setElementOrder/…`,
//! `$deleteFromPrimitiveList/…` and `$retainKeys` are fields like others.

mod directive;
mod error;
mod irregular;
mod list;
mod merger;
mod sides;

use crate::kustomize::resource::spread;
use crate::kustomize::schema::Schema;
use crate::yaml::Node;
use merger::{Merger, Outcome};

/// What became of an object that was patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It is there, changed in place.
    Kept,
    /// The patch said `$patch: delete`.
    Deleted,
}

/// Lays a patch over an object.
///
/// # Errors
/// [`MergeError`] where the two do not fit; the object is then half changed.
pub fn merge(object: &mut Node, patch: Node, schema: &Schema) -> Result<Merged, MergeError> {
    let mut merger = Merger { schema, path: Vec::new(), shared: Vec::new() };
    let outcome = merger.merge(Some(object), Some(patch), None)?;
    let mut shared = merger.shared;
    // kustomize visits fields by name, and the last that changes a shared node has the last word.
    shared.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (_, changed) in shared {
        spread(object, &changed);
    }
    Ok(match outcome {
        // With `$patch: replace` for a whole object kustomize makes the new one and forgets it.
        Outcome::Kept | Outcome::Taken(_) => Merged::Kept,
        Outcome::Gone => Merged::Deleted,
    })
}

#[cfg(test)]
mod tests;

pub use error::MergeError;
