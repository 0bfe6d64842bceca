//! A plan told: which resources change, in the order of telling, and what is found, alike things once.
//!
//! The pull request, the terminal and the check run all tell the same; they differ in how it looks and
//! in how much of it fits.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use sha2::{Digest, Sha256};

use super::markdown::{counted, number};
use super::phrase::{Phrase, fields_in_words};
use super::plain_text::enumerated;
use super::plan::Plan;
use crate::diff::{Change, FieldChange, Hunks, ResourceDiff};
use crate::kustomize::ResourceId;
use crate::policy::{Alike, Finding, Level, is_risk};
use crate::yaml::{Node, write_document};

/// At most so many names of a group are told one by one.
const NAMES: usize = 3;

/// A plan's changes and findings, in the order of telling.
pub struct Telling<'a> {
    /// The changed resources, the riskiest first.
    pub(super) changes: Vec<Told<'a>>,
    /// What the promotion brings, alike findings together, the weightiest first.
    pub groups: Vec<Group<'a>>,
}

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

/// A resource that is told, with those whose changes are alike.
pub(super) struct Told<'a> {
    pub(super) diff: Cow<'a, ResourceDiff>,
    pub(super) fields: Vec<FieldChange>,
    /// The weight of what is found about it.
    pub(super) level: Option<Level>,
    pub(super) alike: Vec<&'a ResourceDiff>,
}

impl<'a> Telling<'a> {
    /// Tells a plan.
    #[must_use]
    pub fn of(plan: &'a Plan) -> Self {
        Self::of_parts(plan.rendered.resources(), &plan.findings)
    }

    /// Tells what changes and what is found of it.
    #[must_use]
    pub fn of_parts(resources: &'a [ResourceDiff], findings: &'a [Finding]) -> Self {
        Self { changes: tell(resources, &levels(findings)), groups: groups(findings) }
    }

    /// The groups that a reader has to see first: risks, and what the gates warn of in the same words.
    pub fn warnings(&self) -> impl Iterator<Item = &Group<'a>> {
        self.groups.iter().filter(|group| group.level > Level::Info && group.is_told_in_words())
    }

    /// The other groups.
    pub fn other_findings(&self) -> impl Iterator<Item = &Group<'a>> {
        self.groups.iter().filter(|group| group.level == Level::Info || !group.is_told_in_words())
    }

    /// What changes, a line for each resource or several that are alike.
    pub fn changes(&self) -> impl Iterator<Item = (Change, Phrase)> + '_ {
        self.changes.iter().map(|told| (told.diff.change, told.line()))
    }

    /// `1 error and 14 warnings are new, 3 findings were there before`.
    #[must_use]
    pub fn gates(findings: &[Finding], suppressed: usize) -> String {
        let told = || findings.iter().filter(|finding| finding.not_validated().is_none());
        let count = |level| told().filter(|f| f.new && f.level == level).count();
        let new: Vec<(usize, String)> = [
            (Level::Error, "error", "errors"),
            (Level::Warning, "warning", "warnings"),
            (Level::Info, "remark", "remarks"),
        ]
        .into_iter()
        .map(|(level, one, many)| (count(level), counted(count(level), one, many)))
        .filter(|(count, _)| *count > 0)
        .collect();
        let all: usize = new.iter().map(|(count, _)| count).sum();
        let words: Vec<String> = new.into_iter().map(|(_, words)| words).collect();
        let mut parts = vec![match words.as_slice() {
            [] => "nothing is new".to_owned(),
            words => format!("{} {} new", enumerated(words), if all == 1 { "is" } else { "are" }),
        }];
        let old = told().filter(|finding| !finding.new).count();
        if old > 0 {
            let were = if old == 1 { "was" } else { "were" };
            parts.push(format!("{} {were} there before", counted(old, "finding", "findings")));
        }
        if suppressed > 0 {
            parts.push(format!("{} suppressed", counted(suppressed, "is", "are")));
        }
        parts.join(", ")
    }
}

/// What is found about each resource that changes, at most.
fn levels(findings: &[Finding]) -> BTreeMap<&ResourceId, Level> {
    let mut levels = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.new) {
        if let Some(id) = &finding.resource {
            let level = levels.entry(id).or_insert(finding.level);
            *level = (*level).max(finding.level);
        }
    }
    levels
}

/// New findings, those that say the same of several resources together.
fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
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
    groups.sort_by_key(|group| std::cmp::Reverse(group.level));
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
    pub(super) fn sentence_within(&self, limit: usize) -> Phrase {
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
            0 => Phrase::default().text("The environment ").and(detail(&alike.one, &alike.detail)),
            1 => {
                // The same name in several fields is told once.
                let mut seen = BTreeSet::new();
                let all: Vec<&str> = self.details().filter(|it| seen.insert(*it)).collect();
                let rest = all.len().saturating_sub(most);
                let all = &all[..all.len().min(most)];
                let more =
                    if rest > 0 { format!(", and {} more", number(rest)) } else { String::new() };
                Phrase::default()
                    .name(resources[0].to_string())
                    .text(" ")
                    .and(detail(&alike.one, &format!("{}{more}", all.join(", "))))
            }
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
pub(super) fn all_kinds<'k>(kinds: impl Iterator<Item = &'k str>) -> String {
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
    match count {
        1 => format!("1 {kind}"),
        count => format!("{} {}", number(count), plural(kind)),
    }
}

/// A kind's plural: `Ingresses`, `NetworkPolicies`.
fn plural(kind: &str) -> String {
    if let Some(stem) = kind.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']))
    {
        format!("{stem}ies")
    } else if kind.ends_with(['s', 'x']) || kind.ends_with("ch") {
        format!("{kind}es")
    } else {
        format!("{kind}s")
    }
}

/// How many fields of a resource are told.
const FIELDS: usize = 3;

impl Told<'_> {
    /// How many resources are told with it, itself included.
    pub(super) fn count(&self) -> usize {
        1 + self.alike.len()
    }

    /// The fields in the order of telling: labels and annotations last, a new name not again.
    pub(super) fn fields_told(&self, name_is_told: bool) -> Vec<&FieldChange> {
        let is_name = |path: &str| matches!(path, "metadata.name" | "metadata.namespace");
        let mut fields: Vec<&FieldChange> =
            self.fields.iter().filter(|field| !(name_is_told && is_name(&field.path))).collect();
        fields.sort_by_key(|field| (rank(&field.path), field.path.starts_with("metadata.")));
        fields
    }

    pub(super) fn is_renamed(&self) -> bool {
        self.diff.id_before.as_ref().is_some_and(|before| {
            before.name != self.diff.id.name || before.namespace != self.diff.id.namespace
        })
    }

    /// The namespace that it comes from, if that is another one.
    fn moved_from(&self) -> Option<&str> {
        let before = self.diff.id_before.as_ref()?.namespace.as_str();
        (before != self.diff.id.namespace).then_some(before)
    }

    /// It and all that are alike, as they stand in the output.
    pub(super) fn all(&self) -> impl Iterator<Item = &ResourceDiff> {
        std::iter::once(&*self.diff).chain(self.alike.iter().copied())
    }

    /// *comes in place of the one in namespace `x`, which is deleted*.
    fn of_a_move(&self, phrase: Phrase, from: &str) -> Phrase {
        let [come, those, are] = match self.alike.is_empty() {
            true => ["comes", "the one", "is"],
            false => ["come", "those", "are"],
        };
        let phrase = phrase.text(format!(" {come} in place of {those} "));
        let phrase = match from {
            "" => phrase.text("without a namespace"),
            from => phrase.text("in namespace ").name(from),
        };
        phrase.text(format!(", which {are} deleted"))
    }

    /// Name and what changes.
    pub(super) fn line(&self) -> Phrase {
        let mut phrase = Phrase::default().name(self.diff.id.to_string());
        if !self.alike.is_empty() {
            phrase = phrase.text(format!(" and {} like it", number(self.alike.len())));
        }
        let hunks = &self.diff.hunks;
        match self.diff.change {
            Change::Added => {
                phrase.text(format!(" is added ({})", counted(hunks.added_lines, "line", "lines")))
            }
            Change::Deleted => phrase.text(" is deleted"),
            Change::Changed if self.is_renamed() => {
                let fields = self.fields_told(true);
                let phrase = match self.moved_from() {
                    Some(from) => self.of_a_move(phrase, from),
                    None => phrase.text(" gets another hash"),
                };
                if fields.is_empty() {
                    phrase
                } else {
                    phrase.text(": ").and(fields_in_words(&fields, FIELDS))
                }
            }
            Change::Changed => {
                phrase.text(" ").and(fields_in_words(&self.fields_told(false), FIELDS))
            }
        }
    }
}

/// What a reader wants to know first: what runs, how much of it, and where it is reached.
fn rank(path: &str) -> u8 {
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    if ends(&[".image", ".replicas", ".host", ".mode", "tag"]) {
        0
    } else if path.contains("securityContext") || path.contains(".resources.") {
        1
    } else {
        2
    }
}

/// All changed resources, the riskiest first.
pub(super) fn tell<'a>(
    resources: &'a [ResourceDiff],
    levels: &BTreeMap<&ResourceId, Level>,
) -> Vec<Told<'a>> {
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut seen: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    let moves = moves(resources);
    let gone: BTreeSet<usize> = moves.values().copied().collect();
    for (index, comes) in resources.iter().enumerate().filter(|(index, _)| !gone.contains(index)) {
        let diff = match moves.get(&index) {
            Some(&from) => Cow::Owned(as_one(&resources[from], comes)),
            None => Cow::Borrowed(comes),
        };
        let fields = diff.fields();
        let ids = std::iter::once(&diff.id).chain(&diff.id_before);
        let level = ids.filter_map(|id| levels.get(id).copied()).max();
        if let Some(likeness) = likeness(&diff, &fields) {
            if let Some(&index) = seen.get(&likeness) {
                told[index].alike.push(comes);
                told[index].level = told[index].level.max(level);
                continue;
            }
            seen.insert(likeness, told.len());
        }
        told.push(Told { diff, fields, level, alike: Vec::new() });
    }
    // A stable sort: what weighs the same keeps the order of the output.
    told.sort_by_key(|told| {
        let level = told.level.filter(|level| *level > Level::Info);
        (std::cmp::Reverse(level), told.diff.change, std::cmp::Reverse(told.count()))
    });
    told
}

/// Resources that go in one namespace and come under the same name in another: what goes, by what comes.
fn moves(resources: &[ResourceDiff]) -> BTreeMap<usize, usize> {
    let mut places: BTreeMap<_, [Vec<usize>; 2]> = BTreeMap::new();
    for (index, diff) in resources.iter().enumerate() {
        let side = match diff.change {
            Change::Deleted => 0,
            Change::Added => 1,
            Change::Changed => continue,
        };
        let id = &diff.id;
        let name = (&id.gvk.group, &id.gvk.kind, &id.name);
        places.entry(name).or_default()[side].push(index);
    }
    let other = |from: usize, to: usize| resources[from].id.namespace != resources[to].id.namespace;
    let pair = |[gone, come]: [Vec<usize>; 2]| match (gone.as_slice(), come.as_slice()) {
        ([from], [to]) if other(*from, *to) => Some((*to, *from)),
        _ => None,
    };
    places.into_values().filter_map(pair).collect()
}

/// What goes and what comes in its place as one change.
fn as_one(gone: &ResourceDiff, comes: &ResourceDiff) -> ResourceDiff {
    let text = |node: &Option<Node>| {
        let mut text = String::new();
        node.iter().for_each(|node| write_document(node, &mut text));
        text
    };
    ResourceDiff {
        change: Change::Changed,
        id_before: Some(gone.id.clone()),
        before: gone.before.clone(),
        hunks: Hunks::between(&text(&gone.before), &text(&comes.after)),
        masked: gone.masked || comes.masked,
        ..comes.clone()
    }
}

/// What stays different between two environments; names and namespaces of their own are no reason to
/// tell each.
pub(super) fn tell_drift(resources: &[ResourceDiff]) -> Vec<Told<'_>> {
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut seen: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    for diff in resources {
        let mut fields = diff.fields();
        let has_other_name = fields.iter().any(|field| field.path == "metadata.name");
        if fields.len() > 1 && has_other_name {
            fields.retain(|field| field.path != "metadata.name");
        }
        let masked = diff.masked;
        if let Some(likeness) = hash(&fields).filter(|_| !masked) {
            if let Some(&index) = seen.get(&likeness) {
                told[index].alike.push(diff);
                continue;
            }
            seen.insert(likeness, told.len());
        }
        told.push(Told { diff: Cow::Borrowed(diff), fields, level: None, alike: Vec::new() });
    }
    told
}

/// Equal for resources whose changes are the same and need telling once only.
fn likeness(diff: &ResourceDiff, fields: &[FieldChange]) -> Option<[u8; 32]> {
    let moved = diff.id_before.as_ref().filter(|before| before.name == diff.id.name);
    if diff.id_before.is_some() && moved.is_none() || diff.masked {
        return None;
    }
    hash(fields)
}

fn hash(fields: &[FieldChange]) -> Option<[u8; 32]> {
    if fields.is_empty() || fields.len() >= 100 {
        return None;
    }
    let mut hash = Sha256::new();
    for field in fields {
        hash.update(format!("{field:?}").as_bytes());
    }
    Some(hash.finalize().into())
}
