//! A promotion leaves the traffic alone that `steps` move: whatever it brings, the target shares its traffic
//! out as before.

use super::draft::Finished;
use super::environment::Environment;
use super::error::PlanError;
use super::plan_request::PlanRequest;
use super::planned_edit::{Cause, PlannedEdit};
use super::remark::Warning;
use super::rendering::render;
use crate::kustomize::{Build, BuildError};
use crate::lineage::{Because, Then};
use crate::model::{EditedFiles, FileEdit, Files};
use crate::traffic::{Rollout, ShiftError, share_of, shift, standing_step};

/// Gives weights that a promotion would change their values back.
pub(super) fn leave_traffic(
    request: &PlanRequest<'_>,
    before: Option<&Build>,
    finished: &mut Finished,
) -> Result<(), PlanError> {
    let target = request.target;
    let given = request.wish.edits.is_some();
    let Some(before) = before.filter(|_| !given && !finished.edits.is_empty()) else {
        return Ok(());
    };
    for rollout in target.rollouts.iter() {
        let Some(aim) = standing_step(rollout, before) else { continue };
        let edits: Vec<FileEdit> = finished.edits.iter().map(|it| it.edit.clone()).collect();
        let edited = EditedFiles::new(request.files, &edits);
        let build = |files: &dyn Files| render(files, &target.path, request.options);
        let after = match build(&edited) {
            Ok(after) => after,
            Err(error @ BuildError::Unknown(_)) => return Err(ShiftError::from(error).into()),
            // What does not build is told by the plan itself.
            Err(_) => return Ok(()),
        };
        if share_of(&after, &aim).is_none_or(|share| share == aim.share) {
            continue;
        }
        match shift(&edited, &target.path, &build, &aim) {
            Ok(shift) => give_back(request, finished, shift.edits)?,
            Err(ShiftError::Owned { .. }) => {}
            Err(ShiftError::Unknown(paths)) => return Err(PlanError::Unknown(paths)),
            Err(error) => finished.warnings.push(moved(target, rollout, &error)),
        }
    }
    Ok(())
}

fn moved(target: &Environment, rollout: &Rollout, error: &ShiftError) -> Warning {
    let name = &rollout.virtual_service;
    let message = format!(
        "this moves the traffic of VirtualService `{name}`, which `steps` of `{}` are to move: {error}",
        target.name
    );
    Warning { message, at: error.location().cloned() }
}

/// Lays edits of traffic over those of the promotion.
fn give_back(
    request: &PlanRequest<'_>,
    finished: &mut Finished,
    edits: Vec<(FileEdit, Vec<String>)>,
) -> Result<(), PlanError> {
    for (edit, fields) in edits {
        for difference in finished.differences.iter_mut().filter(|it| it.path == edit.path) {
            if fields.iter().any(|field| is_of(&difference.field, field)) {
                (difference.then, difference.because) = (Then::Stays, Because::Stepped);
            }
        }
        let cause = Cause::Kept { fields };
        match finished.edits.iter_mut().find(|it| it.edit.path == edit.path) {
            Some(planned) => {
                planned.edit.after = edit.after;
                planned.causes.push(cause);
            }
            None => {
                let at = crate::model::Location::file(edit.path.clone());
                let before = request.files.file(&edit.path);
                let before = before.map_err(|source| PlanError::Read { at, source })?;
                let edit = FileEdit { before, ..edit };
                finished.edits.push(PlannedEdit { edit, causes: vec![cause] });
            }
        }
    }
    finished.edits.retain(|it| it.edit.before != it.edit.after);
    finished.edits.sort_by(|a, b| a.edit.path.cmp(&b.edit.path));
    Ok(())
}

/// Whether a difference is about a field of a step: both end in the same name. How items of lists are named
/// differs.
fn is_of(difference: &str, field: &str) -> bool {
    let last = |text: &'_ str| {
        let last = text.trim_end_matches(']').rsplit(['.', '[']).next();
        last.unwrap_or_default().to_owned()
    };
    !difference.is_empty() && last(difference) == last(field)
}
