//! What the gates find new beside the warnings of the head, with places; what could not be checked.

use std::collections::BTreeSet;

use crate::kustomize::Gvk;
use crate::policy::{Finding, Level};
use crate::promotion::plan::Plan;
use crate::promotion::telling::{Group, Telling};

use super::super::markdown::{code, counted, number, prose};
use super::summary::Lines;

/// At most `lines.findings` groups are listed, without the warnings that the head has; remarks are folded.
pub(super) fn render(
    plan: &Plan,
    telling: &Telling<'_>,
    lines: Lines,
    warnings_above: usize,
) -> String {
    let mut parts = of_telling(telling, lines.findings, warnings_above);
    parts.extend(not_validated(plan));
    parts.join("\n\n")
}

/// The list of what is found beside the first warnings, and the remarks, folded.
pub(in crate::promotion) fn of_telling(
    telling: &Telling<'_>,
    most: usize,
    warnings_above: usize,
) -> Vec<String> {
    let mut groups: Vec<&Group<'_>> = telling.warnings().skip(warnings_above).collect();
    groups.extend(telling.other_findings().filter(|group| group.level > Level::Info));
    groups.sort_by_key(|group| std::cmp::Reverse(group.level));
    let remarks: Vec<&Group<'_>> =
        telling.other_findings().filter(|group| group.level == Level::Info).collect();
    let mut parts = Vec::new();
    if !groups.is_empty() {
        parts.push(format!("**New findings**\n{}", listed(&groups, most)));
    }
    if !remarks.is_empty() {
        let count: usize = remarks.iter().map(|group| group.findings.len()).sum();
        parts.push(format!(
            "<details><summary>{}</summary>\n\n{}\n\n</details>",
            counted(count, "new remark", "new remarks"),
            listed(&remarks, most)
        ));
    }
    parts
}

fn listed(groups: &[&Group<'_>], most: usize) -> String {
    let shown = if groups.len() == most + 1 { most + 1 } else { most };
    let mut lines: Vec<String> = groups.iter().take(shown).map(|group| line(group)).collect();
    let rest: usize = groups.iter().skip(shown).map(|group| group.findings.len()).sum();
    if rest > 0 {
        lines.push(format!("- {}", counted(rest, "more new finding", "more new findings")));
    }
    lines.join("\n")
}

fn line(group: &Group<'_>) -> String {
    let first = group.first();
    let level = match group.level {
        Level::Error => "**error** ",
        Level::Warning => "**warning** ",
        Level::Info => "",
    };
    let mut text = format!("- {level}{} {}", code(&first.code, 60), group.sentence().markdown());
    // What configures Overlift is no business of whoever reviews.
    if let Some(help) = first.help.as_ref().filter(|help| !is_about_us(help)) {
        text.push_str(&format!(" ({})", prose(help, 300)));
    }
    let places = places(group);
    if !places.is_empty() {
        text.push_str(&format!(" · {}", places.join(", ")));
    }
    text
}

/// Where it is found: at the first place, or at several where no resource tells them apart.
fn places(group: &Group<'_>) -> Vec<String> {
    const SHOWN: usize = 3;
    let tells_resources = group.findings.iter().any(|finding| finding.resource.is_some());
    let mut seen = BTreeSet::new();
    let all = group.findings.iter().filter_map(|finding| finding.location.as_ref());
    let mut places: Vec<String> = all
        .map(|location| code(&location.to_string(), 200))
        .filter(|place| seen.insert(place.clone()))
        .collect();
    let shown = if tells_resources { 1 } else { SHOWN };
    let more = places.len().saturating_sub(shown);
    if more > 0 {
        places.truncate(shown);
        places.extend((!tells_resources).then(|| format!("and {} more", number(more))));
    }
    places
}

/// Whether a help is for whoever writes Overlift's configuration.
fn is_about_us(help: &str) -> bool {
    ["`promotion.", "`gates.", "`overlift ", "overlift.yaml`"]
        .iter()
        .any(|word| help.contains(word))
}

/// At most so many kinds are named.
const KINDS: usize = 3;

/// What could not be checked; *the bundle is missing* is another thing than *no schema*.
fn not_validated(plan: &Plan) -> Option<String> {
    let kinds: Vec<&Finding> =
        plan.findings.iter().filter(|finding| finding.not_validated().is_some()).collect();
    if kinds.is_empty() {
        return None;
    }
    let (bundle, missing): (Vec<&Finding>, Vec<&Finding>) =
        kinds.into_iter().partition(|finding| finding.is_for_want_of_the_bundle());
    let mut parts = Vec::new();
    if !bundle.is_empty() {
        parts.push(
            "Kubernetes' own kinds were not validated: their schemas are not at hand.".to_owned(),
        );
    }
    if !missing.is_empty() {
        let named: Vec<String> = missing
            .iter()
            .filter_map(|finding| finding.not_validated())
            .take(KINDS)
            .map(|kind| code(&full_kind(kind), 80))
            .collect();
        let more = if missing.len() > KINDS { ", …" } else { "." };
        let count = counted(missing.len(), "kind has", "kinds have");
        parts.push(format!(
            "{count} no schema and {} not validated: {}{more}",
            if missing.len() == 1 { "was" } else { "were" },
            named.join(", ")
        ));
    }
    Some(parts.join(" "))
}

fn full_kind(gvk: &Gvk) -> String {
    if gvk.group.is_empty() { gvk.kind.to_string() } else { format!("{}/{}", gvk.group, gvk.kind) }
}
