//! The steps of a kustomization: its generators, transformers and validators, in kustomize's order.

use std::sync::Arc;

use super::accumulator::Accumulator;
use super::error::BuildError;
use super::generate::{self, Generated};
use super::growth::{self, TooMuch};
use super::manifest::{self, TextOrigin};
use super::origin::{ORIGIN, Origin, TRANSFORMATIONS, written};
use super::overlay::Overlay;
use super::plugin;
use super::reference::Reference;
use super::resource::Draft;
use super::resource_set::ResourceSet;
use super::scalar;
use super::session::Session;
use super::take_in::{absorb, append};
use super::transform::{Asked, Transformer};

/// A transformer with what annotations say of it.
#[derive(Debug)]
struct Transformation {
    /// What runs.
    transformer: Box<dyn Transformer>,
    /// What `transformerAnnotations` say.
    origin: Option<Origin>,
    /// How often they say it.
    times: usize,
}

impl<'a> Session<'a> {
    pub(super) fn run_generators(
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
            let origin =
                config.origin.as_ref().map(|own| Arc::new(Origin::of_plugin(own, &config.id)));
            for mut draft in plugin::generate(&config, &self.site(&overlay.root))? {
                draft.origin.clone_from(&origin);
                absorb(&mut so_far.set, draft, self.version())?;
            }
        }
        Ok(())
    }

    pub(super) fn run_transformers(
        &mut self,
        overlay: &Overlay<'a>,
        so_far: &mut Accumulator,
    ) -> Result<(), BuildError> {
        if self.schema.is_custom() {
            so_far.set.iter_mut().for_each(|draft| draft.rescope(&self.schema));
        }
        let configuration = so_far.configuration.clone();
        let (fields, site) = (&overlay.kustomization.transformer_fields, self.site(&overlay.root));
        let asked = fields.in_order(&overlay.file, configuration.get(), &site)?;
        let asked = asked.into_iter().map(|Asked { transformer, plugin, times }| Transformation {
            transformer,
            origin: overlay.builtin_origin(plugin),
            times,
        });
        let mut steps: Vec<Transformation> = asked.collect();
        for config in self.plugin_configs(overlay, &overlay.kustomization.transformers)? {
            let origin = config.origin.as_ref().map(|own| Origin::of_plugin(own, &config.id));
            let first = steps.len();
            for transformer in plugin::transformers(&config, &self.site(&overlay.root))? {
                steps.push(Transformation { transformer, origin: None, times: 1 });
            }
            // A prefix and a suffix of one plugin are one step to who notes them.
            if let Some(last) = steps[first..].last_mut() {
                last.origin = origin;
            }
        }
        let too_large =
            |TooMuch| BuildError::TooLarge { dir: overlay.root.dir.clone(), limit: growth::LIMIT };
        let is_unknown = |draft: &Draft| !self.schema.knows_scope(&draft.id.gvk);
        if self.no_schema.is_some() && so_far.set.iter().any(is_unknown) {
            self.refuse_no_schema()?;
        }
        for step in steps {
            let may_matter = !self.schema_is_asked || self.no_schema.is_some();
            if may_matter && step.transformer.asks_schema(&so_far.set) {
                self.refuse_no_schema()?;
                self.schema_is_asked = true;
            }
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

    /// Refuses a file that is no schema, where kustomize asks it: for the scope of a kind that it does not know by
    /// itself, and to lay a patch over an object.
    fn refuse_no_schema(&self) -> Result<(), BuildError> {
        let Some((at, reason)) = &self.no_schema else { return Ok(()) };
        Err(BuildError::Invalid { at: at.clone(), reason: reason.clone() })
    }

    pub(super) fn run_validators(
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
            for transformer in plugin::transformers(&config, &self.site(&overlay.root))? {
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
            let Reference { text, at, written } = reference;
            let place =
                TextOrigin::Inline(at.clone(), self.loader.add_inline(*written, text, text));
            let Ok(drafts) = manifest::resources(text, &place, &self.schema) else {
                paths.push(reference);
                continue;
            };
            let origin = overlay.origin.as_ref();
            let origin = origin.map(|origin| Arc::new(origin.join(overlay.file.file_name())));
            for mut draft in drafts {
                draft.origin.clone_from(&origin);
                self.schema_is_asked |= !self.schema.knows_scope(&draft.id.gvk);
                append(&mut so_far.set, draft)?;
            }
        }
        for reference in paths {
            so_far = self.add_resource(overlay, reference, so_far)?;
        }
        Ok(so_far.set.into_drafts())
    }
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
        draft.foot.sort_annotations();
    }
    Ok(())
}
