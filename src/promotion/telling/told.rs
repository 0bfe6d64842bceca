//! Resources that are told, alike ones once, the riskiest first; what moves to another namespace is one change.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::super::markdown::{counted, number};
use super::super::phrase::{Phrase, fields_in_words};
use crate::diff::{Change, FieldChange, Hunks, ResourceDiff};
use crate::kustomize::ResourceId;
use crate::policy::Level;
use crate::yaml::{Node, write_document};

/// A resource that is told, with those whose changes are alike.
pub(in crate::promotion) struct Told<'a> {
    pub(in crate::promotion) diff: Cow<'a, ResourceDiff>,
    pub(in crate::promotion) fields: Vec<FieldChange>,
    /// The weight of what is found about it.
    pub(in crate::promotion) level: Option<Level>,
    pub(in crate::promotion) alike: Vec<&'a ResourceDiff>,
}

/// How many fields of a resource are told.
const FIELDS: usize = 3;

impl Told<'_> {
    /// How many resources are told with it, itself included.
    pub(in crate::promotion) fn count(&self) -> usize {
        1 + self.alike.len()
    }

    /// The fields in the order of telling: labels and annotations last, a new name not again.
    pub(in crate::promotion) fn fields_told(&self, name_is_told: bool) -> Vec<&FieldChange> {
        let is_name = |path: &str| matches!(path, "metadata.name" | "metadata.namespace");
        let mut fields: Vec<&FieldChange> =
            self.fields.iter().filter(|field| !(name_is_told && is_name(&field.path))).collect();
        fields.sort_by_key(|field| (rank(&field.path), field.path.starts_with("metadata.")));
        fields
    }

    pub(in crate::promotion) fn is_renamed(&self) -> bool {
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
    pub(in crate::promotion) fn all(&self) -> impl Iterator<Item = &ResourceDiff> {
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
    pub(in crate::promotion) fn line(&self) -> Phrase {
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
pub(in crate::promotion) fn tell_drift(resources: &[ResourceDiff]) -> Vec<Told<'_>> {
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
