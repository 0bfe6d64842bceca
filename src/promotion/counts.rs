//! What a promotion does, counted, in one line of words: for titles, headlines and commit messages.

use super::markdown::{counted, number};
use super::plan::Plan;
use crate::diff::{Change, ResourceDiff};

/// The counts in one sentence, as titles and commit messages have them too.
#[must_use]
pub fn counts(resources: &[ResourceDiff]) -> String {
    let count = |change| resources.iter().filter(|diff| diff.change == change).count();
    let (changed, added, deleted) =
        (count(Change::Changed), count(Change::Added), count(Change::Deleted));
    let verb = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{} {many}", number(count)),
    };
    let mut words = Vec::new();
    if changed > 0 {
        words.push(verb(changed, "resource changes", "resources change"));
    }
    if added > 0 {
        let (one, many) =
            if changed > 0 { ("is", "are") } else { ("resource is", "resources are") };
        words.push(format!("{} added", verb(added, one, many)));
    }
    if deleted > 0 {
        let first = words.is_empty();
        let (one, many) = if first { ("resource is", "resources are") } else { ("is", "are") };
        words.push(format!("{} deleted", verb(deleted, one, many)));
    } else if !words.is_empty() {
        words.push("none is deleted".to_owned());
    }
    if words.is_empty() { "no resource changes".to_owned() } else { words.join(", ") }
}

/// What a promotion does, in one line of words: `2 resources change, none is deleted`.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    if plan.is_not_rendered() && !plan.is_empty() {
        let files = counted(plan.edits.len(), "file changes", "files change");
        return format!("{files}, and what {} will see is not rendered", plan.target.name);
    }
    let rendered = rendered(plan);
    match (plan.of_charts.len(), rendered) {
        (0, rendered) => rendered.unwrap_or_else(|| counts(&[])),
        (files, rendered) => {
            let of_charts = counted(files, "file of a chart changes", "files of charts change");
            let also = rendered.map(|rendered| format!("{rendered}, and ")).unwrap_or_default();
            format!("{also}{of_charts}, which nothing renders here")
        }
    }
}

/// What changes in resources that are built here, if any does.
fn rendered(plan: &Plan) -> Option<String> {
    let own = counts(plan.rendered.resources());
    let below: usize = plan.below.iter().map(|(_, rendered)| rendered.resources().len()).sum();
    let many = counted(below, "resource changes", "resources change");
    match (plan.rendered.resources().len(), below) {
        (0, 0) => None,
        (_, 0) => Some(own),
        (0, _) => Some(format!("{many} in kustomizations below")),
        _ => Some(format!("{own}, and {many} in kustomizations below")),
    }
}
