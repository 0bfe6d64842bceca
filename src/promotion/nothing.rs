//! Why there is nothing to promote, said only as far as it is true.

use super::plan::Plan;
use super::rules::By;
use crate::lineage::Because;

/// Why there is nothing to promote, in one sentence that is true: two environments may differ and yet
/// have nothing that comes.
#[must_use]
pub fn nothing(plan: &Plan) -> String {
    let (source, target) = (&plan.source.name, &plan.target.name);
    if plan.method.by == By::Changes && !plan.differences.is_empty() {
        return format!("Nothing to promote: {}.", stays(plan));
    }
    match plan.drift.resources().len() {
        0 if !plan.not_rendered.is_empty() => {
            format!("Nothing to promote from {source} to {target}.")
        }
        0 if plan.not_promoted.is_empty() => {
            format!("Nothing to promote: {target} has what {source} has.")
        }
        0 => {
            format!("Nothing to promote from {source} to {target}: nothing that is copied differs.")
        }
        1 => format!("Nothing to promote from {source} to {target}: 1 resource stays different."),
        count => format!(
            "Nothing to promote from {source} to {target}: {count} resources stay different."
        ),
    }
}

fn stays(plan: &Plan) -> String {
    let (source, target) = (&plan.source.name, &plan.target.name);
    let count =
        |is: fn(&Because) -> bool| plan.differences.iter().filter(|it| is(&it.because)).count();
    let groups = [
        (count(|it| matches!(it, Because::Own { .. })), format!("{target}'s own")),
        (count(|it| matches!(it, Because::SetLater { .. })), format!("set in {target} later")),
        (count(|it| matches!(it, Because::AbsentOnPurpose)), format!("never in {target}")),
        (
            count(|it| matches!(it, Because::LeftOut { .. })),
            "left out by an earlier promotion".to_owned(),
        ),
        (count(|it| matches!(it, Because::Counterpart)), "names of environments".to_owned()),
        (
            count(|it| matches!(it, Because::InAnotherList { .. })),
            "named in another list of the kustomization".to_owned(),
        ),
        (
            count(|it| {
                matches!(
                    it,
                    Because::Kept | Because::Stepped | Because::Excluded | Because::NotAsked
                )
            }),
            "kept or left out on request".to_owned(),
        ),
        (count(|it| matches!(it, Because::Unwritable(_))), "not to be changed in place".to_owned()),
    ];
    let told: Vec<String> = groups
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let not_asked = count(|it| matches!(it, Because::NotAsked));
    if not_asked > 0 {
        // They would have come.
        let changes = if not_asked == 1 { "other change is" } else { "other changes are" };
        return format!(
            "nothing of what was asked for differs; {not_asked} {changes} left out ({source} has them)"
        );
    }
    let all = plan.differences.len();
    let differences = if all == 1 { "difference stays" } else { "differences stay" };
    format!(
        "{source} changed nothing that {target} lacks; {all} {differences} ({})",
        told.join(", ")
    )
}
