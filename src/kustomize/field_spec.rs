//! Which field of which kinds a transformer changes, and the walk to these fields.

use super::Gvk;
use super::resource::Draft;
use crate::yaml::{Node, Value};

/// A field, and the kinds that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldSpec {
    /// The kinds; an empty part matches anything.
    pub gvk: Gvk,
    /// Field names with `/` between them; `\/` is a slash in a name, lists are walked through.
    pub path: String,
    /// Whether the field is made where it is missing.
    pub create: bool,
}

/// Two field specs are for the same field and disagree on whether to make it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` of {kind} is asked for with `create` and without")]
pub struct Conflicting {
    /// The path.
    pub path: String,
    /// The kind, or `any kind`.
    pub kind: String,
}

/// Why a field could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A scalar stands where the path goes on.
    #[error("`{path}` goes on below `{at}`, which is a scalar")]
    Scalar {
        /// The path of the field spec.
        path: String,
        /// The last field that was reached.
        at: String,
    },
    /// The path has an empty field name.
    #[error("`{path}` has an empty field name")]
    EmptyName {
        /// The path of the field spec.
        path: String,
    },
    /// The value is not one that the transformer can change.
    #[error("`{path}` is a {found}, not a {expected}")]
    Unfit {
        /// The path of the field spec.
        path: String,
        /// What the transformer changes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
}

/// What is made where a field is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Nothing, whatever the field spec says.
    Nothing,
    /// An empty text.
    Scalar,
    /// An empty mapping.
    Mapping,
}

/// A field spec made ready for walking.
#[derive(Clone, Debug)]
pub struct Walk {
    gvk: Gvk,
    path: String,
    steps: Vec<Step>,
    make: Make,
}

/// One field name of a path.
#[derive(Clone, Debug)]
struct Step {
    name: String,
    /// Written with `[]`: the field is a list and is never made.
    list: bool,
}

impl FieldSpec {
    /// A field of one kind of any group; of any kind if it is empty.
    #[must_use]
    pub fn of_kind(kind: &str, path: &str, create: bool) -> Self {
        let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
        Self { gvk, path: path.to_owned(), create }
    }

    /// A field of one kind of one group.
    #[must_use]
    pub fn of_group(group: &str, kind: &str, path: &str, create: bool) -> Self {
        let gvk = Gvk { group: group.into(), kind: kind.into(), ..Gvk::default() };
        Self { gvk, path: path.to_owned(), create }
    }

    /// Whether the field spec is for resources of this kind.
    #[must_use]
    pub fn is_for(&self, gvk: &Gvk) -> bool {
        matches(&self.gvk, gvk)
    }
}

/// Adds field specs, as kustomize merges its lists: one that is there already, for the same kinds or
/// for all that the new one names, is not added again.
///
/// # Errors
/// [`Conflicting`] if the one that is there has another `create`.
pub fn add(
    specs: &mut Vec<FieldSpec>,
    more: impl IntoIterator<Item = FieldSpec>,
) -> Result<(), Conflicting> {
    for spec in more {
        let there = specs.iter().find(|old| old.path == spec.path && matches(&spec.gvk, &old.gvk));
        match there {
            None => specs.push(spec),
            Some(old) if old.create == spec.create => {}
            Some(_) => {
                let kind = spec.gvk.kind.as_str();
                let kind = if kind.is_empty() { "any kind" } else { kind }.to_owned();
                return Err(Conflicting { path: spec.path, kind });
            }
        }
    }
    Ok(())
}

/// Whether an empty or equal part of the pattern fits each part of the type.
fn matches(pattern: &Gvk, gvk: &Gvk) -> bool {
    let fits = |pattern: &str, text: &str| pattern.is_empty() || pattern == text;
    fits(&pattern.kind, &gvk.kind)
        && fits(&pattern.group, &gvk.group)
        && fits(&pattern.version, &gvk.version)
}

impl Walk {
    /// Prepares the walk to a field spec's fields; `make` is what stands at the end of the path where
    /// it is missing and the field spec says `create`.
    #[must_use]
    pub fn new(spec: &FieldSpec, make: Make) -> Self {
        let steps = split(&spec.path, '/')
            .into_iter()
            .map(|name| match name.strip_suffix("[]") {
                Some(name) => Step { name: name.to_owned(), list: true },
                None => Step { name, list: false },
            })
            .collect();
        let make = if spec.create { make } else { Make::Nothing };
        Self { gvk: spec.gvk.clone(), path: spec.path.clone(), steps, make }
    }

    /// Prepares the walks to several field specs' fields.
    #[must_use]
    pub fn all(specs: &[FieldSpec], make: Make) -> Vec<Self> {
        specs.iter().map(|spec| Self::new(spec, make)).collect()
    }

    /// The path as it was written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Calls `change` with every such field of a resource, if the resource is of one of the kinds.
    ///
    /// # Errors
    /// [`FieldError`] if the path does not fit the resource, or what `change` returns.
    pub fn each<E: From<FieldError>>(
        &self,
        draft: &mut Draft,
        change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
    ) -> Result<(), E> {
        if !matches(&self.gvk, &draft.id.gvk) {
            return Ok(());
        }
        self.descend(&mut draft.node, 0, change)
    }

    fn descend<E: From<FieldError>>(
        &self,
        node: &mut Node,
        depth: usize,
        change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(step) = self.steps.get(depth) else { return change(node) };
        if node.is_null() {
            return Ok(());
        }
        match &mut node.value {
            Value::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.descend(item, depth, change))
            }
            Value::Mapping(_) => match self.field(node, step, depth)? {
                Some(field) => self.descend(field, depth + 1, change),
                None => Ok(()),
            },
            Value::Scalar(_) => Err(E::from(FieldError::Scalar {
                path: self.path.clone(),
                at: self.steps[..depth]
                    .iter()
                    .map(|step| &*step.name)
                    .collect::<Vec<_>>()
                    .join("/"),
            })),
        }
    }

    /// The value of a step's field, made if it is missing or null and may be made.
    fn field<'n>(
        &self,
        node: &'n mut Node,
        step: &Step,
        depth: usize,
    ) -> Result<Option<&'n mut Node>, FieldError> {
        if step.name.is_empty() {
            return Err(FieldError::EmptyName { path: self.path.clone() });
        }
        let Some(mapping) = node.as_mapping_mut() else { return Ok(None) };
        let last = depth + 1 == self.steps.len();
        let made = match self.make {
            Make::Nothing => None,
            _ if step.list => None,
            Make::Scalar if last => Some(Node::string("")),
            Make::Scalar | Make::Mapping => Some(Node::mapping()),
        };
        if let Some(made) = made
            && mapping.get(&step.name).is_none_or(Node::is_null)
        {
            mapping.insert(step.name.as_str(), made);
        }
        let list = step.list;
        Ok(mapping.get_mut(&step.name).map(|field| {
            if list && field.is_null() {
                field.value = Value::Sequence(Vec::new());
            }
            field
        }))
    }
}

/// Splits a path at its delimiter; a backslash before the delimiter makes it part of a name, and one
/// delimiter at the beginning does not count (kyaml/utils/pathsplitter.go).
#[must_use]
pub fn split(path: &str, delimiter: char) -> Vec<String> {
    let mut parts = path.split(delimiter);
    let mut first = parts.next().unwrap_or_default();
    if first.is_empty()
        && let Some(second) = parts.next()
    {
        first = second;
    }
    let mut names = vec![first.to_owned()];
    for part in parts {
        let last = names.last_mut().expect("begins with one name");
        if last.ends_with('\\') {
            last.pop();
            last.push(delimiter);
            last.push_str(part);
        } else {
            names.push(part.to_owned());
        }
    }
    names
}
