//! Findings that say the same of several resources, in one sentence.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::super::markdown::number;
use super::super::phrase::Phrase;
use super::kinds::kinds;
use crate::kustomize::ResourceId;
use crate::policy::{Alike, Finding, Level, gravity, is_risk};

/// At most so many names of a group are told one by one.
const NAMES: usize = 3;

/// What is said of resources, each with the resources that it is said of.
type Said<'a> = Vec<(Vec<&'a str>, Vec<&'a ResourceId>)>;

fn by_details<'a>(each: &[(&'a ResourceId, Vec<&'a str>)]) -> Said<'a> {
    let mut same: Said<'a> = Vec::new();
    for (id, details) in each {
        let details: Vec<&str> = details.iter().copied().filter(|it| !it.is_empty()).collect();
        match same.iter_mut().find(|(known, _)| *known == details) {
            Some((_, ids)) => ids.push(id),
            None => same.push((details, vec![id])),
        }
    }
    same
}

/// *… answer for other hosts: `a` → `b` (`one`, `two`, and 3 more); `c` → `d` (`six`)*: what is the same, once.
fn of_same(
    mut phrase: Phrase,
    same: &Said<'_>,
    most: usize,
    name: impl Fn(&ResourceId) -> String,
) -> Phrase {
    for (index, (details, ids)) in same.iter().take(most).enumerate() {
        let details: Vec<&str> = details.iter().copied().take(most).collect();
        phrase = phrase
            .text(if index > 0 { "; " } else { "" })
            .and(Phrase::of_sentence(&details.join(", ")))
            .text(" (");
        let shown = if ids.len() == most + 1 { most + 1 } else { most };
        for (index, id) in ids.iter().take(shown).enumerate() {
            phrase = phrase.text(if index > 0 { ", " } else { "" }).name(name(id));
        }
        let rest = ids.len().saturating_sub(shown);
        phrase = match rest {
            0 => phrase.text(")"),
            rest => phrase.text(format!(", and {} more)", number(rest))),
        };
    }
    match same.iter().skip(most).map(|(_, ids)| ids.len()).sum::<usize>() {
        0 => phrase,
        rest => phrase.text(format!("; and {} more", number(rest))),
    }
}

/// Findings that say the same of several resources.
pub struct Group<'a> {
    /// How much they weigh.
    pub level: Level,
    /// The findings; at least one.
    pub findings: Vec<&'a Finding>,
}

/// New findings, those that say the same of several resources together.
pub(super) fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut index: BTreeMap<(&str, Level, &str), usize> = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    let deleted = said_of_deleted(findings);
    let new = findings.iter().filter(|f| f.new && f.not_validated().is_none());
    for finding in new.filter(|finding| !is_said_better(finding, &deleted)) {
        let what = finding.alike.as_ref().map_or(finding.message.as_str(), |alike| &alike.many);
        let key = (finding.code.as_str(), finding.level, what);
        match index.get(&key) {
            Some(&at) => groups[at].findings.push(finding),
            None => {
                index.insert(key, groups.len());
                groups.push(Group { level: finding.level, findings: vec![finding] });
            }
        }
    }
    groups.sort_by_key(|group| (std::cmp::Reverse(group.level), gravity(group.first())));
    groups
}

/// Resources of which another rule says what their deletion means.
fn said_of_deleted(findings: &[Finding]) -> BTreeSet<&ResourceId> {
    let says = |finding: &&Finding| {
        finding.rule != "resource-deleted"
            && is_risk(finding)
            && finding.message.starts_with("is deleted")
    };
    findings.iter().filter(says).filter_map(|finding| finding.resource.as_ref()).collect()
}

fn is_said_better(finding: &Finding, deleted: &BTreeSet<&ResourceId>) -> bool {
    finding.rule == "resource-deleted"
        && finding.resource.as_ref().is_some_and(|id| deleted.contains(id))
}

impl<'a> Group<'a> {
    /// Whether the rule has words for one and for many.
    #[must_use]
    pub fn is_told_in_words(&self) -> bool {
        self.first().alike.is_some()
    }

    /// One of the findings.
    #[must_use]
    pub fn first(&self) -> &'a Finding {
        self.findings[0]
    }

    /// The sentence: *3 Ingresses answer for other hosts: `api` `a` → `b`, …*.
    #[must_use]
    pub fn sentence(&self) -> Phrase {
        self.sentence_with(NAMES)
    }

    /// The sentence, with fewer names where it would have more than `limit` characters.
    pub(in crate::promotion) fn sentence_within(&self, limit: usize) -> Phrase {
        let fits = |phrase: &Phrase| phrase.plain().chars().count() <= limit;
        let fewer = (2..=NAMES).rev().map(|most| self.sentence_with(most));
        fewer.into_iter().find(fits).unwrap_or_else(|| self.sentence_with(1))
    }

    /// The sentence, with at most so many names and details of each.
    fn sentence_with(&self, most: usize) -> Phrase {
        let first = self.first();
        let resources: Vec<&ResourceId> =
            self.findings.iter().filter_map(|finding| finding.resource.as_ref()).collect();
        let unlike: BTreeSet<&ResourceId> = resources.iter().copied().collect();
        let Some(alike) = &first.alike else { return self.of_message(&unlike, most) };
        match unlike.len() {
            0 => Phrase::default()
                .text("The environment ")
                .and(detail(&alike.one, &self.first_details(most))),
            1 => Phrase::default()
                .name(resources[0].to_string())
                .text(" ")
                .and(detail(&alike.one, &self.first_details(most))),
            _ => self.of_many(alike, &unlike, most),
        }
    }

    /// *2 Deployments shrink: `a` 80 → 5, `b` 50 → 5*: each resource once, with all that is said of it.
    fn of_many(&self, alike: &Alike, unlike: &BTreeSet<&ResourceId>, most: usize) -> Phrase {
        let mut each: Vec<(&ResourceId, Vec<&str>)> = Vec::new();
        for finding in &self.findings {
            let Some(id) = &finding.resource else { continue };
            let detail = finding.alike.as_ref().map_or("", |alike| alike.detail.as_str());
            match each.iter_mut().find(|(known, _)| *known == id) {
                Some((_, details)) if details.contains(&detail) => {}
                Some((_, details)) => details.push(detail),
                None => each.push((id, vec![detail])),
            }
        }
        let names: BTreeSet<&CompactString> = unlike.iter().map(|id| &id.name).collect();
        let name = |id: &ResourceId| {
            if names.len() == unlike.len() { id.name.to_string() } else { id.to_string() }
        };
        let phrase = Phrase::default()
            .text(format!("{} ", kinds(unlike.iter().map(|id| id.gvk.kind.as_str()))))
            .and(Phrase::of_sentence(&alike.many))
            .text(": ");
        let same = by_details(&each);
        if same.len() < each.len() && same.iter().all(|(details, _)| !details.is_empty()) {
            return of_same(phrase, &same, most, name);
        }
        let shown = if each.len() == most + 1 { most + 1 } else { most };
        let between = match each.iter().take(shown).any(|(_, d)| d.len() > 1 || d[0].contains(", "))
        {
            true => "; ",
            false => ", ",
        };
        let mut phrase = phrase;
        for (index, (id, details)) in each.iter().take(shown).enumerate() {
            phrase = phrase.text(if index > 0 { between } else { "" }).name(name(id));
            let details: Vec<&str> =
                details.iter().copied().filter(|d| !d.is_empty()).take(most).collect();
            if let Some(first) = details.first() {
                let sign = if first.starts_with('`') { ": " } else { " " };
                phrase = phrase.text(sign).and(Phrase::of_sentence(&details.join(", ")));
            }
        }
        match each.len().saturating_sub(shown) {
            0 => phrase,
            rest => phrase.text(format!(", and {} more", number(rest))),
        }
    }

    /// The first details, the same one once, and how many more there are.
    fn first_details(&self, most: usize) -> String {
        let mut seen = BTreeSet::new();
        let all: Vec<&str> = self.details().filter(|it| seen.insert(*it)).collect();
        let rest = all.len().saturating_sub(most);
        let more = if rest > 0 { format!(", and {} more", number(rest)) } else { String::new() };
        format!("{}{more}", all[..all.len().min(most)].join(", "))
    }

    fn details(&self) -> impl Iterator<Item = &'a str> {
        let details = self.findings.iter().filter_map(|finding| finding.alike.as_ref());
        details.map(|alike| alike.detail.as_str()).filter(|detail| !detail.is_empty())
    }

    /// A finding without words for many: whose it is, and what it says.
    fn of_message(&self, resources: &BTreeSet<&ResourceId>, most: usize) -> Phrase {
        let mut phrase = Phrase::default();
        for (index, id) in resources.iter().take(most).enumerate() {
            phrase = phrase.text(if index > 0 { ", " } else { "" }).name(id.to_string());
        }
        if resources.len() > most {
            phrase = phrase.text(format!(", and {} more", number(resources.len() - most)));
        }
        if !resources.is_empty() {
            phrase = phrase.text(": ");
        }
        phrase.and(Phrase::of_sentence(&self.first().message))
    }
}

fn detail(what: &str, detail: &str) -> Phrase {
    let phrase = Phrase::of_sentence(what);
    if detail.is_empty() { phrase } else { phrase.text(": ").and(Phrase::of_sentence(detail)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is counted as told above is told, or counted in the sentence.
    #[test]
    fn findings_of_the_environment_are_told_with_their_number() {
        let finding = |index: usize| Finding {
            code: "own-value-lost".to_owned(),
            rule: "own-value-lost",
            level: Level::Warning,
            message: String::new(),
            help: None,
            resource: None,
            location: None,
            new: true,
            alike: Some(Alike {
                one: "loses a value that it alone had".to_owned(),
                many: "lose values that they alone had".to_owned(),
                detail: format!("`field{index}`"),
            }),
        };
        let all: Vec<Finding> = (0..9).map(finding).collect();
        let told: Vec<String> =
            groups(&all).iter().map(|group| group.sentence().plain().to_string()).collect();
        assert_eq!(
            told,
            ["The environment loses a value that it alone had: field0, field1, field2, and 6 more"]
        );
    }
}
