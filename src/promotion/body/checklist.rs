//! The checklist, its ticks read back and carried over an update.

use std::collections::BTreeSet;

use super::marker::Marker;
use crate::clearance::Item;

/// Lines that enclose the items, so that a text elsewhere that looks like one is none.
const OPEN: &str = "<!-- overlift:checklist -->";
const CLOSE: &str = "<!-- /overlift:checklist -->";

/// What becomes of the ticks of the body before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ticks {
    /// These stay.
    Carried(BTreeSet<String>),
    /// There were some, and the diff they were given for is not the one now.
    Cleared,
}

/// Carries ticks over if the rendered diff is the one they were given for.
pub(super) fn carry_over(previous: Option<&str>, now: &Marker) -> Ticks {
    let ticked = previous.map(read_ticks).unwrap_or_default();
    if ticked.is_empty() {
        return Ticks::Carried(ticked);
    }
    let then = previous.and_then(Marker::parse);
    let same = then.is_some_and(|then| {
        then.rendered == now.rendered && then.source == now.source && then.target == now.target
    });
    if same { Ticks::Carried(ticked) } else { Ticks::Cleared }
}

/// The items as a task list; empty for no items.
pub(super) fn render(items: &[Item], ticks: &Ticks) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    if *ticks == Ticks::Cleared {
        lines.push("*What the cluster will see has changed since items were ticked, so all are open again.*\n".to_owned());
    }
    lines.push(OPEN.to_owned());
    for item in items {
        let text = shown(&item.text);
        let ticked = matches!(ticks, Ticks::Carried(ticked) if ticked.contains(&text));
        lines.push(match item.by_evidence {
            true => by_evidence(&text, false, "waits for evidence"),
            false => format!("- [{}] {text}", if ticked { 'x' } else { ' ' }),
        });
    }
    lines.push(CLOSE.to_owned());
    lines.join("\n")
}

/// An item of the configuration: its Markdown counts (code, links), but it mentions nobody and hides
/// nothing. Each sign becomes two at most, so that the longest list leaves room for the rest.
fn shown(item: &str) -> String {
    item.replace('<', "\\<").replace('@', "@\u{200b}")
}

/// An item that evidence ticks, with the evidence beside it.
fn by_evidence(shown: &str, ticked: bool, note: &str) -> String {
    format!("- [{}] {shown}{NOTE}{note}", if ticked { 'x' } else { ' ' })
}

/// What stands between an item that evidence ticks and the evidence.
const NOTE: &str = " — ";

/// Ticks the items of a body as they are said to be: all others are open, and what evidence ticks has `note`
/// beside it. A body without its list stays as it is.
pub(super) fn tick(body: &str, items: &[Item], note: &str) -> String {
    let of_line = |line: &str| {
        let text = line.strip_prefix("- [")?.get(1..)?.strip_prefix("] ")?;
        items.iter().find_map(|item| {
            let shown = shown(&item.text);
            let fits = match item.by_evidence {
                true => text.strip_prefix(shown.as_str())?.starts_with(NOTE),
                false => text == shown,
            };
            fits.then(|| match item.by_evidence {
                true => by_evidence(&shown, item.ticked, note),
                false => format!("- [{}] {shown}", if item.ticked { 'x' } else { ' ' }),
            })
        })
    };
    let mut inside = false;
    let mut lines = Vec::new();
    for line in body.lines() {
        match line.trim_end() {
            OPEN => inside = true,
            CLOSE => inside = false,
            _ => {}
        }
        let new = if inside { of_line(line.trim_end()) } else { None };
        lines.push(new.unwrap_or_else(|| line.to_owned()));
    }
    lines.join("\n") + if body.ends_with('\n') { "\n" } else { "" }
}

/// The items for people that are among the ticked texts of a body, by their texts in the configuration.
pub(super) fn ticked_items(ticked: &BTreeSet<String>, items: &[Item]) -> BTreeSet<String> {
    let is_ticked = |item: &&Item| !item.by_evidence && ticked.contains(&shown(&item.text));
    items.iter().filter(is_ticked).map(|item| item.text.clone()).collect()
}

/// The texts of ticked items. A body with several lists, or half of one, has none.
pub(super) fn read_ticks(body: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = body.lines().map(str::trim_end).collect();
    let at = |mark: &str| {
        let mut found = lines.iter().enumerate().filter(|(_, line)| **line == mark);
        found.next().map(|(index, _)| index).filter(|_| found.next().is_none())
    };
    let (Some(open), Some(close)) = (at(OPEN), at(CLOSE)) else { return BTreeSet::new() };
    lines
        .get(open + 1..close)
        .unwrap_or_default()
        .iter()
        .filter_map(|line| line.strip_prefix("- [x] ").or(line.strip_prefix("- [X] ")))
        .map(str::to_owned)
        .collect()
}
