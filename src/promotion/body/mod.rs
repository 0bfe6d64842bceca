//! The pull request's body: the answer first, then the evidence, never too long.
//!
//! What comes first is bounded and always whole: counts, warnings, what changes, findings, checklist,
//! the command. A phone shows a list and no wide table. Diffs get what is left of [`BODY_LIMIT`], riskiest first, cut between resources, with
//! counts of what is left out. Everything from manifests passes through [`super::markdown`].

mod below;
mod changes;
mod checklist;
mod command;
mod diffs;
mod drift;
mod files;
mod findings;
mod marker;
mod standing;
mod summary;
#[cfg(test)]
mod tests;

pub(super) use changes::changes as render_changes;
pub(super) use diffs::render as render_diffs;
pub(super) use findings::of_telling as list_of_findings;
pub use marker::Marker;
pub use standing::{Standing, with_standing};
pub(super) use summary::warnings as render_warnings;

use std::collections::BTreeSet;

use crate::clearance::Item;

use super::markdown::code;
use super::plain_text::utf16_len;
use super::plan::{Plan, Verdict};
use super::pull_request::PullRequestSettings;
use super::telling::Telling;
use super::template::{Template, TemplateError, Values};
use command::command;
use summary::Lines;

/// GitHub takes 65,536 characters; less leaves room for what people add.
pub const BODY_LIMIT: usize = 58_000;

/// What the folded lists of files and of drift may take.
const FILES_LIMIT: usize = 6_000;
const DRIFT_LIMIT: usize = 8_000;

/// What headings, empty lines and the last sentence around the evidence take at most.
const JOINTS: usize = 600;

/// What is left free for how the promotion stands.
const STANDING_LIMIT: usize = 3_000;

/// What a body may take without it.
const ROOM: usize = BODY_LIMIT - STANDING_LIMIT;

/// What is kept free for them, the footer and a little evidence.
const EVIDENCE_LEAST: usize = 6_000;

/// The body of a plan's pull request; ticks of the body before are carried over if they still hold.
pub(super) fn render_body(
    plan: &Plan,
    settings: &PullRequestSettings,
    checklist: &[Item],
    previous: Option<&str>,
) -> Result<String, TemplateError> {
    let marker = Marker::of(plan);
    let ticks = checklist::carry_over(previous, &marker);
    let items = checklist.len();
    let checklist = checklist::render(checklist, &ticks);
    let parts = Parts::new(plan, checklist, items, marker.render());
    let body = match &settings.body {
        Some(template) => parts.with_template(template)?,
        None => parts.usual(""),
    };
    // How it stands is told anew in a moment; meanwhile what was told last is better than nothing.
    Ok(previous.and_then(standing::told).map_or(body.clone(), |told| standing::put(&body, told)))
}

/// What was ticked in a body, by the items' texts.
#[must_use]
pub fn ticked(body: &str) -> BTreeSet<String> {
    checklist::read_ticks(body)
}

/// The items for people that are among what was [`ticked`] in a body, by their texts in the configuration.
#[must_use]
pub fn ticked_items(ticked: &BTreeSet<String>, items: &[Item]) -> BTreeSet<String> {
    checklist::ticked_items(ticked, items)
}

/// The parts of a body, made once.
struct Parts<'a> {
    plan: &'a Plan,
    telling: Telling<'a>,
    summary: String,
    findings: String,
    checklist: String,
    marker: String,
}

/// The parts whose length depends on what is left.
struct Evidence {
    diff: String,
    files: String,
    drift: String,
}

impl<'a> Parts<'a> {
    /// Makes the head as long as it is good to read, and shorter only beside a very long checklist.
    fn new(plan: &'a Plan, checklist: String, items: usize, marker: String) -> Self {
        let telling = Telling::of(plan);
        let room = ROOM - EVIDENCE_LEAST - utf16_len(&checklist) - utf16_len(&marker);
        let head = |by| {
            let lines = Lines::divided(by);
            let shown = summary::shown_warnings(plan, &telling, items, lines);
            let summary = summary::render(plan, &telling, items, lines, shown);
            (summary, findings::render(plan, &telling, lines, shown))
        };
        let fits = |(summary, findings): &(String, String)| {
            utf16_len(summary) + utf16_len(findings) <= room
        };
        let (summary, findings) =
            [1, 2, 4].map(head).into_iter().find(fits).unwrap_or_else(|| head(100));
        Self { plan, telling, summary, findings, checklist, marker }
    }

    fn evidence(&self, room: usize) -> Evidence {
        let files = files::render(self.plan, FILES_LIMIT.min(room / 4));
        let drift = drift::render(self.plan, DRIFT_LIMIT.min(room / 4));
        let left = room.saturating_sub(utf16_len(&files) + utf16_len(&drift));
        let rendered = format!("{} --diff rendered", command(self.plan));
        let mut diff = diffs::render(&rendered, &self.telling.changes, left);
        let below = below::diffs(self.plan, left.saturating_sub(utf16_len(&diff)));
        if !below.is_empty() {
            diff = [diff, below]
                .into_iter()
                .filter(|it| !it.is_empty())
                .collect::<Vec<_>>()
                .join("\n\n");
        }
        Evidence { diff, files, drift }
    }

    /// The usual body after a `note`.
    fn usual(&self, note: &str) -> String {
        self.fit(|evidence| {
            let footer = footer(self.plan);
            if self.plan.is_empty() {
                // There is nothing to tick, to see or to undo.
                let (summary, findings) = (&self.summary, &self.findings);
                return joined(&[note, summary, findings, &evidence.drift, &footer, &self.marker]);
            }
            let diff = titled(&format!("What {} will see", self.plan.target.name), &evidence.diff);
            let checklist = titled("Checklist", &self.checklist);
            joined(&[
                note,
                &self.summary,
                &self.findings,
                &checklist,
                &diff,
                &evidence.files,
                &evidence.drift,
                &footer,
                &self.marker,
            ])
        })
    }

    /// Makes the evidence as long as the rest leaves room for.
    fn fit(&self, assemble: impl Fn(&Evidence) -> String) -> String {
        let nothing = Evidence { diff: String::new(), files: String::new(), drift: String::new() };
        let rest = utf16_len(&assemble(&nothing)) + JOINTS;
        let mut room = ROOM.saturating_sub(rest);
        loop {
            let body = assemble(&self.evidence(room));
            if room == 0 || utf16_len(&body) <= ROOM {
                return body;
            }
            // A template that shows a part twice.
            room /= 2;
        }
    }

    fn with_template(&self, template: &Template) -> Result<String, TemplateError> {
        let render = |evidence: &Evidence| {
            let commit = self.plan.commit.as_ref().map_or("", |commit| commit.as_str());
            let key = self.plan.key();
            let values: Values<'_> = [
                ("application", key.application()),
                ("source", self.plan.source.name.as_str()),
                ("target", self.plan.target.name.as_str()),
                ("plan.id", self.plan.id.as_str()),
                ("plan.commit", commit),
                ("plan.summary", self.summary.as_str()),
                ("plan.findings", self.findings.as_str()),
                ("plan.diff", evidence.diff.as_str()),
                ("plan.files", evidence.files.as_str()),
                ("plan.drift", evidence.drift.as_str()),
                ("checklist", self.checklist.as_str()),
            ]
            .into();
            let text = template.render_with(&values, &self.plan.commits)?;
            Ok(format!("{}\n\n{}\n", text.trim_matches('\n'), self.marker))
        };
        match render(&self.evidence(0)) {
            Ok(shortest) if utf16_len(&shortest) <= ROOM => {
                // What the shortest evidence passes, a longer one may not: then it is too long.
                let too_long = || " ".repeat(ROOM + 1);
                let body = self.fit(|evidence| render(evidence).unwrap_or_else(|_| too_long()));
                Ok(if utf16_len(&body) <= ROOM { body } else { shortest })
            }
            Ok(_) | Err(TemplateError::TooLarge(_)) => Ok(self.usual(TOO_LONG)),
            Err(error) => Err(error),
        }
    }
}

const TOO_LONG: &str =
    "> The body's template makes too long a text for this promotion; this is the usual body.";

/// Paragraphs, empty ones left out.
fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}

fn titled(title: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("### {title}\n\n{text}") }
}

/// The plan's id, how to see it oneself, how to undo it.
fn footer(plan: &Plan) -> String {
    let configured = match &plan.target.pull_request.configuration {
        Some(path) => format!("how this was configured: {}", code(path.as_str(), 200)),
        None => {
            "environments found by their names: `overlift init` writes them to `.github/overlift.yaml`"
                .to_owned()
        }
    };
    let (plan_id, command) = (code(plan.id.short(), 20), code(&command(plan), 300));
    format!("Plan {plan_id} · see it yourself: {command} · {configured}")
}
