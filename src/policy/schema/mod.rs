//! Resources against their schemas, as the API server would check them on admission.
//!
//! Schemas come from CustomResourceDefinitions; what no schema is known for is reported as not
//! validated, never passed silently. Checked are Kubernetes' structural schemas with their
//! extensions (int-or-string, preserved unknown fields, set and map lists), formats, and the CEL
//! rules of `x-kubernetes-validations`.

mod bundle;
mod cel_library;
mod cel_rule;
mod cel_value;
mod check;
mod definition;
mod format;
mod kubernetes;
mod structural;
mod verdict;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use bundle::{InvalidBundle, make_bundle};
pub use definition::InvalidDefinition;
pub use kubernetes::KubernetesSchemas;
pub use structural::InvalidSchema;
pub use verdict::Verdict;

use crate::kustomize::Gvk;
use crate::yaml::Node;
use structural::Schema;

/// The schemas that are known, by group, kind and version.
///
/// A definition has often thousands of fields and a repository uses a few kinds, so a schema is read
/// from its tree when the first resource of its kind is checked.
#[derive(Debug, Default)]
pub struct Schemas {
    by_kind: BTreeMap<(String, String), BTreeMap<String, Defined>>,
    kubernetes: Option<Arc<KubernetesSchemas>>,
}

#[derive(Debug)]
struct Defined {
    node: Node,
    schema: OnceLock<Result<Schema, InvalidSchema>>,
}

impl Schemas {
    /// Schemas of Kubernetes' own kinds, and nothing else yet.
    #[must_use]
    pub const fn with_kubernetes(kubernetes: Option<Arc<KubernetesSchemas>>) -> Self {
        Self { by_kind: BTreeMap::new(), kubernetes }
    }

    /// Takes in all versions of a CustomResourceDefinition; a later one replaces an earlier one.
    /// A node of another kind is left alone and answered with `false`.
    ///
    /// # Errors
    /// [`InvalidDefinition`] if it is a definition that cannot be understood.
    pub fn add_definition(&mut self, node: &Node) -> Result<bool, InvalidDefinition> {
        let Some(definition) = definition::parse(node)? else { return Ok(false) };
        let known = self.by_kind.entry((definition.group, definition.kind)).or_default();
        known.extend(
            definition
                .versions
                .into_iter()
                .map(|(version, node)| (version, Defined { node, schema: OnceLock::new() })),
        );
        Ok(true)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty() && self.kubernetes.is_none()
    }

    /// The version of Kubernetes whose kinds are known.
    #[must_use]
    pub fn kubernetes_version(&self) -> Option<&str> {
        self.kubernetes.as_ref().map(|kubernetes| kubernetes.version())
    }

    /// Checks a resource. Definitions themselves, and lists, are the caller's to take apart.
    #[must_use]
    pub fn validate(&self, gvk: &Gvk, resource: &Node) -> Verdict {
        let key = (gvk.group.to_string(), gvk.kind.to_string());
        let Some(versions) = self.by_kind.get(&key) else {
            let kubernetes = self.kubernetes.as_deref();
            return kubernetes.map_or(Verdict::NoSchema, |known| known.validate(gvk, resource));
        };
        let Some(defined) = versions.get(gvk.version.as_str()) else {
            return Verdict::NoSuchVersion(versions.keys().cloned().collect());
        };
        match defined.schema.get_or_init(|| Schema::parse(&defined.node)) {
            Ok(schema) => Verdict::of(check::check_resource(schema, resource, None)),
            Err(error) => Verdict::Unusable(error.clone()),
        }
    }
}
