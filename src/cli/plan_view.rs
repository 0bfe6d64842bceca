//! A plan for people at a terminal: what happens first, the diff after it.

use std::fmt::Write as _;

use super::findings::for_people;
use super::output::{Output, harmless};
use super::palette::Palette;
use crate::diff::{Change, ResourceDiff};
use crate::model::Operation;
use crate::policy::{Finding, Level};
use crate::promotion::{Cause, NotPromotedReason, Plan, PlannedEdit, Warning};

/// At most so many resources are listed one by one.
const RESOURCE_LIMIT: usize = 40;

/// What the plan does, without its diffs.
pub(super) fn summary(plan: &Plan, palette: &Palette) -> String {
    let mut out = String::new();
    head(plan, palette, &mut out);
    if plan.is_empty() {
        let (target, source) = (&plan.target.name, &plan.source.name);
        let _ = writeln!(out, "\nNothing to promote: {target} has what {source} has.");
    } else {
        files(plan, palette, &mut out);
        resources(plan, palette, &mut out);
    }
    findings(plan, palette, &mut out);
    remarks(plan, palette, &mut out);
    out
}

/// What the promotion brings, one by one; what was there before as a number.
fn findings(plan: &Plan, palette: &Palette, out: &mut String) {
    let (new, old): (Vec<&Finding>, Vec<&Finding>) =
        plan.findings.iter().filter(|f| f.level > Level::Info).partition(|finding| finding.new);
    if !new.is_empty() {
        let heading = palette.heading;
        let _ = writeln!(out, "\n{heading}The gates find{heading:#}");
        out.push_str(&for_people(&new, palette));
    }
    let quiet = palette.quiet;
    let mut rest = Vec::new();
    if !old.is_empty() {
        let was = if old.len() == 1 { "was" } else { "were" };
        rest.push(format!("{} {was} there before", counted(old.len(), "finding", "findings")));
    }
    let kinds = plan.findings.iter().filter(|f| f.not_validated().is_some()).count();
    if kinds > 0 {
        let kinds = counted(kinds, "kind has no schema and was", "kinds have no schema and were");
        rest.push(format!("{kinds} not validated"));
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "\n{quiet}{}: see `overlift validate`{quiet:#}", rest.join(", "));
    }
}

fn head(plan: &Plan, palette: &Palette, out: &mut String) {
    let (heading, name, quiet) = (palette.heading, palette.name, palette.quiet);
    let _ = write!(
        out,
        "{heading}Promote{heading:#} {name}{}{name:#} -> {name}{}{name:#}  {quiet}plan {}",
        plan.source.name,
        plan.target.name,
        plan.id.short()
    );
    if let Some(commit) = &plan.commit {
        let _ = write!(out, ", commit {}", commit.short());
    }
    let _ = writeln!(out, "{quiet:#}");
}

fn files(plan: &Plan, palette: &Palette, out: &mut String) {
    let heading = palette.heading;
    let count = counted(plan.edits.len(), "file changes", "files change");
    let _ = writeln!(out, "\n{heading}{count} in {}{heading:#}", plan.target.path);
    let names: Vec<String> = plan.edits.iter().map(|edit| harmless(below(edit, plan))).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(50);
    for (edit, name) in plan.edits.iter().zip(names) {
        let (sign, style) = match edit.edit.operation() {
            Operation::Add => ('+', palette.added),
            Operation::Modify => ('~', palette.changed),
            Operation::Delete => ('-', palette.removed),
        };
        let quiet = palette.quiet;
        let why = harmless(&causes(&edit.causes).join("; "));
        let _ = writeln!(out, "  {style}{sign} {name:width$}{style:#}  {quiet}{why}{quiet:#}");
    }
}

fn below<'a>(edit: &'a PlannedEdit, plan: &Plan) -> &'a str {
    edit.edit.path.strip_prefix(&plan.target.path).unwrap_or(edit.edit.path.as_str())
}

/// Why a file is edited; entries of one field are told together.
fn causes(causes: &[Cause]) -> Vec<String> {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for cause in causes {
        let (what, detail) = match cause {
            Cause::Copied { .. } => ("copied".to_owned(), None),
            Cause::Changed { fields, .. } if fields.is_empty() => {
                ("as in the source".to_owned(), None)
            }
            Cause::Changed { fields, .. } => ("changes".to_owned(), Some(few(fields))),
            Cause::Kept { fields } => ("keeps".to_owned(), Some(fields.join(", "))),
            Cause::Pruned => ("gone from the source".to_owned(), None),
            Cause::Wired { field, entry } => (format!("adds to {field}:"), Some(entry.clone())),
            Cause::Unwired { field, entry } => {
                (format!("takes from {field}:"), Some(entry.clone()))
            }
            Cause::Carried { field, keys } => (format!("carries {field}"), Some(keys.join(", "))),
        };
        match told.iter_mut().find(|(known, _)| *known == what) {
            Some((_, details)) => details.extend(detail),
            None => told.push((what, detail.into_iter().collect())),
        }
    }
    let line = |(what, details): (String, Vec<String>)| match details.join(", ") {
        details if details.is_empty() => what,
        details => format!("{what} {details}"),
    };
    told.into_iter().map(line).collect()
}

/// The first of many fields.
fn few(fields: &[String]) -> String {
    let shown: Vec<&str> = fields.iter().take(4).map(String::as_str).collect();
    let rest = fields.len().saturating_sub(4);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    format!("{}{more}", shown.join(", "))
}

fn resources(plan: &Plan, palette: &Palette, out: &mut String) {
    let heading = palette.heading;
    let found = plan.rendered.resources();
    let tally = tally(found.iter().map(|resource| resource.change));
    let _ = writeln!(out, "\n{heading}{} will see: {tally}{heading:#}", plan.target.name);
    for resource in found.iter().take(RESOURCE_LIMIT) {
        resource_line(resource, palette, out);
    }
    if found.len() > RESOURCE_LIMIT {
        let _ = writeln!(out, "  and {} more", found.len() - RESOURCE_LIMIT);
    }
}

fn resource_line(resource: &ResourceDiff, palette: &Palette, out: &mut String) {
    let (sign, style) = match resource.change {
        Change::Added => ('+', palette.added),
        Change::Changed => ('~', palette.changed),
        Change::Deleted => ('-', palette.removed),
    };
    let quiet = palette.quiet;
    let hunks = &resource.hunks;
    let _ = writeln!(
        out,
        "  {style}{sign} {}{style:#}  {quiet}+{} -{}{quiet:#}",
        harmless(&resource.id.to_string()),
        hunks.added_lines,
        hunks.removed_lines
    );
}

/// `3 resources change, 1 is added, none is deleted`, without what there is none of.
fn tally(changes: impl Iterator<Item = Change> + Clone) -> String {
    let count = |wanted: Change| changes.clone().filter(|change| *change == wanted).count();
    let mut parts = Vec::new();
    for (change, one, many) in [
        (Change::Changed, "resource changes", "resources change"),
        (Change::Added, "is added", "are added"),
        (Change::Deleted, "is deleted", "are deleted"),
    ] {
        match count(change) {
            0 => {}
            number => parts.push(counted(number, one, many)),
        }
    }
    if parts.is_empty() { "no difference".to_owned() } else { parts.join(", ") }
}

fn remarks(plan: &Plan, palette: &Palette, out: &mut String) {
    let (warning, quiet) = (palette.warning, palette.quiet);
    let mut lines = Vec::new();
    for remark in &plan.warnings {
        lines.push(format!("{warning}warning{warning:#}: {}", harmless(&told(remark))));
    }
    for entry in &plan.not_promoted {
        let why = match entry.reason {
            NotPromotedReason::WithoutFile => "it is written in the kustomization itself",
            NotPromotedReason::NotCopied => "`promotion.copy` does not take its file",
            NotPromotedReason::OtherKeys => "the target lists the file with keys of its own",
        };
        let (field, entry) = (entry.field, harmless(&entry.entry));
        lines.push(format!("{quiet}not promoted: {field} {entry}, {why}{quiet:#}"));
    }
    let drift = plan.drift.resources();
    if !drift.is_empty() {
        let count = counted(drift.len(), "resource stays", "resources stay");
        let source = &plan.source.name;
        lines.push(format!(
            "{quiet}{count} different from {source} afterwards: see --diff drift{quiet:#}"
        ));
    }
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{}", lines.join("\n"));
    }
}

/// Says the plan's warnings on standard error, for output that has no place for them.
pub(super) fn warn(plan: &Plan, output: &Output) {
    for remark in &plan.warnings {
        output.warn(&told(remark));
    }
}

fn told(remark: &Warning) -> String {
    let at = remark.at.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
    format!("{at}{}", remark.message)
}

/// A unified diff with its lines coloured.
pub(super) fn coloured_diff(diff: &str, palette: &Palette) -> String {
    let mut out = String::with_capacity(diff.len());
    for line in diff.lines() {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => palette.heading,
            [b'd', b'i', b'f', b'f', ..] => palette.heading,
            [b'@', b'@', ..] => palette.hunk,
            [b'+', ..] => palette.added,
            [b'-', ..] => palette.removed,
            _ => palette.quiet,
        };
        let style = if line.starts_with(' ') { Palette::default().quiet } else { style };
        let _ = writeln!(out, "{style}{line}{style:#}");
    }
    out
}

/// The number with the words for one or for many.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
