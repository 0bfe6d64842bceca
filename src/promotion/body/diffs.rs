//! The diffs of the body, resource by resource, in the order of the list, until the room ends.

use crate::diff::Change;
use crate::policy::Level;

use super::super::markdown::{code, counted, diff_block, diff_line, html_code, number};
use super::super::plain_text::utf16_len;
use super::super::telling::Told;
use super::changes::counted_kinds;

/// One resource takes at most so much, so that others are seen too.
const RESOURCE_LIMIT: usize = 10_000;

/// At most so many folded parts are open.
const OPEN: usize = 3;

/// Few changes are all open.
const SMALL_LINES: usize = 60;

/// What the sentence about the rest may take.
const REST_LIMIT: usize = 900;

/// Resources that are alike are listed by name up to this number.
const NAMES: usize = 10;

pub(in crate::promotion) fn render(command: &str, told: &[Told<'_>], room: usize) -> String {
    let mut parts = Vec::new();
    let mut left = room.saturating_sub(REST_LIMIT);
    let lines: usize = told.iter().map(|told| lines_of(told)).sum();
    let all_open = told.len() <= OPEN && lines <= SMALL_LINES;
    let mut open = 0;
    let mut shown = 0;
    for told in told {
        let matters = told.level.is_some_and(|level| level > Level::Info);
        let is_open = all_open || matters && open < OPEN;
        let part = render_one(told, is_open);
        let length = utf16_len(&part) + 2;
        if length > left {
            break;
        }
        left -= length;
        open += usize::from(is_open);
        shown += 1;
        parts.push(part);
    }
    if room > REST_LIMIT || !parts.is_empty() {
        parts.extend(rest(command, &told[shown..]));
    }
    parts.join("\n\n")
}

fn lines_of(told: &Told<'_>) -> usize {
    told.diff.hunks.added_lines + told.diff.hunks.removed_lines
}

fn render_one(told: &Told<'_>, open: bool) -> String {
    let diff = &told.diff;
    let mut head = html_code(&diff.id.to_string(), 120);
    match diff.change {
        Change::Changed => {}
        Change::Added => head.push_str(" added"),
        Change::Deleted => head.push_str(" deleted"),
    }
    if !told.alike.is_empty() {
        head.push_str(&format!(" and {} like it", number(told.alike.len())));
    }
    head.push_str(&format!(
        " &nbsp;+{} −{}",
        number(diff.hunks.added_lines),
        number(diff.hunks.removed_lines)
    ));
    let open = if open { " open" } else { "" };
    let names = alike_names(told).map_or(String::new(), |names| format!("\n\n{names}"));
    format!(
        "<details{open}><summary>{head}</summary>\n\n{}{names}\n\n</details>",
        bounded(&diff.hunks.text)
    )
}

/// The diff, or its beginning with a count of what is left out.
fn bounded(hunks: &str) -> String {
    let mut length = 0;
    let mut end = 0;
    for line in hunks.split_inclusive('\n') {
        length += utf16_len(&diff_line(line.trim_end_matches('\n'))) + 1;
        if length > RESOURCE_LIMIT {
            break;
        }
        end += line.len();
    }
    let block = diff_block(&hunks[..end]);
    let lines = memchr::memchr_iter(b'\n', &hunks.as_bytes()[end..]).count();
    if lines == 0 {
        return block;
    }
    format!(
        "{block}\n\n*{} of this diff {} not shown.*",
        counted(lines, "more line", "more lines"),
        if lines == 1 { "is" } else { "are" }
    )
}

fn alike_names(told: &Told<'_>) -> Option<String> {
    if told.alike.is_empty() {
        return None;
    }
    let names: Vec<String> =
        told.alike.iter().take(NAMES).map(|diff| code(&diff.id.to_string(), 120)).collect();
    let rest = told.alike.len().saturating_sub(NAMES);
    let more = if rest == 0 { String::new() } else { format!(" and {} more", number(rest)) };
    Some(format!("The same change in {}{more}.", names.join(", ")))
}

/// What is left out and where to see it.
fn rest(command: &str, told: &[Told<'_>]) -> Option<String> {
    let count: usize = told.iter().map(Told::count).sum();
    if count == 0 {
        return None;
    }
    let all = told.iter().flat_map(Told::all);
    Some(format!(
        "*{} not shown here ({}): see the files of this pull request, or run* {}",
        counted(count, "more changed resource is", "more changed resources are"),
        counted_kinds(all),
        code(command, 300),
    ))
}
