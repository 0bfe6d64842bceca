//! Name prefixes and suffixes.
//!
//! As kustomize's `PrefixTransformer` and `SuffixTransformer`: definitions, API services and
//! namespaces keep their names, judged by the kind that a resource had first.

use super::transformer::Transformer;
use crate::kustomize::Gvk;
use crate::kustomize::configuration::FieldList;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldSpec, Make, Walk};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::yaml::Text;

/// The fields that get a prefix.
pub const PREFIX_FIELDS: FieldList = FieldList::new("namePrefix", |_| name());

/// The fields that get a suffix.
pub const SUFFIX_FIELDS: FieldList = FieldList::new("nameSuffix", |_| name());

fn name() -> Vec<FieldSpec> {
    vec![FieldSpec::of("", "metadata/name", false)]
}

/// Which end of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The beginning.
    Prefix,
    /// The end.
    Suffix,
}

/// A text for an end of names.
#[derive(Debug)]
pub struct Affix {
    /// Which end.
    pub end: End,
    /// The text.
    pub text: String,
    /// The fields that hold names.
    pub fields: Vec<FieldSpec>,
}

impl Affix {
    /// Reads the configuration of a plugin.
    ///
    /// # Errors
    /// [`BuildError`] where something in it is missing or of a wrong type.
    pub fn of_plugin(object: &Object<'_>, end: End) -> Result<Self, BuildError> {
        if object.get("fieldSpecs").is_none() {
            return Err(object.conflict("`fieldSpecs` is missing"));
        }
        let key = if end == End::Prefix { "prefix" } else { "suffix" };
        let (text, fields) = (object.text(key)?, FieldSpec::read_list(object, "fieldSpecs")?);
        Ok(Self { end, text, fields })
    }
}

impl Transformer for Affix {
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        apply(set, self.end, &self.text, &self.fields, schema)
    }

    fn texts_for_each(&self) -> Vec<&str> {
        vec![&self.text]
    }
}

/// Adds a text to an end of names.
///
/// # Errors
/// [`BuildError::Invalid`] if one of the fields is there and no scalar.
pub(super) fn apply(
    set: &mut ResourceSet,
    end: End,
    text: &str,
    fields: &[FieldSpec],
    schema: &Schema,
) -> Result<(), BuildError> {
    let walks: Vec<Walk> = fields.iter().map(|spec| Walk::new(spec, Make::Scalar)).collect();
    for draft in set.iter_mut().filter(|draft| !draft.is_deleted()) {
        let original = draft.original_gvk();
        if keeps_name(&original) {
            continue;
        }
        for walk in walks.iter().filter(|walk| walk.is_for(&original)) {
            extend(draft, walk, end, text).map_err(|fault| fault.of(draft))?;
        }
        draft.refresh(schema);
    }
    Ok(())
}

fn extend(
    draft: &mut Draft,
    walk: &Walk,
    end: End,
    text: &str,
) -> Result<(), crate::kustomize::field_spec::FieldError> {
    if walk.path() == "metadata/name" && !text.is_empty() {
        let affixes = match end {
            End::Prefix => &mut draft.prefixes,
            End::Suffix => &mut draft.suffixes,
        };
        affixes.reserve_exact(1);
        affixes.push(text.into());
        draft.remember_id();
    }
    if !walk.is_for(&draft.id.gvk) {
        return Ok(());
    }
    walk.each_scalar(draft, &mut |old| {
        let (first, second) = match end {
            End::Prefix => (text, old.text.as_str()),
            End::Suffix => (old.text.as_str(), text),
        };
        let mut new = Text::with_capacity(first.len() + second.len());
        new.push_str(first);
        new.push_str(second);
        scalar::assign(old, new, None);
        // The name is still the one that is written there.
        None
    })
}

fn keeps_name(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
