//! Which resource before is which resource after.

use crate::kustomize::{Build, Resource, ResourceId, name_without_hash};
use crate::model::Pairing;

/// A resource before and after; at least one of the two is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) before: Option<Indexed<'a>>,
    pub(super) after: Option<Indexed<'a>>,
}

/// A resource and its place in the build.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed<'a> {
    pub(super) index: usize,
    pub(super) resource: &'a Resource,
}

/// Pairs by the identity in the cluster; what is left, by the identity but for the API version, then
/// but for a generated hash. Under another name or namespace it is another resource: one goes, one
/// comes. In the order of `after`, deleted resources where they stood.
pub(super) fn pair_by_identity<'a>(before: &'a Build, after: &'a Build) -> Vec<Pair<'a>> {
    pair(
        before,
        after,
        &[
            |resource| resource.id.clone(),
            |resource| without_version(&resource.id),
            |resource| without_hash(&resource.id),
        ],
    )
}

/// Pairs by the identity in the files, since namespaces and prefixes are what environments differ in.
pub(super) fn pair_by_origin<'a>(before: &'a Build, after: &'a Build) -> Vec<Pair<'a>> {
    pair(
        before,
        after,
        &[
            |resource| resource.original_id.clone(),
            |resource| without_version(&resource.original_id),
            |resource| without_version(&resource.id),
        ],
    )
}

fn without_version(id: &ResourceId) -> ResourceId {
    let mut id = id.clone();
    id.gvk.version = "".into();
    id
}

/// Ingresses and policies moved to other groups, and are the same objects there.
fn without_hash(id: &ResourceId) -> ResourceId {
    let mut id = without_version(id);
    id.name = name_without_hash(&id.name).into();
    if ["extensions", "networking.k8s.io", "policy", "apps"].contains(&id.gvk.group.as_str()) {
        id.gvk.group = "".into();
    }
    id
}

type Identity = fn(&Resource) -> ResourceId;

/// One sieve after the other.
fn pair<'a>(before: &'a Build, after: &'a Build, sieves: &[Identity]) -> Vec<Pair<'a>> {
    let mut pairing = Pairing::new(after.resources.len(), before.resources.len());
    for identity in sieves {
        pairing.by_unique(
            |at| Some(identity(&after.resources[at])),
            |at| Some(identity(&before.resources[at])),
        );
    }
    in_order(before, after, &pairing)
}

fn in_order<'a>(before: &'a Build, after: &'a Build, pairing: &Pairing) -> Vec<Pair<'a>> {
    let partners = pairing.partners();
    let place_before = |index: usize| Indexed { index, resource: &before.resources[index] };
    let mut deleted = pairing.left().peekable();
    let mut pairs = Vec::new();
    for (index, resource) in after.resources.iter().enumerate() {
        if let Some(partner) = partners[index] {
            while let Some(gone) = deleted.next_if(|gone| *gone < partner) {
                pairs.push(Pair { before: Some(place_before(gone)), after: None });
            }
        }
        pairs.push(Pair {
            before: partners[index].map(place_before),
            after: Some(Indexed { index, resource }),
        });
    }
    pairs.extend(deleted.map(|gone| Pair { before: Some(place_before(gone)), after: None }));
    pairs
}
