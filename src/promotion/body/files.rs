//! What is edited and why, folded.

use std::collections::BTreeMap;

use crate::model::Operation;
use crate::promotion::plan::Plan;
use crate::promotion::planned_edit::{Cause, PlannedEdit};
use crate::promotion::remark::NotPromotedReason;

use super::super::markdown::{code, counted};
use super::super::plain_text::utf16_len;

pub(super) fn render(plan: &Plan, room: usize) -> String {
    if plan.edits.is_empty() {
        return String::new();
    }
    let mut lines: Vec<String> = plan.edits.iter().map(|edit| line(plan, edit)).collect();
    lines.extend(plan.not_promoted.iter().map(|left| {
        let why = match left.reason {
            NotPromotedReason::WithoutFile => "it has no file of its own",
            NotPromotedReason::NotCopied => "its file is not promoted",
            NotPromotedReason::OtherKeys => "the target's entry has other keys, which stay",
        };
        format!("- not promoted: {} of {}: {why}", code(&left.entry, 200), code(left.field, 60))
    }));
    let head = format!("<details><summary>Files: {}</summary>\n\n", headline(plan));
    let tail = "\n\n</details>";
    let list =
        bounded_list(&lines, room.saturating_sub(utf16_len(&head) + utf16_len(tail)), "more");
    format!("{head}{list}{tail}")
}

/// `3 copied, 1 wired, 2 entries not promoted`.
fn headline(plan: &Plan) -> String {
    let mut counts: BTreeMap<u8, (&str, usize)> = BTreeMap::new();
    for cause in plan.edits.iter().flat_map(|edit| &edit.causes) {
        let (order, word) = word(cause);
        counts.entry(order).or_insert((word, 0)).1 += 1;
    }
    let mut words: Vec<String> =
        counts.values().map(|(word, count)| counted(*count, word, word)).collect();
    if words.is_empty() {
        words.push(counted(plan.edits.len(), "edited", "edited"));
    }
    if !plan.not_promoted.is_empty() {
        let count = plan.not_promoted.len();
        words.push(format!("{} not promoted", counted(count, "entry", "entries")));
    }
    words.join(", ")
}

const fn word(cause: &Cause) -> (u8, &'static str) {
    match cause {
        Cause::Copied { .. } => (0, "copied"),
        Cause::Changed { fields, .. } if fields.is_empty() => (0, "brought over"),
        Cause::Changed { .. } => (0, "changed in part"),
        Cause::TakenBack { .. } => (0, "taken back"),
        Cause::Moved { .. } | Cause::Renamed { .. } => (0, "moved"),
        Cause::Kept { .. } => (1, "kept in part"),
        Cause::Pruned => (2, "pruned"),
        Cause::Wired { .. } => (3, "wired"),
        Cause::Unwired { .. } => (4, "unwired"),
        Cause::Carried { .. } => (5, "carried"),
    }
}

fn line(plan: &Plan, edit: &PlannedEdit) -> String {
    let path = &edit.edit.path;
    let operation = match edit.edit.operation() {
        Operation::Add => "new",
        Operation::Modify => "changed",
        Operation::Delete => "deleted",
    };
    let lines =
        plan.files.files().iter().find(|file| file.path == *path).map_or(String::new(), |file| {
            match (file.binary, file.masked) {
                (true, _) => " (no text)".to_owned(),
                (_, true) => {
                    format!(" +{} −{} (values masked)", file.added_lines, file.removed_lines)
                }
                _ => format!(" +{} −{}", file.added_lines, file.removed_lines),
            }
        });
    let causes: Vec<String> = edit.causes.iter().take(6).map(cause).collect();
    let more = edit.causes.len().saturating_sub(6);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    format!(
        "- {} {operation}{lines}: {}{more}",
        code(plan.target.name_of(path), 200),
        causes.join("; ")
    )
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Copied { from } => format!("copied from {}", code(from.as_str(), 200)),
        Cause::Changed { from, fields } if fields.is_empty() => {
            format!("as {}", code(from.as_str(), 200))
        }
        Cause::Changed { fields, .. } => format!("changes {}", listed(fields)),
        Cause::Kept { fields } => format!("keeps {}", listed(fields)),
        Cause::TakenBack { fields } if fields.is_empty() => "taken back".to_owned(),
        Cause::TakenBack { fields } => format!("takes back {}", listed(fields)),
        Cause::Moved { fields } => format!("moves {}", listed(fields)),
        Cause::Renamed { from, to } => {
            format!("moved from {} to {}", code(from.as_str(), 200), code(to.as_str(), 200))
        }
        Cause::Pruned => "pruned: the source no longer has it".to_owned(),
        Cause::Wired { field, entry } => {
            format!("{} gets {}", code(field, 60), code(entry, 200))
        }
        Cause::Unwired { field, entry } => {
            format!("{} loses {}", code(field, 60), code(entry, 200))
        }
        Cause::Carried { field, keys } if keys.is_empty() => {
            format!("carries {}", code(field, 60))
        }
        Cause::Carried { field, keys } => {
            format!("carries {} of {}", listed(keys), code(field, 60))
        }
    }
}

fn listed(words: &[String]) -> String {
    let first: Vec<String> = words.iter().take(4).map(|word| code(word, 100)).collect();
    let rest = words.len().saturating_sub(4);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    format!("{}{more}", first.join(", "))
}

/// As many lines as fit, then a count of the others.
pub(super) fn bounded_list(lines: &[String], room: usize, more: &str) -> String {
    const REST: usize = 40;
    let mut left = room.saturating_sub(REST);
    let mut shown = Vec::new();
    for line in lines {
        let length = utf16_len(line) + 1;
        if length > left {
            break;
        }
        left -= length;
        shown.push(line.clone());
    }
    let rest = lines.len() - shown.len();
    if rest > 0 {
        shown.push(format!("- {}", counted(rest, more, more)));
    }
    shown.join("\n")
}
