//! What kustomize keeps in annotations of its own, and how a patch takes it away.
//!
//! kustomize notes earlier names, prefixes, the wish for a hash and origins among a resource's own
//! annotations (`api/resource/resource.go`). Whoever empties, replaces or deletes `metadata.annotations`
//! empties the books too: what refers to the resource is renamed no more, a generated name gets no
//! hash. Here these are typed fields; this module follows what would have become of them.

use super::ResourceId;
use super::error::BuildError;
use super::resource::{Behavior, Draft, PreviousId};
use crate::model::Location;
use crate::yaml::{Mapping, Node, Value};

/// Stands for kustomize's annotations while a patch is laid over an object.
const MARK: &str = "internal.config.kubernetes.io/overlift";

/// A patch or replacement that took kustomize's books with a resource's annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostBooks {
    /// The patch or replacement.
    pub at: Location,
    /// The resource as it was called then.
    pub id: ResourceId,
    /// The name that references to it still have, if it is another one.
    pub earlier_name: Option<String>,
    /// Whether its name would have got a hash.
    pub hash: bool,
}

impl LostBooks {
    /// What a resource is about to lose; `None` if nobody will miss it.
    #[must_use]
    pub fn of(draft: &Draft, at: &Location) -> Option<Self> {
        let earlier = draft.original_name();
        let earlier_name = (earlier != draft.id.name).then(|| earlier.to_owned());
        let moved = draft.original_effective_namespace() != draft.effective_namespace();
        if earlier_name.is_none() && !moved && !draft.needs_hash {
            return None;
        }
        let (at, id, hash) = (at.clone(), draft.id.clone(), draft.needs_hash);
        Some(Self { at, id, earlier_name, hash })
    }
}

impl Draft {
    /// Whether kustomize finds its notes of earlier identities again.
    ///
    /// It keeps names, namespaces and kinds in a list with commas each, leaves out empty ones, and fails where
    /// the lists are not of one length (`api/internal/utils/makeResIds.go`): after a name that was no text, or
    /// one with a comma, such as what sops encrypts.
    fn has_sound_books(&self) -> bool {
        let commas = |text: &str| text.bytes().filter(|byte| *byte == b',').count();
        let parts = |text: &str| if text.is_empty() { 0 } else { 1 + commas(text) };
        let [mut names, mut namespaces, mut kinds] = [0; 3];
        for PreviousId { kind, namespace, name } in &self.previous {
            names += parts(name);
            namespaces += parts(namespace);
            kinds += parts(kind);
        }
        names == 0 || (names == namespaces && names == kinds)
    }

    /// Refuses a resource of which kustomize loses count, as it does wherever it looks for earlier identities.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if that is so.
    pub fn refuse_unsound_books(&self) -> Result<(), BuildError> {
        if self.has_sound_books() {
            return Ok(());
        }
        let reason = format!(
            "`{}` had a name, namespace or kind that is empty or has a comma, and kustomize loses count of those \
             that it had",
            self.id
        );
        Err(BuildError::Invalid { at: self.location.clone(), reason })
    }

    /// Loses everything that kustomize would have kept in annotations.
    pub fn lose_books(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.is_generated = false;
        self.behavior = Behavior::Unspecified;
        self.needs_hash = false;
        self.lose_origin();
    }

    /// Loses what `buildMetadata` would tell.
    pub fn lose_origin(&mut self) {
        self.origin = None;
        self.transformations.clear();
    }
}

/// Whether a patch may touch the annotations as a whole.
#[must_use]
pub fn may_take(patch: &Node) -> bool {
    patch.get("metadata").is_some_and(|metadata| match metadata.as_mapping() {
        Some(metadata) => metadata.contains("annotations") || metadata.contains("$patch"),
        None => true,
    })
}

/// Puts the mark among the annotations, which are made where they are missing.
pub fn mark(node: &mut Node) {
    make_annotations(node);
    let metadata = node.get_mut("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(annotations) = annotations.and_then(Node::as_mapping_mut) {
        annotations.insert(MARK, Node::string("x"));
    }
}

/// Makes annotations where kustomize would have some of its own by now.
pub fn show(draft: &mut Draft) {
    if draft.has_history() {
        make_annotations(&mut draft.node);
    }
}

fn make_annotations(node: &mut Node) {
    let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if metadata.get("annotations").is_none_or(Node::is_null) {
        metadata.insert("annotations", Node::made(Value::Mapping(Mapping::default())));
    }
}

/// Takes the mark away again; false if it is gone already, and the books with it.
pub fn unmark(node: &mut Node) -> bool {
    let metadata = node.get_mut("metadata").and_then(Node::as_mapping_mut);
    let Some(metadata) = metadata else { return false };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_mapping_mut) else {
        return false;
    };
    let was_there = annotations.remove(MARK).is_some();
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    was_there
}
