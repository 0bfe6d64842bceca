//! Reading what transformers are made of: patches and replacements, in files or written in place.

use std::borrow::Cow;

use super::decode::{Object, Places, Source, Unknown};
use super::error::BuildError;
use super::kustomization::{Patch, Reference, Replacement, ReplacementField, replacement};
use super::manifest::{self, TextOrigin};
use super::patch_effect::PatchEntry;
use super::site::Site;
use super::transform::patch::{LoadedPatch, PatchOptions};
use super::version::Version;
use crate::model::{Location, Positions, RepoPath};
use crate::yaml::{Dialect, Mark, Node, Value};

/// The replacements of a list, those in files read.
///
/// # Errors
/// [`BuildError`] if a file cannot be read, or holds no replacements.
pub(super) fn load_replacements(
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

/// A patch of either form.
///
/// # Errors
/// [`BuildError`] if it cannot be read, or is of neither form.
pub(super) fn load_patch(patch: &Patch, site: &Site<'_, '_>) -> Result<LoadedPatch, BuildError> {
    let (text, place) = patch_text(patch, patch.patch.trim(), site)?;
    let objects = manifest::patches(&text, &place, site.schema);
    let options = PatchOptions {
        allow_name_change: patch.allow_name_change,
        allow_kind_change: patch.allow_kind_change,
    };
    let at = place.whole().clone();
    let entry = own_entry((&patch.at, patch.mark), place.file(), site);
    let loaded = LoadedPatch::of_either_form(
        (&text, place.text()),
        objects,
        patch.target.clone(),
        options,
        at,
    )?;
    Ok(loaded.read_from(place.file(), &patch.at).of_entries(entry.into_iter().collect()))
}

/// A JSON 6902 patch of the older field.
///
/// # Errors
/// [`BuildError`] if it cannot be read, or is none.
pub(super) fn load_json_patch(
    patch: &Patch,
    site: &Site<'_, '_>,
) -> Result<LoadedPatch, BuildError> {
    let (text, place) = patch_text(patch, &patch.patch, site)?;
    let entry = own_entry((&patch.at, patch.mark), place.file(), site);
    let loaded =
        LoadedPatch::json_6902((&text, place.text()), patch.target.clone(), place.whole().clone())?;
    Ok(loaded.read_from(place.file(), &patch.at).of_entries(entry.into_iter().collect()))
}

/// Strategic merge patches; each is a patch written in place, or else a file.
///
/// # Errors
/// [`BuildError`] if one is neither.
pub(super) fn load_strategic_merges(
    references: &[Reference],
    at: &Location,
    site: &Site<'_, '_>,
) -> Result<LoadedPatch, BuildError> {
    let (mut objects, mut entries) = (Vec::new(), Vec::new());
    let mut all_known = true;
    for reference in references {
        let Reference { text, at, written } = reference;
        let place = TextOrigin::Inline(at.clone(), site.loader.add_inline(*written, text, text));
        let mut file = None;
        match manifest::patches(&reference.text, &place, site.schema) {
            Ok(inline) => objects.extend(inline),
            // Who wrote several lines meant a patch, not a path.
            Err(fault) if reference.text.trim().contains('\n') => return Err(fault),
            Err(_) => {
                let loaded = site.loader.read(site.root, reference)?;
                all_known &= loaded.is_known;
                let place = loaded.place();
                let text = loaded.text()?;
                objects.extend(manifest::patches(&text, &place, site.schema)?);
                file = place.file();
            }
        }
        let entry = own_entry((at, written.mark), file, site);
        entries.extend(entry.map(|entry| PatchEntry { objects: objects.len(), ..entry }));
    }
    if objects.is_empty() && all_known {
        let reason = "the patches are empty";
        return Err(BuildError::Conflict { at: at.clone(), reason });
    }
    Ok(LoadedPatch::strategic_merge(objects, at.clone()).of_entries(entries))
}

/// An entry with a patch, if what it does is to be noted: if it is of the kustomization that is built.
fn own_entry(
    (at, mark): (&Location, Mark),
    file: Option<RepoPath>,
    site: &Site<'_, '_>,
) -> Option<PatchEntry> {
    let entry = || PatchEntry { at: at.clone(), mark, file, objects: usize::MAX };
    site.root.is_outermost().then(entry)
}

/// The text of a patch: that of its file, or `inline`, the one written in place.
///
/// `patches` take the space around what is written in place away; blank lines at the end of a text in
/// it show the difference.
fn patch_text<'p>(
    patch: &'p Patch,
    inline: &'p str,
    site: &Site<'_, '_>,
) -> Result<(Cow<'p, str>, TextOrigin), BuildError> {
    let conflict = |reason| BuildError::Conflict { at: patch.at.clone(), reason };
    match (patch.path.as_str(), inline) {
        ("", "") => Err(conflict("a patch needs `path` or `patch`")),
        ("", text) => {
            let id = site.loader.add_inline(patch.written, &patch.patch, text);
            Ok((Cow::Borrowed(text), TextOrigin::Inline(patch.at.clone(), id)))
        }
        (path, "") => {
            let reference = Reference::to(path, patch.at.clone());
            let loaded = site.loader.read(site.root, &reference)?;
            let place = loaded.place();
            Ok((Cow::Owned(loaded.text()?.into_owned()), place))
        }
        _ => Err(conflict("`path` and `patch` exclude each other")),
    }
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
            list.push(replacement(&object)?);
        }
    }
    Ok(list)
}
