//! Which folders are charts of Helm's.

use crate::model::{CHART_NAME, Entry, Files, RepoPath};

/// Whether a folder is a chart.
pub(super) fn is_chart(files: &dyn Files, folder: &RepoPath) -> bool {
    let own = folder.join(CHART_NAME).map(|path| files.look_up(&path));
    matches!(own, Ok(Ok((_, Entry::File(_) | Entry::Unknown))))
}

/// The innermost folder above a path that is a chart on one of the sides, looked for within a folder.
pub(super) fn chart_above(
    sides: &[&dyn Files],
    path: &RepoPath,
    within: &RepoPath,
) -> Option<RepoPath> {
    let above = std::iter::successors(path.parent(), RepoPath::parent);
    let mut above = above.take_while(|folder| folder.is_within(within));
    above.find(|folder| sides.iter().any(|files| is_chart(*files, folder)))
}
