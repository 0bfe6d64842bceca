//! The namespace of everything that can have one, and references to it that kustomize knows.
//!
//! As kustomize's `NamespaceTransformer`: `metadata.namespace` and the subjects of role bindings have
//! rules of their own, whatever the field specs say about them.

use crate::kustomize::Gvk;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldError, FieldSpec, Make, Walk};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::model::Location;
use crate::yaml::{Mark, Node, Scalar, Tag, Value};

/// How to set namespaces.
#[derive(Clone, Debug)]
pub struct Namespace<'a> {
    /// The namespace; with an empty one nothing happens.
    pub name: &'a str,
    /// Fields beside `metadata.namespace`.
    pub fields: &'a [FieldSpec],
    /// Whether fields that have a value keep it.
    pub unset_only: bool,
    /// Which subjects of role bindings get the namespace.
    pub subjects: Subjects,
    /// Where it is asked for.
    pub at: &'a Location,
    /// Where its name is written.
    pub mark: Mark,
}

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subjects {
    /// Those named `default`.
    #[default]
    NamedDefault,
    /// Service accounts.
    ServiceAccounts,
    /// None.
    None,
}

impl Subjects {
    /// The mode with this name, as in `setRoleBindingSubjects`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "defaultOnly" => Some(Self::NamedDefault),
            "allServiceAccounts" => Some(Self::ServiceAccounts),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// Sets the namespace of all resources that can have one.
///
/// # Errors
/// [`BuildError::Invalid`] if two resources come to the same identity, or a field is no scalar.
pub fn apply(
    set: &mut ResourceSet,
    namespace: &Namespace<'_>,
    schema: &Schema,
) -> Result<(), BuildError> {
    if namespace.name.is_empty() {
        return Ok(());
    }
    let transformer = Transformer::new(namespace);
    for draft in set.iter_mut().filter(|draft| !draft.is_deleted()) {
        draft.remember_id();
        transformer.transform(draft).map_err(|fault| fault.of(draft))?;
        draft.refresh(schema);
    }
    let Some((at, first)) = set.find_repeated() else { return Ok(()) };
    let (draft, first) = (&set.as_slice()[at], &set.as_slice()[first]);
    Err(BuildError::Invalid {
        at: namespace.at.clone(),
        reason: format!(
            "the namespace makes two resources one: `{}` from {} and from {}",
            draft.id, first.location, draft.location
        ),
    })
}

struct Transformer<'a> {
    namespace: &'a Namespace<'a>,
    own: Walk,
    walks: Vec<Walk>,
}

impl<'a> Transformer<'a> {
    fn new(namespace: &'a Namespace<'a>) -> Self {
        let own =
            FieldSpec { gvk: Gvk::default(), path: "metadata/namespace".to_owned(), create: true };
        let others = namespace.fields.iter().filter(|spec| spec.path != own.path);
        let walks = others.map(|spec| Walk::new(spec, Make::Scalar)).collect();
        Self { namespace, own: Walk::new(&own, Make::Scalar), walks }
    }

    fn transform(&self, draft: &mut Draft) -> Result<(), FieldError> {
        let gvk = draft.id.gvk.clone();
        if !draft.cluster_scoped {
            self.own.each_scalar(draft, &mut |old| self.set(old))?;
        }
        let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            self.subjects(draft)?;
        }
        let is_core = gvk.group.is_empty() && gvk.version == "v1";
        for walk in self.walks.iter().filter(|walk| walk.is_for(&gvk)) {
            let skipped = (walk.path() == "metadata/name" && !is_core)
                || (walk.path() == "subjects/namespace" && walk.is_for_binding());
            if !skipped {
                walk.each_scalar(draft, &mut |old| self.set(old))?;
            }
        }
        Ok(())
    }

    /// Sets one field; where its value comes from, if it is another one now.
    fn set(&self, old: &mut Scalar) -> Option<Mark> {
        let is_open = !self.namespace.unset_only || old.tag == Tag::Null || old.text.is_empty();
        is_open.then(|| {
            scalar::assign(old, self.namespace.name.into(), Some(Tag::Str));
            self.namespace.mark
        })
    }

    fn subjects(&self, draft: &mut Draft) -> Result<(), FieldError> {
        let (key, value) = match self.namespace.subjects {
            Subjects::None => return Ok(()),
            Subjects::NamedDefault => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        };
        let Some(subjects) = draft.node.get_mut("subjects").filter(|node| !node.is_null()) else {
            return Ok(());
        };
        let unfit = |expected, found: &Node| FieldError::Unfit {
            path: "subjects".to_owned(),
            expected,
            found: found.kind_name(),
        };
        let Value::Sequence(subjects) = &mut subjects.value else {
            return Err(unfit("list", subjects));
        };
        for subject in subjects.iter_mut().filter(|subject| !subject.is_null()) {
            let Value::Mapping(subject) = &mut subject.value else {
                return Err(unfit("mapping", subject));
            };
            if subject.get(key).and_then(Node::text) != Some(value) {
                continue;
            }
            if subject.get("namespace").is_none() {
                subject.insert("namespace", Node::string(""));
            }
            match subject.get_mut("namespace") {
                Some(Node { value: Value::Scalar(old), mark }) => {
                    if let Some(place) = self.set(old) {
                        *mark = mark.moved_to(place);
                    }
                }
                _ => return Err(unfit("scalar", &Node::mapping())),
            }
        }
        Ok(())
    }
}
