//! The checklist, its ticks read back and carried over an update.

use std::collections::BTreeSet;

use super::marker::Marker;

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
pub(super) fn render(items: &[String], ticks: &Ticks) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    if *ticks == Ticks::Cleared {
        lines.push("*What the cluster will see has changed since items were ticked, so all are open again.*\n".to_owned());
    }
    lines.push(OPEN.to_owned());
    for item in items {
        let item = shown(item);
        let ticked = matches!(ticks, Ticks::Carried(ticked) if ticked.contains(&item));
        lines.push(format!("- [{}] {item}", if ticked { 'x' } else { ' ' }));
    }
    lines.push(CLOSE.to_owned());
    lines.join("\n")
}

/// An item of the configuration: its Markdown counts (code, links), but it mentions nobody and hides
/// nothing. Each sign becomes two at most, so that the longest list leaves room for the rest.
fn shown(item: &str) -> String {
    item.replace('<', "\\<").replace('@', "@\u{200b}")
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
