//! A resource while a build works on it: its tree, its identity and what the identity was before.
//!
//! kustomize keeps this bookkeeping in annotations and strips them at the end; here they are typed
//! fields, so that nothing of ours can leak into a manifest.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;

use super::foot::Foot;
use super::origin::Origin;
use super::scalar;
use super::schema::Schema;
use super::{Gvk, ResourceId};
use crate::model::Location;
use crate::yaml::{Mapping, Mark, Node, Pair, Scalar, Tag, Text, TextId, Value};

/// What a namespaced resource without a namespace is in.
pub const DEFAULT_NAMESPACE: &str = "default";
/// Stands for the namespace of a resource that can have none.
pub const NOT_A_NAMESPACE: &str = "_non_namespaceable_";

/// So many earlier identities most resources have that have any: without a namespace and without a prefix.
const USUAL_STEPS: usize = 2;

/// A resource while a build works on it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The object. A null node is a resource that a patch deleted; the next
    /// [`ResourceSet::drop_deleted`](super::resource_set::ResourceSet::drop_deleted) takes it out.
    pub node: Node,
    /// The identity that `node` has now; [`Draft::refresh`] keeps it in step.
    pub id: ResourceId,
    /// Whether the schema knows this kind to be without namespaces.
    pub cluster_scoped: bool,
    /// The identity it was read or generated with.
    pub first_id: ResourceId,
    /// Every identity it had before, oldest first.
    pub previous: Vec<PreviousId>,
    /// Name prefixes it was given, innermost first.
    pub prefixes: Vec<CompactString>,
    /// Name suffixes it was given, innermost first.
    pub suffixes: Vec<CompactString>,
    /// Whether a generator made it.
    pub is_generated: bool,
    /// What a generated resource does to one with the same identity.
    pub behavior: Behavior,
    /// Whether a hash of the content goes to the end of the name.
    pub needs_hash: bool,
    /// How many groups of shared nodes it has, see [`Draft::share`].
    pub shared_groups: u32,
    /// What its document ended with, see [`Draft::settle_foot`].
    pub foot: Foot,
    /// The names of the vars whose object this is.
    pub var_names: Vec<CompactString>,
    /// The file it came from, and where in it; for generated ones the kustomization.
    pub location: Location,
    /// What the annotation `config.kubernetes.io/origin` would say.
    pub origin: Option<Arc<Origin>>,
    /// What the annotation `alpha.config.kubernetes.io/transformations` would say.
    pub transformations: Vec<Origin>,
}

/// What of an earlier identity counts: the group and version are always those of today.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PreviousId {
    /// The kind at that time.
    pub kind: CompactString,
    /// The effective namespace at that time: never empty.
    pub namespace: CompactString,
    /// The name at that time.
    pub name: CompactString,
}

/// What a generated resource does to one with the same identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Is new, as if `Create` had been written.
    #[default]
    Unspecified,
    /// Is new.
    Create,
    /// Takes its place.
    Replace,
    /// Adds its keys to it.
    Merge,
}

impl Behavior {
    /// The behavior with this name; unknown names count as none, as in kustomize.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    /// The word for messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

impl Draft {
    /// A resource as it was read or generated, without a history.
    #[must_use]
    pub fn new(node: Node, location: Location, schema: &Schema) -> Self {
        let mut draft = Self {
            node,
            id: ResourceId::default(),
            cluster_scoped: false,
            first_id: ResourceId::default(),
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            is_generated: false,
            behavior: Behavior::Unspecified,
            needs_hash: false,
            shared_groups: 0,
            foot: Foot::Nothing,
            var_names: Vec::new(),
            location,
            origin: None,
            transformations: Vec::new(),
        };
        draft.refresh(schema);
        draft.first_id = draft.id.clone();
        draft
    }

    /// Reads the identity from the tree again, after something changed it.
    pub fn refresh(&mut self, schema: &Schema) {
        let [api_version, kind, name, namespace] = identity(&self.node);
        let gvk = &self.id.gvk;
        if gvk.kind.is_empty() || gvk.kind != kind || !gvk.has_api_version(api_version) {
            self.id.gvk = Gvk::from_api_version(api_version, kind);
            self.cluster_scoped = schema.is_cluster_scoped(&self.id.gvk);
        }
        update(&mut self.id.name, name);
        update(&mut self.id.namespace, namespace);
    }

    /// Asks the schema again whether the kind has namespaces: a kustomization may have added to it.
    pub fn rescope(&mut self, schema: &Schema) {
        self.cluster_scoped = schema.is_cluster_scoped(&self.id.gvk);
    }

    /// The namespace for comparing: `default` where none is written, [`NOT_A_NAMESPACE`] for
    /// kinds that have none.
    #[must_use]
    pub fn effective_namespace(&self) -> &str {
        effective_namespace(&self.id.namespace, self.cluster_scoped)
    }

    /// Notes the identity it has now as an earlier one; call it before changing the identity.
    pub fn remember_id(&mut self) {
        let id = PreviousId {
            kind: self.id.gvk.kind.clone(),
            namespace: self.effective_namespace().into(),
            name: self.id.name.clone(),
        };
        self.make_room_for_books();
        // Many patches of one resource are one step of its history.
        if self.previous.last() != Some(&id) {
            if self.previous.is_empty() {
                self.previous.reserve_exact(USUAL_STEPS);
            }
            self.previous.push(id);
        }
    }

    /// Puts a mapping in place of annotations that are none, as kustomize does when it notes something among them.
    ///
    /// At a list with items it crashes.
    pub fn make_room_for_books(&mut self) {
        let metadata = self.node.get_mut("metadata");
        let annotations = metadata.and_then(|metadata| metadata.get_mut("annotations"));
        if let Some(annotations) = annotations
            && match &annotations.value {
                Value::Mapping(_) => false,
                Value::Sequence(items) => items.is_empty(),
                Value::Scalar(scalar) => scalar.tag != Tag::Null,
            }
        {
            *annotations = Node::mapping();
        }
    }

    /// Whether kustomize would have noted something in annotations of its own by now.
    #[must_use]
    pub const fn has_history(&self) -> bool {
        self.is_generated
            || self.origin.is_some()
            || !self.previous.is_empty()
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
    }

    /// The kind it had first.
    #[must_use]
    pub fn original_kind(&self) -> &str {
        self.previous.first().map_or(&self.id.gvk.kind, |id| &id.kind)
    }

    /// Its group and version, and the kind it had first.
    #[must_use]
    pub fn original_gvk(&self) -> Gvk {
        Gvk { kind: self.original_kind().into(), ..self.id.gvk.clone() }
    }

    /// The name it had first.
    #[must_use]
    pub fn original_name(&self) -> &str {
        self.previous.first().map_or(&self.id.name, |id| &id.name)
    }

    /// The effective namespace it had first.
    #[must_use]
    pub fn original_effective_namespace(&self) -> &str {
        self.previous.first().map_or_else(|| self.effective_namespace(), |id| &id.namespace)
    }

    /// Whether a patch deleted it.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        match &self.node.value {
            Value::Mapping(mapping) => mapping.is_empty(),
            Value::Sequence(items) => items.is_empty(),
            Value::Scalar(_) => self.node.is_null(),
        }
    }

    /// A mark for nodes that are one node in several places of this resource; `text` stands for the entry
    /// that they come from.
    ///
    /// kustomize adds a label to metadata, selector and template as one node, so that a later patch of
    /// the label in one place changes it in all.
    pub const fn share(&mut self, text: TextId) -> Mark {
        self.shared_groups += 1;
        Mark::shared(self.shared_groups, text)
    }

    /// Gives all nodes that are one with this one its value.
    pub fn spread(&mut self, changed: &Node) {
        if changed.mark.is_shared() {
            spread(&mut self.node, changed);
        }
    }

    /// Becomes the successor of `old`: takes over its identity, its history and its labels and
    /// annotations; where it merges, its data and origin too.
    ///
    /// As kustomize's `CopyMergeMetaDataFieldsFrom`: everything else is this resource's own.
    pub fn take_over(&mut self, old: &Self, behavior: Behavior) {
        for key in ["labels", "annotations"] {
            merge_text_maps(&mut self.node, &old.node, &["metadata", key]);
        }
        if behavior == Behavior::Merge {
            for key in ["data", "binaryData"] {
                merge_text_maps(&mut self.node, &old.node, &[key]);
            }
            if old.origin.is_some() {
                self.origin.clone_from(&old.origin);
            }
        }
        set_metadata(&mut self.node, "name", scalar::plain(old.id.name.clone()));
        if let Some(metadata) = self.node.get_mut("metadata").and_then(Node::as_mapping_mut) {
            if old.id.namespace.is_empty() {
                metadata.remove("namespace");
            } else {
                metadata.insert("namespace", scalar::plain(old.id.namespace.clone()));
            }
        }
        self.id = old.id.clone();
        self.cluster_scoped = old.cluster_scoped;
        self.needs_hash &= old.needs_hash;
        self.is_generated = old.is_generated;
        self.first_id.clone_from(&old.first_id);
        self.previous.clone_from(&old.previous);
        self.prefixes.clone_from(&old.prefixes);
        self.suffixes.clone_from(&old.suffixes);
        self.behavior = old.behavior;
        self.var_names.clone_from(&old.var_names);
        self.transformations.clone_from(&old.transformations);
    }

    /// Sets `metadata.name`, and the identity with it.
    pub fn set_name(&mut self, name: impl Into<Text>) {
        let name = name.into();
        self.id.name = name.clone();
        set_metadata(&mut self.node, "name", Node::string(name));
    }
}

/// The namespace for comparing.
#[must_use]
pub fn effective_namespace(namespace: &str, cluster_scoped: bool) -> &str {
    if cluster_scoped {
        NOT_A_NAMESPACE
    } else if namespace.is_empty() {
        DEFAULT_NAMESPACE
    } else {
        namespace
    }
}

/// Version, kind, name and namespace that an object gives itself; empty where there is no scalar, or a null.
fn identity(object: &Node) -> [&str; 4] {
    let [mut api_version, mut kind, mut name, mut namespace] = [""; 4];
    // One walk over the keys: resources are asked very often.
    for pair in object.as_mapping().into_iter().flatten() {
        match pair.key.text.as_str() {
            "apiVersion" => api_version = text(&pair.value),
            "kind" => kind = text(&pair.value),
            "metadata" => {
                for pair in pair.value.as_mapping().into_iter().flatten() {
                    match pair.key.text.as_str() {
                        "name" => name = text(&pair.value),
                        "namespace" => namespace = text(&pair.value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    [api_version, kind, name, namespace]
}

/// The text of a scalar; empty if it is none, or null.
fn text(node: &Node) -> &str {
    node.as_scalar().filter(|scalar| !scalar.is_tagged_null()).map_or("", |scalar| &scalar.text)
}

/// Sets a key of `metadata`, which is made if it is missing.
pub fn set_metadata(node: &mut Node, key: &str, value: Node) {
    let Some(mapping) = node.as_mapping_mut() else { return };
    if mapping.get("metadata").is_none_or(|metadata| metadata.as_mapping().is_none()) {
        mapping.insert("metadata", Node::mapping());
    }
    if let Some(metadata) = mapping.get_mut("metadata").and_then(Node::as_mapping_mut) {
        metadata.insert(key, value);
    }
}

/// Gives all nodes below `node` that are one with `changed` its value.
pub fn spread(node: &mut Node, changed: &Node) {
    if node.mark.is_one_with(changed.mark) {
        *node = changed.clone();
        return;
    }
    match &mut node.value {
        Value::Mapping(mapping) => {
            mapping.iter_mut().for_each(|pair| spread(&mut pair.value, changed));
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| spread(item, changed)),
        Value::Scalar(_) => {}
    }
}

/// Adds the pairs of `old` whose keys `new` does not have; all values become texts.
fn merge_text_maps(new: &mut Node, old: &Node, path: &[&str]) {
    let mut merged = BTreeMap::new();
    for node in [old, &*new] {
        for pair in node.at(path).and_then(Node::as_mapping).into_iter().flatten() {
            let text: Text = pair.value.text().unwrap_or_default().into();
            merged.insert(pair.key.text.clone(), (text, pair.value.mark));
        }
    }
    let merged: Mapping = merged
        .into_iter()
        .map(|(key, (text, mark))| Pair {
            key: Scalar::string(key),
            key_mark: Mark::NONE,
            value: Node {
                value: Value::Scalar(scalar::text_of_new_field(text)),
                mark: Mark::NONE.moved_to(mark),
            },
        })
        .collect();
    let Some((key, parents)) = path.split_last() else { return };
    let parent = parents.iter().try_fold(new, |node, key| node.get_mut(key));
    let Some(parent) = parent.and_then(Node::as_mapping_mut) else { return };
    if merged.is_empty() {
        parent.remove(key);
    } else {
        parent.insert(*key, Node::made(Value::Mapping(merged)));
    }
}

fn update(place: &mut CompactString, text: &str) {
    if place.as_str() != text {
        *place = text.into();
    }
}
