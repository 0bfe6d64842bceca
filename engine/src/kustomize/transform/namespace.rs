//! The namespace of everything that can have one, and references to it that kustomize knows.
//!
//! As kustomize's `NamespaceTransformer`: `metadata.namespace` and the subjects of role bindings have
//! rules of their own, whatever the field specs say about them.

use super::transformer::Transformer;
use crate::kustomize::Gvk;
use crate::kustomize::configuration::FieldList;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldError, FieldSpec, Make, Walk};
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::model::Location;
use crate::yaml::{Mark, Node, Scalar, Tag, Value};

/// The fields that hold a namespace, beside `metadata.namespace`.
pub const FIELDS: FieldList = FieldList::new("namespace", |_| {
    vec![
        FieldSpec::of("Namespace", "metadata/name", true),
        FieldSpec::of("apiregistration.k8s.io/ APIService", "spec/service/namespace", true),
        FieldSpec::of(
            "apiextensions.k8s.io/ CustomResourceDefinition",
            "spec/conversion/webhook/clientConfig/service/namespace",
            false,
        ),
    ]
});

/// How to set namespaces.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// The namespace; with an empty one nothing happens.
    pub name: String,
    /// Fields beside `metadata.namespace`.
    pub fields: Vec<FieldSpec>,
    /// Whether fields that have a value keep it.
    pub unset_only: bool,
    /// Which subjects of role bindings get the namespace.
    pub subjects: Subjects,
    /// Where it is asked for.
    pub at: Location,
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

impl Namespace {
    /// Reads the configuration of a plugin.
    ///
    /// # Errors
    /// [`BuildError`] where something in it is of a wrong type, or no mode.
    pub fn of_plugin(object: &Object<'_>) -> Result<Self, BuildError> {
        let metadata = object.object("metadata", &[])?;
        let mark = metadata.as_ref().map(|metadata| metadata.written("namespace").mark);
        let subjects =
            Subjects::parse(&object.text("setRoleBindingSubjects")?).ok_or_else(|| {
                object.conflict(
                    "`setRoleBindingSubjects` has to be `defaultOnly`, `allServiceAccounts` or `none`",
                )
            })?;
        Ok(Self {
            name: metadata
                .map_or_else(|| Ok(String::new()), |metadata| metadata.text("namespace"))?,
            fields: FieldSpec::read_list(object, "fieldSpecs")?,
            unset_only: object.flag("unsetOnly")?,
            subjects,
            at: object.location(),
            mark: mark.unwrap_or_default(),
        })
    }
}

impl Transformer for Namespace {
    /// Sets the namespace of all resources that can have one.
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        if self.name.is_empty() {
            return Ok(());
        }
        let setter = Setter::new(self);
        for draft in set.iter_mut().filter(|draft| !draft.is_deleted()) {
            draft.remember_id();
            setter.set_in(draft).map_err(|fault| fault.of(draft))?;
            draft.refresh(schema);
        }
        let Some((at, first)) = set.find_repeated() else { return Ok(()) };
        let (draft, first) = (&set.as_slice()[at], &set.as_slice()[first]);
        Err(BuildError::Invalid {
            at: self.at.clone(),
            reason: format!(
                "the namespace makes two resources one: `{}` from {} and from {}",
                draft.id, first.location, draft.location
            ),
        })
    }

    fn texts_for_each(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

/// A namespace with the ways to the fields that hold it.
struct Setter<'a> {
    namespace: &'a Namespace,
    own: Walk,
    walks: Vec<Walk>,
}

impl<'a> Setter<'a> {
    fn new(namespace: &'a Namespace) -> Self {
        let own =
            FieldSpec { gvk: Gvk::default(), path: "metadata/namespace".to_owned(), create: true };
        let others = namespace.fields.iter().filter(|spec| spec.path != own.path);
        let walks = others.map(|spec| Walk::new(spec, Make::Scalar)).collect();
        Self { namespace, own: Walk::new(&own, Make::Untyped), walks }
    }

    fn set_in(&self, draft: &mut Draft) -> Result<(), FieldError> {
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
        let is_open = !self.namespace.unset_only || old.is_tagged_null() || old.text.is_empty();
        is_open.then(|| {
            scalar::assign(old, self.namespace.name.as_str().into(), Some(Tag::Str));
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
            let found = subject.get(key);
            if let Some(found) = found.filter(|found| found.as_scalar().is_none()) {
                return Err(unfit("list of mappings with texts", found));
            }
            if found.and_then(Node::text) != Some(value) {
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
