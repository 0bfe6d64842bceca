//! Built-in plugins that `generators`, `transformers` and `validators` configure.
//!
//! Each comes to the same value as the field of the kustomization and runs the same code. Programs,
//! containers and Go plugins are refused: a build runs nothing.

use super::decode::{Object, Places, Source, Unknown};
use super::error::BuildError;
use super::generate::{self, Generated};
use super::kustomization::generator_args;
use super::resource::Draft;
use super::site::Site;
use super::transform::{Transformer, of_plugin};
use crate::yaml::Node;

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
pub fn transformers(
    config: &Draft,
    site: &Site<'_, '_>,
) -> Result<Vec<Box<dyn Transformer>>, BuildError> {
    let kind = builtin(config)?;
    let object = fields(config, site)?;
    let found = of_plugin(kind, (&object, &config.location), site)?;
    found.ok_or_else(|| not_builtin(config, "it is no transformer"))
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

/// The service account that a Google cloud policy is for.
fn iam_policy(config: &Draft, site: &Site<'_, '_>) -> Result<Vec<Draft>, BuildError> {
    let object = fields(config, site)?;
    let cloud = object.text("cloud")?;
    if cloud != "gke" {
        return Err(object.conflict("the only `cloud` that is known is `gke`"));
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
