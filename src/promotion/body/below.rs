//! What changes in kustomizations below the target's that it does not build itself: something of their own, such as
//! an Argo CD Application, may deploy them, so that a reviewer has to see it too.

use crate::diff::RenderedDiff;
use crate::model::RepoPath;
use crate::promotion::plan::Plan;
use crate::promotion::telling::Telling;

use super::super::markdown::code;
use super::super::plain_text::utf16_len;
use super::{command, diffs, summary};

/// The kustomizations in which something changes.
fn changed(plan: &Plan) -> impl Iterator<Item = &(RepoPath, RenderedDiff)> {
    plan.below.iter().filter(|(_, rendered)| !rendered.resources().is_empty())
}

fn title(plan: &Plan, root: &RepoPath) -> String {
    let name = code(root.as_str(), 200);
    format!("In {name}, which is no part of what {} builds itself", plan.target.name)
        .replace('_', "\\_")
}

/// The lists of changes, at most so many lines each.
pub(super) fn lists(plan: &Plan, most: usize) -> Option<String> {
    let list = |(root, rendered): &(RepoPath, RenderedDiff)| {
        let telling = Telling::of_parts(rendered.resources(), &[]);
        summary::listed(&format!("**{}**", title(plan, root)), &telling, most)
    };
    let lists: Vec<String> = changed(plan).filter_map(list).collect();
    (!lists.is_empty()).then(|| lists.join("\n\n"))
}

/// The diffs, in equal parts of the room.
pub(super) fn diffs(plan: &Plan, room: usize) -> String {
    let all: Vec<_> = changed(plan).collect();
    let part = room / all.len().max(1);
    let shown = all.into_iter().map(|(root, rendered)| {
        let title = format!("#### {}\n\n", title(plan, root));
        let telling = Telling::of_parts(rendered.resources(), &[]);
        let room = part.saturating_sub(utf16_len(&title) + 2);
        let command = format!("{} --diff files", command(plan));
        format!("{title}{}", diffs::render(&command, &telling.changes, room))
    });
    shown.collect::<Vec<_>>().join("\n\n")
}
