//! CPU, memory and whatever else is counted: requests and limits that fall.

use super::quantity::{Fall, fall};
use crate::model::quantity;
use crate::policy::Level;
use crate::policy::change::{Changed, Leaves, shown, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};

pub(super) const RULE: Rule = Rule {
    id: "fewer-resources",
    gate: Gate::Risks,
    codes: &[FEWER, A_LITTLE],
    check: Check::Change(check),
};

const FEWER: Code = Code::sound("fewer-resources", Level::Warning);
const A_LITTLE: Code = Code::sound("fewer-resources", Level::Info);

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let (before, after) = changed.leaves();
    let mut falls: Vec<(Fall, String, String)> = Vec::new();
    for (path, then) in before.iter() {
        let Some((owner, part, what)) = counted(path) else { continue };
        let now = after.get(path);
        if now == Some(then) || now.is_none() && !is_missed(path, owner, part, what, after) {
            continue;
        }
        let fallen = match (quantity(then), now.map(quantity)) {
            (Some(then), Some(Some(now))) => fall(then, now),
            (Some(_), None) => Fall::Half,
            _ => Fall::None,
        };
        if fallen != Fall::None {
            let detail = format!(
                "{}{what} {} {then} → {}",
                owner_words(owner),
                part.trim_end_matches('s'),
                now.map_or("unset", |now| now)
            );
            falls.push((fallen, detail, after.field(path).to_owned()));
        }
    }
    tell(changed, &falls, report);
}

/// One finding of a resource, at the deepest fall.
fn tell(changed: &Changed<'_>, falls: &[(Fall, String, String)], report: &mut Report<'_>) {
    let deepest = falls.iter().find(|(fallen, ..)| *fallen == Fall::Half).or(falls.first());
    let Some((fallen, _, field)) = deepest else { return };
    let code = if *fallen == Fall::Half { FEWER } else { A_LITTLE };
    let details: Vec<&str> = falls.iter().take(3).map(|(_, detail, _)| detail.as_str()).collect();
    let more = match falls.len().saturating_sub(3) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let detail = format!("{}{more}", details.join(", "));
    report.tell(changed, code, field, words("gets less", "get less", detail));
}

/// The parts of a path to a quantity: whose it is, `requests` or `limits`, and of what.
fn counted(path: &str) -> Option<(&str, &str, &str)> {
    let (rest, what) = match path.strip_suffix(']') {
        Some(inside) => inside.rsplit_once(".[")?,
        None => path.rsplit_once('.')?,
    };
    if rest == "spec.hard" {
        return Some(("", "hard", what));
    }
    let (owner, part) = rest.rsplit_once('.')?;
    let is_part = ["requests", "limits"].contains(&part);
    let owner = owner.strip_suffix("resources")?;
    (is_part && what != "storage").then_some((owner, part, what))
}

/// Whether what is no longer said is missed: a limit that goes leaves more, and a request without a
/// word of its own is what the limit is.
fn is_missed(path: &str, owner: &str, part: &str, what: &str, after: &Leaves<'_>) -> bool {
    let container_stays =
        after.iter().any(|(other, _)| other.starts_with(owner.trim_end_matches('.')));
    let has_limit = after.get(&path.replacen(".requests.", ".limits.", 1)).is_some();
    part == "requests" && container_stays && !has_limit && !what.is_empty()
}

/// The name of the container in `spec.template.spec.containers[app].`, of the part in `spec.kafka.`.
fn owner_words(owner: &str) -> String {
    let owner = owner.trim_end_matches('.');
    let item = owner.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    let part = || owner.rsplit('.').next().filter(|part| !UNNAMED.contains(part));
    let name = item.map(|(_, name)| name).or_else(part);
    name.map_or(String::new(), |name| format!("{} ", shown(name)))
}

/// Steps that say nothing of whose the resources are.
const UNNAMED: [&str; 6] = ["", "spec", "values", "valuesObject", "template", "podTemplate"];
