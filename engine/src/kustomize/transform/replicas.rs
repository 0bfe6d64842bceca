//! Replica counts.

use std::collections::BTreeSet;

use super::transformer::Transformer;
use crate::kustomize::Gvk;
use crate::kustomize::configuration::FieldList;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldSpec, Make, Walk, matches};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::model::Location;
use crate::yaml::{Mark, Tag};

/// A change of a replica count.
#[derive(Clone, Debug)]
pub struct Replica {
    /// The name of the resource.
    pub name: String,
    /// How many it shall have.
    pub count: i64,
    /// Where that is written.
    pub mark: Mark,
    /// Where it is written.
    pub at: Location,
}

impl Replica {
    /// Reads the entries of `replicas`.
    ///
    /// # Errors
    /// [`BuildError`] where one has something else than a name and a count.
    pub fn read_list(file: &Object<'_>, field: &str) -> Result<Vec<Self>, BuildError> {
        file.objects(field, &["name", "count"], Self::read)
    }

    fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            name: object.text("name")?,
            count: object.integer("count")?,
            mark: object.written("count").mark,
            at: object.location(),
        })
    }
}

/// The fields that hold replica counts.
pub const FIELDS: FieldList = FieldList::new("replicas", |_| {
    let kinds = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
    kinds.map(|kind| FieldSpec::of(kind, "spec/replicas", true)).to_vec()
});

/// Changes of replica counts, and the fields that hold them.
#[derive(Debug)]
pub struct Replicas {
    /// The changes, in their order.
    pub counts: Vec<Replica>,
    /// The fields, for the kinds that have replicas.
    pub fields: Vec<FieldSpec>,
}

impl Replicas {
    /// Reads the configuration of a plugin.
    ///
    /// # Errors
    /// [`BuildError`] where something in it is missing or of a wrong type.
    pub fn of_plugin(object: &Object<'_>) -> Result<Self, BuildError> {
        let Some(change) = object.object("replica", &[])? else {
            return Err(object.conflict("`replica` is missing"));
        };
        let counts = vec![Replica::read(&change)?];
        Ok(Self { counts, fields: FieldSpec::read_list(object, "fieldSpecs")? })
    }
}

impl Transformer for Replicas {
    fn run(&self, set: &mut ResourceSet, _: &Schema) -> Result<(), BuildError> {
        apply(set, &self.counts, &self.fields)
    }

    fn texts_for_each(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Sets the replica counts of the resources that have or had a name, as kustomize's
/// `ReplicaCountTransformer`, one count after the other.
///
/// # Errors
/// [`BuildError::Invalid`] if there is no such resource of a kind with replicas.
pub(super) fn apply(
    set: &mut ResourceSet,
    replicas: &[Replica],
    fields: &[FieldSpec],
) -> Result<(), BuildError> {
    let walks: Vec<Walk> = fields.iter().map(|spec| Walk::new(spec, Make::Scalar)).collect();
    let named = replicas.iter().enumerate().map(|(at, replica)| (replica.name.as_str(), at));
    let mut by_name: Vec<(&str, usize)> = named.collect();
    by_name.sort_unstable();
    let of_name = |name: &str| {
        let first = by_name.partition_point(|(other, _)| *other < name);
        let count = by_name[first..].iter().take_while(|(other, _)| *other == name).count();
        &by_name[first..first + count]
    };
    let mut found = vec![false; replicas.len()];
    let may_count = |draft: &Draft| {
        let mut kinds = draft.previous.iter().map(|id| &id.kind).chain([&draft.id.gvk.kind]);
        kinds.any(|kind| fields.iter().any(|spec| is_or_empty(&spec.gvk.kind, kind)))
    };
    for draft in set.contents_mut().filter(|draft| may_count(draft) && !draft.is_deleted()) {
        let names = draft.previous.iter().map(|id| &id.name).chain([&draft.id.name]);
        let places = names.flat_map(|name| of_name(name)).map(|(_, at)| *at);
        for at in places.collect::<BTreeSet<usize>>() {
            found[at] |= count(draft, &replicas[at], fields, &walks)?;
        }
    }
    let Some(missing) = found.iter().position(|found| !found) else { return Ok(()) };
    let kinds: Vec<&str> = fields.iter().map(|spec| spec.gvk.kind.as_str()).collect();
    Err(BuildError::Invalid {
        at: replicas[missing].at.clone(),
        reason: format!(
            "there is no `{}` of a kind with replicas ({})",
            replicas[missing].name,
            kinds.join(", ")
        ),
    })
}

fn is_or_empty(pattern: &str, kind: &str) -> bool {
    pattern.is_empty() || pattern == kind
}

/// Sets one count in one resource; false if none of the fields is for it.
fn count(
    draft: &mut Draft,
    replica: &Replica,
    fields: &[FieldSpec],
    walks: &[Walk],
) -> Result<bool, BuildError> {
    let count = replica.count.to_string();
    let mut found = false;
    for (spec, walk) in fields.iter().zip(walks) {
        if !is_named(draft, &replica.name, &spec.gvk) {
            continue;
        }
        found = true;
        if walk.is_for(&draft.id.gvk) {
            let mut set = |old: &mut _| {
                scalar::assign(old, count.as_str().into(), Some(Tag::Int));
                Some(replica.mark)
            };
            walk.each_scalar(draft, &mut set).map_err(|fault| fault.of(draft))?;
        }
    }
    Ok(found)
}

/// Whether a resource has or had the name while it had a kind that fits.
fn is_named(draft: &Draft, name: &str, pattern: &Gvk) -> bool {
    (draft.id.name == name && matches(pattern, &draft.id.gvk))
        || draft.previous.iter().any(|id| {
            id.name == name
                && matches(pattern, &Gvk { kind: id.kind.clone(), ..draft.id.gvk.clone() })
        })
}
