//! The preview as Markdown.

use std::collections::BTreeSet;

use super::super::body::{
    BODY_LIMIT, list_of_findings, render_changes, render_diffs, render_warnings,
};
use super::super::counts::counts;
use super::super::environment::Environment;
use super::super::markdown::{code, counted, diff_block, html_code, number, plain, prose};
use super::super::plain_text::{cut, enumerated, utf16_len};
use super::super::rendering::reason;
use super::super::telling::Telling;
use super::value::{Preview, Reached, Unrendered};
use crate::policy::{Finding, Level};

/// A comment takes as much as a body.
const LIMIT: usize = BODY_LIMIT;
/// What one group of environments takes at most.
const GROUP_LIMIT: usize = 20_000;
/// So many lists of changes are told; the others are counted.
const GROUPS: usize = 20;

/// The preview as Markdown, at most as long as a pull request's body.
#[must_use]
pub fn preview_body(preview: &Preview, command: &str) -> String {
    if preview.is_empty() {
        return "**This changes nothing that an environment builds.**\n".to_owned();
    }
    let mut parts = vec![headline(preview)];
    let mut shown: Vec<&Reached> = preview.reached.iter().collect();
    shown.sort_by_key(|it| std::cmp::Reverse(gravest(&it.findings)));
    shown.truncate(GROUPS);
    let groups: Vec<(String, &Reached)> =
        shown.into_iter().map(|reached| (head_of(reached), reached)).collect();
    parts.extend(broken(preview));
    let heads: usize = groups.iter().map(|(head, _)| utf16_len(head)).sum();
    let mut unrendered: Vec<&Unrendered> = preview.unrendered.iter().collect();
    unrendered.sort_by_key(|it| std::cmp::Reverse(gravest(&it.findings)));
    unrendered.truncate(GROUPS);
    let count = groups.len() + unrendered.len();
    let rest = LIMIT.saturating_sub(heads + 2_000) / count.max(1);
    let rendered = groups.iter().map(|(head, reached)| {
        let telling = Telling::of_parts(reached.rendered.resources(), &reached.findings);
        let diffs = render_diffs(command, &telling.changes, rest.min(GROUP_LIMIT));
        (gravest(&reached.findings), vec![head.clone(), diffs])
    });
    let alone = unrendered
        .iter()
        .map(|it| (gravest(&it.findings), vec![of_files(it, rest.min(GROUP_LIMIT))]));
    let mut told: Vec<(Level, Vec<String>)> = rendered.chain(alone).collect();
    // What somebody has to look at stands on the first screen, whichever environment it is in.
    told.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    parts.extend(told.into_iter().flat_map(|(_, parts)| parts));
    let all = preview.reached.len() + preview.unrendered.len();
    if all > count {
        let more = all - count;
        parts.push(format!(
            "*{} not shown here.*",
            counted(more, "more change is", "more changes are")
        ));
    }
    parts.push(format!("See it yourself: {}", code(command, 300)));
    parts.retain(|part| !part.is_empty());
    cut(&(parts.join("\n\n") + "\n"), LIMIT)
}

/// Environments that cannot be built, those that fail for the same reason together.
fn broken(preview: &Preview) -> Option<String> {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for (environment, error) in &preview.broken {
        let at = error
            .location()
            .map_or(String::new(), |at| format!(" · {}", code(&at.to_string(), 200)));
        let why = format!("{}{at}", prose(&reason(error), 600));
        let name = code(&environment.title(), 120);
        match told.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => told.push((why, vec![name])),
        }
    }
    let bullet = if told.len() > 1 { "- " } else { "" };
    let lines: Vec<String> = told
        .into_iter()
        .take(GROUPS)
        .map(|(why, names)| format!("> {bullet}{} cannot be built: {why}", several(&names)))
        .collect();
    (!lines.is_empty()).then(|| format!("> [!CAUTION]\n{}", lines.join("\n")))
}

/// How much the gravest of what is new weighs.
fn gravest(findings: &[Finding]) -> Level {
    let new = findings.iter().filter(|finding| finding.new);
    new.map(|finding| finding.level).max().unwrap_or(Level::Info)
}

fn headline(preview: &Preview) -> String {
    let mut seen = BTreeSet::new();
    let all = preview.all_environments().filter(|environment| seen.insert(&environment.path));
    let names: Vec<String> = all.map(|environment| code(&environment.title(), 80)).collect();
    if names.is_empty() {
        return "**This changes what is deployed from here**; which environments it reaches is not known"
            .to_owned();
    }
    let count = counted(names.len(), "environment", "environments");
    format!("**This reaches {count}**: {}", several(&names))
}

/// The first names, and how many more there are.
fn several(names: &[String]) -> String {
    const SHOWN: usize = 8;
    match names.len().saturating_sub(SHOWN) {
        0 => enumerated(names),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}

/// The titles of environments, or of what stands in their place.
fn titles(titles: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = titles.into_iter().map(|it| plain(&it, 120)).collect();
    several(&names)
}

/// Environments that are not rendered: why, and the files that change.
fn of_files(unrendered: &Unrendered, room: usize) -> String {
    let files = unrendered.files.files();
    let count = counted(files.len(), "file changes", "files change");
    let mut out = format!(
        "### {}: {count}, not rendered\n\nWhat the cluster will see is not known here: {}\n",
        titles(unrendered.titles()),
        prose(&unrendered.why, 400),
    );
    let telling = Telling::of_parts(&[], &unrendered.findings);
    let (warnings, shown) = render_warnings(&telling, AROUND);
    let findings = list_of_findings(&telling, FINDINGS, shown);
    for part in warnings.into_iter().chain(findings) {
        out.push_str(&format!("\n{part}\n"));
    }
    let mut left = room.saturating_sub(utf16_len(&out) + 200);
    let lines: usize = files.iter().map(|file| file.added_lines + file.removed_lines).sum();
    let open = if files.len() <= 3 && lines <= 60 { " open" } else { "" };
    for (index, file) in files.iter().enumerate() {
        let block = match (file.binary, file.text.as_str()) {
            (true, _) => "No text.".to_owned(),
            (_, "") => "Not shown: what in it is secret is not known.".to_owned(),
            // The path stands above.
            (_, text) => diff_block(text.find("\n@@ ").map_or(text, |at| &text[at + 1..])),
        };
        let part = format!(
            "\n<details{open}><summary>{} &nbsp;+{} −{}</summary>\n\n{block}\n\n</details>\n",
            html_code(file.path.as_str(), 200),
            number(file.added_lines),
            number(file.removed_lines),
        );
        let Some(rest) = left.checked_sub(utf16_len(&part)) else {
            let more = files.len() - index;
            let more = counted(more, "more file is not shown", "more files are not shown");
            return format!("{out}\n*{more} here.*");
        };
        left = rest;
        out.push_str(&part);
    }
    out.trim_end().to_owned()
}

/// The clusters of a group, by their names.
fn clusters(reached: &Reached) -> Option<String> {
    let mut words: Vec<String> =
        reached.clusters.iter().take(8).map(|name| code(name, 120)).collect();
    let more = reached.clusters.len().saturating_sub(words.len());
    if more > 0 {
        words.push(format!("{more} more"));
    }
    (!words.is_empty()).then(|| enumerated(&words))
}

/// Lines around the warnings of a group that a phone's first screen has too.
const AROUND: usize = 6;
/// So many groups of findings are told one by one.
const FINDINGS: usize = 12;

/// What decides about one group: counts, warnings, gates, what changes; then what else is found, so that what changes
/// begins on a phone's first screen.
fn head_of(reached: &Reached) -> String {
    let telling = Telling::of_parts(reached.rendered.resources(), &reached.findings);
    let mut names = titles(reached.environments.iter().map(Environment::title));
    if let Some(below) = &reached.below {
        names.push_str(&format!(", in {}", code(below.as_str(), 200)));
    }
    let mut parts = vec![format!("### {names}: {}", counts(reached.rendered.resources()))];
    if let Some(on) = clusters(reached) {
        parts.push(format!("Reaches {on}"));
    }
    let (warnings, shown) = render_warnings(&telling, AROUND);
    parts.extend(warnings);
    parts.push(format!("**Gates** {}", Telling::gates(&reached.findings, reached.suppressed)));
    parts.extend(render_changes(&telling, 10));
    parts.extend(list_of_findings(&telling, FINDINGS, shown));
    parts.join("\n\n")
}
