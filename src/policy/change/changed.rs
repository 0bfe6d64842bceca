//! A changed resource as the rules over a change ask about it.

use std::cell::OnceCell;

use super::charts::has_values;
use super::field::{at, text};
use super::leaf::{Leaves, leaves};
use crate::diff::{Change, ResourceDiff};
use crate::kustomize::Build;
use crate::model::{CommitSha, EnvironmentName, Files, Location, RepoPath};
use crate::yaml::Node;

/// A promotion as rules over before and after see it.
#[derive(Clone, Copy)]
pub struct Changes<'a> {
    /// The resources that differ, values of Secrets masked.
    pub resources: &'a [ResourceDiff],
    /// The target, built before.
    pub before: &'a Build,
    /// The target, built after.
    pub after: &'a Build,
    /// The repository's files after the edits.
    pub files: &'a dyn Files,
    /// The target's overlay.
    pub path: &'a RepoPath,
    /// The other environments, by name.
    pub others: &'a [(EnvironmentName, RepoPath)],
    /// Values that the target alone had and loses, as its history tells.
    pub own_values: &'a [OwnValue],
    /// Files that several environments share, whose change reaches this one, the last, at once.
    pub at_once: &'a [RepoPath],
}

/// A value that the target alone had and loses; found in its history by whoever reads that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnValue {
    /// The file, its line after the edits, and the field.
    pub at: Location,
    /// The value that goes; `None` where it must not be shown.
    pub value: Option<String>,
    /// The commit that gave the target this value.
    pub since: Option<CommitSha>,
}

/// One resource of [`Changes`].
pub struct Changed<'a> {
    /// The resource before and after.
    pub diff: &'a ResourceDiff,
    /// All that changes with it.
    pub all: &'a Changes<'a>,
    leaves: OnceCell<(Leaves<'a>, Leaves<'a>)>,
}

impl<'a> Changed<'a> {
    /// A resource of `all`.
    pub(in crate::policy) const fn new(diff: &'a ResourceDiff, all: &'a Changes<'a>) -> Self {
        Self { diff, all, leaves: OnceCell::new() }
    }

    /// Whether it is of this kind, in a group that is this one or ends with it.
    pub(in crate::policy) fn is(&self, group: &str, kind: &str) -> bool {
        self.kind() == kind && self.is_of(group)
    }

    /// Whether its group is this one or ends with it.
    pub(in crate::policy) fn is_of(&self, group: &str) -> bool {
        let own = self.diff.id.gvk.group.as_str();
        own == group
            || own.strip_suffix(group).is_some_and(|rest| !group.is_empty() && rest.ends_with('.'))
    }

    /// Its kind.
    pub(in crate::policy) fn kind(&self) -> &'a str {
        self.diff.id.gvk.kind.as_str()
    }

    /// It before; `None` if it comes.
    pub(in crate::policy) const fn before(&self) -> Option<&'a Node> {
        self.diff.before.as_ref()
    }

    /// It after; `None` if it goes.
    pub(in crate::policy) const fn after(&self) -> Option<&'a Node> {
        self.diff.after.as_ref()
    }

    /// Whether it comes.
    pub(in crate::policy) fn is_added(&self) -> bool {
        self.diff.change == Change::Added
    }

    /// Whether it goes.
    pub(in crate::policy) fn is_deleted(&self) -> bool {
        self.diff.change == Change::Deleted
    }

    /// Whether it is there on both sides.
    pub(in crate::policy) fn stays(&self) -> bool {
        self.diff.change == Change::Changed
    }

    /// The texts of a field before and after, empty where it is absent.
    pub(in crate::policy) fn texts(&self, keys: &[&str]) -> (&'a str, &'a str) {
        (text(self.before(), keys), text(self.after(), keys))
    }

    /// The values of a field before and after.
    pub(in crate::policy) fn values(&self, keys: &[&str]) -> (Option<&'a Node>, Option<&'a Node>) {
        (at(self.before(), keys), at(self.after(), keys))
    }

    /// Whether what a name meant goes in this change and comes under the other name: of these kinds, in its place.
    pub(in crate::policy) fn is_renamed(&self, kinds: &[&str], before: &str, after: &str) -> bool {
        let of = |change: Change, name: &str| {
            let all = self.all.resources.iter();
            let found = all.filter(|it| it.change == change && it.id.name == name);
            let found = found.filter(|it| kinds.contains(&it.id.gvk.kind.as_str()));
            found.map(|it| (&it.original.gvk.kind, &it.original.name)).collect::<Vec<_>>()
        };
        let comes = of(Change::Added, after);
        of(Change::Deleted, before).iter().any(|gone| comes.contains(gone))
    }

    /// Whether something beside labels and annotations differs; so it is for what comes or goes.
    pub(in crate::policy) fn is_substantial(&self) -> bool {
        let content = |node: Option<&'a Node>| {
            let pairs = node.and_then(Node::as_mapping).into_iter().flatten();
            pairs
                .filter(|pair| pair.key.text != "metadata")
                .map(|pair| (&pair.key.text, &pair.value))
                .collect::<Vec<_>>()
        };
        content(self.before()) != content(self.after())
    }

    /// The scalars of a resource that hands values to a chart, before and after.
    pub(in crate::policy) fn chart_values(&self) -> Option<&(Leaves<'a>, Leaves<'a>)> {
        (has_values(self.kind(), self.after()) && self.stays()).then(|| self.leaves())
    }

    /// Every scalar before and after, items of lists by what names them.
    pub(in crate::policy) fn leaves(&self) -> &(Leaves<'a>, Leaves<'a>) {
        self.leaves.get_or_init(|| (leaves(self.before()), leaves(self.after())))
    }

    /// An annotation before and after, empty where it is absent.
    pub(in crate::policy) fn annotation(&self, key: &str) -> (&'a str, &'a str) {
        self.texts(&["metadata", "annotations", key])
    }
}
