//! Replacements: a field of one resource copied into fields of others.
//!
//! As kustomize's replacement filter (api/filters/replacement): the source has to be one resource,
//! each target field has to be there or to be made, and a scalar keeps its type where its text changes.

mod path;
mod structured;

use path::{Absent, FRESH, FRESH_IN_FLOW, Path, PathError};

use compact_str::CompactString;

use crate::kustomize::Gvk;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::matches;
use crate::kustomize::growth::{Growth, TooMuch, weight};
use crate::kustomize::kustomization::{
    FieldOptions, Replacement, ReplacementSource, ReplacementTarget,
};
use crate::kustomize::resource::{DEFAULT_NAMESPACE, Draft};
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::kustomize::secret_facts::{SecretFacts, is_secret};
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::version::{SELECT_PATTERNS, STRUCTURED_DATA, Version};
use crate::model::Location;
use crate::yaml::{Dialect, Node, NotStyled, Scalar, Style, Tag, Text, Value, resolve_plain};

/// The field of a source or target that names none.
const DEFAULT_PATH: &str = "metadata.name";

/// Carries out replacements one after the other.
///
/// # Errors
/// [`BuildError::Invalid`] if a source or a target field is missing, or does not take the value.
pub fn apply(
    set: &mut ResourceSet,
    replacements: &[Replacement],
    schema: &Schema,
) -> Result<(), BuildError> {
    for replacement in replacements {
        let at = &replacement.at;
        let Some(targets) = &replacement.targets else {
            return Err(invalid(at, "a replacement needs a source and at least one target"));
        };
        let mut value = value(set, replacement)?;
        for target in targets {
            copy_to(set, target, &mut value, schema)?;
        }
    }
    Ok(())
}

fn invalid(at: &Location, reason: impl Into<String>) -> BuildError {
    BuildError::Invalid { at: at.clone(), reason: reason.into() }
}

/// The value that a replacement copies.
struct Copied {
    node: Node,
    /// The number of the resource and the path where it stands; `None` if it stands nowhere as it is.
    source: Option<(usize, Path)>,
    /// Whether it is a value of a Secret.
    is_secret: bool,
}

impl Copied {
    fn made(node: Node) -> Self {
        Self { node, source: None, is_secret: false }
    }

    /// Reads the value again, after something was copied into this resource.
    ///
    /// kustomize copies what stands at the source at that moment, and the source may be a target too.
    fn follow(&mut self, at: usize, draft: &Draft) {
        if let Some((source, path)) = &self.source
            && *source == at
            && let Ok(Some(node)) = path.look_up(&draft.node)
        {
            self.node = node.clone();
        }
    }
}

fn value(set: &mut ResourceSet, replacement: &Replacement) -> Result<Copied, BuildError> {
    let at = &replacement.at;
    match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => Err(invalid(
            at,
            "a replacement takes its value from `source` or `sourceValue`, not both",
        )),
        (None, None) => Err(invalid(at, "a replacement needs a source and at least one target")),
        (None, Some(text)) => Ok(Copied::made(scalar::plain(text.as_str().into()))),
        (Some(source), None) => {
            let (number, draft) = find_source(set, source, at)?;
            let text = if source.field_path.is_empty() { DEFAULT_PATH } else { &source.field_path };
            let fault = |fault: PathError| invalid(at, format!("in `{}`, {fault}", draft.id));
            let path = Path::parse(text).map_err(fault)?;
            let found = path.look_up(&draft.node).map_err(fault)?;
            let node = found.filter(|node| !is_empty(node)).ok_or_else(|| {
                invalid(at, format!("the source `{}` has no field `{text}`", draft.id))
            })?;
            let cut = source.options.as_ref().filter(|options| !options.delimiter.is_empty());
            let is_secret = is_secret(draft) && leads_to_data(&path);
            Ok(match cut {
                Some(options) => {
                    Copied { is_secret, ..Copied::made(part_of(node, options, text, at)?) }
                }
                None => Copied { node: node.clone(), source: Some((number, path)), is_secret },
            })
        }
    }
}

/// Whether a path leads to the values of a Secret.
fn leads_to_data(path: &Path) -> bool {
    path.begins_with(&["data"]) || path.begins_with(&["stringData"])
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(mapping) => mapping.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Scalar(_) => node.is_null(),
    }
}

/// The one resource that a source names, by an identity that it has or had.
fn find_source<'s>(
    set: &'s mut ResourceSet,
    source: &ReplacementSource,
    at: &Location,
) -> Result<(usize, &'s Draft), BuildError> {
    let fits = |id: &Id<'_>| {
        (source.name.is_empty() || source.name == id.name)
            && (source.namespace.is_empty() || in_same_namespace(&source.namespace, id.namespace))
            && matches(&source.gvk, id.gvk)
    };
    let fits = |draft: &Draft| !draft.is_deleted() && any_id(draft, &mut |id| fits(id));
    let some = |text: &'_ CompactString| (!text.is_empty()).then(|| text.to_string());
    let places = set.find_ever(some(&source.name).as_deref(), some(&source.gvk.kind).as_deref());
    let set = &*set;
    let mut found = places.into_iter().filter_map(|at| set.get(at).map(|draft| (at, draft)));
    let mut found = found.by_ref().filter(|(_, draft)| fits(draft));
    let describe = || describe(&source.gvk, &source.name, &source.namespace);
    match (found.next(), found.next()) {
        (Some(found), None) => Ok(found),
        (None, _) => Err(invalid(at, format!("the source {} is no resource", describe()))),
        (Some((_, first)), Some((_, second))) => Err(invalid(
            at,
            format!(
                "the source {} may be `{}` from {} or `{}` from {}",
                describe(),
                first.id,
                first.location,
                second.id,
                second.location
            ),
        )),
    }
}

fn in_same_namespace(a: &str, b: &str) -> bool {
    let effective = |namespace: &str| namespace.is_empty() || namespace == DEFAULT_NAMESPACE;
    a == b || (effective(a) && effective(b))
}

fn describe(gvk: &Gvk, name: &str, namespace: &str) -> String {
    let parts = [("kind", gvk.kind.as_str()), ("name", name), ("namespace", namespace)];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| format!("{key}: {text}"))
        .collect();
    format!("`{{{}}}`", parts.join(", "))
}

/// An identity that a resource has or had.
struct Id<'a> {
    gvk: &'a Gvk,
    name: &'a str,
    /// As written for the current identity, effective for earlier ones.
    namespace: &'a str,
}

/// Whether an identity that a resource has or had fits.
fn any_id(draft: &Draft, fits: &mut dyn FnMut(&Id<'_>) -> bool) -> bool {
    let gvk = &draft.id.gvk;
    fits(&Id { gvk, name: &draft.id.name, namespace: &draft.id.namespace })
        || draft.previous.iter().any(|id| {
            let of_kind;
            let gvk = if id.kind == gvk.kind {
                gvk
            } else {
                of_kind = Gvk { kind: id.kind.clone(), ..gvk.clone() };
                &of_kind
            };
            fits(&Id { gvk, name: &id.name, namespace: &id.namespace })
        })
}

/// The part of a value that the options ask for.
fn part_of(
    node: &Node,
    options: &FieldOptions,
    path: &str,
    at: &Location,
) -> Result<Node, BuildError> {
    let Value::Scalar(scalar) = &node.value else {
        return Err(invalid(at, format!("`{path}` is no scalar, and only those have a delimiter")));
    };
    let mut parts = scalar.text.split(options.delimiter.as_str());
    let part = usize::try_from(options.index).ok().and_then(|index| parts.nth(index));
    let Some(part) = part else {
        let reason = format!("`{path}` of the source has no part {}", options.index);
        return Err(invalid(at, reason));
    };
    let part = Scalar { text: part.into(), ..scalar.clone() };
    Ok(Node::made(Value::Scalar(part)))
}

/// Whom a selector of a target is for.
enum Chosen<'a> {
    /// Its fields are patterns.
    Patterns(Box<Matcher>),
    /// They are what has to be there, as older versions have it.
    Exactly(&'a Selector, Box<Matcher>),
}

impl Chosen<'_> {
    fn fits_id(&self, id: &Id<'_>) -> bool {
        match self {
            Self::Patterns(matcher) => matcher.fits_id(id.gvk, id.name, id.namespace),
            Self::Exactly(selector, _) => {
                (selector.name.is_empty() || selector.name == id.name)
                    && (selector.namespace.is_empty()
                        || in_same_namespace(&selector.namespace, id.namespace))
                    && matches(&selector.gvk, id.gvk)
            }
        }
    }

    /// The one name and the one kind that fit, where it is only one.
    fn only(&self) -> (Option<&str>, Option<&str>) {
        let some = |text: &'_ str| !text.is_empty();
        match self {
            Self::Patterns(matcher) => (matcher.only_name(), matcher.only_kind()),
            Self::Exactly(selector, _) => {
                let (name, kind) = (selector.name.as_str(), selector.gvk.kind.as_str());
                (Some(name).filter(|name| some(name)), Some(kind).filter(|kind| some(kind)))
            }
        }
    }

    fn fits_metadata(&self, draft: &Draft) -> bool {
        let (Self::Patterns(matcher) | Self::Exactly(_, matcher)) = self;
        matcher.fits_metadata(draft)
    }
}

/// A target made ready for matching.
struct Target<'a> {
    select: Chosen<'a>,
    reject: Vec<(&'a Selector, Chosen<'a>)>,
    version: Version,
    paths: Vec<(&'a str, Path)>,
    options: Option<&'a FieldOptions>,
    at: &'a Location,
}

impl<'a> Target<'a> {
    fn new(target: &'a ReplacementTarget, version: Version) -> Result<Self, BuildError> {
        let at = &target.at;
        let Some(select) = &target.select else {
            return Err(invalid(at, "a target has to `select` resources"));
        };
        let matcher = |selector: &'a Selector| {
            let patterns = version.has(&SELECT_PATTERNS);
            let metadata_alone = Selector {
                annotation_selector: selector.annotation_selector.clone(),
                label_selector: selector.label_selector.clone(),
                ..Selector::default()
            };
            let read = if patterns { selector } else { &metadata_alone };
            let read = Matcher::new(read).map_err(|fault| invalid(at, fault.to_string()))?;
            let read = Box::new(read);
            Ok(if patterns { Chosen::Patterns(read) } else { Chosen::Exactly(selector, read) })
        };
        let reject = target.reject.iter().map(|selector| Ok((selector, matcher(selector)?)));
        let mut texts: Vec<&str> = target.field_paths.iter().map(String::as_str).collect();
        if texts.is_empty() {
            texts.push(DEFAULT_PATH);
        }
        let parse = |text| Path::parse(text).map_err(|fault| invalid(at, fault.to_string()));
        Ok(Self {
            select: matcher(select)?,
            reject: reject.collect::<Result<_, BuildError>>()?,
            paths: texts.into_iter().map(|t| Ok((t, parse(t)?))).collect::<Result<_, _>>()?,
            options: target.options.as_ref(),
            version,
            at,
        })
    }

    fn selects(&self, draft: &Draft) -> bool {
        let rejects = |(selector, matcher): &(&Selector, Chosen<'_>)| {
            let by_metadata =
                !selector.label_selector.is_empty() || !selector.annotation_selector.is_empty();
            let by_id = !selector.name.is_empty()
                || !selector.namespace.is_empty()
                || selector.gvk != Gvk::default();
            (by_metadata && matcher.fits_metadata(draft))
                || (by_id && any_id(draft, &mut |id| matcher.fits_id(id)))
        };
        self.select.fits_metadata(draft)
            && !self.reject.iter().any(rejects)
            && any_id(draft, &mut |id| self.select.fits_id(id))
    }

    fn absent(&self, value: &Node) -> Absent {
        match &value.value {
            _ if !self.options.is_some_and(|options| options.create) => Absent::Skip,
            Value::Scalar(_) => Absent::Make(Value::Scalar(FRESH)),
            Value::Sequence(_) => Absent::Make(Value::Sequence(Vec::new())),
            Value::Mapping(_) => Absent::Make(Node::mapping().value),
        }
    }
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
                copy_into(draft, target, path, &value.node, growth).map_err(|fault| {
                    invalid(target.at, format!("`{text}` of `{}`: {fault}", draft.id))
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

/// Why a field does not take a value.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("there is no such field{}", if *.create { ", and it cannot be made" } else { "; `options.create: true` makes it" })]
    NoField { create: bool },
    #[error(
        "a field on the way has no value, and kustomize {version} reads it as an empty text; write \
         `{{}}` there"
    )]
    NoValue { version: Version },
    #[error("the text that holds the field has {0}, with which it cannot be written anew")]
    NotStyled(NotStyled),
    #[error("the field is no scalar, and only those have a delimiter")]
    DelimitedTree,
    #[error("the field is a {field} and does not take the new text")]
    WrongType { field: &'static str },
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

fn copy_into(
    draft: &mut Draft,
    target: &Target<'_>,
    path: &Path,
    value: &Node,
    growth: &mut Growth,
) -> Result<(), CopyError> {
    let size = weight(value);
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
    if create && is_annotation && path.len() > 2 {
        make_annotations(&mut draft.node);
    }
    let count = path.visit(&mut draft.node, &absent, &mut |field| {
        match &mut field.value {
            // In the end all annotations are texts, so that their types do not matter.
            Value::Scalar(old) if is_annotation && !is_fresh(old) => old.tag = Tag::Str,
            _ => {}
        }
        // A part that is joined to a text leaves the text there is.
        growth.add(size)?;
        put(field, value, target.options)?;
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

/// Puts a value into a field: a scalar keeps its type, anything else becomes what the value is.
fn put(field: &mut Node, value: &Node, options: Option<&FieldOptions>) -> Result<(), CopyError> {
    let mut text: Text = value.text().unwrap_or_default().into();
    let delimited = options.filter(|options| !options.delimiter.is_empty());
    let Value::Scalar(old) = &mut field.value else {
        if delimited.is_some() {
            return Err(CopyError::DelimitedTree);
        }
        field.value = value.value.clone();
        return Ok(());
    };
    if let Some(options) = delimited {
        text = join(&old.text, &text, options);
    }
    if is_fresh(old) {
        let is_text = *old == FRESH_IN_FLOW && text.is_empty();
        *old = Scalar { style: Style::Plain, ..FRESH };
        scalar::assign(old, text, is_text.then_some(Tag::Str));
        return Ok(());
    }
    let fits = match (old.tag, resolve_plain(&text, Dialect::V3)) {
        (Tag::Str, _) | (Tag::Float, Tag::Int) => true,
        (old, new) => old == new,
    };
    if !fits {
        return Err(CopyError::WrongType { field: type_name(old.tag) });
    }
    old.text = text;
    Ok(())
}

fn is_fresh(scalar: &Scalar) -> bool {
    *scalar == FRESH || *scalar == FRESH_IN_FLOW
}

/// The old text with a part replaced, or put before or behind the others.
fn join(old: &str, new: &str, options: &FieldOptions) -> Text {
    let mut parts: Vec<&str> = old.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, new),
        Ok(index) if index >= parts.len() => parts.push(new),
        Ok(index) => parts[index] = new,
    }
    parts.join(&options.delimiter).into()
}

const fn type_name(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "boolean",
        Tag::Int | Tag::Float => "number",
        Tag::Timestamp => "date",
        Tag::Str => "string",
    }
}

#[cfg(test)]
mod tests;
