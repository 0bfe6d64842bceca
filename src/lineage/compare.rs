//! Two folders and their history: which files change how, and what stays different.

use std::collections::BTreeSet;

use super::decision::Choice;
use super::difference::Difference;
use super::elsewhere::keep_present_away;
use super::entries::settle_entries;
use super::file_names::name_files;
use super::moves::move_files;
use super::request::{Change, Request};
use super::sides::Sides;
use super::wording;
use crate::model::{ReadError, RepoPath};

/// What comes of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The files that change, in the order of their paths.
    pub changes: Vec<Change>,
    /// Every difference, in the order of paths and fields.
    pub differences: Vec<Difference>,
    /// The files whose content it takes and that are not here; nothing is said of them.
    pub lacking: BTreeSet<RepoPath>,
}

/// Compares two folders.
///
/// # Errors
/// [`ReadError`] if a file or its past cannot be read.
pub fn compare(request: &Request<'_>) -> Result<Comparison, ReadError> {
    let mut sides = Sides::list(request)?;
    let mut outcomes = sides.decide(request)?;
    if request.choice == Choice::Changed {
        outcomes = wording::decide_with_names(request, &mut sides, outcomes)?;
        wording::translate(request, &sides, &mut outcomes)?;
        keep_present_away(request, &sides, &mut outcomes)?;
    } else {
        name_files(request, &sides, &mut outcomes)?;
    }
    move_files(request, &sides, &mut outcomes)?;
    settle_entries(request, &sides, &mut outcomes)?;
    if request.choice == Choice::Changed {
        wording::translate(request, &sides, &mut outcomes)?;
    }
    let mut lacking = sides.unknown.take();
    lacking.extend(sides.world.take_unknown());
    let mut comparison = Comparison { lacking, ..Comparison::default() };
    for outcome in outcomes {
        comparison.differences.extend(outcome.differences);
        comparison.changes.extend(outcome.change);
    }
    comparison.changes.sort_by(|a, b| a.below.cmp(&b.below));
    comparison.differences.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(comparison)
}
