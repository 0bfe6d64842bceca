//! The transformers of a kustomization, in the order in which its fields run.
//!
//! A field and the plugin of the same name come to the same value here and run the same code.

use super::books;
use super::configuration::{Configuration, merge_specs};
use super::decode::TextEntry;
use super::error::BuildError;
use super::field_spec::FieldSpec;
use super::kustomization::{Image, LabelSet, Replacement, Replica};
use super::load_transform::{
    load_json_patch, load_patch, load_replacements, load_strategic_merges,
};
use super::origin::Origin;
use super::overlay::Overlay;
use super::resource_set::ResourceSet;
use super::schema::Schema;
use super::site::Site;
use super::transform::name_affix::End;
use super::transform::namespace::{Namespace, Subjects};
use super::transform::patch::LoadedPatch;
use super::transform::{
    images, labels, name_affix, name_hash, namespace, replacements, replicas, value_add,
};
use crate::model::Location;
use crate::yaml::{MERGE_KEY, Mark};

/// Something that changes resources.
#[derive(Debug)]
pub enum Transformer {
    /// `patches`, `patchesStrategicMerge`, `patchesJson6902`.
    Patch(Box<LoadedPatch>),
    /// `namespace`.
    Namespace {
        /// The namespace.
        name: String,
        /// The fields that hold it beside metadata.
        fields: Vec<FieldSpec>,
        /// Whether namespaces that are written stay.
        unset_only: bool,
        /// Which subjects of role bindings follow.
        subjects: Subjects,
        /// Where it is asked for.
        at: Location,
        /// Where its name is written.
        mark: Mark,
    },
    /// `namePrefix` and `nameSuffix`.
    Affix(End, String, Vec<FieldSpec>),
    /// `labels` and `commonLabels`.
    Labels(Vec<TextEntry>, Vec<FieldSpec>),
    /// `commonAnnotations`.
    Annotations(Vec<TextEntry>, Vec<FieldSpec>),
    /// `replicas`.
    Replicas(Vec<Replica>, Vec<FieldSpec>),
    /// `images`.
    Images(Vec<Image>, Vec<FieldSpec>),
    /// `replacements`.
    Replacements(Vec<Replacement>),
    /// The hash of generated resources; only as a plugin.
    Hash,
    /// A value in chosen fields; only as a plugin.
    ValueAdd(value_add::ValueAdd),
}

/// A transformer with what annotations say of it.
#[derive(Debug)]
pub struct Transformation {
    /// What runs.
    pub transformer: Transformer,
    /// What `transformerAnnotations` say.
    pub origin: Option<Origin>,
    /// How often they say it: the entries of a field are transformers of their own to kustomize.
    pub times: usize,
}

impl Transformer {
    /// Whether it asks for the schemas of the objects that it changes.
    #[must_use]
    pub const fn asks_schema(&self) -> bool {
        matches!(self, Self::Patch(patch) if patch.merges())
    }

    /// Changes the resources.
    ///
    /// # Errors
    /// [`BuildError`] with the place a person has to edit.
    pub fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        match self {
            Self::Patch(patch) => patch.apply(set, schema),
            Self::Namespace { name, fields, unset_only, subjects, at, mark } => {
                let (unset_only, subjects, mark) = (*unset_only, *subjects, *mark);
                let namespace = Namespace { name, fields, unset_only, subjects, at, mark };
                namespace::apply(set, &namespace, schema)
            }
            Self::Affix(end, text, specs) => name_affix::apply(set, *end, text, specs, schema),
            Self::Labels(pairs, specs) | Self::Annotations(pairs, specs) => {
                if specs.iter().any(|spec| spec.path == "metadata/annotations" && !spec.create) {
                    set.contents_mut().for_each(books::show);
                }
                labels::apply(set, pairs, specs)
            }
            Self::Replicas(list, specs) => replicas::apply(set, list, specs),
            Self::Images(list, specs) => images::apply(set, list, specs, schema.version()),
            Self::Replacements(list) => replacements::apply(set, list, schema),
            Self::Hash => {
                name_hash::apply(set, schema);
                Ok(())
            }
            Self::ValueAdd(value) => value.apply(set, schema),
        }
    }

    /// The texts that go as they are into every resource that it fits.
    pub fn texts_for_each(&self) -> Vec<&str> {
        match self {
            Self::Namespace { name, .. } => vec![name],
            Self::Affix(_, text, _) => vec![text],
            Self::Labels(pairs, _) | Self::Annotations(pairs, _) => {
                pairs.iter().flat_map(|pair| [pair.key.as_str(), &pair.value]).collect()
            }
            Self::Images(list, _) => list
                .iter()
                .flat_map(|image| {
                    [image.new_name.as_str(), &image.new_tag, &image.tag_suffix, &image.digest]
                })
                .collect(),
            Self::ValueAdd(value) => vec![&value.value],
            // These count what they put in themselves.
            Self::Patch(_) | Self::Replacements(_) | Self::Replicas(..) | Self::Hash => Vec::new(),
        }
    }

    /// The transformers that a kustomization's own fields ask for, in the order in which they run.
    ///
    /// # Errors
    /// [`BuildError`] if a file that they need cannot be read, or they contradict each other.
    pub fn of_fields(
        overlay: &Overlay<'_>,
        configuration: &Configuration,
        site: &Site<'_, '_>,
    ) -> Result<Vec<Transformation>, BuildError> {
        let fields = &overlay.kustomization;
        let entries = |field: &str, entries: &[TextEntry]| {
            let at = || Location::file(overlay.file.clone()).in_field(field);
            no_merge_key(entries, at).map(|()| site.loader.add_entries(entries))
        };
        let mut steps = Vec::new();
        let mut add = |name: &str, transformer, times| {
            steps.push(Transformation { transformer, origin: overlay.builtin_origin(name), times });
        };
        if !fields.patches_strategic_merge.is_empty() {
            let at = Location::file(overlay.file.clone()).in_field("patchesStrategicMerge");
            let list = &fields.patches_strategic_merge;
            let patch = load_strategic_merges(list, &at, site)?;
            add("PatchStrategicMergeTransformer", Self::Patch(Box::new(patch)), 1);
        }
        for patch in &fields.patches {
            add("PatchTransformer", Self::Patch(Box::new(load_patch(patch, site)?)), 1);
        }
        if !fields.namespace.is_empty() {
            let specs = configuration.namespace.clone();
            let transformer = Self::Namespace {
                name: fields.namespace.clone(),
                fields: specs,
                unset_only: false,
                subjects: Subjects::NamedDefault,
                at: Location::file(overlay.file.clone()).in_field("namespace"),
                mark: fields.namespace_mark,
            };
            add("NamespaceTransformer", transformer, 1);
        }
        if !fields.name_prefix.is_empty() {
            let specs = configuration.name_prefix.clone();
            let transformer = Self::Affix(End::Prefix, fields.name_prefix.clone(), specs);
            add("PrefixTransformer", transformer, 1);
        }
        if !fields.name_suffix.is_empty() {
            let specs = configuration.name_suffix.clone();
            let transformer = Self::Affix(End::Suffix, fields.name_suffix.clone(), specs);
            add("SuffixTransformer", transformer, 1);
        }
        if !fields.labels.is_empty() || !fields.common_labels.is_empty() {
            for set in &fields.labels {
                let specs = label_specs(set, configuration, overlay)?;
                add("LabelTransformer", Self::Labels(entries("labels", &set.pairs)?, specs), 1);
            }
            let specs = configuration.common_labels.clone();
            add(
                "LabelTransformer",
                Self::Labels(entries("commonLabels", &fields.common_labels)?, specs),
                1,
            );
        }
        if !fields.common_annotations.is_empty() {
            let specs = configuration.common_annotations.clone();
            let pairs = entries("commonAnnotations", &fields.common_annotations)?;
            add("AnnotationsTransformer", Self::Annotations(pairs, specs), 1);
        }
        for patch in &fields.patches_json_6902 {
            add(
                "PatchJson6902Transformer",
                Self::Patch(Box::new(load_json_patch(patch, site)?)),
                1,
            );
        }
        if !fields.replicas.is_empty() {
            let transformer =
                Self::Replicas(fields.replicas.clone(), configuration.replicas.clone());
            add("ReplicaCountTransformer", transformer, fields.replicas.len());
        }
        if !fields.images.is_empty() {
            let transformer = Self::Images(fields.images.clone(), configuration.images.clone());
            add("ImageTagTransformer", transformer, fields.images.len());
        }
        if !fields.replacements.is_empty() {
            let list = load_replacements(&fields.replacements, site)?;
            add("ReplacementTransformer", Self::Replacements(list), 1);
        }
        Ok(steps)
    }
}

/// Refuses what kustomize writes without quotes on the way to its own plugin, and reads as a merge there.
fn no_merge_key(entries: &[TextEntry], at: impl Fn() -> Location) -> Result<(), BuildError> {
    if entries.iter().all(|entry| entry.key != MERGE_KEY) {
        return Ok(());
    }
    let reason = format!("the key `{MERGE_KEY}` is not read as a text, in quotes neither");
    Err(BuildError::Invalid { at: at(), reason })
}

/// The fields that one entry of `labels` changes.
fn label_specs(
    set: &LabelSet,
    configuration: &Configuration,
    overlay: &Overlay<'_>,
) -> Result<Vec<FieldSpec>, BuildError> {
    let metadata =
        FieldSpec { path: "metadata/labels".to_owned(), create: true, ..FieldSpec::default() };
    let metadata = [metadata];
    let mut lists: Vec<&[FieldSpec]> = vec![&configuration.labels];
    if set.include_selectors {
        lists.push(&configuration.common_labels);
    } else {
        if set.include_templates {
            lists.push(&configuration.template_labels);
        }
        if set.include_volume_claim_templates {
            lists.push(&configuration.volume_claim_template_labels);
        }
        lists.push(&metadata);
    }
    let mut specs = set.fields.clone();
    for list in lists {
        let at = Location::file(overlay.file.clone()).in_field("labels");
        merge_specs(&mut specs, list).map_err(|conflict| conflict.at(&at))?;
    }
    Ok(specs)
}
