//! The fields of a kustomization as values.

use compact_str::CompactString;

use super::super::Gvk;
use super::super::decode::{TextEntry, Written};
use super::super::field_spec::FieldSpec;
use super::super::selector::Selector;
use crate::model::Location;
use crate::yaml::Mark;

/// A kustomization or a component.
#[derive(Clone, Debug, Default)]
pub struct Kustomization {
    /// Whether the file says `kind: Component`.
    pub is_component: bool,
    /// Files, directories and URLs; what `bases` names comes last.
    pub resources: Vec<Reference>,
    /// Directories with components.
    pub components: Vec<Reference>,
    /// `openapi`, in the order of its keys.
    pub openapi: Vec<TextEntry>,
    /// Files with `OpenAPI` definitions that mark name references.
    pub crds: Vec<Reference>,
    /// Files with field specs.
    pub configurations: Vec<Reference>,
    /// Generators: files, directories, or configuration written in place.
    pub generators: Vec<Reference>,
    /// Transformers: files, directories, or configuration written in place.
    pub transformers: Vec<Reference>,
    /// Validators: files, directories, or configuration written in place.
    pub validators: Vec<Reference>,
    /// Config maps to generate.
    pub config_maps: Vec<GeneratorArgs>,
    /// Secrets to generate.
    pub secrets: Vec<GeneratorArgs>,
    /// What holds for all generated config maps and secrets.
    pub generator_options: Option<GeneratorOptions>,
    /// Goes before names.
    pub name_prefix: String,
    /// Goes after names.
    pub name_suffix: String,
    /// The namespace of everything that can have one.
    pub namespace: String,
    /// Where that is written.
    pub namespace_mark: Mark,
    /// Labels for metadata, templates and selectors.
    pub common_labels: Vec<TextEntry>,
    /// Labels for chosen places.
    pub labels: Vec<LabelSet>,
    /// Annotations for metadata and templates.
    pub common_annotations: Vec<TextEntry>,
    /// Strategic merge patches: files, or patches written in place.
    pub patches_strategic_merge: Vec<Reference>,
    /// JSON 6902 patches of the older field.
    pub patches_json_6902: Vec<Patch>,
    /// Patches of either form.
    pub patches: Vec<Patch>,
    /// Changes of images.
    pub images: Vec<Image>,
    /// Changes of replica counts.
    pub replicas: Vec<Replica>,
    /// Values to copy.
    pub replacements: Vec<ReplacementField>,
    /// Values to insert for `$(NAME)`.
    pub vars: Vec<Var>,
    /// The order of the resources.
    pub sort_options: Option<SortOptions>,
    /// Annotations to add about the build.
    pub build_metadata: Vec<String>,
    /// Where helm charts are asked for, if they are.
    pub helm: Option<Location>,
    /// What kustomize says about deprecated fields.
    pub warnings: Vec<String>,
}

/// A text in a kustomization that names a file, a directory or a URL, or is YAML itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The text as written.
    pub text: String,
    /// Where it is written.
    pub at: Location,
    /// How it is written there: in a block, in quotes.
    pub written: Written,
}

impl Reference {
    /// A reference to what a text names that is not written so itself.
    #[must_use]
    pub fn to(text: impl Into<String>, at: Location) -> Self {
        Self { text: text.into(), at, written: Written::default() }
    }
}

/// A config map or secret to generate.
#[derive(Clone, Debug)]
pub struct GeneratorArgs {
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its name before prefix, suffix and hash.
    pub name: String,
    /// `create`, `replace` or `merge`; empty for none.
    pub behavior: String,
    /// `key=value`.
    pub literals: Vec<Reference>,
    /// `path` or `key=path`.
    pub files: Vec<Reference>,
    /// Files with `key=value` lines.
    pub envs: Vec<Reference>,
    /// What differs from the kustomization's `generatorOptions`.
    pub options: Option<GeneratorOptions>,
    /// The type of a secret; empty for `Opaque`.
    pub secret_type: String,
    /// Where it is asked for.
    pub at: Location,
}

/// What holds for generated config maps and secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneratorOptions {
    /// Labels to add.
    pub labels: Vec<TextEntry>,
    /// Annotations to add.
    pub annotations: Vec<TextEntry>,
    /// Whether the name gets no hash.
    pub disable_name_suffix_hash: bool,
    /// Whether the object is immutable.
    pub immutable: bool,
}

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

/// A patch of either form.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The file; empty if the patch is written in place.
    pub path: String,
    /// The patch; empty if it is in a file.
    pub patch: String,
    /// The resources it is for; `None` if the patch itself names one.
    pub target: Option<Selector>,
    /// Whether it may change names.
    pub allow_name_change: bool,
    /// Whether it may change kinds.
    pub allow_kind_change: bool,
    /// Where it is written.
    pub at: Location,
    /// The node that it is written as.
    pub mark: Mark,
    /// How the patch is written, if it is here.
    pub written: Written,
}

/// A change of images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The image to change, without a tag.
    pub name: String,
    /// Its new name; empty to keep it.
    pub new_name: String,
    /// Goes after the tag.
    pub tag_suffix: String,
    /// Its new tag; empty to keep it.
    pub new_tag: String,
    /// Its digest, in place of a tag.
    pub digest: String,
    /// Where the part is written that says most of the new image.
    pub mark: Mark,
}

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

/// One entry of `replacements`.
#[derive(Clone, Debug)]
pub enum ReplacementField {
    /// The replacements of a file.
    File(Reference),
    /// A replacement written in place.
    Inline(Box<Replacement>),
}

/// A value to copy.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// Where the value comes from.
    pub source: Option<ReplacementSource>,
    /// The value itself, in place of a source.
    pub source_value: Option<String>,
    /// Where the value goes to; `None` if the field is absent.
    pub targets: Option<Vec<ReplacementTarget>>,
    /// Where it is written.
    pub at: Location,
}

/// Where the value of a replacement comes from.
#[derive(Clone, Debug, Default)]
pub struct ReplacementSource {
    /// Group, version and kind; an empty part matches anything.
    pub gvk: Gvk,
    /// The name; empty for any.
    pub name: CompactString,
    /// The namespace; empty for any.
    pub namespace: CompactString,
    /// The field; empty for `metadata.name`.
    pub field_path: String,
    /// Which part of the field.
    pub options: Option<FieldOptions>,
}

/// Where the value of a replacement goes to.
#[derive(Clone, Debug)]
pub struct ReplacementTarget {
    /// The resources; `None` if nothing is said.
    pub select: Option<Selector>,
    /// Those of them that are left alone.
    pub reject: Vec<Selector>,
    /// The fields; empty for `metadata.name`.
    pub field_paths: Vec<String>,
    /// Which part of the fields.
    pub options: Option<FieldOptions>,
    /// Where it is written.
    pub at: Location,
}

/// Which part of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOptions {
    /// What separates the parts; empty for the whole field.
    pub delimiter: String,
    /// Which part, from 0.
    pub index: i64,
    /// Unused by kustomize.
    pub encoding: String,
    /// Whether the field is made where it is missing.
    pub create: bool,
}

/// A value to insert for `$(NAME)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Var {
    /// The name between the parentheses.
    pub name: String,
    /// The group, version and kind of the object.
    pub gvk: Gvk,
    /// The name of the object.
    pub object_name: String,
    /// The namespace of the object; empty for any.
    pub namespace: String,
    /// The field of the object.
    pub field_path: String,
    /// Where it is written.
    pub at: Location,
}

/// The order of the resources.
#[derive(Clone, Debug, Default)]
pub struct SortOptions {
    /// `legacy` or `fifo`.
    pub order: String,
    /// Kinds that come first and last instead of the usual ones.
    pub legacy: Option<LegacySortOptions>,
    /// Where it is written.
    pub at: Option<Location>,
}

/// Kinds that come first and last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacySortOptions {
    /// First ones, in order.
    pub order_first: Vec<String>,
    /// Last ones, in order.
    pub order_last: Vec<String>,
}
