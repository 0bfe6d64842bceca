//! What stays different between the two environments, folded.

use crate::diff::Change;
use crate::lineage::{Difference, Then};
use crate::promotion::plan::Plan;

use super::super::markdown::{code, counted, number};
use super::super::phrase::{Phrase, fields_in_words};
use super::super::plain_text::utf16_len;
use super::super::telling::{Told, tell_drift};
use super::changes::difference;
use super::files::bounded_list;

/// Fields of a resource that are told.
const FIELDS: usize = 3;

pub(super) fn render(plan: &Plan, room: usize) -> String {
    let resources = plan.drift.resources();
    let source = plan.source.name.as_str();
    if !plan.not_rendered.is_empty() {
        return reasons(plan, room);
    }
    if resources.is_empty() {
        return format!("Nothing stays different from {}.", source.replace('_', "\\_"));
    }
    let mut told = tell_drift(resources);
    // What is different by itself first; what is the same everywhere (a label) is a line at the end.
    told.sort_by_key(Told::count);
    let lines: Vec<String> = told.iter().map(|told| line(plan, told)).collect();
    let head = format!(
        "<details><summary>What stays different from {source}: {}</summary>\n\n",
        counted(resources.len(), "resource", "resources")
    );
    let tail = format!("\n\nEach line reads {source} → {}.\n\n</details>", plan.target.name)
        .replace('_', "\\_");
    let whys = reasons(plan, room / 2);
    let room = room.saturating_sub(utf16_len(&head) + utf16_len(&tail) + utf16_len(&whys));
    let list = bounded_list(&lines, room, "more");
    let whys = if whys.is_empty() { whys } else { format!("\n\n{whys}") };
    format!("{head}{list}{tail}{whys}")
}

/// What stays different in the files and why, as far as the history tells; the only thing that is known
/// where nothing is rendered.
fn reasons(plan: &Plan, room: usize) -> String {
    let stays = |difference: &&Difference| difference.then == Then::Stays;
    let told: Vec<&Difference> = plan.differences.iter().filter(stays).collect();
    if told.is_empty() {
        return String::new();
    }
    let target = plan.target.name.as_str();
    let line = |told: &&Difference| {
        let because = Phrase::of_sentence(&told.because.words(target)).markdown();
        format!("- {}: {because}", difference(plan, told).markdown())
    };
    let lines: Vec<String> = told.iter().map(line).collect();
    let head = format!(
        "<details><summary>What stays different in the files: {}</summary>\n\n",
        counted(told.len(), "field", "fields")
    );
    let tail = "\n\n</details>";
    let list =
        bounded_list(&lines, room.saturating_sub(utf16_len(&head) + utf16_len(tail)), "more");
    format!("{head}{list}{tail}")
}

fn line(plan: &Plan, told: &Told<'_>) -> String {
    let mut id = code(&told.diff.id.to_string(), 120);
    if !told.alike.is_empty() {
        id.push_str(&format!(" and {} like it", number(told.alike.len())));
    }
    let name = |name: &str| name.replace('_', "\\_");
    match told.diff.change {
        Change::Added => format!("- {id}: only in {}", name(plan.target.name.as_str())),
        Change::Deleted => format!("- {id}: only in {}", name(plan.source.name.as_str())),
        Change::Changed => {
            let fields = told.fields_told(false);
            format!("- {id} {}", fields_in_words(&fields, FIELDS).markdown())
        }
    }
}
