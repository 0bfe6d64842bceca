//! Edited files of charts below the target's folder, and of values that an Argo CD Application hands to one: they
//! reach the cluster, and nothing renders them here.

use super::super::environment::Environment;
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::Builds;
use crate::deployer::Deployers;
use crate::model::{Entry, Files, RepoPath};

/// Those of the edits, in their order. Empty where the target is not rendered at all, which is told by itself.
pub(super) fn files_of_charts(
    files: &dyn Files,
    target: &Environment,
    builds: &Builds,
    deployers: &Deployers,
    edits: &[PlannedEdit],
) -> Vec<RepoPath> {
    if builds.after.inputs.is_empty() {
        return Vec::new();
    }
    let is_read =
        |path: &RepoPath| [&builds.before, &builds.after].iter().any(|it| it.inputs.contains(path));
    let paths = edits.iter().map(|planned| &planned.edit.path).filter(|path| !is_read(path));
    let is_of_chart =
        |path: &&RepoPath| is_in_chart(files, target, path) || deployers.hand_over(path);
    paths.filter(is_of_chart).cloned().collect()
}

/// Whether a folder above a file, within the environment's, is that of a chart. What people read becomes nothing.
fn is_in_chart(files: &dyn Files, target: &Environment, path: &RepoPath) -> bool {
    let has_chart = |folder: &RepoPath| {
        let chart = folder.join("Chart.yaml");
        let looked = chart.map(|chart| files.look_up(&chart));
        matches!(looked, Ok(Ok((_, Entry::File(_) | Entry::Unknown))))
    };
    let above = std::iter::successors(path.parent(), RepoPath::parent);
    let mut within = above.take_while(|folder| folder.is_within(&target.path));
    !path.as_str().ends_with(".md") && within.any(|folder| has_chart(&folder))
}
