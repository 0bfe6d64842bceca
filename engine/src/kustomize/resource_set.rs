//! The resources of a build in the order in which they were loaded, found by identity through an index.
//!
//! kustomize searches its list for every patch and every append; a build of n resources then costs
//! n². Here each identity that a resource has or had leads to its places, and stale entries are
//! told apart when they are looked up.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use compact_str::CompactString;

use super::books::LostBooks;
use super::growth::Growth;
use super::patch_effect::PatchEffect;
use super::places::{Places, hash_of};
use super::resource::{Draft, effective_namespace};
use super::schema::Schema;
use super::secret_facts::SecretFacts;
use super::{Gvk, ResourceId};
use crate::yaml::Node;

/// The resources of a build, in the order in which they were loaded.
#[derive(Clone, Debug, Default)]
pub struct ResourceSet {
    drafts: Vec<Draft>,
    /// Places by every identity that a resource has or had. `None` until the first search and after
    /// changes that nobody followed.
    by_id: Option<Places>,
    /// Places by the names that a resource has and had first; `None` likewise.
    by_name: Option<Places>,
    /// Places by every name and kind that a resource has or had; `None` likewise.
    by_any: Option<AnyName>,
    /// Whether a resource may have been deleted since they were last taken out.
    may_have_deleted: bool,
    /// Whether a change may have given a resource the identity of another.
    may_repeat: bool,
    /// What was learned of values of Secrets.
    pub secrets: SecretFacts,
    /// How much transformers put in.
    pub growth: Growth,
    /// What patches and replacements took away with annotations.
    pub lost_books: Vec<LostBooks>,
    /// What the patches did that are watched.
    pub patches: Vec<PatchEffect>,
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
    pub fn from_drafts(drafts: Vec<Draft>) -> Self {
        Self { drafts, may_have_deleted: true, may_repeat: true, ..Self::default() }
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
        self.forget();
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
        let before = draft.id.clone();
        let result = change(draft);
        self.secrets.note(draft);
        if draft.is_deleted() {
            self.may_have_deleted = true;
        } else {
            draft.refresh(schema);
        }
        self.may_repeat |= draft.id != before;
        self.note(at);
        result
    }

    /// The resources in order, taken out.
    #[must_use]
    pub fn into_drafts(self) -> Vec<Draft> {
        self.drafts
    }

    /// Makes room for so many resources more, and for the few that overlays add: to move all of them takes long.
    pub fn reserve(&mut self, more: usize) {
        self.drafts.reserve(more + more / 8);
    }

    /// Adds a resource at the end without comparing identities.
    pub fn push(&mut self, draft: Draft) {
        self.secrets.note(&draft);
        self.drafts.push(draft);
        self.note(self.drafts.len() - 1);
    }

    /// Notes that names or kinds were written that may be those of another resource.
    pub const fn suspect_repeated(&mut self) {
        self.may_repeat = true;
    }

    /// Refuses a resource with the identity of an earlier one.
    ///
    /// # Errors
    /// The resource, which is then taken out, and the place of the earlier one.
    pub fn refuse_repeated(&mut self) -> Result<(), Box<(Draft, usize)>> {
        if std::mem::take(&mut self.may_repeat)
            && let Some((at, first)) = self.find_repeated()
        {
            self.forget();
            return Err(Box::new((self.drafts.remove(at), first)));
        }
        Ok(())
    }

    /// Adds all resources of another set at the end, unless one with the same identity is there.
    ///
    /// # Errors
    /// As [`ResourceSet::append`], for the first that is there.
    pub fn append_all(&mut self, other: Self) -> Result<(), Box<(Draft, usize)>> {
        if self.is_empty() {
            let before = std::mem::replace(self, other);
            self.secrets.absorb(before.secrets);
            self.growth.absorb(before.growth);
            self.lost_books.extend(before.lost_books);
            self.patches.extend(before.patches);
            return self.refuse_repeated();
        }
        self.may_have_deleted |= other.may_have_deleted;
        self.secrets.absorb(other.secrets);
        self.growth.absorb(other.growth);
        self.lost_books.extend(other.lost_books);
        self.patches.extend(other.patches);
        other.drafts.into_iter().try_for_each(|draft| self.append(draft))
    }

    /// Adds a resource at the end, unless one with the same identity is there: then both come back.
    ///
    /// # Errors
    /// The resource, and the place of the one that is there.
    pub fn append(&mut self, draft: Draft) -> Result<(), Box<(Draft, usize)>> {
        let hash = hash_of(Key::of(&draft));
        let Self { drafts, by_id, .. } = self;
        let index = by_id.get_or_insert_with(|| index_of(drafts, note_ids));
        if let Some(at) = index.first_hashed(hash, |at| is_same(&drafts[at], &draft)) {
            return Err(Box::new((draft, at)));
        }
        self.secrets.note(&draft);
        self.drafts.push(draft);
        self.note_hashed(self.drafts.len() - 1, hash);
        Ok(())
    }

    /// Notes what a patch that is watched made of the resource at a place.
    pub fn note_patch(&mut self, patch: usize, at: usize, id: &ResourceId, before: &Node) {
        if let (Some(patch), Some(draft)) = (self.patches.get_mut(patch), self.drafts.get(at)) {
            patch.note(id, before, &draft.node);
        }
    }

    /// Puts a resource in the place of another.
    pub fn replace(&mut self, at: usize, draft: Draft) {
        self.secrets.note(&draft);
        self.drafts[at] = draft;
        self.note(at);
    }

    /// Takes out the resources that patches deleted.
    pub fn drop_deleted(&mut self) {
        if std::mem::take(&mut self.may_have_deleted) && self.drafts.iter().any(Draft::is_deleted) {
            self.retain(|draft| !draft.is_deleted());
        }
    }

    /// Keeps the resources for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Draft) -> bool) {
        self.forget();
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
        let Self { drafts, by_id, .. } = self;
        let index = by_id.get_or_insert_with(|| index_of(drafts, note_ids));
        let WantedId { gvk, namespace, name } = wanted;
        let mut places = index.of(Key { kind: &gvk.kind, namespace, name });
        places.retain(|at| fits(&drafts[*at]));
        places
    }

    /// The places of the resources that may have a name now, or have had it first, in order.
    pub fn find_named(&mut self, name: &str) -> Vec<usize> {
        let Self { drafts, by_name, .. } = self;
        by_name.get_or_insert_with(|| index_of(drafts, note_names)).of(name)
    }

    /// The places of the resources that may have or have had a name, or else a kind, in order; of all
    /// where neither is asked for.
    pub fn find_ever(&mut self, name: Option<&str>, kind: Option<&str>) -> Vec<usize> {
        let Self { drafts, by_any, .. } = self;
        if name.is_none() && kind.is_none() {
            return (0..drafts.len()).collect();
        }
        let index = by_any.get_or_insert_with(|| AnyName::of(drafts));
        match (name, kind) {
            (Some(name), _) => index.names.of(name),
            (None, kind) => {
                kind.and_then(|kind| index.kinds.get(kind)).cloned().unwrap_or_default()
            }
        }
    }

    /// The place of a resource with the same identity as an earlier one, and the earlier one's.
    #[must_use]
    pub fn find_repeated(&self) -> Option<(usize, usize)> {
        let mut seen = Places::default();
        let live = self.drafts.iter().enumerate().filter(|(_, draft)| !draft.is_deleted());
        for (at, draft) in live {
            let hash = hash_of(Key::of(draft));
            if let Some(first) =
                seen.first_hashed(hash, |first| is_same(&self.drafts[first], draft))
            {
                return Some((at, first));
            }
            seen.note_hashed(hash, at);
        }
        None
    }

    /// Keeps the indexes in step with what is at a place now.
    fn note(&mut self, at: usize) {
        self.note_hashed(at, hash_of(Key::of(&self.drafts[at])));
    }

    /// As [`ResourceSet::note`], for who has hashed the identity that it has now.
    fn note_hashed(&mut self, at: usize, hash: u64) {
        let draft = &self.drafts[at];
        if let Some(index) = &mut self.by_id {
            note_earlier_ids(index, at, draft);
            index.note_hashed(hash, at);
        }
        if let Some(index) = &mut self.by_name {
            note_names(index, at, draft);
        }
        if let Some(index) = &mut self.by_any {
            index.note(at, draft);
        }
    }

    fn forget(&mut self) {
        (self.by_id, self.by_name, self.by_any) = (None, None, None);
        self.may_have_deleted = true;
    }
}

impl<'a> IntoIterator for &'a ResourceSet {
    type Item = &'a Draft;
    type IntoIter = std::slice::Iter<'a, Draft>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Places by every name and every kind that a resource has or had.
#[derive(Clone, Debug, Default)]
struct AnyName {
    names: Places,
    /// Few kinds, many resources of each: in order.
    kinds: BTreeMap<CompactString, Vec<usize>>,
}

impl AnyName {
    fn of(drafts: &[Draft]) -> Self {
        let mut index = Self::default();
        drafts.iter().enumerate().for_each(|(at, draft)| index.note(at, draft));
        index
    }

    fn note(&mut self, at: usize, draft: &Draft) {
        let now = (&draft.id.gvk.kind, &draft.id.name);
        let before = draft.previous.iter().map(|id| (&id.kind, &id.name));
        for (kind, name) in before.chain([now]) {
            self.names.note(name.as_str(), at);
            if !self.kinds.contains_key(kind) {
                self.kinds.insert(kind.clone(), Vec::new());
            }
            if let Some(places) = self.kinds.get_mut(kind)
                && let Err(between) = places.binary_search(&at)
            {
                places.insert(between, at);
            }
        }
    }
}

fn index_of(drafts: &[Draft], note: fn(&mut Places, usize, &Draft)) -> Places {
    let mut index = Places::default();
    drafts.iter().enumerate().for_each(|(at, draft)| note(&mut index, at, draft));
    index
}

fn note_ids(index: &mut Places, at: usize, draft: &Draft) {
    note_earlier_ids(index, at, draft);
    index.note(Key::of(draft), at);
}

fn note_earlier_ids(index: &mut Places, at: usize, draft: &Draft) {
    for id in &draft.previous {
        index.note(Key { kind: &id.kind, namespace: &id.namespace, name: &id.name }, at);
    }
}

/// Whether two resources have one identity now.
fn is_same(a: &Draft, b: &Draft) -> bool {
    a.id.name == b.id.name
        && a.id.gvk == b.id.gvk
        && a.effective_namespace() == b.effective_namespace()
}

/// What of an identity the index is made of. Group and version are left out: few resources differ in
/// nothing else, and whoever searches compares all.
#[derive(Clone, Copy, Debug)]
struct Key<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> Key<'a> {
    /// That of the identity that a resource has now.
    fn of(draft: &'a Draft) -> Self {
        Self {
            kind: &draft.id.gvk.kind,
            namespace: draft.effective_namespace(),
            name: &draft.id.name,
        }
    }
}

/// One after the other, each with an end, so that `a` and `bc` are not `ab` and `c`; in one piece where they are not
/// long, as short pieces take the hasher longer than their bytes.
impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut piece = [END; 128];
        let mut length = 0;
        for part in [self.kind, self.namespace, self.name] {
            let end = length + part.len();
            match piece.get_mut(length..end).filter(|_| end < 128) {
                Some(room) => {
                    room.copy_from_slice(part.as_bytes());
                    length = end + 1;
                }
                None => {
                    state.write(&piece[..length]);
                    state.write(part.as_bytes());
                    state.write_u8(END);
                    (piece, length) = ([END; 128], 0);
                }
            }
        }
        state.write(&piece[..length]);
    }
}

/// What no text holds.
const END: u8 = 0xff;

fn note_names(index: &mut Places, at: usize, draft: &Draft) {
    let (first, now) = (draft.original_name(), draft.id.name.as_str());
    index.note(now, at);
    if first != now {
        index.note(first, at);
    }
}
