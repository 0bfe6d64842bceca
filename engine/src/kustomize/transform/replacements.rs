//! Replacements: a field of one resource copied into fields of others.
//!
//! As kustomize's replacement filter (api/filters/replacement): the source has to be one resource,
//! each target field has to be there or to be made, and a scalar keeps its type where its text changes.

mod identity;
mod load;
mod path;
mod put;
mod source;
mod structured;
mod target;
mod value;

use path::{Absent, Path, is_fresh};

use super::transformer::Transformer;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::growth::{Growth, check_depth, levels, weight};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::schema::Schema;
use crate::kustomize::secret_facts::{SecretFacts, is_secret};
use crate::kustomize::site::Site;
use crate::kustomize::version::STRUCTURED_DATA;
use crate::yaml::{Node, Tag, Value};
use put::{CopyError, put};
use source::{Copied, leads_to_data, value};
use target::Target;
pub use value::ReplacementField;
use value::{Replacement, ReplacementTarget};

/// Replacements that were read.
#[derive(Debug)]
pub struct Replacements(Vec<Replacement>);

impl Replacements {
    /// Reads those of a list that are in files.
    ///
    /// # Errors
    /// [`BuildError`] if a file cannot be read, or holds no replacements.
    pub fn load(fields: &[ReplacementField], site: &Site<'_, '_>) -> Result<Self, BuildError> {
        Ok(Self(load::replacements(fields, site)?))
    }

    /// Reads the configuration of a plugin.
    ///
    /// # Errors
    /// As [`Replacements::load`], and where something in it is of a wrong type.
    pub fn of_plugin(object: &Object<'_>, site: &Site<'_, '_>) -> Result<Self, BuildError> {
        Self::load(&object.objects("replacements", &[], ReplacementField::read)?, site)
    }
}

impl Transformer for Replacements {
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        apply(set, &self.0, schema)
    }

    /// They count what they put in.
    fn texts_for_each(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Carries out replacements one after the other.
///
/// # Errors
/// [`BuildError::Invalid`] if a source or a target field is missing, or does not take the value.
fn apply(
    set: &mut ResourceSet,
    replacements: &[Replacement],
    schema: &Schema,
) -> Result<(), BuildError> {
    for replacement in replacements {
        let at = &replacement.at;
        let Some(targets) = &replacement.targets else {
            return Err(BuildError::invalid(
                at,
                "a replacement needs a source and at least one target",
            ));
        };
        if replacement.source.is_some() || !targets.is_empty() {
            set.iter()
                .filter(|draft| !draft.is_deleted())
                .try_for_each(Draft::refuse_unsound_books)?;
        }
        let mut value = value(set, replacement)?;
        for target in targets {
            copy_to(set, target, &mut value, schema)?;
        }
    }
    Ok(())
}

fn copy_to(
    set: &mut ResourceSet,
    target: &ReplacementTarget,
    value: &mut Copied,
    schema: &Schema,
) -> Result<(), BuildError> {
    let target = Target::new(target, schema.version())?;
    set.suspect_repeated();
    let mut secrets = std::mem::take(&mut set.secrets);
    let mut growth = set.growth;
    let result = copy_to_each(set, &target, value, schema, &mut secrets, &mut growth);
    set.secrets = secrets;
    set.growth = growth;
    result
}

fn copy_to_each(
    set: &mut ResourceSet,
    target: &Target<'_>,
    value: &mut Copied,
    schema: &Schema,
    secrets: &mut SecretFacts,
    growth: &mut Growth,
) -> Result<(), BuildError> {
    let (name, kind) = target.select.only();
    for number in set.find_ever(name, kind) {
        let chosen = set.get(number);
        if chosen.is_none_or(|draft| draft.is_deleted() || !target.selects(draft)) {
            continue;
        }
        set.update(number, schema, |draft| {
            for (text, path) in &target.paths {
                let path = path
                    .as_ref()
                    .map_err(|fault| BuildError::invalid(target.at, fault.to_string()))?;
                copy_into(draft, target, path, &value.node, growth).map_err(|fault| {
                    BuildError::invalid(target.at, format!("`{text}` of `{}`: {fault}", draft.id))
                })?;
                note_secrets(secrets, value, draft, path);
                value.follow(number, draft);
            }
            secrets.note(draft);
            Ok::<(), BuildError>(())
        })?;
    }
    Ok(())
}

/// Notes a value that went out of a Secret, with what it became a part of, and a fixed one that went in.
fn note_secrets(secrets: &mut SecretFacts, value: &Copied, draft: &Draft, path: &Path) {
    let goes_in = is_secret(draft) && leads_to_data(path);
    if value.is_secret {
        secrets.note_copied(&value.node);
        if let (false, Ok(Some(field))) = (goes_in, path.look_up(&draft.node)) {
            secrets.note_copied(field);
        }
    } else if goes_in && value.source.is_none() {
        secrets.note_copied(&value.node);
    }
}

fn copy_into(
    draft: &mut Draft,
    target: &Target<'_>,
    path: &Path,
    value: &Node,
    growth: &mut Growth,
) -> Result<(), CopyError> {
    let size = weight(value);
    check_depth(path.len(), levels(value))?;
    if target.version.has(&STRUCTURED_DATA) {
        if structured::copy(&mut draft.node, target, path, value)? {
            return Ok(growth.add(size)?);
        }
        if target.options.is_some_and(|options| options.create) && meets_no_value(draft, path) {
            return Err(CopyError::NoValue { version: target.version });
        }
    }
    let absent = target.absent(value);
    let create = !matches!(absent, Absent::Skip);
    let mut shared = Vec::new();
    let is_annotation = path.begins_with(&["metadata", "annotations"]);
    if create && is_annotation && path.names_step(2) {
        make_annotations(&mut draft.node);
    }
    let count = path.visit(&mut draft.node, &absent, &mut |field| {
        // In the end all annotations are texts, whatever type they keep until then.
        let kept = match &mut field.value {
            Value::Scalar(old) if is_annotation && !is_fresh(old) && !old.style.is_untyped() => {
                Some(std::mem::replace(&mut old.tag, Tag::Str))
            }
            _ => None,
        };
        // A part that is joined to a text leaves the text there is.
        growth.add(size)?;
        put(field, value, target.options)?;
        if let (Some(tag), Value::Scalar(scalar)) = (kept, &mut field.value) {
            scalar.tag = tag;
        }
        if field.as_scalar().is_some() {
            field.mark = field.mark.moved_to(value.mark);
        }
        if field.mark.is_shared() {
            shared.push(field.clone());
        }
        Ok::<(), CopyError>(())
    })?;
    if count == 0 {
        return Err(CopyError::NoField { create });
    }
    shared.iter().for_each(|changed| draft.spread(changed));
    Ok(())
}

/// Whether the path goes on below a key that has nothing behind it, not even `null`.
fn meets_no_value(draft: &Draft, path: &Path) -> bool {
    (1..path.len()).any(|steps| {
        let (outer, _) = path.split_at(steps);
        let found = outer.look_up(&draft.node).ok().flatten();
        found.is_some_and(|node| node.is_null() && node.text() == Some(""))
    })
}

/// Makes annotations of a null: what kustomize puts below it is lost anywhere else, but annotations are
/// read and written anew in the end.
fn make_annotations(node: &mut Node) {
    let metadata = node.get_mut("metadata").and_then(Node::as_mapping_mut);
    let annotations = metadata.and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(annotations) = annotations.filter(|annotations| annotations.is_null()) {
        *annotations = Node::mapping();
    }
}

#[cfg(test)]
mod tests;
