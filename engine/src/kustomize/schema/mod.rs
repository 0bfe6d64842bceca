//! What is known of Kubernetes' kinds: which lists merge by which keys, which kinds have no namespace.
//!
//! Two sources: the built-in table, and OpenAPI files that kustomizations name under `openapi`.

mod builtin;
mod custom;
mod scope;

use std::borrow::Cow;

use super::Gvk;
use super::version::Version;
use crate::yaml::Node;
use builtin::Shape;
use custom::{CustomSchema, KnownShape};
use scope::Scope;

/// What is known of Kubernetes' kinds: which have no namespace, which lists merge by which keys.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    custom: Vec<CustomSchema>,
    without_builtin: bool,
    version: Version,
}

/// What is known of one place in a tree.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    place: KnownShape<'a>,
}

impl Schema {
    /// The schema of a build whose root names an OpenAPI file: Kubernetes' own kinds are then only
    /// known as far as the file defines them.
    #[must_use]
    pub fn custom(file: Node, version: Version) -> Self {
        Self { custom: vec![CustomSchema::new(file, false)], without_builtin: true, version }
    }

    /// What one kustomize knows by itself.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self { version, ..Self::default() }
    }

    /// Whether a kustomization brought something of its own.
    #[must_use]
    pub const fn is_custom(&self) -> bool {
        !self.custom.is_empty()
    }

    /// Whether the scope of a kind is known without an OpenAPI file.
    #[must_use]
    pub fn knows_scope(&self, gvk: &Gvk) -> bool {
        scope::of(&gvk.group, &gvk.version, &gvk.kind, self.version).is_some()
    }

    /// Why a tree is no OpenAPI file that Go can read into its types; `None` if it is one.
    #[must_use]
    pub fn fault_of(file: &Node) -> Option<&'static str> {
        custom::fault_of(file)
    }

    /// The kustomize that is followed.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Adds an OpenAPI file that a base names; it goes before what is known already.
    pub fn add(&mut self, file: Node) {
        self.custom.insert(0, CustomSchema::new(file, !self.without_builtin));
    }

    /// What is known of a kind's objects.
    #[must_use]
    pub fn of_type(&self, api_version: &str, kind: &str) -> Option<Known<'_>> {
        let custom = self.custom.iter().find_map(|schema| {
            let definition = schema.definition(api_version, kind)?;
            Some(KnownShape::Custom(schema, definition))
        });
        let builtin = || match kind {
            "Kustomization" => builtin::shape(api_version, kind),
            _ if self.without_builtin => None,
            _ => builtin::shape(api_version, kind),
        };
        let place = custom.or_else(|| builtin().map(KnownShape::Builtin))?;
        Some(Known { place })
    }

    /// Whether this kind is known to have no namespace.
    #[must_use]
    pub fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        if let Some(scope) = scope::of(&gvk.group, &gvk.version, &gvk.kind, self.version) {
            return scope == Scope::Cluster;
        }
        let of_custom = |schema: &CustomSchema| schema.is_namespaced(gvk);
        self.custom.iter().find_map(of_custom) == Some(false)
    }
}

impl<'a> Known<'a> {
    /// What is known of a field's value.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        let place = match self.place {
            KnownShape::Builtin(Shape::Object(fields)) => {
                KnownShape::Builtin(fields.iter().find(|(field, _)| *field == name)?.1)
            }
            KnownShape::Builtin(_) => return None,
            KnownShape::Custom(schema, node) => schema.field(node, name)?,
        };
        Some(Self { place })
    }

    /// What is known of a list's items.
    #[must_use]
    pub fn item(self) -> Option<Self> {
        let place = match self.place {
            KnownShape::Builtin(Shape::List { item, .. }) => KnownShape::Builtin(item),
            KnownShape::Builtin(_) => return None,
            KnownShape::Custom(schema, node) => schema.item(node)?,
        };
        Some(Self { place })
    }

    /// By which fields the items of a list merge: `None` if the list is replaced, empty if the
    /// items are scalars that are united.
    #[must_use]
    pub fn merge_keys(self) -> Option<Cow<'a, [&'a str]>> {
        match self.place {
            KnownShape::Builtin(Shape::List { keys, .. }) => Some(Cow::Borrowed(keys)),
            KnownShape::Builtin(Shape::Set) => Some(Cow::Borrowed(&[])),
            KnownShape::Builtin(_) => None,
            KnownShape::Custom(_, node) => custom::merge_keys(node).map(Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests;
