//! Taking the entries of pruned files out of the target's kustomization.

use super::entry::{Subject, subject, subject_of_path};
use super::field::entries;
use super::generator::{LINE_KEYS, line_path};
use super::kustomizations::Kustomizations;
use crate::model::{FieldHolds, KustomizationField, file_lists};
use crate::promotion::draft::Draft;
use crate::promotion::error::PlanError;
use crate::promotion::overlay::Overlay;
use crate::promotion::planned_edit::Cause;
use crate::yaml::edit::{NodePath, SpanNode};

/// Takes out what names a file that goes.
pub(in crate::promotion) fn unwire(
    draft: &Draft<'_>,
    both: &mut Kustomizations,
) -> Result<(), PlanError> {
    let after = draft.target_after();
    let dir = &draft.target.environment.path;
    let pruned = |path: &Subject| {
        let Subject::Below(below) = path else { return None };
        let goes =
            |file: &str| draft.changes.get(file).is_some_and(|change| change.after.is_none());
        let directory_goes = || {
            let mut kustomizations = Overlay::kustomizations_of(below).peekable();
            kustomizations.any(|file| goes(&file))
                && !Overlay::kustomizations_of(below).any(|file| after.contains(file.as_str()))
        };
        (goes(below) || directory_goes()).then(|| below.clone())
    };
    for field in file_lists().flatten() {
        let gone = |entry: &SpanNode| pruned(&subject(entry, dir));
        let path = NodePath::root(0).key(&entries(&both.target.editor, field).0);
        remove_items(both, field, &path, &gone)?;
    }
    let gone = |line: &SpanNode| pruned(&subject_of_path(line_path(line.text()?), dir));
    for field in KustomizationField::holding(FieldHolds::Objects) {
        remove_generator_lines(both, field.name, &gone)?;
    }
    remove_openapi(both, &gone)
}

/// Takes the items of a list out that name a file that goes, the last first.
fn remove_items(
    both: &mut Kustomizations,
    field: &'static str,
    list: &NodePath,
    gone: &dyn Fn(&SpanNode) -> Option<String>,
) -> Result<bool, PlanError> {
    let count = both.target.editor.node(list).map_or(0, |list| list.items().len());
    let mut any = false;
    for index in (0..count).rev() {
        let item = both.target.editor.node(&list.index(index));
        if let Some(entry) = item.and_then(gone) {
            let removed = both.target.editor.remove_item(list, index);
            removed.map_err(both.target.refused(field))?;
            both.causes.push(Cause::Unwired { field, entry });
            any = true;
        }
    }
    Ok(any)
}

/// Takes file lines out of generators; a generator without anything to generate from goes too.
fn remove_generator_lines(
    both: &mut Kustomizations,
    field: &'static str,
    gone: &dyn Fn(&SpanNode) -> Option<String>,
) -> Result<(), PlanError> {
    let (key, generators) = entries(&both.target.editor, field);
    let list = NodePath::root(0).key(&key);
    for index in (0..generators.len()).rev() {
        let generator = list.index(index);
        let mut any = false;
        for key in LINE_KEYS {
            any |= remove_items(both, field, &generator.key(key), gone)?;
        }
        let env = both.target.editor.node(&generator.key("env"));
        if let Some(entry) = env.and_then(gone) {
            let removed = both.target.editor.remove_key(&generator, "env");
            removed.map_err(both.target.refused(field))?;
            both.causes.push(Cause::Unwired { field, entry });
            any = true;
        }
        let has = |key: &str| {
            let node = both.target.editor.node(&generator.key(key));
            node.is_some_and(|node| {
                !node.items().is_empty() || node.text().is_some_and(|t| !t.is_empty())
            })
        };
        let empty = !["files", "envs", "env", "literals"].into_iter().any(has);
        if any && empty {
            let removed = both.target.editor.remove_item(&list, index);
            removed.map_err(both.target.refused(field))?;
        }
    }
    Ok(())
}

fn remove_openapi(
    both: &mut Kustomizations,
    gone: &dyn Fn(&SpanNode) -> Option<String>,
) -> Result<(), PlanError> {
    const FIELD: &str = "openapi";
    let root = NodePath::root(0);
    let path = both.target.editor.node(&root.key(FIELD).key("path"));
    let Some(entry) = path.and_then(gone) else { return Ok(()) };
    let alone = both.target.editor.root(0).get(FIELD).is_some_and(|field| field.pairs().len() == 1);
    let removed = if alone {
        both.target.editor.remove_key(&root, FIELD)
    } else {
        both.target.editor.remove_key(&root.key(FIELD), "path")
    };
    removed.map_err(both.target.refused(FIELD))?;
    both.causes.push(Cause::Unwired { field: FIELD, entry });
    Ok(())
}
