//! Which field of which kinds a transformer changes, and the walk to these fields.

use std::sync::Arc;

use super::Gvk;
use super::decode::Object;
use super::error::BuildError;
use super::growth::{TooDeep, check_depth};
use super::resource::Draft;
use super::scalar;
use crate::yaml::{Mapping, Mark, Node, Pair, Scalar, Text, Value};

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

const KEYS: [&str; 5] = ["group", "version", "kind", "path", "create"];

impl FieldSpec {
    /// Reads one, as `labels` and configurations hold them.
    ///
    /// # Errors
    /// [`BuildError`] where it has something else than these keys.
    pub fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        Ok(Self { gvk: object.gvk()?, path: object.text("path")?, create: object.flag("create")? })
    }

    /// A field of a kind, as [`Gvk::of`] reads it.
    #[must_use]
    pub fn of(kind: &str, path: &str, create: bool) -> Self {
        Self { gvk: Gvk::of(kind), path: path.to_owned(), create }
    }

    /// Reads the list of them at a key.
    ///
    /// # Errors
    /// As [`FieldSpec::read`].
    pub fn read_list(object: &Object<'_>, key: &str) -> Result<Vec<Self>, BuildError> {
        object.objects(key, &KEYS, Self::read)
    }
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
    /// The path has a part that is an item of a list to kustomize, where a mapping stands.
    #[error("`{path}` has the part `{part}`, which names no field of a mapping")]
    NoField {
        /// The path of the field spec.
        path: String,
        /// The part of it.
        part: String,
    },
    /// What would be made is nested too deeply.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
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

impl FieldError {
    /// The error for a resource, whose place it names.
    #[must_use]
    pub fn of(self, draft: &Draft) -> BuildError {
        BuildError::Invalid {
            at: draft.location.clone(),
            reason: format!("in `{}`, {self}", draft.id),
        }
    }
}

/// What is made where a field is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Nothing, whatever the field spec says.
    Nothing,
    /// An empty text.
    Scalar,
    /// The same without a type.
    Untyped,
    /// An empty mapping.
    Mapping,
}

/// Field specs made ready for walking, found by the kind of a resource.
#[derive(Clone, Debug)]
pub struct Walks {
    walks: Vec<Arc<Walk>>,
    /// The kinds that were asked for, with their walks.
    by_type: Vec<(Gvk, Vec<Arc<Walk>>)>,
    /// Which of them was asked for last: most often the next is the same, or comes behind it.
    last: usize,
}

/// A field spec made ready for walking.
#[derive(Clone, Debug)]
pub struct Walk {
    gvk: Gvk,
    path: String,
    steps: Vec<Segment>,
    make: Make,
}

/// One field name of a path.
#[derive(Clone, Debug)]
struct Segment {
    name: String,
    /// Written with `[]`: the field is a list and is never made.
    list: bool,
    /// Whether it names a field of a mapping, see [`is_field_name`].
    is_field: bool,
}

/// Whether an empty or equal part of the pattern fits each part of the type.
#[must_use]
pub fn matches(pattern: &Gvk, gvk: &Gvk) -> bool {
    let fits = |pattern: &str, text: &str| pattern.is_empty() || pattern == text;
    fits(&pattern.kind, &gvk.kind)
        && fits(&pattern.group, &gvk.group)
        && fits(&pattern.version, &gvk.version)
}

impl Walks {
    /// Prepares the walks to the fields of several field specs, see [`Walk::new`].
    #[must_use]
    pub fn new(specs: &[FieldSpec], make: Make) -> Self {
        let walks = specs.iter().map(|spec| Arc::new(Walk::new(spec, make))).collect();
        Self { walks, by_type: Vec::new(), last: 0 }
    }

    /// The walks for resources of this kind, in order.
    pub fn of(&mut self, gvk: &Gvk) -> &[Arc<Walk>] {
        let mut places = (self.last..self.by_type.len()).chain(0..self.last);
        self.last = places.find(|at| self.by_type[*at].0.is_same(gvk)).unwrap_or_else(|| {
            let fitting = self.walks.iter().filter(|walk| walk.is_for(gvk)).cloned();
            self.by_type.push((gvk.clone(), fitting.collect()));
            self.by_type.len() - 1
        });
        &self.by_type[self.last].1
    }
}

impl Segment {
    /// What a part of a path says; `None` if it is blank, which leads nowhere.
    fn of(part: &str) -> Option<Self> {
        let (name, list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        let name = field_name(name)?;
        Some(Self { name: name.to_owned(), list, is_field: is_field_name(name) })
    }
}

impl Walk {
    /// Prepares the walk to a field spec's fields; `make` is what stands at the end of the path where
    /// it is missing and the field spec says `create`.
    #[must_use]
    pub fn new(spec: &FieldSpec, make: Make) -> Self {
        let steps = split(&spec.path, '/').iter().filter_map(|part| Segment::of(part)).collect();
        let make = if spec.create { make } else { Make::Nothing };
        Self { gvk: spec.gvk.clone(), path: spec.path.clone(), steps, make }
    }

    /// The path as it was written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the field spec is for resources of this kind.
    #[must_use]
    pub fn is_for(&self, gvk: &Gvk) -> bool {
        matches(&self.gvk, gvk)
    }

    /// Whether the field spec names one of the two kinds of role bindings.
    #[must_use]
    pub fn is_for_binding(&self) -> bool {
        matches!(self.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
    }

    /// Calls `change` with every such field of an object; the caller asked [`Walk::is_for`] before.
    ///
    /// # Errors
    /// [`FieldError`] if the path does not fit the object, or what `change` returns.
    pub fn each<E: From<FieldError>>(
        &self,
        object: &mut Node,
        change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
    ) -> Result<(), E> {
        self.descend(object, 0, change)
    }

    /// As [`Walk::each`] for scalars; what belongs together keeps together, see [`Draft::share`]. `change`
    /// says where a new value comes from.
    ///
    /// # Errors
    /// As [`Walk::each`], and if a field is no scalar.
    pub fn each_scalar(
        &self,
        draft: &mut Draft,
        change: &mut dyn FnMut(&mut Scalar) -> Option<Mark>,
    ) -> Result<(), FieldError> {
        let mut shared = Vec::new();
        self.each(&mut draft.node, &mut |node| {
            let Value::Scalar(scalar) = &mut node.value else {
                return Err(self.unfit("scalar", node));
            };
            if let Some(place) = change(scalar) {
                node.mark = node.mark.moved_to(place);
            }
            if node.mark.is_shared() {
                shared.push(node.clone());
            }
            Ok(())
        })?;
        shared.iter().for_each(|changed| draft.spread(changed));
        Ok(())
    }

    /// The error for a field that is not what the transformer changes.
    #[must_use]
    pub fn unfit(&self, expected: &'static str, found: &Node) -> FieldError {
        FieldError::Unfit { path: self.path.clone(), expected, found: found.kind_name() }
    }

    fn no_field(&self, step: &Segment) -> FieldError {
        let path = self.path.clone();
        if step.name.is_empty() {
            return FieldError::EmptyName { path };
        }
        FieldError::NoField { path, part: step.name.clone() }
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
            Value::Mapping(mapping) => {
                if !step.is_field {
                    return Err(E::from(self.no_field(step)));
                }
                let is_fixed = self.make == Make::Nothing && !step.list;
                match mapping.get_mut(&step.name) {
                    Some(field) if is_fixed || !field.is_null() => {
                        return self.descend(field, depth + 1, change);
                    }
                    None if is_fixed => return Ok(()),
                    _ => {}
                }
                match self.make_field(mapping, step, depth)? {
                    Some(field) => self.descend(field, depth + 1, change),
                    None => Ok(()),
                }
            }
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

    /// The value of a step's field that is missing or null, made if it may be made.
    fn make_field<'n>(
        &self,
        mapping: &'n mut Mapping,
        step: &Segment,
        depth: usize,
    ) -> Result<Option<&'n mut Node>, FieldError> {
        let place = mapping.iter().position(|pair| pair.key.text == step.name);
        let last = depth + 1 == self.steps.len();
        let made = match self.make {
            Make::Nothing => None,
            _ if step.list => None,
            // A null becomes a text as it is written, `~` too.
            Make::Scalar | Make::Untyped if last => {
                let written = place.and_then(|at| mapping.as_slice()[at].value.text());
                let text = Text::from(written.unwrap_or_default());
                let is_typed = self.make == Make::Scalar;
                Some(if is_typed { Node::string(text) } else { scalar::plain(text) })
            }
            Make::Scalar | Make::Untyped | Make::Mapping => Some(Node::mapping()),
        };
        if made.is_some() {
            check_depth(depth, 1)?;
        }
        match (place, made) {
            (Some(at), made) => {
                let mut field = mapping.iter_mut().nth(at).map(|pair| &mut pair.value);
                match (&mut field, made) {
                    (Some(field), Some(made)) => **field = made,
                    (Some(field), None) if step.list => field.value = Value::Sequence(Vec::new()),
                    _ => {}
                }
                Ok(field)
            }
            (None, Some(made)) => {
                let key = Scalar::string(step.name.as_str());
                Ok(Some(mapping.push(Pair { key, key_mark: Mark::NONE, value: made })))
            }
            (None, None) => Ok(None),
        }
    }
}

/// Whether a part of a path leads to a field of a mapping: kustomize takes numbers, `-`, `*` and what stands in
/// brackets for items of a list, which it walks through by itself, and fails (`PathGetter` in kyaml/yaml/fns.go).
#[must_use]
pub fn is_field_name(part: &str) -> bool {
    let is_item = matches!(part, "" | "-" | "*")
        || part.parse::<i64>().is_ok()
        || (part.starts_with('[') && part.ends_with(']'));
    !is_item
}

/// A part of a path without the blanks around it; `None` if it is nothing else, which leads nowhere (`cleanPath` in
/// kyaml/yaml/fns.go). An empty part stays one.
fn field_name(part: &str) -> Option<&str> {
    let name = part.trim();
    (part.is_empty() || !name.is_empty()).then_some(name)
}

/// The field names of a path; what says that a field is a list is found out anyway.
#[must_use]
pub fn names(path: &str) -> Vec<String> {
    let parts = split(path, '/');
    let names = parts.iter().map(|part| part.strip_suffix("[]").unwrap_or(part));
    names.filter_map(field_name).map(str::to_owned).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths_as_kustomize_does() {
        assert_eq!(names("spec/template"), ["spec", "template"]);
        assert_eq!(names("/spec/containers[]/image"), ["spec", "containers", "image"]);
        assert_eq!(names(r"metadata/annotations/a.io\/b"), ["metadata", "annotations", "a.io/b"]);
        assert_eq!(names(" spec/\t/ a []//b"), ["spec", "a", "", "b"]);
    }

    #[test]
    fn items_of_lists_are_no_fields() {
        for part in ["", "-", "*", "0", "-1", "+1", "[a=b]", "[a]"] {
            assert!(!is_field_name(part), "{part}");
        }
        for part in ["a", "--", "0x1", "1e1", "99999999999999999999", "[a", "a]", "**"] {
            assert!(is_field_name(part), "{part}");
        }
    }
}
