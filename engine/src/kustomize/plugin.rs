//! Built-in plugins that `generators`, `transformers` and `validators` configure.
//!
//! Each comes to the same value as the field of the kustomization and runs the same code. Programs,
//! containers and Go plugins are refused: a build runs nothing.

use super::decode::{Object, Places, Source, Unknown};
use super::error::BuildError;
use super::generate::{self, Generated};
use super::kustomization::{
    Patch, Reference, field_specs, generator_args, image, patch, references, replacement_field,
    replica, selector,
};
use super::load_transform::{
    load_json_patch, load_patch, load_replacements, load_strategic_merges,
};
use super::manifest;
use super::resource::Draft;
use super::site::Site;
use super::transform::name_affix::End;
use super::transform::namespace::Subjects;
use super::transform::value_add::{ValueAdd, ValueTarget};
use super::transformer::Transformer;
use crate::model::Positions;
use crate::yaml::{Dialect, Node};

/// The resources that a generator makes.
///
/// # Errors
/// [`BuildError::Plugin`] if it is not built in or no generator, and what is wrong with its
/// configuration.
pub fn generate(config: &Draft, site: &Site<'_, '_>) -> Result<Vec<Draft>, BuildError> {
    let what = match builtin(config)? {
        "ConfigMapGenerator" => Generated::ConfigMap,
        "SecretGenerator" => Generated::Secret,
        "IAMPolicyGenerator" => return iam_policy(config, site),
        "HelmChartInflationGenerator" => {
            return Err(BuildError::Helm { at: config.location.clone() });
        }
        _ => return Err(not_builtin(config, "it is no generator")),
    };
    let object = fields(config, site)?;
    let mut args = generator_args(&object)?;
    let metadata = |key| config.node.text_at(&["metadata", key]);
    if args.name.is_empty() {
        metadata("name").clone_into(&mut args.name);
    }
    if args.namespace.is_empty() {
        metadata("namespace").clone_into(&mut args.namespace);
    }
    let options = args.options.clone();
    let draft =
        generate::generate(what, &args, options.as_ref(), site.loader, site.root, site.schema)?;
    Ok(vec![draft])
}

/// What a transformer or validator does.
///
/// # Errors
/// [`BuildError::Plugin`] if it is not built in or no transformer, and what is wrong with its
/// configuration.
pub fn transformers(config: &Draft, site: &Site<'_, '_>) -> Result<Vec<Transformer>, BuildError> {
    let kind = builtin(config)?;
    let object = fields(config, site)?;
    let specs = || field_specs(&object, "fieldSpecs");
    let one = match kind {
        "AnnotationsTransformer" => {
            let entries = site.loader.add_entries(&object.text_map("annotations")?);
            Transformer::Annotations(entries, specs()?)
        }
        "LabelTransformer" => {
            let entries = site.loader.add_entries(&object.text_map("labels")?);
            Transformer::Labels(entries, specs()?)
        }
        "PrefixTransformer" => affix(&object, End::Prefix)?,
        "SuffixTransformer" => affix(&object, End::Suffix)?,
        "PrefixSuffixTransformer" => {
            return Ok(vec![affix(&object, End::Prefix)?, affix(&object, End::Suffix)?]);
        }
        "NamespaceTransformer" => namespace(&object)?,
        "ImageTagTransformer" => {
            let change = object.object("imageTag", &[])?.map(|tag| image(&tag)).transpose()?;
            Transformer::Images(vec![change.unwrap_or_default()], specs()?)
        }
        "ReplicaCountTransformer" => {
            let Some(change) = object.object("replica", &[])? else {
                return Err(invalid(&object, "`replica` is missing"));
            };
            Transformer::Replicas(vec![replica(&change)?], specs()?)
        }
        "PatchTransformer" => Transformer::Patch(Box::new(load_patch(&patch(&object)?, site)?)),
        "PatchJson6902Transformer" => {
            let written = object.written("jsonOp");
            let read = Patch { patch: object.text("jsonOp")?, written, ..patch(&object)? };
            Transformer::Patch(Box::new(load_json_patch(&read, site)?))
        }
        "PatchStrategicMergeTransformer" => {
            let at = &config.location;
            Transformer::Patch(Box::new(load_strategic_merges(
                &strategic_merges(&object)?,
                at,
                site,
            )?))
        }
        "ReplacementTransformer" => {
            let list = object.objects("replacements", &[], replacement_field)?;
            Transformer::Replacements(load_replacements(&list, site)?)
        }
        "HashTransformer" => Transformer::Hash,
        "ValueAddTransformer" => Transformer::ValueAdd(value_add(&object, site)?),
        _ => return Err(not_builtin(config, "it is no transformer")),
    };
    Ok(vec![one])
}

/// The kind of a built-in plugin.
fn builtin(config: &Draft) -> Result<&str, BuildError> {
    let gvk = &config.id.gvk;
    if gvk.group.is_empty() && gvk.version == "builtin" {
        return Ok(&gvk.kind);
    }
    let annotations = config.node.at(&["metadata", "annotations"]);
    let is_function = annotations.is_some_and(|annotations| {
        annotations.get("config.kubernetes.io/function").is_some()
            || annotations.get("config.k8s.io/function").is_some()
    });
    Err(not_builtin(
        config,
        if is_function {
            "run the function beforehand and list its result under `resources`"
        } else {
            "run the plugin beforehand and list its result under `resources`"
        },
    ))
}

fn not_builtin(config: &Draft, help: &'static str) -> BuildError {
    BuildError::Plugin { at: config.location.clone(), plugin: config.id.gvk.kind.to_string(), help }
}

fn fields<'c>(config: &'c Draft, site: &Site<'_, '_>) -> Result<Object<'c>, BuildError> {
    let places = Places::One(&config.location);
    let source = Source { path: &config.location.path, places, version: site.version() };
    let object = Object::open(source, &config.node, String::new(), &[], Unknown::Ignored)?;
    Ok(object.expect("a resource is a mapping"))
}

fn affix(object: &Object<'_>, end: End) -> Result<Transformer, BuildError> {
    if object.get("fieldSpecs").is_none() {
        return Err(invalid(object, "`fieldSpecs` is missing"));
    }
    let key = if end == End::Prefix { "prefix" } else { "suffix" };
    Ok(Transformer::Affix(end, object.text(key)?, field_specs(object, "fieldSpecs")?))
}

fn namespace(object: &Object<'_>) -> Result<Transformer, BuildError> {
    let metadata = object.object("metadata", &[])?;
    let mark = metadata.as_ref().map(|metadata| metadata.written("namespace").mark);
    let subjects = Subjects::parse(&object.text("setRoleBindingSubjects")?).ok_or_else(|| {
        let reason =
            "`setRoleBindingSubjects` has to be `defaultOnly`, `allServiceAccounts` or `none`";
        invalid(object, reason)
    })?;
    Ok(Transformer::Namespace {
        name: metadata.map_or_else(|| Ok(String::new()), |metadata| metadata.text("namespace"))?,
        fields: field_specs(object, "fieldSpecs")?,
        unset_only: object.flag("unsetOnly")?,
        subjects,
        at: object.location(),
        mark: mark.unwrap_or_default(),
    })
}

fn invalid(object: &Object<'_>, reason: &'static str) -> BuildError {
    BuildError::Conflict { at: object.location(), reason }
}

fn strategic_merges(object: &Object<'_>) -> Result<Vec<Reference>, BuildError> {
    let mut listed = references(object, "paths")?;
    let inline = object.text("patches")?;
    if !inline.is_empty() {
        let (at, written) = (object.location_of("patches"), object.written("patches"));
        listed.push(Reference { text: inline, at, written });
    }
    if listed.is_empty() {
        return Err(invalid(object, "`paths` and `patches` are both empty"));
    }
    Ok(listed)
}

fn value_add(object: &Object<'_>, site: &Site<'_, '_>) -> Result<ValueAdd, BuildError> {
    let mut value = object.text("value")?.trim().to_owned();
    let mut mark = object.written("value").mark;
    if value.is_empty() {
        mark = object.mark();
        site.root.dir.file_name().clone_into(&mut value);
    }
    let mut targets = object.objects("targets", &[], value_target)?;
    let path = object.text("targetFilePath")?;
    if !path.is_empty() {
        let reference = Reference::to(path, object.location_of("targetFilePath"));
        let loaded = site.loader.read(site.root, &reference)?;
        let place = loaded.place();
        let text = loaded.text()?;
        let (text, documents) = manifest::documents(&text, Dialect::V2, &place)?;
        let positions = Positions::new(&text);
        let source = Source {
            path: &loaded.path,
            places: Places::Marked(&positions),
            version: site.version(),
        };
        if let Some(node) = documents.first() {
            let file = Object::open(source, node, String::new(), &[], Unknown::Ignored)?;
            if let Some(file) = file {
                targets.extend(file.objects("targets", &[], value_target)?);
            }
        }
    }
    if targets.is_empty() {
        return Err(invalid(object, "`targets` is empty"));
    }
    Ok(ValueAdd { value, mark, targets })
}

fn value_target(object: &Object<'_>) -> Result<ValueTarget, BuildError> {
    let field_path = object.text("fieldPath")?;
    if field_path.is_empty() {
        return Err(invalid(object, "`fieldPath` is empty"));
    }
    let position = usize::try_from(object.integer("filePathPosition")?)
        .map_err(|_| invalid(object, "`filePathPosition` is negative"))?;
    let target = object.object("selector", &[])?;
    Ok(ValueTarget {
        selector: target.map(|target| selector(&target)).transpose()?,
        field_path,
        position,
        at: object.location(),
    })
}

/// The service account that a Google cloud policy is for.
fn iam_policy(config: &Draft, site: &Site<'_, '_>) -> Result<Vec<Draft>, BuildError> {
    let object = fields(config, site)?;
    let cloud = object.text("cloud")?;
    if cloud != "gke" {
        return Err(invalid(&object, "the only `cloud` that is known is `gke`"));
    }
    let text_in = |key, field| match object.object(key, &[])? {
        Some(inner) => inner.text(field),
        None => Ok(String::new()),
    };
    let account = text_in("serviceAccount", "name")?;
    let project = text_in("serviceAccount", "projectId")?;
    let name = text_in("kubernetesService", "name")?;
    let namespace = text_in("kubernetesService", "namespace")?;
    let mut annotations = Node::mapping();
    let mut metadata = Node::mapping();
    let mut node = Node::mapping();
    let set = |node: &mut Node, key: &str, value: Node| {
        if let Some(mapping) = node.as_mapping_mut() {
            mapping.insert(key, value);
        }
    };
    let address = format!("{account}@{project}.iam.gserviceaccount.com");
    set(&mut annotations, "iam.gke.io/gcp-service-account", Node::string(address));
    set(&mut metadata, "annotations", annotations);
    set(&mut metadata, "name", Node::string(name));
    if !namespace.is_empty() {
        set(&mut metadata, "namespace", Node::string(namespace));
    }
    set(&mut node, "apiVersion", Node::string("v1"));
    set(&mut node, "kind", Node::string("ServiceAccount"));
    set(&mut node, "metadata", metadata);
    Ok(vec![Draft::new(node, config.location.clone(), site.schema)])
}
