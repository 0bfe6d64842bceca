//! The resources of a build in the order in which they were loaded, found by identity through an index.
//!
//! kustomize searches its list for every patch and every append; a build of n resources then costs
//! n². Here each identity that a resource has or had leads to its places, and stale entries are
//! told apart when they are looked up.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use compact_str::CompactString;

use super::resource::{Draft, effective_namespace};
use super::schema::Schema;
use super::{Gvk, ResourceId};

/// The resources of a build, in the order in which they were loaded.
#[derive(Clone, Debug, Default)]
pub struct ResourceSet {
    drafts: Vec<Draft>,
    /// Places by identity. A place may be stale: the search compares the whole identity. `None`
    /// until the first search and after changes that nobody followed.
    index: Option<Index>,
}

/// An identity to search for, with the effective namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedId {
    /// Group, version and kind, all of them compared.
    pub gvk: Gvk,
    /// The effective namespace.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

impl WantedId {
    /// The identity that this resource has now.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        Self {
            gvk: draft.id.gvk.clone(),
            namespace: draft.effective_namespace().into(),
            name: draft.id.name.clone(),
        }
    }

    /// The identity, its namespace made effective by what the schema knows of the kind.
    #[must_use]
    pub fn new(id: &ResourceId, schema: &Schema) -> Self {
        let cluster_scoped = schema.is_cluster_scoped(&id.gvk);
        Self {
            gvk: id.gvk.clone(),
            namespace: effective_namespace(&id.namespace, cluster_scoped).into(),
            name: id.name.clone(),
        }
    }

    /// Whether the resource has this identity now.
    #[must_use]
    pub fn is_current(&self, draft: &Draft) -> bool {
        draft.id.name == self.name
            && draft.id.gvk == self.gvk
            && draft.effective_namespace() == self.namespace
    }

    /// Whether the resource has or had this identity.
    #[must_use]
    pub fn is_any(&self, draft: &Draft) -> bool {
        self.is_current(draft)
            || (draft.id.gvk.group == self.gvk.group
                && draft.id.gvk.version == self.gvk.version
                && draft.previous.iter().any(|id| {
                    id.name == self.name
                        && id.kind == self.gvk.kind
                        && id.namespace == self.namespace
                }))
    }
}

impl ResourceSet {
    /// A set without resources.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of these resources, whose identities nobody compares.
    #[must_use]
    pub const fn from_drafts(drafts: Vec<Draft>) -> Self {
        Self { drafts, index: None }
    }

    /// Number of resources, deleted ones included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.drafts.len()
    }

    /// Whether there is no resource.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// The resource at a place.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Draft> {
        self.drafts.get(at)
    }

    /// The resources in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Draft> {
        self.drafts.iter()
    }

    /// The resources as a slice, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Draft] {
        &self.drafts
    }

    /// The resources for changes that may touch identities: the index is forgotten, and the caller
    /// calls [`Draft::refresh`] where it changed one.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Draft> {
        self.index = None;
        self.drafts.iter_mut()
    }

    /// The resources for changes that touch no identity (no name, namespace, kind, history), so
    /// that the index stays.
    pub fn contents_mut(&mut self) -> std::slice::IterMut<'_, Draft> {
        self.drafts.iter_mut()
    }

    /// Changes one resource, then reads its identity again and keeps the index in step.
    pub fn update<T>(
        &mut self,
        at: usize,
        schema: &Schema,
        change: impl FnOnce(&mut Draft) -> T,
    ) -> T {
        let draft = &mut self.drafts[at];
        let result = change(draft);
        if !draft.is_deleted() {
            draft.refresh(schema);
        }
        if let Some(index) = &mut self.index {
            note(index, at, draft);
        }
        result
    }

    /// The resources in order, taken out.
    #[must_use]
    pub fn into_drafts(self) -> Vec<Draft> {
        self.drafts
    }

    /// Adds a resource at the end without comparing identities.
    pub fn push(&mut self, draft: Draft) {
        if let Some(index) = &mut self.index {
            note(index, self.drafts.len(), &draft);
        }
        self.drafts.push(draft);
    }

    /// Adds a resource at the end, unless one with the same identity is there: then both come back.
    ///
    /// # Errors
    /// The resource, and the place of the one that is there.
    pub fn append(&mut self, draft: Draft) -> Result<(), Box<(Draft, usize)>> {
        if let Some(at) = self.find_current(&WantedId::of(&draft)).first() {
            return Err(Box::new((draft, *at)));
        }
        self.push(draft);
        Ok(())
    }

    /// Puts a resource in the place of another.
    pub fn replace(&mut self, at: usize, draft: Draft) {
        if let Some(index) = &mut self.index {
            note(index, at, &draft);
        }
        self.drafts[at] = draft;
    }

    /// Takes out the resources that patches deleted.
    pub fn drop_deleted(&mut self) {
        if self.drafts.iter().any(Draft::is_deleted) {
            self.retain(|draft| !draft.is_deleted());
        }
    }

    /// Keeps the resources for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Draft) -> bool) {
        self.index = None;
        self.drafts.retain(keep);
    }

    /// The places of the resources that have this identity now, in order.
    pub fn find_current(&mut self, wanted: &WantedId) -> Vec<usize> {
        self.find(wanted, |draft| wanted.is_current(draft))
    }

    /// The places of the resources that have or had this identity, deleted ones aside, in order.
    pub fn find_any(&mut self, wanted: &WantedId) -> Vec<usize> {
        self.find(wanted, |draft| !draft.is_deleted() && wanted.is_any(draft))
    }

    fn find(&mut self, wanted: &WantedId, fits: impl Fn(&Draft) -> bool) -> Vec<usize> {
        let Self { drafts, index } = self;
        let index = index.get_or_insert_with(|| index_of(drafts));
        let key = key(&wanted.gvk.kind, &wanted.namespace, &wanted.name);
        let mut places: Vec<usize> = index
            .get(&key)
            .map(|places| places.iter().copied().filter(|at| fits(&drafts[*at])).collect())
            .unwrap_or_default();
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl<'a> IntoIterator for &'a ResourceSet {
    type Item = &'a Draft;
    type IntoIter = std::slice::Iter<'a, Draft>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Places by a hash of kind, effective namespace and name.
type Index = BTreeMap<u64, Vec<usize>>;

fn key(kind: &str, namespace: &str, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, namespace, name).hash(&mut hasher);
    hasher.finish()
}

fn index_of(drafts: &[Draft]) -> Index {
    let mut index = Index::new();
    for (at, draft) in drafts.iter().enumerate() {
        note(&mut index, at, draft);
    }
    index
}

fn note(index: &mut Index, at: usize, draft: &Draft) {
    let mut add = |kind: &str, namespace: &str, name: &str| {
        let places = index.entry(key(kind, namespace, name)).or_default();
        if places.last() != Some(&at) {
            places.push(at);
        }
    };
    for id in &draft.previous {
        add(&id.kind, &id.namespace, &id.name);
    }
    add(&draft.id.gvk.kind, draft.effective_namespace(), &draft.id.name);
}
