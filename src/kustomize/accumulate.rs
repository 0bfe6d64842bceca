//! Walking the tree of kustomizations: resources, generators, components, transformers, validators.
//!
//! As kustomize's `api/internal/target/kusttarget.go`, in the same order, because later steps see
//! what earlier ones made.

use std::sync::Arc;

use super::configuration::{Configuration, SharedConfiguration};
use super::decode::{Places, Source};
use super::error::BuildError;
use super::generate::{self, Generated};
use super::growth::{self, TooMuch};
use super::kustomization::{Kustomization, Reference};
use super::load::{Loader, Root, Target};
use super::manifest::{self, Object, Place};
use super::origin::{ORIGIN, Origin, TRANSFORMATIONS, written};
use super::plugin;
use super::read_ahead::{objects, read_ahead};
use super::resource::Draft;
use super::resource_set::ResourceSet;
use super::scalar;
use super::schema::Schema;
use super::take_in::{absorb, append, duplicate};
use super::transformer::{Step, Transformer};
use super::vars::Vars;
use super::version::{self, Version};
use super::visits::Visits;
use crate::model::{Location, Position, Positions, RepoPath};
use crate::yaml::{Dialect, Node};

/// Bases nest at most this deep.
const DEPTH_LIMIT: usize = 64;
/// A build visits at most this many directories; each visit of the same one counts.
const VISIT_LIMIT: usize = 20_000;
/// A build takes at most this many resources from files; each time that one is taken counts.
const RESOURCE_LIMIT: usize = 100_000;

/// The Kubernetes version of the schema that is built in, as kustomize calls it.
const BUILTIN_SCHEMA: &str = "v1.21.2";

/// What a kustomization and all below it come to.
#[derive(Clone, Debug, Default)]
pub struct Accumulator {
    /// The resources.
    pub set: ResourceSet,
    /// The fields that transformers change.
    pub configuration: SharedConfiguration,
    /// The vars.
    pub vars: Vars,
}

/// A kustomization that was read, with its directory.
#[derive(Clone, Debug)]
pub struct Overlay<'a> {
    /// Its directory.
    pub root: Root<'a>,
    /// Its fields.
    pub kustomization: Kustomization,
    /// Its file.
    pub file: RepoPath,
    /// The directory as origin annotations name it; `None` if nobody asks for them.
    pub origin: Option<Origin>,
}

/// One build in progress.
#[derive(Debug)]
pub struct Session<'a> {
    /// Reads files.
    pub loader: &'a Loader<'a>,
    /// What is known of kinds; a kustomization may add to it.
    pub schema: Schema,
    /// What there is to remark.
    pub warnings: Vec<String>,
    schema_is_set: bool,
    /// Why the file that `openapi` names is no schema: an error as soon as somebody asks it.
    no_schema: Option<(Location, String)>,
    has_resources: bool,
    visits: Visits,
}

impl<'a> Session<'a> {
    /// A build that has not begun.
    #[must_use]
    pub fn new(loader: &'a Loader<'a>) -> Self {
        Self {
            loader,
            schema: Schema::of(loader.version()),
            warnings: Vec::new(),
            schema_is_set: false,
            no_schema: None,
            has_resources: false,
            visits: Visits::default(),
        }
    }

    /// The kustomize that is followed.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.schema.version()
    }

    /// Reads the kustomization of a directory; `None` if its content is not here.
    ///
    /// # Errors
    /// [`BuildError`] if there is none, or it cannot be understood.
    pub fn open(&mut self, root: Root<'a>) -> Result<Option<Overlay<'a>>, BuildError> {
        self.visits.note(&root.dir);
        if self.visits.count > VISIT_LIMIT {
            return Err(BuildError::TooLarge {
                dir: root.dir,
                limit: "20,000 visited directories",
            });
        }
        let loaded = self.loader.kustomization(&root)?;
        if !loaded.is_known {
            return Ok(None);
        }
        let place = Place::File(Location::file(loaded.path.clone()));
        let text = manifest::text_of(&loaded)?;
        let (text, documents) = manifest::documents(&text, Dialect::V2, &place)?;
        let empty = || BuildError::EmptyKustomization { path: loaded.path.clone() };
        // go-yaml decodes the first document and leaves the rest alone.
        let node = documents.first().ok_or_else(empty)?;
        let positions = Positions::new(&text);
        let source = Source {
            path: &loaded.path,
            places: Places::Marked(&positions),
            version: self.version(),
        };
        let mut kustomization = Kustomization::parse(source, node)?;
        self.warnings.append(&mut kustomization.warnings);
        let overlay = Overlay { root, kustomization, file: loaded.path, origin: None };
        self.set_schema(&overlay)?;
        Ok(Some(overlay))
    }

    /// The first `openapi` on the way down counts.
    fn set_schema(&mut self, overlay: &Overlay<'a>) -> Result<(), BuildError> {
        let field = |key: &str| {
            let pair = overlay.kustomization.openapi.iter().find(|(name, _)| name == key);
            pair.map(|(_, value)| value)
        };
        if self.schema_is_set {
            return Ok(());
        }
        let at = Location::file(overlay.file.clone()).in_field("openapi");
        let conflict = |reason| BuildError::Conflict { at: at.clone(), reason };
        let path = match (field("path"), field("version").filter(|version| !version.is_empty())) {
            (None, None) => return Ok(()),
            (None, Some(version)) if version == BUILTIN_SCHEMA => {
                self.schema_is_set = true;
                return Ok(());
            }
            (None, Some(_)) => {
                return Err(conflict("the only `version` that is known is `v1.21.2`"));
            }
            (Some(_), Some(_)) => {
                return Err(conflict("`path` and `version` exclude each other"));
            }
            (Some(path), None) => path,
        };
        self.schema_is_set = true;
        let loaded =
            self.loader.read(&overlay.root, &Reference { text: path.clone(), at: at.clone() })?;
        let place = Place::File(Location::file(loaded.path.clone()));
        self.visits.schema += 1;
        let definitions = match schema_of(&manifest::text_of(&loaded)?, &place) {
            Ok(definitions) => definitions,
            Err(fault) => {
                self.no_schema = Some(fault);
                return Ok(());
            }
        };
        if self.has_resources {
            self.schema.add(definitions);
        } else {
            self.schema = Schema::custom(definitions, self.version());
        }
        Ok(())
    }

    /// Adds everything that a kustomization says to what was accumulated: to nothing for a
    /// kustomization, to what its user has for a component.
    ///
    /// # Errors
    /// [`BuildError`] with the place a person has to edit.
    pub fn accumulate(
        &mut self,
        overlay: &Overlay<'a>,
        mut so_far: Accumulator,
    ) -> Result<Accumulator, BuildError> {
        let fields = &overlay.kustomization;
        let ahead = read_ahead(self.loader, &overlay.root, &fields.resources);
        so_far.set.reserve(ahead.iter().flatten().flatten().map(Vec::len).sum());
        for (reference, ahead) in fields.resources.iter().zip(ahead) {
            match ahead {
                Some(objects) => {
                    let origin = overlay.origin_of(reference);
                    self.add_objects(objects?, &overlay.root, origin, &mut so_far)?;
                }
                None => so_far = self.add_resource(overlay, reference, so_far)?,
            }
        }
        self.add_configuration(overlay, &mut so_far)?;
        self.run_generators(overlay, &mut so_far)?;
        for reference in &fields.components {
            let target = self.loader.component(&overlay.root, reference)?;
            so_far = self.add_target(overlay, reference, target, true, so_far)?;
        }
        self.run_transformers(overlay, &mut so_far)?;
        self.run_validators(overlay, &so_far)?;
        so_far.vars.add(&fields.vars, &mut so_far.set)?;
        Ok(so_far)
    }

    fn add_resource(
        &mut self,
        overlay: &Overlay<'a>,
        reference: &Reference,
        so_far: Accumulator,
    ) -> Result<Accumulator, BuildError> {
        let target = self.loader.resource(&overlay.root, reference)?;
        self.add_target(overlay, reference, target, false, so_far)
    }

    fn add_target(
        &mut self,
        overlay: &Overlay<'a>,
        reference: &Reference,
        target: Target<'a>,
        is_component: bool,
        mut so_far: Accumulator,
    ) -> Result<Accumulator, BuildError> {
        let origin = overlay.origin_of(reference);
        let namespace = overlay.kustomization.namespace.as_str();
        match target {
            Target::File(loaded) => {
                self.add_objects(objects(&loaded)?, &overlay.root, origin, &mut so_far)?;
                Ok(so_far)
            }
            Target::Directory(root) => {
                self.add_directory(reference, root, is_component, origin, namespace, so_far)
            }
            Target::Remote(tree, inner) => {
                let origin = overlay.origin.as_ref().map(|_| Origin {
                    path: tree.path.as_str().to_owned(),
                    repo: tree.repository.clone(),
                    reference: tree.reference.clone(),
                    ..Origin::default()
                });
                match *inner {
                    Target::Directory(root) => {
                        self.add_directory(reference, root, is_component, origin, namespace, so_far)
                    }
                    other => {
                        let overlay = Overlay { origin, ..overlay.clone() };
                        self.add_target(&overlay, reference, other, is_component, so_far)
                    }
                }
            }
        }
    }

    fn add_objects(
        &mut self,
        objects: Vec<Object>,
        root: &Root<'_>,
        origin: Option<Origin>,
        so_far: &mut Accumulator,
    ) -> Result<(), BuildError> {
        let origin = origin.map(Arc::new);
        self.visits.resources += objects.len();
        if self.visits.resources > RESOURCE_LIMIT {
            let dir = root.dir.clone();
            return Err(BuildError::TooLarge { dir, limit: "100,000 resources" });
        }
        for object in objects {
            let mut draft = object.into_draft(&self.schema);
            if origin.is_some() {
                // What a file says of its own origin gives way.
                let annotations = draft.node.get_mut("metadata");
                let annotations = annotations.and_then(|metadata| metadata.get_mut("annotations"));
                annotations.and_then(Node::as_mapping_mut).map(|all| all.remove(ORIGIN));
            }
            draft.origin.clone_from(&origin);
            append(&mut so_far.set, draft)?;
        }
        self.has_resources = true;
        Ok(())
    }

    fn add_directory(
        &mut self,
        reference: &Reference,
        root: Root<'a>,
        is_component: bool,
        origin: Option<Origin>,
        namespace: &str,
        mut so_far: Accumulator,
    ) -> Result<Accumulator, BuildError> {
        if self.visits.depth >= DEPTH_LIMIT {
            return Err(BuildError::TooLarge { dir: root.dir, limit: "64 nested bases" });
        }
        let may_keep = !is_component && origin.is_none() && root.is_local();
        if may_keep && let Some(below) = self.built_before(&root, namespace) {
            return add_below(so_far, below, reference);
        }
        let start = self.visits.start(self.warnings.len());
        let dir = root.dir.clone();
        let opened = self.open(root).map_err(|fault| fault.at_reference(&reference.at, &dir))?;
        let Some(mut overlay) = opened else { return Ok(so_far) };
        overlay.origin = origin;
        if self.version().has(&version::NAMESPACE_GOES_DOWN)
            && overlay.kustomization.namespace.is_empty()
        {
            namespace.clone_into(&mut overlay.kustomization.namespace);
        }
        if overlay.kustomization.is_component != is_component {
            return Err(BuildError::WrongRole {
                at: reference.at.clone(),
                dir: overlay.root.dir,
                is_component: !is_component,
            });
        }
        self.visits.enter();
        if is_component {
            so_far = self.accumulate(&overlay, so_far)?;
            let unique = so_far.set.refuse_repeated();
            unique.map_err(|found| duplicate(*found, &so_far.set))?;
            so_far.configuration = so_far.configuration.handed_on(&reference.at)?;
            self.visits.depth -= 1;
            return Ok(so_far);
        }
        let below = self.accumulate(&overlay, Accumulator::default())?;
        self.visits.depth -= 1;
        if may_keep {
            self.visits.keep(&dir, namespace, start, &below, &self.warnings);
        }
        add_below(so_far, below, reference)
    }

    /// What a base came to when it was built before, if building it again would come to the same.
    fn built_before(&mut self, root: &Root<'_>, namespace: &str) -> Option<Accumulator> {
        let built = self.visits.known(root, namespace)?;
        let cost = built.cost;
        let fits = self.visits.count + cost.count <= VISIT_LIMIT
            && self.visits.resources + cost.resources <= RESOURCE_LIMIT
            && self.visits.depth + cost.depth <= DEPTH_LIMIT;
        if !fits {
            return None;
        }
        let below = built.accumulator.clone();
        self.warnings.extend(built.warnings.iter().cloned());
        self.visits.count_again(cost);
        Some(below)
    }

    fn add_configuration(
        &self,
        overlay: &Overlay<'a>,
        so_far: &mut Accumulator,
    ) -> Result<(), BuildError> {
        let mut own = Configuration::default();
        for reference in &overlay.kustomization.configurations {
            let loaded = self.loader.read(&overlay.root, reference)?;
            let place = Place::File(Location::file(loaded.path.clone()));
            let text = manifest::text_of(&loaded)?;
            let (text, documents) = manifest::documents(&text, Dialect::V2, &place)?;
            let Some(node) = documents.first() else { continue };
            let positions = Positions::new(&text);
            let source = Source {
                path: &loaded.path,
                places: Places::Marked(&positions),
                version: self.version(),
            };
            let configuration = Configuration::parse(source, node)?;
            own.merge(&configuration).map_err(|conflict| conflict.at(&reference.at))?;
        }
        let last = overlay.kustomization.configurations.last();
        let at = last.map_or_else(|| Location::file(overlay.file.clone()), |last| last.at.clone());
        let mut all = SharedConfiguration::Builtin(self.version());
        all.merge(&own, &at)?;
        so_far.configuration.absorb(&all, &at)?;
        for reference in &overlay.kustomization.crds {
            let loaded = self.loader.read(&overlay.root, reference)?;
            let place = Place::File(Location::file(loaded.path.clone()));
            let text = manifest::text_of(&loaded)?;
            let (_, documents) = manifest::documents(&text, Dialect::V2, &place)?;
            let Some(node) = documents.first() else { continue };
            let configuration = Configuration::from_definitions(node, &reference.at)?;
            so_far.configuration.merge(&configuration, &reference.at)?;
        }
        Ok(())
    }

    fn run_generators(
        &mut self,
        overlay: &Overlay<'a>,
        so_far: &mut Accumulator,
    ) -> Result<(), BuildError> {
        let fields = &overlay.kustomization;
        if let Some(at) = &fields.helm {
            return Err(BuildError::Helm { at: at.clone() });
        }
        let lists = [
            (Generated::ConfigMap, "ConfigMapGenerator", &fields.config_maps),
            (Generated::Secret, "SecretGenerator", &fields.secrets),
        ];
        for (what, plugin, list) in lists {
            for args in list {
                let global = fields.generator_options.as_ref();
                let options = generate::merge_options(args.options.as_ref(), global);
                let mut draft = generate::generate(
                    what,
                    args,
                    options.as_ref(),
                    self.loader,
                    &overlay.root,
                    &self.schema,
                )?;
                draft.origin = overlay.builtin_origin(plugin).map(Arc::new);
                absorb(&mut so_far.set, draft, self.version())?;
            }
        }
        for config in self.plugin_configs(overlay, &fields.generators)? {
            let origin = config.origin.as_ref().map(|_| Arc::new(Origin::of_plugin(&config)));
            for mut draft in plugin::generate(&config, self, &overlay.root)? {
                draft.origin.clone_from(&origin);
                absorb(&mut so_far.set, draft, self.version())?;
            }
        }
        Ok(())
    }

    fn run_transformers(
        &mut self,
        overlay: &Overlay<'a>,
        so_far: &mut Accumulator,
    ) -> Result<(), BuildError> {
        if self.schema.is_custom() {
            so_far.set.iter_mut().for_each(|draft| draft.rescope(&self.schema));
        }
        let configuration = so_far.configuration.clone();
        let mut steps = Transformer::of_fields(overlay, configuration.get(), self)?;
        for config in self.plugin_configs(overlay, &overlay.kustomization.transformers)? {
            let origin = config.origin.as_ref().map(|_| Origin::of_plugin(&config));
            let first = steps.len();
            for transformer in plugin::transformers(&config, self, &overlay.root)? {
                steps.push(Step { transformer, origin: None, times: 1 });
            }
            // A prefix and a suffix of one plugin are one step to who notes them.
            if let Some(last) = steps[first..].last_mut() {
                last.origin = origin;
            }
        }
        let too_large =
            |TooMuch| BuildError::TooLarge { dir: overlay.root.dir.clone(), limit: growth::LIMIT };
        self.refuse_no_schema(&so_far.set, &steps)?;
        for step in steps {
            let resources = so_far.set.len();
            for text in step.transformer.texts_for_each() {
                so_far.set.growth.add_to_each(text.len(), resources).map_err(too_large)?;
            }
            step.transformer.run(&mut so_far.set, &self.schema)?;
            if let Some(origin) = &step.origin {
                note_transformation(&mut so_far.set, origin, step.times)?;
            }
            so_far.set.drop_deleted();
        }
        Ok(())
    }

    /// Refuses a file that is no schema where kustomize would ask it: for the scope of a kind that it
    /// does not know by itself, and to lay a patch over an object.
    fn refuse_no_schema(&self, set: &ResourceSet, steps: &[Step]) -> Result<(), BuildError> {
        let Some((at, reason)) = &self.no_schema else { return Ok(()) };
        let unknown = set.iter().any(|draft| !self.schema.knows_scope(&draft.id.gvk));
        if unknown || steps.iter().any(|step| step.transformer.asks_schema()) {
            return Err(BuildError::Invalid { at: at.clone(), reason: reason.clone() });
        }
        Ok(())
    }

    fn run_validators(
        &mut self,
        overlay: &Overlay<'a>,
        so_far: &Accumulator,
    ) -> Result<(), BuildError> {
        for config in self.plugin_configs(overlay, &overlay.kustomization.validators)? {
            let mut copy = so_far.set.clone();
            if let Some((at, first)) = copy.find_repeated() {
                let drafts = copy.as_slice();
                return Err(BuildError::Duplicate {
                    at: drafts[at].location.clone(),
                    id: drafts[at].id.clone(),
                    other: drafts[first].location.clone(),
                });
            }
            for transformer in plugin::transformers(&config, self, &overlay.root)? {
                transformer.run(&mut copy, &self.schema)?;
            }
            let nodes = |set: &ResourceSet| -> Vec<_> {
                set.iter().map(|draft| draft.node.clone()).collect()
            };
            if nodes(&copy) != nodes(&so_far.set) {
                return Err(BuildError::Invalid {
                    at: config.location.clone(),
                    reason: format!("the validator `{}` changes resources", config.id.gvk.kind),
                });
            }
        }
        Ok(())
    }

    /// The configurations of plugins: written in place, in files, or built from directories.
    fn plugin_configs(
        &mut self,
        overlay: &Overlay<'a>,
        references: &[Reference],
    ) -> Result<Vec<Draft>, BuildError> {
        let mut so_far = Accumulator::default();
        let mut paths = Vec::new();
        for reference in references {
            let place = Place::Inline(reference.at.clone());
            let Ok(drafts) = manifest::resources(&reference.text, &place, &self.schema) else {
                paths.push(reference);
                continue;
            };
            let origin = overlay.origin.as_ref();
            let origin = origin.map(|origin| Arc::new(origin.join(overlay.file.file_name())));
            for mut draft in drafts {
                draft.origin.clone_from(&origin);
                append(&mut so_far.set, draft)?;
            }
        }
        for reference in paths {
            so_far = self.add_resource(overlay, reference, so_far)?;
        }
        Ok(so_far.set.into_drafts())
    }
}

impl Overlay<'_> {
    /// The origin of what an entry of `resources` or `components` leads to.
    fn origin_of(&self, reference: &Reference) -> Option<Origin> {
        self.origin.as_ref().map(|origin| origin.join(&reference.text))
    }

    /// The origin of what one of the kustomization's own fields makes or changes.
    #[must_use]
    pub fn builtin_origin(&self, plugin: &str) -> Option<Origin> {
        let file = self.file.file_name();
        self.origin.as_ref().map(|origin| origin.of_builtin(file, plugin))
    }
}

/// The OpenAPI definitions that a text holds, or where and why it holds none.
fn schema_of(text: &str, place: &Place) -> Result<Node, (Location, String)> {
    let no_schema = |reason: &str| format!("`openapi` names what is no OpenAPI schema: {reason}");
    let at = place.whole();
    if text.trim_start().starts_with('{')
        && let Err(fault) = serde_json::from_str::<serde::de::IgnoredAny>(text)
    {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (line, column) = (number(fault.line()), number(fault.column()));
        let at = Location { position: Some(Position { line, column }), ..at.clone() };
        return Err((at, no_schema("it is not JSON")));
    }
    let (_, documents) = manifest::documents(text, Dialect::V3, place).map_err(|fault| {
        let at = fault.location().unwrap_or(at).clone();
        let words = fault.to_string();
        let reason = words.strip_prefix(&format!("{at}: ")).unwrap_or(&words);
        (at, no_schema(reason))
    })?;
    let empty = || (at.clone(), no_schema("it is empty"));
    let definitions = documents.into_iter().next().ok_or_else(empty)?;
    match Schema::fault_of(&definitions) {
        Some(reason) => Err((at.clone(), no_schema(reason))),
        None => Ok(definitions),
    }
}

/// Adds what a base came to.
fn add_below(
    mut so_far: Accumulator,
    below: Accumulator,
    reference: &Reference,
) -> Result<Accumulator, BuildError> {
    so_far.set.append_all(below.set).map_err(|found| duplicate(*found, &so_far.set))?;
    so_far.configuration.absorb(&below.configuration, &reference.at)?;
    so_far.vars.absorb(below.vars)?;
    Ok(so_far)
}

/// Notes in which steps a resource changed. Where kustomize does, all annotations become texts.
///
/// # Errors
/// [`BuildError::Invalid`] if the file has something else under the annotation's name.
fn note_transformation(
    set: &mut ResourceSet,
    origin: &Origin,
    times: usize,
) -> Result<(), BuildError> {
    for draft in set.contents_mut() {
        let own = written(&draft.node, ORIGIN);
        let steps = written(&draft.node, TRANSFORMATIONS);
        if own.is_some_and(|own| !Origin::is_one(own))
            || steps.is_some_and(|steps| Origin::parse_all(steps).is_none())
        {
            let at = draft.location.clone().in_field("metadata.annotations");
            let reason = format!("`{ORIGIN}` or `{TRANSFORMATIONS}` is not what kustomize writes");
            return Err(BuildError::Invalid { at, reason });
        }
        let made_here = usize::from(draft.origin.is_none() && own.is_none());
        if made_here > 0 {
            draft.origin = Some(Arc::new(origin.clone()));
        }
        let others = times.saturating_sub(made_here);
        draft.transformations.extend(std::iter::repeat_n(origin, others).cloned());
        scalar::make_texts(&mut draft.node, "annotations");
    }
    Ok(())
}
