//! Where the resources that another engine printed come from, guessed by their names.
//!
//! Names change on the way by prefixes, suffixes and hashes. All that the kustomizations have of these are
//! taken off in turn until a resource of that kind and name is found in a file. What is found nowhere (it
//! is generated, or from a chart) is said to come from the overlay's kustomization.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use compact_str::CompactString;

use super::gatherer::{Gathered, Naming};
use crate::kustomize::ResourceId;
use crate::kustomize::built::Resource;
use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::{TextOrigin, objects};
use crate::kustomize::resource::Draft;
use crate::kustomize::schema::Schema;
use crate::kustomize::transform::name_hash::hash;
use crate::model::{Entry, Files as _, Location};
use crate::yaml::TextId;

/// So many names are tried for one resource.
const MOST_NAMES: usize = 64;

/// Reads what was printed, and tells where each resource comes from.
pub(super) fn resources(
    manifest: &str,
    gathered: &Gathered,
    kustomization: Location,
) -> Result<Vec<Resource>, BuildError> {
    let schema = Schema::default();
    let printed =
        objects(manifest, &TextOrigin::Inline(kustomization.clone(), TextId::ONLY)).map_err(
            |error| BuildError::Foreign { at: kustomization.clone(), reason: unreadable(&error) },
        )?;
    let known = Known::read(gathered, &schema);
    let trace = |draft: Draft| {
        let (original_id, origin) = known
            .find(&draft)
            .unwrap_or_else(|| (without_own(&draft, &gathered.own), kustomization.clone()));
        Resource { id: draft.id, node: draft.node, original_id, origin }
    };
    Ok(printed.into_iter().map(|object| trace(object.into_draft(&schema))).collect())
}

fn unreadable(error: &BuildError) -> String {
    let what = match error {
        BuildError::Syntax { source, .. } => {
            let line = source.position.map_or(0, |position| position.line);
            format!("line {line}: {}", source.reason)
        }
        BuildError::NotAResource { missing, .. } => format!("an object without `{missing}`"),
        _ => "no list of resources".to_owned(),
    };
    format!("what it printed is no rendered manifest: {what}")
}

/// The resources in files, by what tells them apart.
struct Known<'a> {
    by_name: BTreeMap<(CompactString, CompactString, CompactString), Vec<(ResourceId, Location)>>,
    prefixes: &'a BTreeSet<String>,
    suffixes: &'a BTreeSet<String>,
}

impl<'a> Known<'a> {
    fn read(gathered: &'a Gathered, schema: &Schema) -> Self {
        let mut known = Self {
            by_name: BTreeMap::new(),
            prefixes: &gathered.prefixes,
            suffixes: &gathered.suffixes,
        };
        for path in &gathered.manifests {
            let Ok((_, Entry::File(file))) = gathered.tree.look_up(path) else { continue };
            let Ok(text) = std::str::from_utf8(&file.content) else { continue };
            let place = TextOrigin::File(Location::file(path.clone()), TextId::ONLY);
            for object in objects(text, &place).unwrap_or_default() {
                let Draft { id, location, .. } = object.into_draft(schema);
                let key = key_of(&id, &id.name);
                known.by_name.entry(key).or_default().push((id, location));
            }
        }
        known
    }

    /// The one resource in a file that this may have been.
    fn find(&self, draft: &Draft) -> Option<(ResourceId, Location)> {
        self.names(draft).iter().find_map(|name| {
            let found = self.by_name.get(&key_of(&draft.id, name))?;
            let same = |(id, _): &&(ResourceId, Location)| id.namespace == draft.id.namespace;
            match found.as_slice() {
                [only] => Some(only.clone()),
                several => several.iter().find(same).cloned(),
            }
        })
    }

    /// The names that it may have had, those with the fewest changes first.
    fn names(&self, draft: &Draft) -> Vec<CompactString> {
        let mut names = Vec::new();
        let mut queue = VecDeque::from([draft.id.name.clone()]);
        queue.extend(without_hash(draft).map(CompactString::from));
        while let Some(name) = queue.pop_front().filter(|_| names.len() < MOST_NAMES) {
            if names.contains(&name) {
                continue;
            }
            let heads = self.prefixes.iter().filter_map(|prefix| name.strip_prefix(&**prefix));
            let tails = self.suffixes.iter().filter_map(|suffix| name.strip_suffix(&**suffix));
            queue.extend(heads.chain(tails).map(CompactString::from));
            names.push(name);
        }
        names
    }
}

fn key_of(id: &ResourceId, name: &str) -> (CompactString, CompactString, CompactString) {
    (id.gvk.group.clone(), id.gvk.kind.clone(), name.into())
}

/// The name of a generated object before its hash; `None` if it ends with no hash of its content.
fn without_hash(draft: &Draft) -> Option<&str> {
    if !matches!(draft.id.gvk.kind.as_str(), "ConfigMap" | "Secret") {
        return None;
    }
    let (name, end) = draft.id.name.rsplit_once('-')?;
    (end == hash(draft)).then_some(name)
}

/// The identity without what the overlay itself adds, which is what environments differ in.
fn without_own(draft: &Draft, own: &Naming) -> ResourceId {
    let name = without_hash(draft).unwrap_or(&draft.id.name);
    let name = name.strip_prefix(&*own.prefix).unwrap_or(name);
    let name = name.strip_suffix(&*own.suffix).unwrap_or(name);
    let is_own = !own.namespace.is_empty() && draft.id.namespace == own.namespace;
    ResourceId {
        gvk: draft.id.gvk.clone(),
        namespace: if is_own { CompactString::default() } else { draft.id.namespace.clone() },
        name: name.into(),
    }
}
