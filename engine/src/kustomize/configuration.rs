//! Which fields the transformers change, read from a file and merged with another.
//!
//! What a list is called and what it holds by itself stands with the transformer that changes its fields.

use super::Gvk;
use super::decode::{Object, Source, Unknown};
use super::error::BuildError;
use super::field_spec::FieldSpec;
use super::version::{Change, Version};
use crate::model::Location;
use crate::yaml::Node;

/// A list of fields that a transformer changes, to which files that `configurations` names can add.
#[derive(Clone, Copy, Debug)]
pub struct FieldList {
    /// What it is called in such a file.
    name: &'static str,
    /// Since when kustomize knows it, if not from the beginning.
    since: Option<&'static Change>,
    builtin: fn(Version) -> Vec<FieldSpec>,
}

impl FieldList {
    /// A list with what it holds by itself.
    pub const fn new(name: &'static str, builtin: fn(Version) -> Vec<FieldSpec>) -> Self {
        Self { name, since: None, builtin }
    }

    /// The same as one that came with a change of kustomize.
    pub const fn since(self, change: &'static Change) -> Self {
        Self { since: Some(change), ..self }
    }

    /// What it holds by itself, in the order of the kinds.
    #[must_use]
    pub fn builtin(&self, version: Version) -> Vec<FieldSpec> {
        let mut specs = (self.builtin)(version);
        sort(&mut specs);
        specs
    }
}

/// Which fields the transformers change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The lists of fields by their names; none of them is empty.
    lists: Vec<(&'static str, Vec<FieldSpec>)>,
    /// Fields that hold names of other resources.
    pub name_references: Vec<NameReference>,
    /// Fields in which `$(NAME)` is replaced.
    pub var_references: Vec<FieldSpec>,
}

impl Configuration {
    /// What kustomize knows by itself, of these lists and of references.
    #[must_use]
    pub fn builtin(
        lists: &[FieldList],
        (name_references, var_references): (Vec<NameReference>, Vec<FieldSpec>),
        version: Version,
    ) -> Self {
        let lists = lists.iter().map(|list| (list.name, list.builtin(version)));
        Self::of(lists.collect(), name_references, var_references)
    }

    /// Reads a file that `configurations` names, which can add to these lists.
    ///
    /// # Errors
    /// [`BuildError`] for unknown fields and wrong types.
    pub fn parse(lists: &[FieldList], source: Source<'_>, node: &Node) -> Result<Self, BuildError> {
        let names = lists.iter().map(|list| list.name);
        let known: Vec<&str> = names.chain(["nameReference", "varReference"]).collect();
        let file = Object::open(source, node, String::new(), &known, Unknown::Refused)?;
        let Some(file) = file else { return Ok(Self::default()) };
        let mut found = Vec::new();
        for list in lists {
            if let Some(change) = list.since {
                file.refuse_new(list.name, change)?;
            }
            found.push((list.name, FieldSpec::read_list(&file, list.name)?));
        }
        let reference = ["group", "version", "kind", "fieldSpecs"];
        let name_references = file.objects("nameReference", &reference, |object| {
            Ok(NameReference {
                target: FieldSpec::read(object)?.gvk,
                referrers: FieldSpec::read_list(object, "fieldSpecs")?,
            })
        })?;
        Ok(Self::of(found, name_references, FieldSpec::read_list(&file, "varReference")?))
    }

    fn of(
        mut lists: Vec<(&'static str, Vec<FieldSpec>)>,
        name_references: Vec<NameReference>,
        var_references: Vec<FieldSpec>,
    ) -> Self {
        lists.retain(|(_, specs)| !specs.is_empty());
        let mut configuration = Self { lists, name_references, var_references };
        configuration.sort();
        configuration
    }

    /// The fields of a list.
    #[must_use]
    pub fn fields(&self, list: &FieldList) -> &[FieldSpec] {
        let found = self.lists.iter().find(|(name, _)| *name == list.name);
        found.map_or(&[], |(_, specs)| specs)
    }

    /// Adds fields to a list.
    ///
    /// # Errors
    /// [`ConflictingFieldSpecs`] where the list knows a field and disagrees whether it is to be made.
    pub fn add(
        &mut self,
        list: &FieldList,
        specs: &[FieldSpec],
    ) -> Result<(), ConflictingFieldSpecs> {
        self.add_to(list.name, specs)
    }

    fn add_to(
        &mut self,
        name: &'static str,
        specs: &[FieldSpec],
    ) -> Result<(), ConflictingFieldSpecs> {
        match self.lists.iter_mut().find(|(known, _)| *known == name) {
            Some((_, ours)) => merge_specs(ours, specs),
            None => {
                let mut ours = Vec::new();
                merge_specs(&mut ours, specs)?;
                self.lists.push((name, ours));
                Ok(())
            }
        }
    }

    /// Adds what another configuration has more.
    ///
    /// # Errors
    /// [`ConflictingFieldSpecs`] where both know a field and disagree whether it is to be made.
    pub fn merge(&mut self, other: &Self) -> Result<(), ConflictingFieldSpecs> {
        for (name, theirs) in &other.lists {
            self.add_to(name, theirs)?;
        }
        merge_specs(&mut self.var_references, &other.var_references)?;
        for reference in &other.name_references {
            match self.name_references.iter_mut().find(|ours| ours.target == reference.target) {
                Some(ours) => merge_specs(&mut ours.referrers, &reference.referrers)?,
                None => self.name_references.push(reference.clone()),
            }
        }
        self.sort();
        Ok(())
    }

    fn sort(&mut self) {
        self.lists.iter_mut().for_each(|(_, specs)| sort(specs));
        sort(&mut self.var_references);
        self.name_references.sort_by_cached_key(|reference| reference.target.legacy_key());
    }
}

fn sort(specs: &mut [FieldSpec]) {
    specs.sort_by_cached_key(|spec| spec.gvk.legacy_key());
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
