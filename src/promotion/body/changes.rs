//! What changes, one line for each resource, or for each field where nothing is rendered.

use super::super::markdown::{counted, plain};
use super::super::phrase::Phrase;
use super::super::plan::Plan;
use super::super::telling::{Telling, Told, all_kinds};
use crate::diff::ResourceDiff;
use crate::lineage::{Difference, Then};

/// The kinds of resources, counted.
pub(super) fn counted_kinds<'a>(resources: impl Iterator<Item = &'a ResourceDiff>) -> String {
    plain(&all_kinds(resources.map(|diff| diff.id.gvk.kind.as_str())), 300)
}

pub(in crate::promotion) fn changes(telling: &Telling<'_>, most: usize) -> Option<String> {
    listed("**What changes**", telling, most)
}

/// The changes below a heading; nothing if there are none.
pub(super) fn listed(heading: &str, telling: &Telling<'_>, most: usize) -> Option<String> {
    let told = &telling.changes;
    if told.is_empty() {
        return None;
    }
    let mut lines = vec![heading.to_owned()];
    // The last line may as well be a resource as a sentence about one.
    let shown = if told.len() == most + 1 { most + 1 } else { most };
    lines.extend(told.iter().take(shown).map(|told| format!("- {}", told.line().markdown())));
    let rest = told.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        let count: usize = rest.iter().map(Told::count).sum();
        let all = rest.iter().flat_map(Told::all);
        lines.push(format!(
            "- {}: {}",
            counted(count, "more resource", "more resources"),
            counted_kinds(all)
        ));
    }
    Some(lines.join("\n"))
}

/// What comes over in the files, where no resource that is built here changes.
pub(super) fn fields(plan: &Plan, most: usize) -> Option<String> {
    let comes = |difference: &&Difference| difference.then != Then::Stays;
    let told: Vec<&Difference> = plan.differences.iter().filter(comes).collect();
    if told.is_empty() {
        return None;
    }
    let mut lines = vec!["**What changes in the files**".to_owned()];
    lines.extend(
        told.iter().take(most).map(|told| format!("- {}", difference(plan, told).markdown())),
    );
    if let Some(rest) = told.len().checked_sub(most).filter(|rest| *rest > 0) {
        lines.push(format!("- {}", counted(rest, "more field", "more fields")));
    }
    Some(lines.join("\n"))
}

/// `file` `field` before → after.
pub(super) fn difference(plan: &Plan, told: &Difference) -> Phrase {
    let path = plan.target.name_of(&told.path);
    let phrase = Phrase::default().name(path);
    let phrase =
        if told.field.is_empty() { phrase } else { phrase.text(" ").name(told.field.clone()) };
    match (&told.target, &told.source) {
        (Some(before), Some(after)) if told.then == Then::Stays => {
            phrase.text(" ").name(after.clone()).text(" → ").new_value(before.clone())
        }
        (Some(before), Some(after)) => {
            phrase.text(" ").name(before.clone()).text(" → ").new_value(after.clone())
        }
        (None, Some(after))
            if told.then == Then::Comes && told.field.ends_with(&format!("[{after}]")) =>
        {
            // An entry of a list is named by what it says.
            let list = told.field.trim_end_matches(&format!("[{after}]")).to_owned();
            Phrase::default()
                .name(path)
                .text(" ")
                .name(list)
                .text(" gets ")
                .new_value(after.clone())
        }
        (None, Some(after)) if told.then == Then::Comes => {
            phrase.text(" is now ").new_value(after.clone())
        }
        _ if told.then == Then::Goes => phrase.text(" is removed"),
        _ if told.then == Then::Comes => phrase.text(format!(" is now as in {}", plan.source.name)),
        _ => phrase,
    }
}
