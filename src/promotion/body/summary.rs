//! The head of the body: what happens, in counts and words, riskiest first.

use std::collections::BTreeMap;

use crate::diff::{Change, ResourceDiff};
use crate::promotion::plan::Plan;

use super::super::markdown::{cell_code, code, counted, number, prose};
use super::super::risk::Risk;
use super::group::Told;

/// How many lines of each kind the head has, so that it stays whole beside a long checklist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    /// Remarks.
    pub(super) remarks: usize,
    /// Rows of the table.
    pub(super) rows: usize,
    /// Warnings of the plan.
    pub(super) notes: usize,
    /// Findings.
    pub(super) findings: usize,
}

impl Lines {
    /// As many as are good to read, divided by `by`; at least one of each.
    pub(super) fn divided(by: usize) -> Self {
        let lines = |count: usize| (count / by).max(1);
        Self { remarks: lines(10), rows: lines(20), notes: lines(8), findings: lines(15) }
    }
}

/// Kinds are counted up to so many.
const KINDS: usize = 8;

const ID_LIMIT: usize = 120;

pub(super) fn render(plan: &Plan, told: &[Told<'_>], lines: Lines) -> String {
    let mut parts = vec![headline(plan)];
    parts.extend(by_kind(plan));
    parts.extend(remarks(told, lines.remarks));
    parts.extend(table(told, lines.rows));
    parts.extend(warnings(plan, lines.notes));
    parts.join("\n\n")
}

/// The counts in one sentence, as titles and commit messages have them too.
pub(in crate::promotion) fn counts(resources: &[ResourceDiff]) -> String {
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

fn headline(plan: &Plan) -> String {
    let (source, target) = (&plan.source.name, &plan.target.name);
    let commit = match &plan.commit {
        Some(commit) => format!("at {}", code(commit.short(), 20)),
        None => "from a working tree".to_owned(),
    };
    let resources = plan.rendered.resources();
    let mut text =
        format!("**{} → {}: {}**", word(source.as_str()), word(target.as_str()), counts(resources));
    if resources.is_empty() && plan.rendered.moved() > 0 {
        text.push_str(&format!(
            ", {} only another place in the output",
            counted(plan.rendered.moved(), "takes", "take")
        ));
    }
    text.push_str(&format!(
        " in {} · {} · {} {commit}",
        code(plan.target.path.as_str(), ID_LIMIT),
        counted(plan.edits.len(), "file", "files"),
        word(source.as_str()),
    ));
    text
}

/// An environment's name as plain text; underscores would be emphasis.
fn word(name: &str) -> String {
    name.replace('_', "\\_")
}

fn by_kind(plan: &Plan) -> Option<String> {
    let resources = plan.rendered.resources();
    if resources.len() < 4 {
        return None;
    }
    let kinds = counted_kinds(resources.iter());
    Some(format!("By kind: {kinds}"))
}

/// `12 Deployment, 3 Service and 4 of 2 other kinds`, the most frequent first.
pub(super) fn counted_kinds<'a>(resources: impl Iterator<Item = &'a ResourceDiff>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for diff in resources {
        *counts.entry(&diff.id.gvk.kind).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    let first: Vec<String> = counts
        .iter()
        .take(KINDS)
        .map(|(kind, count)| format!("{} {}", number(*count), code(kind, 60)))
        .collect();
    let rest = &counts[counts.len().min(KINDS)..];
    let mut text = first.join(", ");
    if !rest.is_empty() {
        let resources: usize = rest.iter().map(|(_, count)| count).sum();
        text.push_str(&format!(
            " and {} of {}",
            number(resources),
            counted(rest.len(), "other kind", "other kinds")
        ));
    }
    text
}

/// What weakens security, moves traffic or deletes something, weightiest first.
fn remarks(told: &[Told<'_>], most: usize) -> Option<String> {
    let mut remarks: Vec<(&Told<'_>, &Risk)> =
        told.iter().flat_map(|told| told.risks.iter().map(move |risk| (told, risk))).collect();
    remarks.sort_by_key(|(_, risk)| std::cmp::Reverse(risk.level));
    if remarks.is_empty() {
        return None;
    }
    let mut lines = vec!["> [!WARNING]".to_owned()];
    let bullet = if remarks.len() > 1 { "- " } else { "" };
    for (told, risk) in remarks.iter().take(most) {
        let id = code(&told.diff.id.to_string(), ID_LIMIT);
        lines.push(format!("> {bullet}{id} {}.", risk.says));
    }
    let rest = remarks.get(most..).unwrap_or_default();
    if !rest.is_empty() {
        let kinds = counted_kinds(rest.iter().map(|(told, _)| told.diff));
        let more = counted(rest.len(), "more such remark", "more such remarks");
        lines.push(format!("> - {more}: {kinds}."));
    }
    Some(lines.join("\n"))
}

fn table(told: &[Told<'_>], rows: usize) -> Option<String> {
    if told.is_empty() {
        return None;
    }
    let mut lines = vec!["| | resource | change |".to_owned(), "| --- | --- | --- |".to_owned()];
    // The last row may as well be a resource as a sentence about one.
    let shown = if told.len() == rows + 1 { rows + 1 } else { rows };
    for told in told.iter().take(shown) {
        let mut resource = cell_code(&told.diff.id.to_string(), ID_LIMIT);
        if !told.alike.is_empty() {
            resource.push_str(&format!(" and {} like it", number(told.alike.len())));
        }
        lines.push(format!("| {} | {resource} | {} |", told.verb(), told.change()));
    }
    let rest = told.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        let count: usize = rest.iter().map(Told::count).sum();
        let all = rest
            .iter()
            .flat_map(|told| std::iter::once(told.diff).chain(told.alike.iter().copied()));
        lines.push(format!(
            "\n*{}: {}*",
            counted(count, "more resource", "more resources"),
            counted_kinds(all)
        ));
    }
    Some(lines.join("\n"))
}

/// What a person should know although the plan can be carried out.
fn warnings(plan: &Plan, most: usize) -> Option<String> {
    if plan.warnings.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = Vec::new();
    for warning in plan.warnings.iter().take(most) {
        let at = warning
            .at
            .as_ref()
            .map_or(String::new(), |at| format!(" · {}", code(&at.to_string(), 200)));
        lines.push(format!("- **Note** {}{at}", prose(&warning.message, 400)));
    }
    if let Some(rest) = plan.warnings.len().checked_sub(most).filter(|rest| *rest > 0) {
        lines.push(format!("- {}", counted(rest, "more note", "more notes")));
    }
    Some(lines.join("\n"))
}
