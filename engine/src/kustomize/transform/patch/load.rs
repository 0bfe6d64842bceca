//! Reading patches: in files or written in place, of a field's entry or a plugin's configuration.

use std::borrow::Cow;

use super::{LoadedPatch, Patch, PatchOptions};
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::{self, TextOrigin};
use crate::kustomize::patch_effect::PatchEntry;
use crate::kustomize::reference::Reference;
use crate::kustomize::site::Site;
use crate::model::{Location, RepoPath};
use crate::yaml::Mark;

/// A patch of either form.
///
/// # Errors
/// [`BuildError`] if it cannot be read, or is of neither form.
pub fn patch(patch: &Patch, site: &Site<'_, '_>) -> Result<LoadedPatch, BuildError> {
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
pub fn json_6902(patch: &Patch, site: &Site<'_, '_>) -> Result<LoadedPatch, BuildError> {
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
pub fn strategic_merges(
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

/// What `PatchJson6902Transformer` is configured with.
///
/// # Errors
/// As [`json_6902`].
pub fn json_6902_of_plugin(
    object: &Object<'_>,
    site: &Site<'_, '_>,
) -> Result<LoadedPatch, BuildError> {
    let written = object.written("jsonOp");
    let read = Patch { patch: object.text("jsonOp")?, written, ..Patch::read(object)? };
    json_6902(&read, site)
}

/// What `PatchStrategicMergeTransformer` is configured with, at a place.
///
/// # Errors
/// As [`strategic_merges`], and if it lists none.
pub fn strategic_merges_of_plugin(
    object: &Object<'_>,
    at: &Location,
    site: &Site<'_, '_>,
) -> Result<LoadedPatch, BuildError> {
    let mut listed = Reference::read_list(object, "paths")?;
    let inline = object.text("patches")?;
    if !inline.is_empty() {
        listed.push(Reference::of(object, "patches", inline));
    }
    if listed.is_empty() {
        return Err(object.conflict("`paths` and `patches` are both empty"));
    }
    strategic_merges(&listed, at, site)
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
