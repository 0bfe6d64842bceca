//! What changes beside the target's own build: in kustomizations below it that it does not build itself, since
//! something of their own, such as an Argo CD Application, may deploy them; and on clusters on the way to which
//! something else is changed.

use super::super::markdown::code;
use super::super::plain_text::{enumerated, utf16_len};
use super::super::plan::Plan;
use super::super::telling::Telling;
use super::changes::listed;
use super::command::command;
use super::diffs;
use crate::diff::RenderedDiff;
use crate::model::RepoPath;

/// The kustomizations and clusters in which something changes, with their titles.
fn changed(plan: &Plan) -> impl Iterator<Item = (String, &RenderedDiff)> {
    let clusters = plan.clusters.iter().map(|there| (on(&there.names), &there.rendered));
    let below = plan.below.iter().map(|(root, rendered)| (title(plan, root), rendered));
    clusters.chain(below).filter(|(_, rendered)| !rendered.resources().is_empty())
}

/// The first clusters, where others see something else.
pub(super) fn first_clusters(plan: &Plan) -> Option<String> {
    let is_other = |name: &String| plan.clusters.iter().any(|there| there.names.contains(name));
    let mut names: Vec<String> = plan.reaches.iter().map(|it| it.cluster.clone()).collect();
    names.retain(|name| !is_other(name));
    names.dedup();
    (!plan.clusters.is_empty() && !names.is_empty()).then(|| on(&names))
}

/// `On a and b`.
fn on(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut words: Vec<String> = names.iter().take(SHOWN).map(|name| code(name, 120)).collect();
    if names.len() > SHOWN {
        words.push(format!("{} more", names.len() - SHOWN));
    }
    format!("On {}", enumerated(&words))
}

fn title(plan: &Plan, root: &RepoPath) -> String {
    let name = code(root.as_str(), 200);
    format!("In {name}, which is no part of what {} builds itself", plan.target.name)
        .replace('_', "\\_")
}

/// The lists of changes, at most so many lines each.
pub(super) fn lists(plan: &Plan, most: usize) -> Option<String> {
    let list = |(title, rendered): (String, &RenderedDiff)| {
        let telling = Telling::of_parts(rendered.resources(), &[]);
        listed(&format!("**{title}**"), &telling, most)
    };
    let lists: Vec<String> = changed(plan).filter_map(list).collect();
    (!lists.is_empty()).then(|| lists.join("\n\n"))
}

/// The diffs, in equal parts of the room.
pub(super) fn diffs(plan: &Plan, room: usize) -> String {
    let all: Vec<_> = changed(plan).collect();
    let part = room / all.len().max(1);
    let shown = all.into_iter().map(|(title, rendered)| {
        let title = format!("#### {title}\n\n");
        let telling = Telling::of_parts(rendered.resources(), &[]);
        let room = part.saturating_sub(utf16_len(&title) + 2);
        let command = format!("{} --diff files", command(plan));
        format!("{title}{}", diffs::render(&command, &telling.changes, room))
    });
    shown.collect::<Vec<_>>().join("\n\n")
}
