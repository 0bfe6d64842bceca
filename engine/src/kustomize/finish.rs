//! The end of a build: hashes, references, vars, order, and what annotations say about the build.

use super::accumulator::Accumulator;
use super::built::{Build, Resource};
use super::decode::TextEntry;
use super::error::BuildError;
use super::field_spec::FieldSpec;
use super::kustomization::Kustomization;
use super::load::Loader;
use super::options::{BuildOptions, Reorder};
use super::origin::{ORIGIN, Origin, TRANSFORMATIONS, written};
use super::resource::Draft;
use super::resource_set::ResourceSet;
use super::scalar;
use super::session::Session;
use super::sort;
use super::take_in::duplicate;
use super::transform::{labels, name_hash, name_reference};
use crate::model::{Files, RepoPath};
use crate::yaml::{Mapping, Mark, Node, Value};

const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What `managedByLabel` says: what a kustomize says that was built into another program.
const MANAGER: &str = "kustomize-(devel)";

/// Annotations that kustomize keeps its books in; whoever writes them does not see them again.
const BOOKKEEPING: [&str; 19] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/helm-generated",
];

/// Builds the overlay in `dir`, without the account of its files.
pub(super) fn build<'a>(
    loader: &'a Loader<'a>,
    files: &'a dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
) -> Result<Build, BuildError> {
    let mut session = Session::new(loader);
    let root = loader.root(files, dir)?;
    let Some(mut overlay) = session.open(root)? else { return Ok(Build::default()) };
    let told = Told::of(&overlay.kustomization, options);
    if !overlay.kustomization.build_metadata.is_empty() {
        overlay.origin = Some(Origin::default());
    }
    let Accumulator { mut set, configuration, vars } =
        session.accumulate(&overlay, Accumulator::default())?;
    let mut secrets = std::mem::take(&mut set.secrets);
    let lost_books = std::mem::take(&mut set.lost_books);
    let patches = std::mem::take(&mut set.patches);
    set.iter().try_for_each(Draft::refuse_unsound_books)?;
    name_hash::apply(&mut set, &session.schema);
    name_reference::apply(&mut set, configuration.get(), &session.schema)?;
    let unused = vars.resolve(&mut set, configuration.get())?;
    secrets.absorb(std::mem::take(&mut set.secrets));
    set.iter().for_each(|draft| secrets.note(draft));
    loader.note_secrets(|known| known.absorb(secrets));
    if !unused.is_empty() {
        session
            .warnings
            .push(format!("well-defined vars that were never replaced: {}", unused.join(",")));
    }
    set.retain(|draft| !is_local(draft));
    // kustomize crashes here.
    set.refuse_repeated().map_err(|found| duplicate(*found, &set))?;
    set.iter().try_for_each(has_name)?;
    let mut set = sorted(set, &overlay.kustomization, options)?;
    if told.manager {
        let field =
            FieldSpec { path: "metadata/labels".to_owned(), create: true, ..FieldSpec::default() };
        let (key, value) = (MANAGED_BY.to_owned(), MANAGER.to_owned());
        labels::apply(&mut set, &[TextEntry { key, value, mark: Mark::NONE }], &[field])?;
    }
    let drafts = set.into_drafts().into_iter();
    let resources = drafts.map(|draft| finish(draft, told)).collect::<Result<_, _>>()?;
    Ok(Build { resources, warnings: session.warnings, lost_books, patches, ..Build::default() })
}

/// What a build tells of itself in its resources.
#[derive(Clone, Copy, Debug)]
struct Told {
    manager: bool,
    origins: bool,
    transformations: bool,
}

impl Told {
    fn of(kustomization: &Kustomization, options: &BuildOptions) -> Self {
        let wants = |what: &str| kustomization.build_metadata.iter().any(|word| word == what);
        Self {
            manager: options.managed_by_label || wants("managedByLabel"),
            origins: wants("originAnnotations"),
            transformations: wants("transformerAnnotations"),
        }
    }
}

/// The resource that a draft becomes.
fn finish(mut draft: Draft, told: Told) -> Result<Resource, BuildError> {
    finish_annotations(&mut draft.node, told);
    draft.refuse_made_keys()?;
    // What the user wrote there is told in his words.
    if let Some(origin) = draft.origin.as_ref().filter(|_| told.origins)
        && written(&draft.node, ORIGIN).is_none()
    {
        annotate(&mut draft.node, ORIGIN, origin.render());
    }
    if told.transformations && !draft.transformations.is_empty() {
        let own = written(&draft.node, TRANSFORMATIONS).and_then(Origin::parse_all);
        let mut all = own.unwrap_or_default();
        all.append(&mut draft.transformations);
        annotate(&mut draft.node, TRANSFORMATIONS, Origin::render_all(&all));
    }
    draft.settle_foot_in_the_end();
    Ok(Resource {
        node: draft.node,
        id: draft.id,
        original_id: draft.first_id,
        origin: draft.location,
    })
}

/// Whatever a replacement put in its place, a resource still needs a name.
fn has_name(draft: &Draft) -> Result<(), BuildError> {
    if draft.id.gvk.kind.is_empty() {
        return Err(BuildError::NotAResource { at: draft.location.clone(), missing: "kind" });
    }
    if draft.id.name.is_empty() && !draft.id.gvk.kind.ends_with("List") {
        let at = draft.location.clone();
        return Err(BuildError::NotAResource { at, missing: "metadata.name" });
    }
    Ok(())
}

fn sorted(
    set: ResourceSet,
    kustomization: &Kustomization,
    options: &BuildOptions,
) -> Result<ResourceSet, BuildError> {
    match (&kustomization.sort_options, options.reorder) {
        (Some(sort_options), _) => sort::sort_by_options(set, sort_options),
        (None, Reorder::Legacy) => Ok(sort::sort_legacy(set)),
        (None, Reorder::None) => Ok(set),
    }
}

/// Whether a resource is only configuration for tools. Only `false` says that it is not.
fn is_local(draft: &Draft) -> bool {
    let annotation = draft.node.at(&["metadata", "annotations", LOCAL_CONFIG]);
    annotation.and_then(Node::text).is_some_and(|text| text != "false")
}

/// Takes out bookkeeping, makes the other values texts, and leaves no empty mapping.
///
/// A list without `metadata` gets some, as its books were kept there.
fn finish_annotations(node: &mut Node, told: Told) {
    let Some(object) = node.as_mapping_mut() else { return };
    if !object.contains("metadata") {
        object.insert("metadata", Node::mapping());
    }
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_mapping_mut) {
        annotations.retain(|pair| match pair.key.text.as_str() {
            ORIGIN => told.origins,
            TRANSFORMATIONS => told.transformations,
            key => !is_bookkeeping(key),
        });
    }
    scalar::make_texts(node, "annotations");
}

fn is_bookkeeping(key: &str) -> bool {
    // All of them begin so, and few others do.
    let rest = key.strip_prefix("internal.").unwrap_or(key);
    rest.starts_with("config.k") && BOOKKEEPING.contains(&key)
}

/// Sets an annotation.
fn annotate(node: &mut Node, key: &str, text: String) {
    let Some(object) = node.as_mapping_mut() else { return };
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if metadata.get("annotations").and_then(Node::as_mapping).is_none() {
        metadata.insert("annotations", Node::made(Value::Mapping(Mapping::default())));
    }
    if let Some(mapping) = metadata.get_mut("annotations").and_then(Node::as_mapping_mut) {
        mapping.insert(key, Node::string(text));
    }
}
