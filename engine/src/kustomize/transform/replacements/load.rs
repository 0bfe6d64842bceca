//! Reading the replacements of a list, those in files too.

use super::value::{Replacement, ReplacementField};
use crate::kustomize::decode::{Object, Places, Source, Unknown};
use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::{self, TextOrigin};
use crate::kustomize::site::Site;
use crate::kustomize::version::Version;
use crate::model::{Positions, RepoPath};
use crate::yaml::{Dialect, Node, Value};

/// The replacements of a list, those in files read.
///
/// # Errors
/// [`BuildError`] if a file cannot be read, or holds no replacements.
pub(super) fn replacements(
    fields: &[ReplacementField],
    site: &Site<'_, '_>,
) -> Result<Vec<Replacement>, BuildError> {
    let mut list = Vec::new();
    for field in fields {
        match field {
            ReplacementField::Inline(replacement) => {
                // On its way to the transformer kustomize loses an empty list of targets.
                let targets = replacement.targets.clone().filter(|targets| !targets.is_empty());
                list.push(Replacement { targets, ..replacement.as_ref().clone() });
            }
            ReplacementField::File(reference) => {
                let loaded = site.loader.read(site.root, reference)?;
                if !loaded.is_known {
                    continue;
                }
                let place = loaded.place();
                let text = loaded.text()?;
                list.extend(replacements_in(&text, &loaded.path, &place, site.version())?);
            }
        }
    }
    Ok(list)
}

/// The replacements in a file: one, or a list of them.
///
/// # Errors
/// [`BuildError`] if it holds none.
fn replacements_in(
    text: &str,
    path: &RepoPath,
    place: &TextOrigin,
    version: Version,
) -> Result<Vec<Replacement>, BuildError> {
    let (text, documents) = manifest::documents(text, Dialect::V2, place)?;
    let positions = Positions::new(&text);
    let source = Source { path, places: Places::Marked(&positions), version };
    let nodes: &[Node] = match documents.first() {
        Some(Node { value: Value::Sequence(items), .. }) => items,
        Some(node @ Node { value: Value::Mapping(_), .. }) => std::slice::from_ref(node),
        _ => {
            let reason = "expected a replacement or a list of them";
            return Err(BuildError::Conflict { at: place.whole().clone(), reason });
        }
    };
    let mut list = Vec::new();
    for node in nodes {
        if let Some(object) = Object::open(source, node, String::new(), &[], Unknown::Ignored)? {
            list.push(Replacement::read(&object)?);
        }
    }
    Ok(list)
}
