//! Copying files from the source overlay to the same place in the target, and pruning.

use std::collections::BTreeSet;

use super::draft::{Change, Draft};
use super::error::PlanError;
use super::planned_edit::Cause;
use crate::model::{File, FileMode, RepoPath};

/// Copies what the rules match. Modes, symlinks and binary content survive.
pub(super) fn copy(draft: &mut Draft<'_>) -> Result<(), PlanError> {
    let copied: Vec<String> =
        draft.source.below.iter().filter(|below| draft.is_copied(below)).cloned().collect();
    take(draft, copied)
}

/// Begins a target that does not exist: every file is as the source has it, the kustomization too.
pub(super) fn create(draft: &mut Draft<'_>) -> Result<(), PlanError> {
    let excluded = |below: &String| draft.rules.excludes(below);
    let all: Vec<String> =
        draft.source.below.iter().filter(|below| !excluded(below)).cloned().collect();
    take(draft, all)
}

/// Takes files as the source has them.
fn take(draft: &mut Draft<'_>, files: Vec<String>) -> Result<(), PlanError> {
    for below in files {
        let Some(file) = draft.source.file(&below)? else { continue };
        if file.mode == FileMode::Symlink {
            check_symlink(draft, &below, &file)?;
        }
        let causes = vec![Cause::Copied { from: draft.source.path(&below) }];
        draft.changes.insert(below, Change { after: Some(file), causes });
    }
    Ok(())
}

/// Refuses a symlink that leads out of the repository, from where it is or from where it will be.
fn check_symlink(draft: &Draft<'_>, below: &str, link: &File) -> Result<(), PlanError> {
    let refuse = |there| {
        let at = draft.source.location(below);
        Err(PlanError::SymlinkOutside { at, there })
    };
    let target = String::from_utf8_lossy(&link.content);
    let leaves = |overlay: &super::overlay::Overlay<'_>| {
        let dir = overlay.path(below).parent().unwrap_or_default();
        dir.join(&target).is_err()
    };
    if leaves(&draft.source) || !draft.source.link_stays_inside(below) {
        return refuse("");
    }
    if leaves(&draft.target) {
        return refuse(" from where it would be copied to");
    }
    Ok(())
}

/// Deletes from the target what the source had at the last promotion and has no more.
///
/// A file that `copy` does not match, or that the source never had, is not touched.
pub(super) fn prune(draft: &mut Draft<'_>, then: &BTreeSet<RepoPath>) {
    let dir = &draft.source.environment.path;
    for path in then {
        let Some(below) = path.strip_prefix(dir).filter(|below| !below.is_empty()) else {
            continue;
        };
        let gone = !draft.source.below.contains(below) && draft.target.below.contains(below);
        let ours = draft.rules.copies(below) && !super::overlay::Overlay::is_kustomization(below);
        if gone && ours {
            let change = Change { after: None, causes: vec![Cause::Pruned] };
            draft.changes.insert(below.to_owned(), change);
        }
    }
}
