//! Findings for people and for programs: text, JSON, a workflow's commands.

use std::fmt::Write as _;

use serde::Serialize;

use super::output::{counted, harmless, wrapped};
use super::palette::Palette;
use crate::action::finding_commands;
use crate::policy::{Finding, Findings, Level};
use crate::promotion::Group;

/// What several findings say alike, as a line of its own.
pub(super) fn warning_line(
    group: &Group<'_>,
    palette: &Palette,
    width: Option<usize>,
    out: &mut String,
) {
    let (style, word) = match group.level {
        Level::Error => (palette.error, "error"),
        Level::Warning | Level::Info => (palette.warning, "warning"),
    };
    let line = format!("{word}: {}", harmless(&group.sentence().plain()));
    let line = wrapped(&line, width, "  ");
    let line = line.strip_prefix(word).unwrap_or(&line);
    let _ = writeln!(out, "{style}{word}{style:#}{line}");
}

/// One finding as JSON; the names and their order are public.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FindingJson<'a> {
    code: &'a str,
    rule: &'static str,
    level: &'static str,
    message: &'a str,
    api_version: Option<String>,
    kind: Option<&'a str>,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    field: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    new: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
}

impl<'a> FindingJson<'a> {
    /// The finding in the words of scripts.
    pub(super) fn new(finding: &'a Finding, environment: Option<&'a str>) -> Self {
        let id = finding.resource.as_ref();
        let at = finding.location.as_ref();
        let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Self {
            code: &finding.code,
            rule: finding.rule,
            level: level(finding.level),
            message: &finding.message,
            api_version: id.map(|id| id.gvk.api_version()),
            kind: id.map(|id| id.gvk.kind.as_str()),
            namespace: id.and_then(|id| some(&id.namespace)),
            name: id.and_then(|id| some(&id.name)),
            field: at.and_then(|at| some(&at.field)),
            file: at.and_then(|at| some(at.path.as_str())),
            line: at.and_then(|at| at.position).map(|position| position.line),
            new: finding.new,
            column: at.and_then(|at| at.position).map(|position| position.column),
            help: finding.help.as_deref(),
            environment,
        }
    }
}

/// Istio's words for levels.
pub(super) const fn level(level: Level) -> &'static str {
    match level {
        Level::Info => "Info",
        Level::Warning => "Warning",
        Level::Error => "Error",
    }
}

/// Findings for a person: a line for each that has to be looked at, the rest in short.
pub(super) fn for_people(findings: &[&Finding], palette: &Palette) -> String {
    let mut told = findings.to_vec();
    told.retain(|finding| finding.not_validated().is_none());
    told.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut out = String::new();
    for finding in told {
        line(finding, palette, &mut out);
    }
    out
}

fn line(finding: &Finding, palette: &Palette, out: &mut String) {
    let (style, word) = match finding.level {
        Level::Error => (palette.error, "error"),
        Level::Warning => (palette.warning, "warning"),
        Level::Info => (palette.quiet, "info"),
    };
    let _ = write!(out, "{style}{word}{style:#} {}", finding.code);
    if let Some(id) = &finding.resource {
        let _ = write!(out, " {}{}{:#}", palette.name, harmless(&id.to_string()), palette.name);
    }
    let _ = writeln!(out, ": {}", harmless(&finding.message));
    if let Some(at) = finding.location.as_ref().filter(|at| !at.path.is_root()) {
        let _ =
            writeln!(out, "  {}{}{:#}", palette.quiet, harmless(&at.to_string()), palette.quiet);
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "  {}help{:#}: {}", palette.help, palette.help, harmless(help));
    }
}

/// `2 errors, 1 warning; 3 suppressed`, and what was not validated.
pub(super) fn tally(findings: &Findings) -> Vec<String> {
    let count = |level| {
        findings
            .findings
            .iter()
            .filter(|finding| finding.level == level && finding.not_validated().is_none())
            .count()
    };
    let parts: Vec<String> = [
        (count(Level::Error), "error", "errors"),
        (count(Level::Warning), "warning", "warnings"),
        (count(Level::Info), "remark", "remarks"),
        (findings.suppressed.len(), "suppressed", "suppressed"),
    ]
    .iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| counted(*count, one, many))
    .collect();
    let mut lines =
        vec![if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }];
    let missing: Vec<String> = findings
        .findings
        .iter()
        .filter_map(Finding::not_validated)
        .map(|gvk| format!("{} {}", gvk.api_version(), gvk.kind))
        .collect();
    if !missing.is_empty() {
        lines.push(format!("not validated, for want of a schema: {}", missing.join(", ")));
    }
    lines
}

/// The commands that make annotations in a workflow.
pub(super) fn workflow_commands(findings: &[Finding]) -> String {
    let commands = finding_commands(findings, "");
    commands.into_iter().map(|command| command + "\n").collect()
}
