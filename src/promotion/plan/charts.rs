//! Edited files of charts below the target's folder, and of values that an Argo CD Application hands to one: they
//! reach the cluster, and nothing renders them here.

use super::super::chart_folder::chart_above;
use super::super::environment::Environment;
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::Builds;
use crate::deployer::Deployers;
use crate::model::{Files, RepoPath};

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
    // What people read becomes nothing.
    let is_in_chart = |path: &RepoPath| {
        !path.as_str().ends_with(".md") && chart_above(&[files], path, &target.path).is_some()
    };
    let is_of_chart = |path: &&RepoPath| is_in_chart(path) || deployers.hand_over(path);
    paths.filter(is_of_chart).cloned().collect()
}
