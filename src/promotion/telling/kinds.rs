//! Kinds of resources, counted in words.

use std::collections::BTreeMap;

use super::super::markdown::{counted, number};
use super::super::plain_text::enumerated;

/// `5 Deployments and 2 StatefulSets`; of more kinds than three only `9 resources`.
pub(super) fn kinds<'k>(kinds: impl Iterator<Item = &'k str>) -> String {
    let counts = counts_of_kinds(kinds);
    if counts.len() > KINDS {
        let all: usize = counts.iter().map(|(_, count)| count).sum();
        return counted(all, "resource", "resources");
    }
    enumerated(&counts.into_iter().map(of_kind).collect::<Vec<_>>())
}

/// `12 Deployments, 3 Services, 1 Ingress and 4 of 2 other kinds`, the most frequent first.
pub(in crate::promotion) fn all_kinds<'k>(kinds: impl Iterator<Item = &'k str>) -> String {
    let counts = counts_of_kinds(kinds);
    // One other kind takes no more room than the words that say so.
    let named = if counts.len() == KINDS + 1 { KINDS + 1 } else { KINDS.min(counts.len()) };
    let others = counts[named..].to_vec();
    let mut words: Vec<String> = counts.into_iter().take(named).map(of_kind).collect();
    if !others.is_empty() {
        let all: usize = others.iter().map(|(_, count)| count).sum();
        words.push(format!("{} of {} other kinds", number(all), number(others.len())));
    }
    enumerated(&words)
}

/// So many kinds are named.
const KINDS: usize = 3;

/// How often each kind is there, the most frequent first.
fn counts_of_kinds<'k>(kinds: impl Iterator<Item = &'k str>) -> Vec<(&'k str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    counts
}

fn of_kind((kind, count): (&str, usize)) -> String {
    match (kind, count) {
        // What a chart is given has no kind; this word stands for one.
        ("Values", count) => counted(count, "file of values", "files of values"),
        (kind, 1) => format!("1 {kind}"),
        (kind, count) => format!("{} {}", number(count), plural(kind)),
    }
}

/// A kind's plural: `Ingresses`, `NetworkPolicies`.
fn plural(kind: &str) -> String {
    if kind == "Endpoints" {
        return kind.to_owned();
    }
    if let Some(stem) = kind.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']))
    {
        format!("{stem}ies")
    } else if kind.ends_with(['s', 'x']) || kind.ends_with("ch") {
        format!("{kind}es")
    } else {
        format!("{kind}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_plurals() {
        let told = |kind: &str| kinds([kind, kind].into_iter());
        assert_eq!(told("Ingress"), "2 Ingresses");
        assert_eq!(told("NetworkPolicy"), "2 NetworkPolicies");
        assert_eq!(told("Gateway"), "2 Gateways");
        assert_eq!(told("Endpoints"), "2 Endpoints");
        assert_eq!(told("Values"), "2 files of values");
        assert_eq!(kinds(["Values"].into_iter()), "1 file of values");
    }
}
