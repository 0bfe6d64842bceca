//! A plan told: which resources change, in the order of telling, and what is found, alike things once.
//!
//! The pull request, the terminal and the check run all tell the same; they differ in how it looks and
//! in how much of it fits.

mod group;
mod kinds;
mod told;

pub use group::Group;
pub(super) use kinds::all_kinds;
pub(super) use told::{Told, tell_drift};

use std::collections::BTreeMap;

use super::markdown::counted;
use super::phrase::Phrase;
use super::plain_text::enumerated;
use super::plan::Plan;
use crate::diff::{Change, ResourceDiff};
use crate::kustomize::ResourceId;
use crate::policy::{Finding, Level};
use group::groups;
use told::tell;

/// A plan's changes and findings, in the order of telling.
pub struct Telling<'a> {
    /// The changed resources, the riskiest first.
    pub(super) changes: Vec<Told<'a>>,
    /// What the promotion brings, alike findings together, the weightiest first.
    pub groups: Vec<Group<'a>>,
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
