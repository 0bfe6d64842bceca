//! Labels and annotations: entries for mappings at given fields.
//!
//! As kustomize's label and annotation filters. An entry that is new in several places of a resource
//! is one node in all of them, see [`Draft::share`].

pub mod fields;

use std::sync::Arc;

use super::transformer::Transformer;
use crate::kustomize::books;
use crate::kustomize::configuration::{Configuration, merge_specs};
use crate::kustomize::decode::{Object, TextEntry};
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldError, FieldSpec, Make, Walk, Walks};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::kustomize::site::Site;
use crate::kustomize::version;
use crate::model::Location;
use crate::yaml::{MERGE_KEY, Mark, Node, Pair, Scalar, Tag, Value};

const KEYS: [&str; 5] =
    ["pairs", "includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields"];

/// Labels for chosen places.
#[derive(Clone, Debug, Default)]
pub struct LabelSet {
    /// The labels, in the order of their names.
    pub pairs: Vec<TextEntry>,
    /// Whether selectors and templates get them too.
    pub include_selectors: bool,
    /// Whether templates get them too.
    pub include_templates: bool,
    /// Whether volume claim templates get them too.
    pub include_volume_claim_templates: bool,
    /// More places.
    pub fields: Vec<FieldSpec>,
}

impl LabelSet {
    /// Reads the entries of `labels`.
    ///
    /// # Errors
    /// [`BuildError`] where one has something else than these keys, or what this kustomize does not know.
    pub fn read_list(file: &Object<'_>, field: &str) -> Result<Vec<Self>, BuildError> {
        file.objects(field, &KEYS, Self::read)
    }

    fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        object.refuse_new("includeVolumeClaimTemplates", &version::CLAIM_TEMPLATES)?;
        Ok(Self {
            pairs: object.text_map("pairs")?,
            include_selectors: object.flag("includeSelectors")?,
            include_templates: object.flag("includeTemplates")?,
            include_volume_claim_templates: object.flag("includeVolumeClaimTemplates")?,
            fields: FieldSpec::read_list(object, "fields")?,
        })
    }

    /// The fields that it changes.
    ///
    /// # Errors
    /// [`BuildError`] where two know a field and disagree whether it is to be made.
    pub fn fields_in(
        &self,
        configuration: &Configuration,
        at: &Location,
    ) -> Result<Vec<FieldSpec>, BuildError> {
        let metadata =
            FieldSpec { path: "metadata/labels".to_owned(), create: true, ..FieldSpec::default() };
        let metadata = [metadata];
        let mut lists: Vec<&[FieldSpec]> = vec![configuration.fields(&fields::CHOSEN)];
        if self.include_selectors {
            lists.push(configuration.fields(&fields::COMMON));
        } else {
            if self.include_templates {
                lists.push(configuration.fields(&fields::TEMPLATE));
            }
            if self.include_volume_claim_templates {
                lists.push(configuration.fields(&fields::CLAIM_TEMPLATE));
            }
            lists.push(&metadata);
        }
        let mut specs = self.fields.clone();
        for list in lists {
            merge_specs(&mut specs, list).map_err(|conflict| conflict.at(at))?;
        }
        Ok(specs)
    }
}

/// Labels or annotations, and the fields that get them.
#[derive(Debug)]
pub struct Labels {
    pairs: Vec<TextEntry>,
    fields: Vec<FieldSpec>,
}

impl Labels {
    /// What a field of a kustomization says.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] for a key that kustomize writes without quotes on the way to its own plugin, and reads
    /// as a merge there.
    pub fn of_field(
        pairs: &[TextEntry],
        fields: Vec<FieldSpec>,
        at: impl Fn() -> Location,
        site: &Site<'_, '_>,
    ) -> Result<Self, BuildError> {
        if pairs.iter().any(|pair| pair.key == MERGE_KEY) {
            let reason = format!("the key `{MERGE_KEY}` is not read as a text, in quotes neither");
            return Err(BuildError::Invalid { at: at(), reason });
        }
        Ok(Self { pairs: site.loader.add_entries(pairs), fields })
    }

    /// Reads the configuration of a plugin, which has them under this key.
    ///
    /// # Errors
    /// [`BuildError`] where something in it is of a wrong type.
    pub fn of_plugin(
        object: &Object<'_>,
        key: &str,
        site: &Site<'_, '_>,
    ) -> Result<Self, BuildError> {
        let pairs = site.loader.add_entries(&object.text_map(key)?);
        Ok(Self { pairs, fields: FieldSpec::read_list(object, "fieldSpecs")? })
    }
}

impl Transformer for Labels {
    fn run(&self, set: &mut ResourceSet, _: &Schema) -> Result<(), BuildError> {
        let is_shown = |spec: &FieldSpec| spec.path == "metadata/annotations" && !spec.create;
        if self.fields.iter().any(is_shown) {
            set.contents_mut().for_each(books::show);
        }
        apply(set, &self.pairs, &self.fields)
    }

    fn texts_for_each(&self) -> Vec<&str> {
        self.pairs.iter().flat_map(|pair| [pair.key.as_str(), &pair.value]).collect()
    }
}

/// Sets labels or annotations at these fields of all resources.
///
/// # Errors
/// [`BuildError::Invalid`] if a field is there and no mapping.
pub fn apply(
    set: &mut ResourceSet,
    entries: &[TextEntry],
    fields: &[FieldSpec],
) -> Result<(), BuildError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut entries: Vec<&TextEntry> = entries.iter().collect();
    entries.sort();
    let mut walks = Walks::new(fields, Make::Mapping);
    for draft in set.contents_mut().filter(|draft| !draft.is_deleted()) {
        let walks = walks.of(&draft.id.gvk);
        for entry in &entries {
            set_entry(draft, entry, walks).map_err(|fault| fault.of(draft))?;
        }
    }
    Ok(())
}

fn set_entry(draft: &mut Draft, entry: &TextEntry, walks: &[Arc<Walk>]) -> Result<(), FieldError> {
    let mark = draft.share(entry.mark.text());
    let mut changed = Vec::new();
    for walk in walks {
        walk.each(&mut draft.node, &mut |node| put(node, entry, walk, mark, &mut changed))?;
        changed.drain(..).for_each(|changed| draft.spread(&changed));
    }
    Ok(())
}

fn put(
    node: &mut Node,
    new: &TextEntry,
    walk: &Walk,
    mark: Mark,
    changed: &mut Vec<Node>,
) -> Result<(), FieldError> {
    if node.is_null() {
        return Ok(());
    }
    let Value::Mapping(mapping) = &mut node.value else {
        return Err(walk.unfit("mapping", node));
    };
    let value = new.value.as_str();
    if let Some(entry) = mapping.get_mut(&new.key) {
        scalar::set(entry, value.into(), Some(Tag::Str));
        entry.mark = entry.mark.moved_to(mark);
        if entry.mark.is_shared() && !entry.mark.is_one_with(mark) {
            changed.push(entry.clone());
        }
    } else {
        let mut value = Scalar::string(value);
        scalar::quote_if_ambiguous(&mut value);
        let value = Node { value: Value::Scalar(value), mark };
        let key = Scalar::string(new.key.as_str());
        if mapping.is_empty() {
            // Most get no other.
            mapping.reserve(1);
        }
        mapping.push(Pair { key, key_mark: Mark::NONE, value });
    }
    Ok(())
}
