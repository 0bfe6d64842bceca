//! Why there is nothing to promote, said only as far as it is true.

use std::collections::BTreeMap;

use super::plan::Plan;
use super::rules::By;
use crate::lineage::{Because, Difference, Trial};
use crate::model::EnvironmentName;

/// Why there is nothing to promote, in one sentence that is true: two environments may differ and yet
/// have nothing that comes.
#[must_use]
pub fn nothing(plan: &Plan) -> String {
    let (source, target) = (&plan.source.name, &plan.target.name);
    if plan.method.by == By::Changes && !plan.differences.is_empty() {
        return format!("Nothing to promote: {}.", stays(plan));
    }
    match plan.drift.resources().len() {
        0 if !plan.not_rendered.is_empty() && plan.method.by == By::Changes => {
            format!("Nothing to promote: the files of {target} say what those of {source} say.")
        }
        0 if !plan.not_rendered.is_empty() => {
            let globs = plan.target.rules.copy.iter().map(|glob| format!("`{glob}`"));
            let globs = globs.collect::<Vec<_>>().join(", ");
            let copied = if globs.is_empty() { globs } else { format!(" ({globs})") };
            format!(
                "Nothing to promote from {source} to {target}: nothing that is copied{copied} differs; what else does \
                 is not shown where nothing is rendered."
            )
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
    let mut groups: BTreeMap<u8, (usize, String)> = BTreeMap::new();
    for (place, words) in
        plan.differences.iter().filter_map(|it| group(&it.because, source, target))
    {
        groups.entry(place).or_insert((0, words)).0 += 1;
    }
    let told: Vec<String> =
        groups.into_values().map(|(count, words)| format!("{count} {words}")).collect();
    let is_not_asked = |it: &&Difference| it.because == Because::NotAsked;
    let not_asked = plan.differences.iter().filter(is_not_asked).count();
    if not_asked > 0 {
        // They would have come.
        let changes = if not_asked == 1 { "other change is" } else { "other changes are" };
        return format!(
            "nothing of what was asked for comes; {not_asked} {changes} left out ({source} has them)"
        );
    }
    let all = plan.differences.len();
    let differences = if all == 1 { "difference stays" } else { "differences stay" };
    format!(
        "{source} changed nothing that {target} lacks; {all} {differences} ({})",
        told.join(", ")
    )
}

/// The group that a difference which stays is counted in: its place among the others, and its words.
fn group(
    because: &Because,
    source: &EnvironmentName,
    target: &EnvironmentName,
) -> Option<(u8, String)> {
    Some(match because {
        Because::Own { .. } => (0, format!("{target}'s own")),
        Because::SetLater { .. } => (1, format!("set in {target} later")),
        Because::AbsentOnPurpose => (2, format!("never in {target}")),
        Because::LeftOut { .. } => (3, "left out earlier".to_owned()),
        Because::Counterpart => (4, "names of environments".to_owned()),
        Because::NamesSource { .. } => {
            (5, format!("naming {source}, and nothing tells {target}'s name"))
        }
        Because::NamesOther { .. } => (11, "naming other environments".to_owned()),
        Because::NamesAccount { .. } => (11, "of other accounts".to_owned()),
        Because::NamesOnlyOne { .. } => (14, "naming what is there once".to_owned()),
        Because::Reserved { .. } => (17, "kept to other environments by a comment".to_owned()),
        Because::Tried { what: Trial::Branch } => (16, format!("branches of {source}'s own")),
        Because::Tried { .. } => (15, format!("that {source} tries")),
        Because::InAnotherList { .. } => {
            (6, "named in another list of the kustomization".to_owned())
        }
        Because::Together { .. } => (13, "with what they belong to".to_owned()),
        Because::Unused => (12, "nothing in the source names any more".to_owned()),
        Because::EntryStays => (7, "files whose entries stay away".to_owned()),
        Because::Elsewhere { .. } => (8, format!("in other files of {target}")),
        Because::Kept | Because::Stepped | Because::Excluded | Because::NotAsked => {
            (9, "kept or left out on request".to_owned())
        }
        Because::Unwritable(_) => (10, "not to be changed in place".to_owned()),
        // These come or go.
        Because::Behind { .. }
        | Because::Taken
        | Because::All
        | Because::Named
        | Because::Needed
        | Because::Unlisted => return None,
    })
}
