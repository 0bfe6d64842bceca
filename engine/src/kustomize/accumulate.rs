//! Walking the tree of kustomizations: resources, bases, components, and what they configure.
//!
//! As kustomize's `api/internal/target/kusttarget.go`, in the same order, because later steps see
//! what earlier ones made.

use std::sync::Arc;

use super::accumulator::Accumulator;
use super::configuration::Configuration;
use super::decode::{Places, Source};
use super::error::BuildError;
use super::load::{Root, Target};
use super::manifest::{self, Object};
use super::origin::{ORIGIN, Origin};
use super::overlay::Overlay;
use super::read_ahead::{objects, read_ahead};
use super::reference::Reference;
use super::resource::Draft;
use super::session::Session;
use super::shared_configuration::{SharedConfiguration, of_definitions};
use super::take_in::{append, duplicate};
use super::transform::FIELD_LISTS;
use super::version;
use super::visits::VISIT_LIMIT;
use crate::model::{Location, Positions};
use crate::yaml::{Dialect, Node, Value};

/// Bases nest at most this deep.
const DEPTH_LIMIT: usize = 64;
/// A build takes at most this many resources from files; each time that one is taken counts.
const RESOURCE_LIMIT: usize = 100_000;

impl<'a> Session<'a> {
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

    pub(super) fn add_resource(
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
        let namespace = overlay.kustomization.transformer_fields.namespace.as_str();
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
                make_room_for_origin(&mut draft)?;
            }
            draft.origin.clone_from(&origin);
            self.schema_is_asked |= !self.schema.knows_scope(&draft.id.gvk);
            append(&mut so_far.set, draft)?;
        }
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
            return so_far.add_below(below, &reference.at);
        }
        let start = self.visits.start(self.warnings.len());
        let dir = root.dir.clone();
        let opened = self.open(root).map_err(|fault| fault.at_reference(&reference.at, &dir))?;
        let Some(mut overlay) = opened else { return Ok(so_far) };
        overlay.origin = origin;
        if self.version().has(&version::NAMESPACE_GOES_DOWN)
            && overlay.kustomization.transformer_fields.namespace.is_empty()
        {
            namespace.clone_into(&mut overlay.kustomization.transformer_fields.namespace);
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
        so_far.add_below(below, &reference.at)
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
            let place = loaded.place();
            let text = loaded.text()?;
            let (text, documents) = manifest::documents(&text, Dialect::V2, &place)?;
            let Some(node) = documents.first() else { continue };
            let positions = Positions::new(&text);
            let source = Source {
                path: &loaded.path,
                places: Places::Marked(&positions),
                version: self.version(),
            };
            let configuration = Configuration::parse(&FIELD_LISTS, source, node)?;
            own.merge(&configuration).map_err(|conflict| conflict.at(&reference.at))?;
        }
        let last = overlay.kustomization.configurations.last();
        let at = last.map_or_else(|| Location::file(overlay.file.clone()), |last| last.at.clone());
        let mut all = SharedConfiguration::Builtin(self.version());
        all.merge(&own, &at)?;
        so_far.configuration.absorb(&all, &at)?;
        for reference in &overlay.kustomization.crds {
            let loaded = self.loader.read(&overlay.root, reference)?;
            let place = loaded.place();
            let text = loaded.text()?;
            let (_, documents) = manifest::documents(&text, Dialect::V2, &place)?;
            let Some(node) = documents.first() else { continue };
            let configuration = of_definitions(node, &reference.at)?;
            so_far.configuration.merge(&configuration, &reference.at)?;
        }
        Ok(())
    }
}

/// What a file says of its own origin gives way to what a build notes there.
///
/// # Errors
/// [`BuildError::Invalid`] if its annotations can take no note.
fn make_room_for_origin(draft: &mut Draft) -> Result<(), BuildError> {
    let metadata = draft.node.get_mut("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get_mut("annotations"));
    match annotations.filter(|annotations| !annotations.is_null()) {
        None => Ok(()),
        Some(Node { value: Value::Mapping(all), .. }) => {
            all.remove(ORIGIN);
            Ok(())
        }
        Some(other) => Err(BuildError::Invalid {
            at: draft.location.clone().in_field("metadata.annotations"),
            reason: format!(
                "this is a {}, and `buildMetadata` needs a mapping to write the origin to",
                other.kind_name()
            ),
        }),
    }
}
