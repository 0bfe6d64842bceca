//! Reading the kustomization file, and the parts of it that configurations of plugins share.

use compact_str::CompactString;

use super::fields::{
    FieldOptions, GeneratorArgs, GeneratorOptions, Image, Kustomization, LabelSet,
    LegacySortOptions, Patch, Reference, Replacement, ReplacementField, ReplacementSource,
    ReplacementTarget, Replica, SortOptions, Var,
};
use crate::kustomize::Gvk;
use crate::kustomize::decode::{Object, Source, Unknown, same_key};
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::FieldSpec;
use crate::kustomize::selector::Selector;
use crate::kustomize::version;
use crate::model::{FIELD_NAMES, FieldHolds, KUSTOMIZATION_FIELDS, KustomizationField, Location};
use crate::yaml::{Mark, Node, Value};

const KUSTOMIZATION: &str = "Kustomization";
const COMPONENT: &str = "Component";
const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];
const HELM_GLOBALS: [&str; 2] = ["chartHome", "configHome"];
const RESOURCE_ID: [&str; 5] = ["group", "version", "kind", "name", "namespace"];
const SELECTOR: [&str; 7] =
    ["group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"];
const PATCH: [&str; 4] = ["path", "patch", "target", "options"];
const FIELD_SPEC: [&str; 5] = ["group", "version", "kind", "path", "create"];
const GENERATOR_OPTIONS: [&str; 4] =
    ["labels", "annotations", "disableNameSuffixHash", "immutable"];
const CONFIG_MAP: [&str; 8] =
    ["namespace", "name", "behavior", "literals", "files", "envs", "env", "options"];
const SECRET: [&str; 9] =
    ["namespace", "name", "behavior", "literals", "files", "envs", "env", "options", "type"];
const IMAGE: [&str; 5] = ["name", "newName", "tagSuffix", "newTag", "digest"];
const LABEL_SET: [&str; 5] =
    ["pairs", "includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields"];
const REPLACEMENT: [&str; 4] = ["source", "targets", "sourceValue", "path"];
const FIELD_OPTIONS: [&str; 4] = ["delimiter", "index", "encoding", "create"];

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
        let mut resources = references(&file, "resources")?;
        resources.extend(references(&file, "bases")?);
        let mut images = file.objects("images", &IMAGE, image)?;
        images.extend(file.objects("imageTags", &IMAGE, image)?);
        Ok(Self {
            is_component: is_component(&file)?,
            resources,
            components: references(&file, "components")?,
            openapi: file.text_map("openapi")?,
            crds: references(&file, "crds")?,
            configurations: references(&file, "configurations")?,
            generators: references(&file, "generators")?,
            transformers: references(&file, "transformers")?,
            validators: references(&file, "validators")?,
            config_maps: file.objects("configMapGenerator", &CONFIG_MAP, generator_args)?,
            secrets: file.objects("secretGenerator", &SECRET, generator_args)?,
            generator_options: generator_options(&file, "generatorOptions")?,
            name_prefix: file.text("namePrefix")?,
            name_suffix: file.text("nameSuffix")?,
            namespace: file.text("namespace")?,
            namespace_mark: file.written("namespace").mark,
            common_labels: file.text_map("commonLabels")?,
            labels: file.objects("labels", &LABEL_SET, label_set)?,
            common_annotations: file.text_map("commonAnnotations")?,
            patches_strategic_merge: references(&file, "patchesStrategicMerge")?,
            patches_json_6902: file.objects("patchesJson6902", &PATCH, patch)?,
            patches: file.objects("patches", &PATCH, patch)?,
            images,
            replicas: file.objects("replicas", &["name", "count"], replica)?,
            replacements: file.objects("replacements", &REPLACEMENT, replacement_field)?,
            vars: file.objects("vars", &["name", "objref", "fieldref"], var)?,
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

/// Reads a list of texts that name files, or are YAML themselves.
pub fn references(object: &Object<'_>, key: &str) -> Result<Vec<Reference>, BuildError> {
    let texts = object.texts(key)?;
    Ok(texts.into_iter().map(|(text, at, written)| Reference { text, at, written }).collect())
}

fn gvk(object: &Object<'_>) -> Result<Gvk, BuildError> {
    Ok(Gvk {
        group: object.text("group")?.into(),
        version: object.text("version")?.into(),
        kind: object.text("kind")?.into(),
    })
}

/// Reads one field spec, as `labels` and configurations hold them.
pub fn field_spec(object: &Object<'_>) -> Result<FieldSpec, BuildError> {
    Ok(FieldSpec { gvk: gvk(object)?, path: object.text("path")?, create: object.flag("create")? })
}

/// Reads the list of field specs at `key`.
pub fn field_specs(object: &Object<'_>, key: &str) -> Result<Vec<FieldSpec>, BuildError> {
    object.objects(key, &FIELD_SPEC, field_spec)
}

/// Reads one entry of `configMapGenerator` or `secretGenerator`.
pub fn generator_args(object: &Object<'_>) -> Result<GeneratorArgs, BuildError> {
    let mut envs = references(object, "envs")?;
    let env = object.text("env")?;
    if !env.is_empty() {
        let (at, written) = (object.location_of("env"), object.written("env"));
        envs.push(Reference { text: env, at, written });
    }
    Ok(GeneratorArgs {
        namespace: object.text("namespace")?,
        name: object.text("name")?,
        behavior: object.text("behavior")?,
        literals: references(object, "literals")?,
        files: references(object, "files")?,
        envs,
        options: generator_options(object, "options")?,
        secret_type: object.text("type")?,
        at: object.location(),
    })
}

fn generator_options(
    object: &Object<'_>,
    key: &str,
) -> Result<Option<GeneratorOptions>, BuildError> {
    let Some(options) = object.object(key, &GENERATOR_OPTIONS)? else { return Ok(None) };
    Ok(Some(GeneratorOptions {
        labels: options.text_map("labels")?,
        annotations: options.text_map("annotations")?,
        disable_name_suffix_hash: options.flag("disableNameSuffixHash")?,
        immutable: options.flag("immutable")?,
    }))
}

fn label_set(object: &Object<'_>) -> Result<LabelSet, BuildError> {
    object.refuse_new("includeVolumeClaimTemplates", &version::CLAIM_TEMPLATES)?;
    Ok(LabelSet {
        pairs: object.text_map("pairs")?,
        include_selectors: object.flag("includeSelectors")?,
        include_templates: object.flag("includeTemplates")?,
        include_volume_claim_templates: object.flag("includeVolumeClaimTemplates")?,
        fields: field_specs(object, "fields")?,
    })
}

/// Reads one patch.
pub fn patch(object: &Object<'_>) -> Result<Patch, BuildError> {
    let target = object.object("target", &SELECTOR)?.map(|target| selector(&target)).transpose()?;
    let options = if object.version().has(&version::PATCH_OPTIONS) {
        object.object("options", &["allowNameChange", "allowKindChange"])?
    } else {
        object.flags("options")?
    };
    let allows = |key| options.as_ref().map_or(Ok(false), |options| options.flag(key));
    Ok(Patch {
        path: object.text("path")?,
        patch: object.text("patch")?,
        target,
        allow_name_change: allows("allowNameChange")?,
        allow_kind_change: allows("allowKindChange")?,
        at: object.location(),
        mark: object.mark(),
        written: object.written("patch"),
    })
}

/// Reads one selector.
pub fn selector(object: &Object<'_>) -> Result<Selector, BuildError> {
    Ok(Selector {
        gvk: gvk(object)?,
        name: object.text("name")?.into(),
        namespace: object.text("namespace")?.into(),
        annotation_selector: object.text("annotationSelector")?,
        label_selector: object.text("labelSelector")?,
    })
}

/// Reads one entry of `images`.
pub fn image(object: &Object<'_>) -> Result<Image, BuildError> {
    let parts = ["newTag", "digest", "newName", "tagSuffix"];
    let says_most = parts.into_iter().find(|part| object.get(part).is_some());
    Ok(Image {
        mark: says_most.map_or(Mark::NONE, |part| object.written(part).mark),
        name: object.text("name")?,
        new_name: object.text("newName")?,
        tag_suffix: object.text("tagSuffix")?,
        new_tag: object.text("newTag")?,
        digest: object.text("digest")?,
    })
}

/// Reads one entry of `replicas`.
pub fn replica(object: &Object<'_>) -> Result<Replica, BuildError> {
    Ok(Replica {
        name: object.text("name")?,
        count: object.integer("count")?,
        mark: object.written("count").mark,
        at: object.location(),
    })
}

/// Reads one entry of `replacements`.
pub fn replacement_field(object: &Object<'_>) -> Result<ReplacementField, BuildError> {
    let path = object.text("path")?;
    if path.is_empty() {
        return Ok(ReplacementField::Inline(Box::new(replacement(object)?)));
    }
    let has_targets =
        object.get("targets").and_then(Node::as_sequence).is_some_and(|t| !t.is_empty());
    if object.get("source").is_some() || has_targets {
        return Err(BuildError::Conflict {
            at: object.location(),
            reason: "`path` and an inline replacement exclude each other",
        });
    }
    let (at, written) = (object.location_of("path"), object.written("path"));
    Ok(ReplacementField::File(Reference { text: path, at, written }))
}

/// Reads one replacement.
pub fn replacement(object: &Object<'_>) -> Result<Replacement, BuildError> {
    object.refuse_new("sourceValue", &version::SOURCE_VALUE)?;
    let mut fields = RESOURCE_ID.to_vec();
    fields.extend(["fieldPath", "options"]);
    let source = object.object("source", &fields)?.map(|source| replacement_source(&source));
    let targets = object.get("targets").is_some();
    let known = ["select", "reject", "fieldPaths", "options"];
    let read = object.objects("targets", &known, replacement_target)?;
    Ok(Replacement {
        source: source.transpose()?,
        source_value: match object.get("sourceValue") {
            None => None,
            Some(_) => Some(object.text("sourceValue")?),
        },
        targets: targets.then_some(read),
        at: object.location(),
    })
}

fn replacement_source(object: &Object<'_>) -> Result<ReplacementSource, BuildError> {
    Ok(ReplacementSource {
        gvk: gvk(object)?,
        name: CompactString::from(object.text("name")?),
        namespace: object.text("namespace")?.into(),
        field_path: object.text("fieldPath")?,
        options: field_options(object)?,
    })
}

fn replacement_target(object: &Object<'_>) -> Result<ReplacementTarget, BuildError> {
    let select = object.object("select", &SELECTOR)?;
    Ok(ReplacementTarget {
        select: select.map(|select| selector(&select)).transpose()?,
        reject: object.objects("reject", &SELECTOR, selector)?,
        field_paths: object.plain_texts("fieldPaths")?,
        options: field_options(object)?,
        at: object.location(),
    })
}

fn field_options(object: &Object<'_>) -> Result<Option<FieldOptions>, BuildError> {
    let Some(options) = object.object("options", &FIELD_OPTIONS)? else { return Ok(None) };
    Ok(Some(FieldOptions {
        delimiter: options.text("delimiter")?,
        index: options.integer("index")?,
        encoding: options.text("encoding")?,
        create: options.flag("create")?,
    }))
}

fn var(object: &Object<'_>) -> Result<Var, BuildError> {
    let mut fields = RESOURCE_ID.to_vec();
    fields.push("apiVersion");
    let target = object.object("objref", &fields)?;
    let field = object.object("fieldref", &["fieldPath"])?;
    let mut var = Var {
        name: object.text("name")?,
        gvk: Gvk::default(),
        object_name: String::new(),
        namespace: String::new(),
        field_path: field.map_or_else(|| Ok(String::new()), |field| field.text("fieldPath"))?,
        at: object.location(),
    };
    if let Some(target) = target {
        var.gvk = gvk(&target)?;
        match target.text("apiVersion")?.split('/').collect::<Vec<_>>()[..] {
            [group, version] => {
                var.gvk.group = group.into();
                var.gvk.version = version.into();
            }
            [version] if !version.is_empty() => var.gvk.version = version.into(),
            _ => {}
        }
        var.object_name = target.text("name")?;
        var.namespace = target.text("namespace")?;
    }
    if var.field_path.is_empty() {
        "metadata.name".clone_into(&mut var.field_path);
    }
    Ok(var)
}

fn sort_options(file: &Object<'_>) -> Result<Option<SortOptions>, BuildError> {
    let Some(options) = file.object("sortOptions", &["order", "legacySortOptions"])? else {
        return Ok(None);
    };
    let legacy = options.object("legacySortOptions", &["orderFirst", "orderLast"])?;
    let legacy = legacy.map(|legacy| {
        Ok::<_, BuildError>(LegacySortOptions {
            order_first: legacy.plain_texts("orderFirst")?,
            order_last: legacy.plain_texts("orderLast")?,
        })
    });
    Ok(Some(SortOptions {
        order: options.text("order")?,
        legacy: legacy.transpose()?,
        at: Some(options.location()),
    }))
}
