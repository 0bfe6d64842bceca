//! A plan in the making: what changes so far in the target overlay, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::Commit;
use super::error::PlanError;
use super::overlay::Overlay;
use super::planned_edit::{Cause, PlannedEdit};
use super::remark::{NotPromoted, Warning};
use super::rules::Rules;
use crate::lineage::Difference;
use crate::model::{File, FileEdit, Location};

/// A plan in the making. Paths are below the overlays, which both sides share.
pub(super) struct Draft<'a> {
    /// The source overlay.
    pub source: Overlay<'a>,
    /// The target overlay as it is.
    pub target: Overlay<'a>,
    /// What the promotion does.
    pub rules: &'a Rules,
    /// The files that change, or may turn out to be what they were.
    pub changes: BTreeMap<String, Change>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// What stays behind.
    pub not_promoted: Vec<NotPromoted>,
    /// What differs, and what becomes of it.
    pub differences: Vec<Difference>,
    /// Commits of the source that this brings, oldest first.
    pub commits: Vec<Commit>,
}

/// What happens to one file.
pub(super) struct Change {
    /// The file as it will be; `None` if it goes.
    pub after: Option<File>,
    /// Why.
    pub causes: Vec<Cause>,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(source: Overlay<'a>, target: Overlay<'a>, rules: &'a Rules) -> Self {
        Self {
            source,
            target,
            rules,
            changes: BTreeMap::new(),
            warnings: Vec::new(),
            not_promoted: Vec::new(),
            differences: Vec::new(),
            commits: Vec::new(),
        }
    }

    /// Whether the source's file at `below` is one that is copied, edited or not.
    pub(super) fn is_copied(&self, below: &str) -> bool {
        !Overlay::is_kustomization(below)
            && self.source.below.contains(below)
            && self.rules.copies(below)
    }

    /// Asks at once for all files whose content the steps will look at.
    ///
    /// # Errors
    /// [`PlanError::Unknown`] with those whose content is not here.
    pub(super) fn require_contents(&self) -> Result<(), PlanError> {
        let mut unknown = BTreeSet::new();
        let copied = self.source.below.iter().filter(|below| self.is_copied(below));
        let both = self.source.below.iter().chain(&self.target.below);
        let kustomizations = both.filter(|below| Overlay::is_kustomization(below));
        for below in copied.chain(kustomizations) {
            for side in [&self.source, &self.target] {
                match side.file(below) {
                    Err(PlanError::Unknown(paths)) => unknown.extend(paths),
                    Err(error) => return Err(error),
                    Ok(_) => {}
                }
            }
        }
        if unknown.is_empty() { Ok(()) } else { Err(PlanError::Unknown(unknown)) }
    }

    /// Notes something that a person should know.
    pub(super) fn warn(&mut self, at: Option<Location>, message: impl Into<String>) {
        self.warnings.push(Warning { message: message.into(), at });
    }

    /// The paths of the target's files as they will be, below it.
    pub(super) fn target_after(&self) -> BTreeSet<&str> {
        let mut paths: BTreeSet<&str> = self.target.below.iter().map(String::as_str).collect();
        for (below, change) in &self.changes {
            match change.after {
                Some(_) => paths.insert(below),
                None => paths.remove(below.as_str()),
            };
        }
        paths
    }

    /// The edits, without those that leave a file as it is, in the order of their paths.
    ///
    /// # Errors
    /// [`PlanError::InTheWay`] if a file would be written where a directory or a file is.
    pub(super) fn into_edits(mut self) -> Result<Finished, PlanError> {
        let mut edits = Vec::new();
        for (below, change) in std::mem::take(&mut self.changes) {
            let before = self.target.file(&below)?;
            if before == change.after {
                continue;
            }
            let path = self.target.path(&below);
            let dir = &self.target.environment.path;
            if !path.is_within(dir) || (path == *dir) != self.source.is_file() {
                return Err(PlanError::OutsideTarget { at: Location::file(path) });
            }
            let edit = FileEdit { path, before, after: change.after };
            edits.push(PlannedEdit { edit, causes: change.causes });
        }
        self.refuse_collisions(&edits)?;
        edits.sort_by(|a, b| a.edit.path.cmp(&b.edit.path));
        let Self { warnings, not_promoted, differences, commits, .. } = self;
        Ok(Finished { edits, warnings, not_promoted, differences, commits })
    }

    /// Refuses edits that make one path both a file and a directory.
    fn refuse_collisions(&self, edits: &[PlannedEdit]) -> Result<(), PlanError> {
        let dir = &self.target.environment.path;
        let below = |edit: &FileEdit| edit.path.strip_prefix(dir).map(str::to_owned);
        let mut files = self.target.below.clone();
        for PlannedEdit { edit, .. } in edits {
            let Some(below) = below(edit) else { continue };
            match edit.after {
                Some(_) => files.insert(below),
                None => files.remove(&below),
            };
        }
        for PlannedEdit { edit, .. } in edits.iter().filter(|planned| planned.edit.after.is_some())
        {
            let Some(below) = below(edit) else { continue };
            let in_the_way = |obstacle: &str, what| {
                let at = Location::file(edit.path.clone());
                Err(PlanError::InTheWay { at, obstacle: self.target.path(obstacle), what })
            };
            let above = below.rmatch_indices('/').map(|(at, _)| &below[..at]);
            if let Some(file) = above.into_iter().find(|above| files.contains(*above)) {
                return in_the_way(file, "file");
            }
            let inside = format!("{below}/");
            if files.range(inside.clone()..).next().is_some_and(|next| next.starts_with(&inside)) {
                return in_the_way(&below, "folder");
            }
        }
        Ok(())
    }
}

/// What remains of a [`Draft`].
pub(super) struct Finished {
    /// The edits.
    pub edits: Vec<PlannedEdit>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// What stays behind.
    pub not_promoted: Vec<NotPromoted>,
    /// What differs, and what becomes of it.
    pub differences: Vec<Difference>,
    /// Commits of the source that this brings, oldest first.
    pub commits: Vec<Commit>,
}
