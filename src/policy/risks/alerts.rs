//! Alerts that go, come later, ask for more or weigh less: of Prometheus' and VictoriaMetrics' rules, whether they
//! stand in a resource, in a ConfigMap or in a chart's values.

use std::collections::BTreeMap;

use super::observers::{A_LITTLE, WEAKER};
use super::quantity::{Fall, duration, fall};
use crate::policy::change::{Changed, becomes, listed, push_key, shown, words};
use crate::policy::rule::Report;
use crate::yaml::{Node, Value, parse_manifests};

/// Deeper trees are not looked into.
const DEPTH: usize = 40;

/// An alert.
#[derive(Clone, Debug, Default)]
struct Alert {
    name: String,
    condition: String,
    wait: String,
    severity: String,
    field: String,
}

impl Alert {
    fn of(node: &Node, field: &str) -> Option<Self> {
        let (name, condition) = (node.text_at(&["alert"]), node.text_at(&["expr"]));
        (!name.is_empty() && !condition.is_empty()).then(|| Self {
            name: name.to_owned(),
            condition: condition.split_whitespace().collect::<Vec<_>>().join(" "),
            wait: node.text_at(&["for"]).to_owned(),
            severity: node.text_at(&["labels", "severity"]).to_owned(),
            field: field.to_owned(),
        })
    }

    /// The same alert under this name or another.
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name || self.condition == other.condition
    }
}

/// All alerts of a resource.
fn alerts(node: Option<&Node>) -> Vec<Alert> {
    let mut found = Vec::new();
    let Some(node) = node else { return found };
    collect(node, &mut String::new(), 0, &mut found);
    if node.text_at(&["kind"]) == "ConfigMap" {
        let data = node.get("data").and_then(Node::as_mapping).into_iter().flatten();
        for pair in data {
            let mut field = "data".to_owned();
            push_key(&mut field, &pair.key.text);
            let text = pair.value.text().filter(|it| it.contains("alert:") && it.contains("expr:"));
            let first = found.len();
            for document in text.and_then(|it| parse_manifests(it).ok()).unwrap_or_default() {
                collect(&document, &mut String::new(), 0, &mut found);
            }
            // What stands in a text has no field of its own.
            found[first..].iter_mut().for_each(|alert| alert.field.clone_from(&field));
        }
    }
    found
}

fn collect(node: &Node, field: &mut String, depth: usize, found: &mut Vec<Alert>) {
    if depth > DEPTH {
        return;
    }
    let end = field.len();
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                field.push_str(&format!("[{index}]"));
                collect(item, field, depth + 1, found);
                field.truncate(end);
            }
        }
        Value::Mapping(mapping) => {
            if let Some(alert) = Alert::of(node, field) {
                return found.push(alert);
            }
            for pair in mapping {
                push_key(field, &pair.key.text);
                collect(&pair.value, field, depth + 1, found);
                field.truncate(end);
            }
        }
    }
}

/// What becomes of alerts: those that are nowhere any more, and pairs of the others.
#[derive(Default)]
struct Fates {
    gone: Vec<Alert>,
    pairs: Vec<(Alert, Alert)>,
}

fn fates(changed: &Changed<'_>) -> Fates {
    let mut after = alerts(changed.after());
    let mut fates = Fates::default();
    let mut left = Vec::new();
    // Two of one name are told apart by what they weigh, and by their order.
    for alert in alerts(changed.before()) {
        let exact = |it: &Alert| it.name == alert.name && it.severity == alert.severity;
        match after.iter().position(exact) {
            Some(at) => fates.pairs.push((alert, after.remove(at))),
            None => left.push(alert),
        }
    }
    left.retain(|alert| {
        let by_name = after.iter().position(|it| it.name == alert.name);
        let at = by_name.or_else(|| after.iter().position(|it| it.is_same(alert)));
        at.inspect(|at| fates.pairs.push((alert.clone(), after.remove(*at)))).is_none()
    });
    if left.is_empty() {
        return fates;
    }
    let elsewhere = elsewhere(changed);
    for alert in left {
        match elsewhere.iter().find(|it| it.is_same(&alert)) {
            Some(other) => {
                fates.pairs.push((alert, Alert { field: String::new(), ..other.clone() }))
            }
            None => fates.gone.push(alert),
        }
    }
    fates
}

/// The alerts of all other resources that are there afterwards.
fn elsewhere(changed: &Changed<'_>) -> Vec<Alert> {
    let others = changed.all.after.resources.iter().filter(|it| it.id != changed.diff.id);
    others.flat_map(|it| alerts(Some(&it.node))).collect()
}

/// Tells what becomes of the alerts of a resource. `belongs` says that what they watched goes with them.
pub(super) fn check(changed: &Changed<'_>, belongs: bool, report: &mut Report<'_>) {
    if changed.is_added() {
        return;
    }
    let fates = fates(changed);
    gone(changed, &fates.gone, belongs, report);
    let mut said: BTreeMap<Weaker, Vec<(String, &str)>> = BTreeMap::new();
    for (then, now) in &fates.pairs {
        for (what, detail) in weaker(then, now) {
            said.entry(what).or_default().push((detail, &now.field));
        }
    }
    for (what, details) in said {
        const SHOWN: usize = 3;
        let first: Vec<&str> = details.iter().take(SHOWN).map(|it| it.0.as_str()).collect();
        let more = match details.len().saturating_sub(SHOWN) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let (one, many) = what.words();
        let code = if what == Weaker::Other { A_LITTLE } else { WEAKER };
        let field = details.first().map_or("", |it| it.1);
        report.tell(changed, code, field, words(one, many, first.join(", ") + &more));
    }
}

fn gone(changed: &Changed<'_>, gone: &[Alert], belongs: bool, report: &mut Report<'_>) {
    let mut names: Vec<&str> = gone.iter().map(|it| it.name.as_str()).collect();
    names.dedup();
    if names.is_empty() {
        return;
    }
    let code = if belongs { A_LITTLE } else { WEAKER };
    let words = match changed.is_deleted() {
        true => words(
            "is deleted, so it alerts nobody",
            "are deleted, so they alert nobody",
            listed(&names),
        ),
        false => words("no longer alerts", "no longer alert", listed(&names)),
    };
    let field = if changed.is_deleted() || changed.kind() == "ConfigMap" { "" } else { "spec" };
    report.tell(changed, code, field, words);
}

/// How an alert becomes weaker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weaker {
    Rarer,
    Later,
    Lighter,
    Other,
}

impl Weaker {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Rarer => ("alerts less often", "alert less often"),
            Self::Later => ("alerts later", "alert later"),
            Self::Lighter => ("alerts with less weight", "alert with less weight"),
            Self::Other => ("alerts on another condition", "alert on other conditions"),
        }
    }
}

fn weaker(then: &Alert, now: &Alert) -> Vec<(Weaker, String)> {
    let name = shown(&now.name);
    let mut found = Vec::new();
    let condition = || format!("{name} {}", becomes(&then.condition, &now.condition));
    match threshold(&then.condition, &now.condition) {
        Threshold::Same | Threshold::Stricter => {}
        Threshold::Rarer => found.push((Weaker::Rarer, condition())),
        Threshold::Other => found.push((Weaker::Other, condition())),
    }
    let seconds = |text: &str| match text {
        "" => Some(0.0),
        text => duration(text).map(|it| it.0),
    };
    if let (Some(short), Some(long)) = (seconds(&then.wait), seconds(&now.wait))
        && fall(long, short) != Fall::None
    {
        found.push((Weaker::Later, format!("{name} after {}", becomes(&then.wait, &now.wait))));
    }
    if let Some(had) = weight(&then.severity)
        && (now.severity.is_empty() || weight(&now.severity).is_some_and(|it| it < had))
    {
        found.push((Weaker::Lighter, format!("{name} {}", becomes(&then.severity, &now.severity))));
    }
    found
}

/// How much the usual severities weigh.
fn weight(severity: &str) -> Option<u8> {
    match severity.to_ascii_lowercase().as_str() {
        "critical" | "page" | "pager" | "emergency" | "fatal" | "p1" | "sev1" => Some(3),
        "error" | "high" | "major" | "p2" | "sev2" => Some(2),
        "warning" | "warn" | "medium" | "minor" | "p3" | "sev3" => Some(1),
        "info" | "low" | "none" | "p4" | "sev4" => Some(0),
        _ => None,
    }
}

/// What becomes of a condition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Threshold {
    /// It holds as often.
    Same,
    /// It holds more often.
    Stricter,
    /// It holds less often.
    Rarer,
    /// Nobody can say.
    Other,
}

/// Compares two conditions: with the same words a number behind a comparison tells how hard it is to meet.
pub(super) fn threshold(then: &str, now: &str) -> Threshold {
    if then == now {
        return Threshold::Same;
    }
    // These turn a comparison around, or make a number of it.
    const TURNING: [&str; 3] = ["unless", "bool", "absent"];
    let (a, b) = (numbers(then), numbers(now));
    if a.0 != b.0 || TURNING.iter().any(|word| then.contains(word)) {
        return Threshold::Other;
    }
    let mut rarer = Vec::new();
    for ((comparison, then), (_, now)) in a.1.iter().zip(&b.1).filter(|(a, b)| a.1 != b.1) {
        match comparison {
            Comparison::Above => rarer.push(now > then),
            Comparison::Below => rarer.push(now < then),
            Comparison::None => return Threshold::Other,
        }
    }
    match (rarer.contains(&true), rarer.contains(&false)) {
        (false, false) => Threshold::Same,
        (true, false) => Threshold::Rarer,
        (false, true) => Threshold::Stricter,
        (true, true) => Threshold::Other,
    }
}

/// What stands before a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Above,
    Below,
    None,
}

/// A condition without spaces and with `#` for its numbers, and these with what stands before them.
fn numbers(text: &str) -> (String, Vec<(Comparison, f64)>) {
    let (mut rest, mut words, mut found) = (text, String::new(), Vec::new());
    while let Some(first) = rest.chars().next() {
        if let quote @ ('"' | '\'' | '`') = first {
            let end = rest[1..].find(quote).map_or(rest.len(), |at| at + 2);
            words.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let follows = rest[end..].chars().next();
        let is_number = end > 0
            && !words.ends_with(|c: char| c.is_alphanumeric() || "_:[".contains(c))
            && !follows.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let number = rest[..end].parse::<f64>().ok().filter(|_| is_number);
        if let Some(number) = number {
            let before = words.trim_end_matches('=');
            found.push((comparison(before), number));
            words.push('#');
            rest = &rest[end..];
        } else {
            let taken = end.max(first.len_utf8());
            // Words that only a space keeps apart stay apart.
            words.push_str(if first.is_whitespace() { " " } else { &rest[..taken] });
            rest = &rest[taken..];
            if first.is_whitespace() && !words.trim_end().ends_with(char::is_alphanumeric) {
                words.truncate(words.trim_end().len());
            }
        }
    }
    (words, found)
}

fn comparison(before: &str) -> Comparison {
    match before.chars().next_back() {
        Some('>') => Comparison::Above,
        Some('<') => Comparison::Below,
        _ => Comparison::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_says_how_hard_it_is_to_meet() {
        for (then, now, want) in [
            ("x > 5", "x >5", Threshold::Same),
            ("x > 5", "x > 50", Threshold::Rarer),
            ("x > 5", "x > 0.5", Threshold::Stricter),
            ("free{a=\"1\"} < 10", "free{a=\"1\"} < 5", Threshold::Rarer),
            ("free <= 10", "free <= 20", Threshold::Stricter),
            ("free == 10", "free == 20", Threshold::Other),
            ("rate(x[5m]) > 1 and y > 2", "rate(x[5m]) > 2 and y > 2", Threshold::Rarer),
            ("rate(x[5m]) > 1 and y > 2", "rate(x[5m]) > 2 and y > 1", Threshold::Other),
            ("rate(x[5m]) > 1", "rate(x[1h]) > 1", Threshold::Other),
            ("x > 5 unless y > 1", "x > 5 unless y > 2", Threshold::Other),
            ("x2 > 5", "x3 > 5", Threshold::Other),
            ("100 * x > 5", "10 * x > 5", Threshold::Other),
            ("x > 5 and on(a) y", "x > 6 and on(a) y", Threshold::Rarer),
        ] {
            assert_eq!(threshold(then, now), want, "{then} | {now}");
        }
    }
}
