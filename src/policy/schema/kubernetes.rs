//! The schemas of Kubernetes' own kinds, from a bundle that [`super::bundle`] made.
//!
//! A bundle has one line for each schema, and schemas name each other, so that only those are read
//! that a resource needs: some 80 of 700 for a Deployment.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::bundle::{InvalidBundle, MAGIC};
use super::structural::Schema;
use crate::yaml::{Dialect, parse_stream};

/// Kubernetes' own kinds in one version of Kubernetes.
#[derive(Debug)]
pub struct KubernetesSchemas {
    bundle: Arc<str>,
    version: String,
    /// Group and kind to version to the schema's name.
    pub(super) kinds: BTreeMap<(String, String), BTreeMap<String, String>>,
    named: BTreeMap<String, Named>,
}

#[derive(Debug)]
struct Named {
    /// Where its text is in the bundle.
    text: Range<usize>,
    /// `None` for what cannot be understood; then nothing is said of it.
    schema: OnceLock<Option<Schema>>,
}

/// Groups that Kubernetes had once and has no more.
const FORMER_GROUPS: [&str; 1] = ["extensions"];

impl KubernetesSchemas {
    /// Reads a bundle.
    ///
    /// # Errors
    /// [`InvalidBundle`] if the text is none, or of a later format.
    pub fn parse(bundle: Arc<str>) -> Result<Self, InvalidBundle> {
        let mut lines = bundle.split_inclusive('\n');
        let head = lines.next().unwrap_or_default();
        let mut begins = head.len();
        let head = head.strip_prefix(MAGIC);
        let version = head.ok_or(InvalidBundle::NoBundle)?.trim().to_owned();
        let (mut known, mut named) = (BTreeMap::new(), BTreeMap::new());
        for whole in lines {
            let line = whole.trim_end_matches(['\r', '\n']);
            let (name, rest) = line.split_once('\t').ok_or(InvalidBundle::NoBundle)?;
            let (kinds, text) = rest.split_once('\t').ok_or(InvalidBundle::NoBundle)?;
            for kind in kinds.split_terminator(' ') {
                let mut parts = kind.split('/');
                let (Some(group), Some(version), Some(kind)) =
                    (parts.next(), parts.next(), parts.next())
                else {
                    return Err(InvalidBundle::NoBundle);
                };
                let versions: &mut BTreeMap<_, _> =
                    known.entry((group.to_owned(), kind.to_owned())).or_default();
                versions.insert(version.to_owned(), name.to_owned());
            }
            let ends = begins + line.len();
            let text = ends - text.len()..ends;
            named.insert(name.to_owned(), Named { text, schema: OnceLock::new() });
            begins += whole.len();
        }
        Ok(Self { version, kinds: known, named, bundle: Arc::clone(&bundle) })
    }

    /// The bundle that these were read from.
    #[must_use]
    pub const fn bundle(&self) -> &Arc<str> {
        &self.bundle
    }

    /// The version of Kubernetes, such as `1.34`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The schema with this name.
    pub(super) fn named(&self, name: &str) -> Option<&Schema> {
        let named = self.named.get(name)?;
        let parse = || {
            let node = parse_stream(&self.bundle[named.text.clone()], Dialect::V3).ok()?.pop()?;
            Schema::parse(&node).ok()
        };
        named.schema.get_or_init(parse).as_ref()
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        FORMER_GROUPS.contains(&group) || self.kinds.keys().any(|(known, _)| known == group)
    }
}
