//! The kustomization file: its fields as values, and what of it kustomize refuses or warns of.

use super::generator::{
    CONFIG_MAP, GeneratorArgs, GeneratorOptions, SECRET, generator_args, generator_options,
};
use super::sort_options::{SortOptions, sort_options};
use super::var::{VAR, Var, var};
use crate::kustomize::decode::{Object, Source, TextEntry, Unknown, same_key};
use crate::kustomize::error::BuildError;
use crate::kustomize::reference::Reference;
use crate::kustomize::transform::TransformerFields;
use crate::model::{FIELD_NAMES, FieldHolds, KUSTOMIZATION_FIELDS, KustomizationField, Location};
use crate::yaml::{Node, Value};

const KUSTOMIZATION: &str = "Kustomization";
const COMPONENT: &str = "Component";
const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];
const HELM_GLOBALS: [&str; 2] = ["chartHome", "configHome"];

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
    /// What the fields ask of transformers.
    pub transformer_fields: TransformerFields,
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

impl Kustomization {
    /// Reads the file.
    ///
    /// # Errors
    /// [`BuildError`] with the field that is unknown, of a wrong type, or says something impossible.
    pub fn parse(source: Source<'_>, node: &Node) -> Result<Self, BuildError> {
        let Some(file) = Object::open(source, node, String::new(), &FIELD_NAMES, Unknown::Refused)?
        else {
            return Err(BuildError::empty(source.path));
        };
        if is_empty(node) {
            return Err(BuildError::empty(source.path));
        }
        check_unused(&file)?;
        let mut resources = Reference::read_list(&file, "resources")?;
        resources.extend(Reference::read_list(&file, "bases")?);
        Ok(Self {
            is_component: is_component(&file)?,
            resources,
            components: Reference::read_list(&file, "components")?,
            openapi: file.text_map("openapi")?,
            crds: Reference::read_list(&file, "crds")?,
            configurations: Reference::read_list(&file, "configurations")?,
            generators: Reference::read_list(&file, "generators")?,
            transformers: Reference::read_list(&file, "transformers")?,
            validators: Reference::read_list(&file, "validators")?,
            config_maps: file.objects("configMapGenerator", &CONFIG_MAP, generator_args)?,
            secrets: file.objects("secretGenerator", &SECRET, generator_args)?,
            generator_options: generator_options(&file, "generatorOptions")?,
            transformer_fields: TransformerFields::read(&file)?,
            vars: file.objects("vars", &VAR, var)?,
            sort_options: sort_options(&file)?,
            build_metadata: file.plain_texts("buildMetadata")?,
            helm: charts(&file),
            warnings: warnings(&file),
        })
    }
}

/// Refuses wrong types in what is read and then not used.
fn check_unused(file: &Object<'_>) -> Result<(), BuildError> {
    if let Some(metadata) = file.object("metadata", &METADATA)? {
        ["annotations", "labels"].iter().try_for_each(|key| metadata.text_map(key).map(drop))?;
        ["name", "namespace"].iter().try_for_each(|key| metadata.text(key).map(drop))?;
    }
    if let Some(globals) = file.object("helmGlobals", &HELM_GLOBALS)? {
        HELM_GLOBALS.iter().try_for_each(|key| globals.text(key).map(drop))?;
    }
    Ok(())
}

/// Whether a file says nothing beside its kind. An empty list says something, an empty text does not.
fn is_empty(node: &Node) -> bool {
    node.as_mapping().is_some_and(|mapping| {
        mapping.iter().all(|pair| {
            ["apiVersion", "kind"].iter().any(|key| same_key(&pair.key.text, key))
                || matches!(&pair.value.value, Value::Scalar(scalar) if scalar.text.is_empty())
                || pair.value.is_null()
        })
    })
}

fn is_component(file: &Object<'_>) -> Result<bool, BuildError> {
    let (kind, version) = (file.text("kind")?, file.text("apiVersion")?);
    if ![KUSTOMIZATION, COMPONENT, ""].contains(&kind.as_str()) {
        return Err(BuildError::WrongKind {
            at: file.location_of("kind"),
            expected: "`Kustomization` or `Component`",
            found: kind,
        });
    }
    let is_component = kind == COMPONENT;
    let wanted = if is_component { COMPONENT_VERSION } else { KUSTOMIZATION_VERSION };
    if !version.is_empty() && version != wanted {
        return Err(BuildError::WrongKind {
            at: file.location_of("apiVersion"),
            expected: wanted,
            found: version,
        });
    }
    Ok(is_component)
}

/// Where charts are asked for, if they are.
fn charts(file: &Object<'_>) -> Option<Location> {
    let asks = |field: &&KustomizationField| {
        let items = file.get(field.name).and_then(Node::as_sequence);
        items.is_some_and(|items| !items.is_empty())
    };
    KustomizationField::holding(FieldHolds::Charts)
        .find(asks)
        .map(|field| file.location_of(field.name))
}

/// What kustomize says of fields that it calls deprecated, in the order of their names.
fn warnings(file: &Object<'_>) -> Vec<String> {
    let written = |(field, _): &(&str, _)| file.get(field).is_some();
    let fields = KUSTOMIZATION_FIELDS.iter();
    let deprecated = fields.filter_map(|field| Some((field.name, field.instead?)));
    let mut deprecated: Vec<(&str, &str)> = deprecated.filter(written).collect();
    deprecated.sort_unstable();
    deprecated
        .into_iter()
        .map(|(field, instead)| {
            let experimental = if field == "vars" { "[EXPERIMENTAL] " } else { "" };
            format!(
                "# Warning: '{field}' is deprecated. Please use '{instead}' instead. \
                 {experimental}Run 'kustomize edit fix' to update your Kustomization automatically."
            )
        })
        .collect()
}
