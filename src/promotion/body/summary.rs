//! The head of the body: all that decides, so that it stands on a phone's first screen.

use super::super::beside::stays_beside;
use super::super::commit::Commit;
use super::super::counts::summary;
use super::super::deployed::reached;
use super::super::markdown::{code, counted, number, plain, prose};
use super::super::nothing::nothing;
use super::super::phrase::Phrase;
use super::super::plain_text::{enumerated, wrapped};
use super::super::plan::Plan;
use super::super::telling::{Group, Telling};
use super::below;
use super::changes::{changes, fields, listed};
use crate::lineage::{Difference, Then};
use crate::policy::Level;

/// How many lines of each kind the head has, so that it stays whole beside a long checklist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    /// Warnings.
    pub(super) warnings: usize,
    /// Changed resources.
    pub(super) changes: usize,
    /// Notes of the plan.
    pub(super) notes: usize,
    /// Findings.
    pub(super) findings: usize,
}

impl Lines {
    /// As many as are good to read, divided by `by`; at least one of each.
    pub(super) fn divided(by: usize) -> Self {
        let lines = |count: usize| (count / by).max(1);
        Self { warnings: lines(8), changes: lines(15), notes: lines(8), findings: lines(12) }
    }
}

const ID_LIMIT: usize = 120;

/// The head; `items` is the number of items of the checklist, `shown` of groups of warnings.
pub(super) fn render(
    plan: &Plan,
    telling: &Telling<'_>,
    items: usize,
    lines: Lines,
    shown: usize,
) -> String {
    let mut parts = vec![headline(plan)];
    if plan.is_empty() {
        parts.push(prose(&nothing(plan), 400));
    }
    let warnings: Vec<&Group<'_>> = telling.warnings().collect();
    parts.extend(callout(&warnings, shown, SENTENCE_LIMIT, ", under *New findings*"));
    parts.push(status(plan, &warnings[..shown], items));
    parts.extend(brings(&plan.commits));
    let below = below::lists(plan, lines.changes);
    let own = match below::first_clusters(plan) {
        Some(on) => listed(&format!("**What changes** · {on}"), telling, lines.changes),
        None => changes(telling, lines.changes),
    };
    parts.extend(own.or_else(|| below.is_none().then(|| fields(plan, lines.changes)).flatten()));
    parts.extend(below);
    parts.extend(notes(plan, lines.notes));
    parts.join("\n\n")
}

fn headline(plan: &Plan) -> String {
    let (source, target) = (&plan.source.name, &plan.target.name);
    let commit = match plan.source_at.as_ref().or(plan.commit.as_ref()) {
        Some(commit) => format!("at {}", code(commit.short(), 20)),
        None => "from a working tree".to_owned(),
    };
    let resources = plan.rendered.resources();
    let application = plan.target.application.as_ref();
    let application = application.map_or(String::new(), |it| format!("{}: ", word(it.as_str())));
    let (from, to) = (word(source.as_str()), word(target.as_str()));
    if plan.is_empty() {
        return format!("**{application}{from} → {to}** · {from} {commit}");
    }
    let mut text = format!("**{application}{from} → {to}: {}**", word(&summary(plan)));
    if resources.is_empty() && plan.rendered.moved() > 0 && !plan.is_not_rendered() {
        text.push_str(&format!(
            ", {} only another place in the output",
            counted(plan.rendered.moved(), "takes", "take")
        ));
    }
    text.push_str(&format!(
        " · {} in {} · {} {commit}",
        counted(plan.edits.len(), "file", "files"),
        code(plan.target.path.as_str(), ID_LIMIT),
        word(source.as_str()),
    ));
    if let Some(reached) = reached(&plan.reaches, |name| code(name, ID_LIMIT)) {
        text.push_str(&format!(" · reaches {reached}"));
    }
    text
}

/// An environment's name as plain text; underscores would be emphasis.
fn word(name: &str) -> String {
    name.replace('_', "\\_")
}

/// A phone's first screen in lines of text, without what heads the callout and stands between paragraphs, and
/// without the first of what changes.
const FIRST_SCREEN: usize = 25;
/// Characters of such a line: of a paragraph, and in the callout's list.
const LINE: usize = 40;
const LINE_OF_LIST: usize = 36;
/// A warning of the head names fewer things where it would be longer, in characters.
const SENTENCE_LIMIT: usize = 5 * LINE_OF_LIST;
/// As many warnings are shown however long they are.
const WARNINGS_LEAST: usize = 2;

/// What weakens security, moves traffic, shrinks or deletes something, the weightiest first: as much of it as leaves
/// room for `around` on a phone's first screen, and how many groups that are.
pub(in crate::promotion) fn warnings(
    telling: &Telling<'_>,
    around: usize,
) -> (Option<String>, usize) {
    let warnings: Vec<&Group<'_>> = telling.warnings().collect();
    let shown = fitting(&warnings, warnings.len(), around);
    (callout(&warnings, shown, SENTENCE_LIMIT, ", below"), shown)
}

/// The first warnings, each within `limit` characters if that can be; the others have their `place`.
fn callout(warnings: &[&Group<'_>], shown: usize, limit: usize, place: &str) -> Option<String> {
    if warnings.is_empty() {
        return None;
    }
    let mut lines = vec!["> [!WARNING]".to_owned()];
    let bullet = if warnings.len() > 1 { "- " } else { "" };
    for group in warnings.iter().take(shown) {
        let level = if group.level == Level::Error { "**error** " } else { "" };
        lines.push(format!("> {bullet}{level}{}", group.sentence_within(limit).markdown()));
    }
    let rest: usize = warnings.iter().skip(shown).map(|group| group.findings.len()).sum();
    if rest > 0 {
        lines.push(format!("> - and {}{place}", counted(rest, "more", "more")));
    }
    Some(lines.join("\n"))
}

/// How many groups of warnings the head shows: as many as leave headline and gates on a phone's first screen,
/// at most `lines.warnings`, or one more in place of a line about it.
pub(super) fn shown_warnings(
    plan: &Plan,
    telling: &Telling<'_>,
    items: usize,
    lines: Lines,
) -> usize {
    let warnings: Vec<&Group<'_>> = telling.warnings().collect();
    let most = lines.warnings;
    let most = if warnings.len() == most + 1 { most + 1 } else { most.min(warnings.len()) };
    let around = [headline(plan), status(plan, &warnings, items)];
    let around: usize = around.iter().map(|text| wrapped(text, LINE)).sum();
    fitting(&warnings, most, around)
}

/// How many of the first warnings stand beside so many lines.
fn fitting(warnings: &[&Group<'_>], most: usize, around: usize) -> usize {
    let room = FIRST_SCREEN.saturating_sub(around);
    let mut taken = 0;
    let fits = warnings.iter().take(most).take_while(|group| {
        taken += wrapped(&group.sentence_within(SENTENCE_LIMIT).plain(), LINE_OF_LIST);
        taken <= room
    });
    fits.count().max(WARNINGS_LEAST).min(most)
}

/// Gates, checklist, what stays different, how to undo: in one line.
fn status(plan: &Plan, shown: &[&Group<'_>], items: usize) -> String {
    let above: usize = shown.iter().map(|group| group.findings.len()).sum();
    let above = if above == 0 { String::new() } else { format!(" ({} above)", number(above)) };
    let mut gates = format!("**Gates** {}", Telling::gates(&plan.findings, plan.suppressed));
    if let Some(at) = gates.find(" new") {
        gates.insert_str(
            at + " new".len(),
            if gates.contains("nothing is new") { "" } else { &above },
        );
    }
    let mut parts = vec![gates];
    if let super::Verdict::Blocked { .. } = plan.verdict() {
        parts.push("**Not to be merged** while errors are new".to_owned());
    }
    if items > 0 && !plan.is_empty() {
        // How many are ticked changes by a click, which no text here follows.
        parts.push(format!("**Checklist** {}", counted(items, "item", "items")));
    }
    parts.extend(stays_different(plan).map(|different| format!("**Stays different** {different}")));
    if !plan.is_empty() {
        parts.push("**Undo** revert this one commit".to_owned());
    }
    parts.join(" · ")
}

/// How much stays different; nothing is said where it is not known.
fn stays_different(plan: &Plan) -> Option<String> {
    if plan.not_rendered.is_empty() {
        return Some(match plan.drift.resources().len() {
            0 => "nothing".to_owned(),
            count => counted(count, "resource", "resources"),
        });
    }
    let stays = |difference: &&Difference| difference.then == Then::Stays;
    match (plan.differences.len(), plan.differences.iter().filter(stays).count()) {
        (0, _) => None,
        (_, 0) => Some("no field".to_owned()),
        (_, fields) => Some(counted(fields, "field", "fields")),
    }
}

/// Commits of the source that this brings, those with a pull request by their number.
fn brings(commits: &[Commit]) -> Option<String> {
    const SHOWN: usize = 4;
    if commits.is_empty() {
        return None;
    }
    let told = |commit: &&Commit| commit.pull_request.is_some();
    // Those without a pull request are told by what they say.
    let named = commits.iter().filter(told).chain(commits.iter().filter(|it| !told(it)));
    let name = |commit: &Commit| match (commit.pull_request, commit.subject.as_str()) {
        (Some(number), "") => format!("#{number}"),
        (Some(number), subject) => format!("#{number} *{}*", plain(subject, 80)),
        (None, subject) => format!("{} *{}*", commit.sha.short(), plain(subject, 80)),
    };
    let mut words: Vec<String> = named.take(SHOWN).map(name).collect();
    let rest = commits.len() - words.len();
    if rest > 0 {
        let more = if words.is_empty() { "" } else { "other " };
        words.push(match rest {
            1 => format!("1 {more}commit"),
            rest => format!("{} {more}commits", number(rest)),
        });
    }
    Some(format!("**Brings** {}", enumerated(&words)))
}

/// What a person should know although the plan can be carried out.
fn notes(plan: &Plan, most: usize) -> Option<String> {
    let beside = stays_beside(plan);
    if plan.warnings.is_empty() && beside.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = Vec::new();
    for sentence in beside.iter().take(most) {
        lines.push(format!("- {}", Phrase::of_sentence(sentence).markdown()));
    }
    if let Some(rest) = beside.len().checked_sub(most).filter(|rest| *rest > 0) {
        lines.push(format!(
            "- {} although the source changed its own",
            counted(rest, "more value stays", "more values stay")
        ));
    }
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
