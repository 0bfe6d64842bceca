//! One table of the fields that transformers change, read from a file and merged with another.

use super::super::Gvk;
use super::super::decode::{Object, Source, Unknown};
use super::super::error::BuildError;
use super::super::field_spec::FieldSpec;
use super::super::version;
use crate::model::Location;
use crate::yaml::Node;

/// Which fields the transformers change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Fields that `namePrefix` changes.
    pub name_prefix: Vec<FieldSpec>,
    /// Fields that `nameSuffix` changes.
    pub name_suffix: Vec<FieldSpec>,
    /// Fields that `namespace` changes.
    pub namespace: Vec<FieldSpec>,
    /// Fields that `commonLabels` change.
    pub common_labels: Vec<FieldSpec>,
    /// Fields that `labels` change beside those they choose themselves.
    pub labels: Vec<FieldSpec>,
    /// Fields that `labels` with `includeTemplates` change.
    pub template_labels: Vec<FieldSpec>,
    /// Fields that `labels` with `includeVolumeClaimTemplates` change.
    pub volume_claim_template_labels: Vec<FieldSpec>,
    /// Fields that `commonAnnotations` change.
    pub common_annotations: Vec<FieldSpec>,
    /// Fields that hold names of other resources.
    pub name_references: Vec<NameReference>,
    /// Fields in which `$(NAME)` is replaced.
    pub var_references: Vec<FieldSpec>,
    /// Fields that hold images.
    pub images: Vec<FieldSpec>,
    /// Fields that hold replica counts.
    pub replicas: Vec<FieldSpec>,
}

impl Configuration {
    /// Reads a file that `configurations` names.
    ///
    /// # Errors
    /// [`BuildError`] for unknown fields and wrong types.
    pub fn parse(source: Source<'_>, node: &Node) -> Result<Self, BuildError> {
        let known = [
            "namePrefix",
            "nameSuffix",
            "namespace",
            "commonLabels",
            "labels",
            "templateLabels",
            "volumeClaimTemplateLabels",
            "commonAnnotations",
            "nameReference",
            "varReference",
            "images",
            "replicas",
        ];
        let file = Object::open(source, node, String::new(), &known, Unknown::Refused)?;
        let Some(file) = file else { return Ok(Self::default()) };
        file.refuse_new("volumeClaimTemplateLabels", &version::CLAIM_TEMPLATES)?;
        let fields = |key| FieldSpec::read_list(&file, key);
        let reference = ["group", "version", "kind", "fieldSpecs"];
        let mut configuration = Self {
            name_prefix: fields("namePrefix")?,
            name_suffix: fields("nameSuffix")?,
            namespace: fields("namespace")?,
            common_labels: fields("commonLabels")?,
            labels: fields("labels")?,
            template_labels: fields("templateLabels")?,
            volume_claim_template_labels: fields("volumeClaimTemplateLabels")?,
            common_annotations: fields("commonAnnotations")?,
            name_references: file.objects("nameReference", &reference, |object| {
                Ok(NameReference {
                    target: FieldSpec::read(object)?.gvk,
                    referrers: FieldSpec::read_list(object, "fieldSpecs")?,
                })
            })?,
            var_references: fields("varReference")?,
            images: fields("images")?,
            replicas: fields("replicas")?,
        };
        configuration.sort();
        Ok(configuration)
    }

    /// Adds what another configuration has more.
    ///
    /// # Errors
    /// [`ConflictingFieldSpecs`] where both know a field and disagree whether it is to be made.
    pub fn merge(&mut self, other: &Self) -> Result<(), ConflictingFieldSpecs> {
        let pairs = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.volume_claim_template_labels, &other.volume_claim_template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.var_references, &other.var_references),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
        ];
        for (ours, theirs) in pairs {
            merge_specs(ours, theirs)?;
        }
        for reference in &other.name_references {
            match self.name_references.iter_mut().find(|ours| ours.target == reference.target) {
                Some(ours) => merge_specs(&mut ours.referrers, &reference.referrers)?,
                None => self.name_references.push(reference.clone()),
            }
        }
        self.sort();
        Ok(())
    }

    pub(super) fn sort(&mut self) {
        for specs in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.volume_claim_template_labels,
            &mut self.common_annotations,
            &mut self.var_references,
            &mut self.images,
            &mut self.replicas,
        ] {
            specs.sort_by_cached_key(|spec| spec.gvk.legacy_key());
        }
        self.name_references.sort_by_cached_key(|reference| reference.target.legacy_key());
    }
}

/// A kind, and the fields of other kinds that hold names of its resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameReference {
    /// The kind that is referred to; an empty part matches anything.
    pub target: Gvk,
    /// The fields that refer to it.
    pub referrers: Vec<FieldSpec>,
}

/// Two field specs for the same field that disagree whether it is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictingFieldSpecs(pub FieldSpec);

impl ConflictingFieldSpecs {
    /// The error for whoever wrote the second one.
    #[must_use]
    pub fn at(&self, at: &Location) -> BuildError {
        BuildError::Invalid {
            at: at.clone(),
            reason: format!(
                "the field `{}` is configured twice, once with `create: true` and once without",
                self.0.path
            ),
        }
    }
}

/// Adds the field specs that are not there yet. One that an existing one covers counts as there.
///
/// # Errors
/// [`ConflictingFieldSpecs`] where both know a field and disagree whether it is to be made.
pub fn merge_specs(
    ours: &mut Vec<FieldSpec>,
    theirs: &[FieldSpec],
) -> Result<(), ConflictingFieldSpecs> {
    for spec in theirs {
        let same = ours.iter().find(|our| our.path == spec.path && our.gvk.is_selected(&spec.gvk));
        match same {
            None => ours.push(spec.clone()),
            Some(our) if our.create == spec.create => {}
            Some(_) => return Err(ConflictingFieldSpecs(spec.clone())),
        }
    }
    Ok(())
}
