//! The source of a replacement: the one resource that it names, and the value that is copied from it.

use compact_str::CompactString;

use super::identity::{Id, any_id, in_same_namespace};
use super::path::{DEFAULT_PATH, Path, PathError};
use super::value::{FieldOptions, Replacement, ReplacementSource};
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::matches;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::secret_facts::is_secret;
use crate::kustomize::{Gvk, scalar};
use crate::model::Location;
use crate::yaml::{Node, Value};

/// The value that a replacement copies.
pub(super) struct Copied {
    pub(super) node: Node,
    /// The number of the resource and the path where it stands; `None` if it stands nowhere as it is.
    pub(super) source: Option<(usize, Path)>,
    /// Whether it is a value of a Secret.
    pub(super) is_secret: bool,
}

impl Copied {
    fn made(node: Node) -> Self {
        Self { node, source: None, is_secret: false }
    }

    /// Reads the value again, after something was copied into this resource.
    ///
    /// kustomize copies what stands at the source at that moment, and the source may be a target too.
    pub(super) fn follow(&mut self, at: usize, draft: &Draft) {
        if let Some((source, path)) = &self.source
            && *source == at
            && let Ok(Some(node)) = path.look_up(&draft.node)
        {
            self.node = node.clone();
        }
    }
}

pub(super) fn value(
    set: &mut ResourceSet,
    replacement: &Replacement,
) -> Result<Copied, BuildError> {
    let at = &replacement.at;
    match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => Err(BuildError::invalid(
            at,
            "a replacement takes its value from `source` or `sourceValue`, not both",
        )),
        (None, None) => {
            Err(BuildError::invalid(at, "a replacement needs a source and at least one target"))
        }
        (None, Some(text)) => Ok(Copied::made(scalar::plain(text.as_str().into()))),
        (Some(source), None) => {
            let (number, draft) = find_source(set, source, at)?;
            let text = if source.field_path.is_empty() { DEFAULT_PATH } else { &source.field_path };
            let fault =
                |fault: PathError| BuildError::invalid(at, format!("in `{}`, {fault}", draft.id));
            let path = Path::parse(text).map_err(fault)?;
            let found = path.look_up(&draft.node).map_err(fault)?;
            let node = found.filter(|node| !is_empty(node)).ok_or_else(|| {
                BuildError::invalid(at, format!("the source `{}` has no field `{text}`", draft.id))
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
pub(super) fn leads_to_data(path: &Path) -> bool {
    path.begins_with(&["data"]) || path.begins_with(&["stringData"])
}

pub(super) fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(mapping) => mapping.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Scalar(scalar) => scalar.is_tagged_null(),
    }
}

/// The one resource that a source names, by an identity that it has or had.
pub(super) fn find_source<'s>(
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
        (None, _) => {
            Err(BuildError::invalid(at, format!("the source {} is no resource", describe())))
        }
        (Some((_, first)), Some((_, second))) => Err(BuildError::invalid(
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

pub(super) fn describe(gvk: &Gvk, name: &str, namespace: &str) -> String {
    let parts = [("kind", gvk.kind.as_str()), ("name", name), ("namespace", namespace)];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| format!("{key}: {text}"))
        .collect();
    format!("`{{{}}}`", parts.join(", "))
}

/// The part of a value that the options ask for.
pub(super) fn part_of(
    node: &Node,
    options: &FieldOptions,
    path: &str,
    at: &Location,
) -> Result<Node, BuildError> {
    let Value::Scalar(whole) = &node.value else {
        return Err(BuildError::invalid(
            at,
            format!("`{path}` is no scalar, and only those have a delimiter"),
        ));
    };
    let mut parts = whole.text.split(options.delimiter.as_str());
    let part = usize::try_from(options.index).ok().and_then(|index| parts.nth(index));
    let Some(part) = part else {
        let reason = format!("`{path}` of the source has no part {}", options.index);
        return Err(BuildError::invalid(at, reason));
    };
    let mut made = whole.clone();
    if made.style.is_untyped() {
        scalar::assign(&mut made, part.into(), None);
    } else {
        made.text = part.into();
    }
    Ok(Node::made(Value::Scalar(made)))
}
