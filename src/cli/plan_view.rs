//! A plan for people at a terminal: what happens first, the diff after it.

use std::fmt::Write as _;

use super::findings::{for_people, warning_line};
use super::output::{Output, counted, harmless, wrapped};
use super::palette::Palette;
use crate::diff::Change;
use crate::model::Operation;
use crate::policy::{Finding, Level};
use crate::promotion::{
    self, Cause, NotPromotedReason, Phrase, Plan, PlannedEdit, Telling, Warning, stays_beside,
};

/// At most so many resources are listed one by one.
const RESOURCE_LIMIT: usize = 40;
/// So many values are told that stay although the source changed its own.
const BESIDE_LIMIT: usize = 5;
/// So many commits are told that a promotion brings.
const COMMIT_LIMIT: usize = 8;

/// What the plan does, without its diffs: risks first, in the words of the pull request.
pub(super) fn summary(plan: &Plan, output: &Output) -> String {
    let (palette, width) = (&output.palette, output.width());
    let telling = Telling::of(plan);
    let mut out = String::new();
    head(plan, palette, &mut out);
    if plan.is_empty() {
        let _ = writeln!(out, "\n{}", promotion::nothing(plan));
    } else {
        let _ = writeln!(out, "\n{}", promotion::summary(plan));
        if let Some(reached) = promotion::reached(&plan.reaches, str::to_owned) {
            let line = harmless(&format!("It reaches {reached}"));
            let _ = writeln!(out, "{}", wrapped(&line, width, ""));
        }
        warnings(&telling, palette, width, &mut out);
        commits(plan, palette, &mut out);
        changes(plan, &telling, palette, width, &mut out);
        files(plan, palette, &mut out);
    }
    findings(plan, &telling, palette, &mut out);
    remarks(plan, palette, &mut out);
    out
}

/// The source's commits that this brings, as far as its history tells.
fn commits(plan: &Plan, palette: &Palette, out: &mut String) {
    let (heading, quiet) = (palette.heading, palette.quiet);
    if plan.commits.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}It brings{heading:#}");
    for commit in plan.commits.iter().take(COMMIT_LIMIT) {
        let number = commit.pull_request.map_or(String::new(), |number| format!(" #{number}"));
        let (subject, author) = (harmless(&commit.subject), harmless(&commit.author));
        let sha = commit.sha.short();
        let space = if subject.is_empty() { "" } else { " " };
        let _ = writeln!(out, "  {sha}{number}{space}{subject} {quiet}{author}{quiet:#}");
    }
    if plan.commits.len() > COMMIT_LIMIT {
        let _ = writeln!(out, "  and {} more", plan.commits.len() - COMMIT_LIMIT);
    }
}

/// What weakens security, moves traffic, shrinks or deletes something.
fn warnings(telling: &Telling<'_>, palette: &Palette, width: Option<usize>, out: &mut String) {
    let mut warnings = telling.warnings().peekable();
    if warnings.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n{}Look at this first{:#}", palette.heading, palette.heading);
    for group in warnings {
        warning_line(group, palette, width, out);
        if let Some(at) = group.first().location.as_ref().filter(|at| !at.path.is_root()) {
            let at = harmless(&at.to_string());
            let _ = writeln!(out, "  {}{at}{:#}", palette.quiet, palette.quiet);
        }
    }
}

fn changes(
    plan: &Plan,
    telling: &Telling<'_>,
    palette: &Palette,
    width: Option<usize>,
    out: &mut String,
) {
    let own = format!("What {} will see", plan.target.name);
    listed(&own, telling, palette, width, out);
    for there in &plan.clusters {
        let telling = Telling::of_parts(there.rendered.resources(), &[]);
        let title = format!("On {}", there.names.join(", "));
        listed(&harmless(&title), &telling, palette, width, out);
    }
    for (root, rendered) in &plan.below {
        let telling = Telling::of_parts(rendered.resources(), &[]);
        let target = &plan.target.name;
        let title = format!("In {root}, which is no part of what {target} builds itself");
        listed(&title, &telling, palette, width, out);
    }
}

/// The changes below a heading; nothing if there are none.
fn listed(
    title: &str,
    telling: &Telling<'_>,
    palette: &Palette,
    width: Option<usize>,
    out: &mut String,
) {
    if telling.changes().next().is_none() {
        return;
    }
    let heading = palette.heading;
    let _ = writeln!(out, "\n{heading}{title}{heading:#}");
    let lines: Vec<(Change, Phrase)> = telling.changes().collect();
    for (change, phrase) in lines.iter().take(RESOURCE_LIMIT) {
        let (sign, style) = match change {
            Change::Added => ('+', palette.added),
            Change::Changed => ('~', palette.changed),
            Change::Deleted => ('-', palette.removed),
        };
        let line = wrapped(&harmless(&phrase.plain()), width.map(|w| w.saturating_sub(4)), "    ");
        let _ = writeln!(out, "  {style}{sign}{style:#} {line}");
    }
    if lines.len() > RESOURCE_LIMIT {
        let _ = writeln!(out, "  and {} more", lines.len() - RESOURCE_LIMIT);
    }
}

/// What the gates find beside, one by one; what was there before as a number.
fn findings(plan: &Plan, telling: &Telling<'_>, palette: &Palette, out: &mut String) {
    let new: Vec<&Finding> = telling
        .other_findings()
        .filter(|group| group.level > Level::Info)
        .flat_map(|group| group.findings.iter().copied())
        .collect();
    let old = plan.findings.iter().filter(|f| f.level > Level::Info && !f.new).count();
    if !new.is_empty() {
        let heading = palette.heading;
        let _ = writeln!(out, "\n{heading}The gates find{heading:#}");
        out.push_str(&for_people(&new, palette));
    }
    let quiet = palette.quiet;
    let mut rest = Vec::new();
    if old > 0 {
        let was = if old == 1 { "was" } else { "were" };
        rest.push(format!("{} {was} there before", counted(old, "finding", "findings")));
    }
    let missing = || plan.findings.iter().filter(|f| f.not_validated().is_some());
    if missing().any(Finding::is_for_want_of_the_bundle) {
        rest.push("Kubernetes' own kinds were not validated (`overlift schemas fetch`)".to_owned());
    }
    let kinds = missing().filter(|finding| !finding.is_for_want_of_the_bundle()).count();
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
    let application = plan.target.application.as_ref();
    let application = application.map_or(String::new(), |it| format!("{name}{it}{name:#}: "));
    let _ = write!(
        out,
        "{heading}Promote{heading:#} {application}{name}{}{name:#} -> {name}{}{name:#}  {quiet}plan {}",
        plan.source.name,
        plan.target.name,
        plan.id.short()
    );
    if let Some(commit) = &plan.commit {
        let _ = write!(out, ", commit {}", commit.short());
    }
    if let Some(then) = &plan.source_at {
        let _ = write!(out, ", {} as of {}", plan.source.name, then.short());
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

fn below<'a>(edit: &'a PlannedEdit, plan: &'a Plan) -> &'a str {
    plan.target.name_of(&edit.edit.path)
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
            Cause::TakenBack { fields } if fields.is_empty() => ("taken back".to_owned(), None),
            Cause::TakenBack { fields } => ("takes back".to_owned(), Some(fields.join(", "))),
            Cause::Renamed { from, to } => (format!("moved from {from} to {to}"), None),
            Cause::Moved { fields } => ("moves".to_owned(), Some(few(fields))),
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

fn remarks(plan: &Plan, palette: &Palette, out: &mut String) {
    let (warning, quiet) = (palette.warning, palette.quiet);
    let mut lines = Vec::new();
    for remark in &plan.warnings {
        lines.push(format!("{warning}warning{warning:#}: {}", harmless(&told(remark))));
    }
    for entry in &plan.not_promoted {
        let why = match entry.reason {
            NotPromotedReason::WithoutFile => "it is written in the kustomization itself",
            NotPromotedReason::NotCopied => "its file is not promoted",
            NotPromotedReason::OtherKeys => "the target lists the file with keys of its own",
        };
        let (field, entry) = (entry.field, harmless(&entry.entry));
        lines.push(format!("{quiet}not promoted: {field} {entry}, {why}{quiet:#}"));
    }
    let beside = stays_beside(plan);
    lines.extend(beside.iter().take(BESIDE_LIMIT).map(|it| harmless(it).replace('`', "")));
    if let Some(rest) = beside.len().checked_sub(BESIDE_LIMIT).filter(|rest| *rest > 0) {
        lines.push(format!(
            "{quiet}and {rest} more values stay although the source changed{quiet:#}"
        ));
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
