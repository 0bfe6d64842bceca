//! The builtin transformers: each changes resources that were accumulated before it.
//!
//! Each has a file with its values, how they are read, and what it does. Here is what all of them are for: which
//! fields of a kustomization ask for them, in which order, and which plugin configures the same.

mod images;
pub mod json_6902;
pub mod labels;
pub mod name_affix;
pub mod name_hash;
pub mod name_reference;
mod namespace;
mod patch;
mod replacements;
mod replicas;
pub mod strategic_merge;
#[cfg(test)]
mod tests;
mod transformer;
mod value_add;

pub use transformer::{Asked, Transformer};

use self::images::{Image, Images};
use self::labels::{LabelSet, Labels};
use self::name_affix::{Affix, End};
use self::name_hash::Hash;
use self::namespace::{Namespace, Subjects};
use self::patch::{Patch, load};
use self::replacements::{ReplacementField, Replacements};
use self::replicas::{Replica, Replicas};
use self::value_add::ValueAdd;
use super::configuration::{Configuration, FieldList};
use super::decode::{Object, TextEntry};
use super::error::BuildError;
use super::reference::Reference;
use super::site::Site;
use crate::model::{Location, RepoPath};
use crate::yaml::Mark;

/// The lists of fields to which `configurations` can add, each of which stands with the transformer that changes them.
pub static FIELD_LISTS: [FieldList; 10] = [
    name_affix::PREFIX_FIELDS,
    name_affix::SUFFIX_FIELDS,
    namespace::FIELDS,
    labels::fields::COMMON,
    labels::fields::CHOSEN,
    labels::fields::TEMPLATE,
    labels::fields::CLAIM_TEMPLATE,
    labels::fields::ANNOTATIONS,
    images::FIELDS,
    replicas::FIELDS,
];

/// What the fields of a kustomization ask of transformers.
#[derive(Clone, Debug, Default)]
pub struct TransformerFields {
    /// Goes before names.
    name_prefix: String,
    /// Goes after names.
    name_suffix: String,
    /// The namespace of everything that can have one.
    pub namespace: String,
    /// Where that is written.
    namespace_mark: Mark,
    /// Labels for metadata, templates and selectors.
    common_labels: Vec<TextEntry>,
    /// Labels for chosen places.
    labels: Vec<LabelSet>,
    /// Annotations for metadata and templates.
    common_annotations: Vec<TextEntry>,
    /// Strategic merge patches: files, or patches written in place.
    patches_strategic_merge: Vec<Reference>,
    /// JSON 6902 patches of the older field.
    patches_json_6902: Vec<Patch>,
    /// Patches of either form.
    patches: Vec<Patch>,
    /// Changes of images.
    images: Vec<Image>,
    /// Changes of replica counts.
    replicas: Vec<Replica>,
    /// Values to copy.
    replacements: Vec<ReplacementField>,
}

impl TransformerFields {
    /// Reads the fields of a kustomization.
    ///
    /// # Errors
    /// [`BuildError`] with the field that is of a wrong type, or says something impossible.
    pub fn read(file: &Object<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            name_prefix: file.text("namePrefix")?,
            name_suffix: file.text("nameSuffix")?,
            namespace: file.text("namespace")?,
            namespace_mark: file.written("namespace").mark,
            common_labels: file.text_map("commonLabels")?,
            labels: LabelSet::read_list(file, "labels")?,
            common_annotations: file.text_map("commonAnnotations")?,
            patches_strategic_merge: Reference::read_list(file, "patchesStrategicMerge")?,
            patches_json_6902: Patch::read_list(file, "patchesJson6902")?,
            patches: Patch::read_list(file, "patches")?,
            images: [Image::read_list(file, "images")?, Image::read_list(file, "imageTags")?]
                .concat(),
            replicas: Replica::read_list(file, "replicas")?,
            replacements: ReplacementField::read_list(file, "replacements")?,
        })
    }

    /// The transformers that they ask for, in the order in which they run.
    ///
    /// # Errors
    /// [`BuildError`] if a file that they need cannot be read, or they contradict each other.
    pub fn in_order(
        &self,
        file: &RepoPath,
        configuration: &Configuration,
        site: &Site<'_, '_>,
    ) -> Result<Vec<Asked>, BuildError> {
        let at = |field: &str| Location::file(file.clone()).in_field(field);
        let mut all = Vec::new();
        let mut ask = |plugin, transformer: Box<dyn Transformer>, times| {
            all.push(Asked { transformer, plugin, times });
        };
        if !self.patches_strategic_merge.is_empty() {
            let place = at("patchesStrategicMerge");
            let patch = load::strategic_merges(&self.patches_strategic_merge, &place, site)?;
            ask("PatchStrategicMergeTransformer", Box::new(patch), 1);
        }
        for patch in &self.patches {
            ask("PatchTransformer", Box::new(load::patch(patch, site)?), 1);
        }
        if !self.namespace.is_empty() {
            let namespace = Namespace {
                name: self.namespace.clone(),
                fields: configuration.fields(&namespace::FIELDS).to_vec(),
                unset_only: false,
                subjects: Subjects::NamedDefault,
                at: at("namespace"),
                mark: self.namespace_mark,
            };
            ask("NamespaceTransformer", Box::new(namespace), 1);
        }
        if !self.name_prefix.is_empty() {
            let fields = configuration.fields(&name_affix::PREFIX_FIELDS).to_vec();
            let affix = Affix { end: End::Prefix, text: self.name_prefix.clone(), fields };
            ask("PrefixTransformer", Box::new(affix), 1);
        }
        if !self.name_suffix.is_empty() {
            let fields = configuration.fields(&name_affix::SUFFIX_FIELDS).to_vec();
            let affix = Affix { end: End::Suffix, text: self.name_suffix.clone(), fields };
            ask("SuffixTransformer", Box::new(affix), 1);
        }
        if !self.labels.is_empty() || !self.common_labels.is_empty() {
            for set in &self.labels {
                let fields = set.fields_in(configuration, &at("labels"))?;
                let labels = Labels::of_field(&set.pairs, fields, || at("labels"), site)?;
                ask("LabelTransformer", Box::new(labels), 1);
            }
            let (pairs, fields) =
                (&self.common_labels, configuration.fields(&labels::fields::COMMON).to_vec());
            let labels = Labels::of_field(pairs, fields, || at("commonLabels"), site)?;
            ask("LabelTransformer", Box::new(labels), 1);
        }
        if !self.common_annotations.is_empty() {
            let (pairs, fields) =
                (&self.common_annotations, configuration.fields(&labels::fields::ANNOTATIONS));
            let place = || at("commonAnnotations");
            let annotations = Labels::of_field(pairs, fields.to_vec(), place, site)?;
            ask("AnnotationsTransformer", Box::new(annotations), 1);
        }
        for patch in &self.patches_json_6902 {
            ask("PatchJson6902Transformer", Box::new(load::json_6902(patch, site)?), 1);
        }
        if !self.replicas.is_empty() {
            let (counts, fields) =
                (self.replicas.clone(), configuration.fields(&replicas::FIELDS).to_vec());
            ask(
                "ReplicaCountTransformer",
                Box::new(Replicas { counts, fields }),
                self.replicas.len(),
            );
        }
        if !self.images.is_empty() {
            let (changes, fields) =
                (self.images.clone(), configuration.fields(&images::FIELDS).to_vec());
            ask("ImageTagTransformer", Box::new(Images { changes, fields }), self.images.len());
        }
        if !self.replacements.is_empty() {
            let replacements = Replacements::load(&self.replacements, site)?;
            ask("ReplacementTransformer", Box::new(replacements), 1);
        }
        Ok(all)
    }
}

/// What a plugin of this kind does, configured at a place; `None` if no transformer is called so.
///
/// # Errors
/// [`BuildError`] with what is wrong with its configuration.
pub fn of_plugin(
    kind: &str,
    (object, at): (&Object<'_>, &Location),
    site: &Site<'_, '_>,
) -> Result<Option<Vec<Box<dyn Transformer>>>, BuildError> {
    let one: Box<dyn Transformer> = match kind {
        "AnnotationsTransformer" => Box::new(Labels::of_plugin(object, "annotations", site)?),
        "LabelTransformer" => Box::new(Labels::of_plugin(object, "labels", site)?),
        "PrefixTransformer" => Box::new(Affix::of_plugin(object, End::Prefix)?),
        "SuffixTransformer" => Box::new(Affix::of_plugin(object, End::Suffix)?),
        "PrefixSuffixTransformer" => {
            let suffix = || Affix::of_plugin(object, End::Suffix);
            let prefix = Affix::of_plugin(object, End::Prefix)?;
            return Ok(Some(vec![Box::new(prefix), Box::new(suffix()?)]));
        }
        "NamespaceTransformer" => Box::new(Namespace::of_plugin(object)?),
        "ImageTagTransformer" => Box::new(Images::of_plugin(object)?),
        "ReplicaCountTransformer" => Box::new(Replicas::of_plugin(object)?),
        "PatchTransformer" => Box::new(load::patch(&Patch::read(object)?, site)?),
        "PatchJson6902Transformer" => Box::new(load::json_6902_of_plugin(object, site)?),
        "PatchStrategicMergeTransformer" => {
            Box::new(load::strategic_merges_of_plugin(object, at, site)?)
        }
        "ReplacementTransformer" => Box::new(Replacements::of_plugin(object, site)?),
        "HashTransformer" => Box::new(Hash),
        "ValueAddTransformer" => Box::new(ValueAdd::of_plugin(object, site)?),
        _ => return Ok(None),
    };
    Ok(Some(vec![one]))
}
