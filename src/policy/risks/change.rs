//! A changed resource as the rules over a change ask about it, and the words they share.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::charts::has_values;
use super::leaf::{Leaves, leaves};
use crate::diff::{Change, ResourceDiff};
use crate::kustomize::Build;
use crate::model::{CommitSha, EnvironmentName, Files, Location, RepoPath, excerpts};
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

/// What a rule says of a resource. Resources of which the same is said are told together.
pub struct Words {
    /// What happens, after one name: `shrinks`.
    pub one: String,
    /// The same after several: `shrink`.
    pub many: String,
    /// What tells one from the other: `80 → 5`; may be empty.
    pub detail: String,
}

/// Words for one and for many with a detail.
pub(super) fn words(
    one: impl Into<String>,
    many: impl Into<String>,
    detail: impl Into<String>,
) -> Words {
    Words { one: one.into(), many: many.into(), detail: detail.into() }
}

impl<'a> Changed<'a> {
    /// A resource of `all`.
    pub(in crate::policy) const fn new(diff: &'a ResourceDiff, all: &'a Changes<'a>) -> Self {
        Self { diff, all, leaves: OnceCell::new() }
    }

    /// Whether it is of this kind, in a group that is this one or ends with it.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.kind() == kind && self.is_of(group)
    }

    /// Whether its group is this one or ends with it.
    pub(super) fn is_of(&self, group: &str) -> bool {
        let own = self.diff.id.gvk.group.as_str();
        own == group
            || own.strip_suffix(group).is_some_and(|rest| !group.is_empty() && rest.ends_with('.'))
    }

    /// Its kind.
    pub(super) fn kind(&self) -> &'a str {
        self.diff.id.gvk.kind.as_str()
    }

    /// It before; `None` if it comes.
    pub(super) const fn before(&self) -> Option<&'a Node> {
        self.diff.before.as_ref()
    }

    /// It after; `None` if it goes.
    pub(super) const fn after(&self) -> Option<&'a Node> {
        self.diff.after.as_ref()
    }

    /// Whether it comes.
    pub(super) fn is_added(&self) -> bool {
        self.diff.change == Change::Added
    }

    /// Whether it goes.
    pub(super) fn is_deleted(&self) -> bool {
        self.diff.change == Change::Deleted
    }

    /// Whether it is there on both sides.
    pub(super) fn stays(&self) -> bool {
        self.diff.change == Change::Changed
    }

    /// The texts of a field before and after, empty where it is absent.
    pub(super) fn texts(&self, keys: &[&str]) -> (&'a str, &'a str) {
        (text(self.before(), keys), text(self.after(), keys))
    }

    /// The values of a field before and after.
    pub(super) fn values(&self, keys: &[&str]) -> (Option<&'a Node>, Option<&'a Node>) {
        (at(self.before(), keys), at(self.after(), keys))
    }

    /// Whether what a name meant goes in this change and comes under the other name: of these kinds, in its place.
    pub(super) fn is_renamed(&self, kinds: &[&str], before: &str, after: &str) -> bool {
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
    pub(super) fn is_substantial(&self) -> bool {
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
    pub(super) fn chart_values(&self) -> Option<&(Leaves<'a>, Leaves<'a>)> {
        (has_values(self.kind(), self.after()) && self.stays()).then(|| self.leaves())
    }

    /// Every scalar before and after, items of lists by what names them.
    pub(super) fn leaves(&self) -> &(Leaves<'a>, Leaves<'a>) {
        self.leaves.get_or_init(|| (leaves(self.before()), leaves(self.after())))
    }

    /// An annotation before and after, empty where it is absent.
    pub(super) fn annotation(&self, key: &str) -> (&'a str, &'a str) {
        self.texts(&["metadata", "annotations", key])
    }
}

/// A field's value.
pub(super) fn at<'a>(node: Option<&'a Node>, keys: &[&str]) -> Option<&'a Node> {
    node.and_then(|node| node.at(keys))
}

/// A field's text, empty where it is absent or no scalar.
pub(super) fn text<'a>(node: Option<&'a Node>, keys: &[&str]) -> &'a str {
    at(node, keys).and_then(Node::text).unwrap_or_default()
}

/// The items of a list; none of what is none.
pub(super) fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or_default()
}

/// The texts of a list, or the one text that stands in its place.
pub(super) fn texts(node: Option<&Node>) -> Vec<&str> {
    match node.and_then(Node::as_sequence) {
        Some(items) => items.iter().filter_map(Node::text).collect(),
        None => node.and_then(Node::text).into_iter().filter(|text| !text.is_empty()).collect(),
    }
}

/// A value is cut after so many characters.
const VALUE_LIMIT: usize = 80;

/// A value in words; an absent one too.
pub(super) fn shown(value: &str) -> String {
    quoted(&excerpts(&one_line(value), "", VALUE_LIMIT).0)
}

/// `` `before` → `after` ``, cut so that what differs is seen.
pub(super) fn becomes(before: &str, after: &str) -> String {
    let (before, after) = excerpts(&one_line(before), &one_line(after), VALUE_LIMIT);
    format!("{} → {}", quoted(&before), quoted(&after))
}

/// The same for several values.
pub(super) fn all_become<S: AsRef<str>>(before: &[S], after: &[S]) -> String {
    match (before, after) {
        ([before], [after]) => becomes(before.as_ref(), after.as_ref()),
        // Two lists in one sentence: both are short.
        _ => format!("{} → {}", first_of(before, 2), first_of(after, 2)),
    }
}

fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quoted(value: &str) -> String {
    if value.is_empty() { "unset".to_owned() } else { format!("`{}`", value.replace('`', "'")) }
}

/// `` `a`, `b` and 3 more ``.
pub(super) fn listed<S: AsRef<str>>(words: &[S]) -> String {
    first_of(words, 4)
}

fn first_of<S: AsRef<str>>(words: &[S], most: usize) -> String {
    let first: Vec<String> = words.iter().take(most).map(|word| shown(word.as_ref())).collect();
    let rest = words.len().saturating_sub(most);
    match (rest, first.as_slice()) {
        (0, [init @ .., last]) if !init.is_empty() => format!("{} and {last}", init.join(", ")),
        (0, all) => all.join(", "),
        (rest, all) => format!("{} and {rest} more", all.join(", ")),
    }
}

/// What is in `after` and not in `before`, each once, in its order.
pub(super) fn new_ones<'a>(before: &[&str], after: &[&'a str]) -> Vec<&'a str> {
    let mut seen: BTreeSet<&str> = before.iter().copied().collect();
    after.iter().copied().filter(|word| seen.insert(word)).collect()
}
