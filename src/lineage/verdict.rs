//! What becomes of one value that differs, decided by what it was.

use super::names::{
    Names, are_cut_alike, are_of_one_kind, are_of_one_line, floats, holds_revision, holds_version,
    is_build_of_release, is_of_more, is_pre_release, is_release, is_working_branch, split_version,
};
use super::value::{Shape, Value};
use serde::{Deserialize, Serialize};

/// One place in a file on both sides, now and in the past.
#[derive(Clone, Debug, Default)]
pub(super) struct Column<'v> {
    /// The source's value now.
    pub source: Option<&'v Value>,
    /// The target's value now.
    pub target: Option<&'v Value>,
    /// The source's values, oldest first, one for each of [`Times::source`].
    pub source_past: Vec<Option<&'v Value>>,
    /// The target's values, oldest first, one for each of [`Times::target`].
    pub target_past: Vec<Option<&'v Value>>,
}

/// When the values of a file's columns were so: indexes of commits.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub source: Vec<usize>,
    pub target: Vec<usize>,
    /// What the last promotion saw of the source: everything up to this commit.
    pub settled: Option<usize>,
    /// Whether that holds for versions too.
    pub settles_versions: bool,
    /// Whether the source's file is as its last commit left it.
    pub is_committed: bool,
    /// How the chart counts its own version that the file describes, if it describes one.
    pub chart: Option<Chart>,
    /// The target's commits that changed a value of the file, where nobody promoted with Overlift yet: who edits
    /// it by hand passes over what waits.
    pub edits: Vec<Edit>,
}

/// How a chart counts its own version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chart {
    /// By itself.
    ByItself,
    /// In both environments as a chart that it depends on: it is that chart, with values.
    AsADependency,
}

impl Chart {
    /// By what its file says in both environments.
    pub(super) fn of(both: [&Value; 2]) -> Self {
        let [source, target] = both.map(followed);
        if source.is_some() && source == target { Self::AsADependency } else { Self::ByItself }
    }
}

/// The dependency whose version a chart has.
fn followed(documents: &Value) -> Option<&str> {
    documents.items().iter().find_map(|chart| {
        let version = chart.text_at("version")?;
        let mut dependencies = chart.get("dependencies")?.items().iter();
        dependencies.find(|it| it.text_at("version") == Some(version))?.text_at("name")
    })
}

/// A commit that changed a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub at: usize,
    /// Whether it changed versions alone: those move on their own, and say nothing of the rest.
    pub of_versions: bool,
}

/// What a source tries before anybody means to promote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trial {
    /// A branch that somebody works on, where the target follows something else.
    Branch,
    /// A build of a commit on the way to a release, where the target has had releases alone.
    Build,
    /// A pre-release, where the target has had releases alone.
    PreRelease,
    /// A tag that is no version and names an environment, where the target has a version.
    Tag,
    /// A tag that moves, of something of its own (`pr-latest`), where the target has another that does.
    Channel,
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The target is behind: it gets the source's value, which the source has since then.
    Behind { since: Option<usize> },
    /// The last promotion left it different and the source did not change it since.
    LeftOut,
    /// The commit that changed the source's value edited the target's file, and left it.
    LeftBy { by: usize },
    /// The target took this value after the source had its own.
    Reverted { at: usize },
    /// The source tries something ahead of the target.
    Tried { what: Trial },
    /// Never the source's. `source_moved`: the source changed its own meanwhile.
    Own { since: Option<usize>, source_moved: bool },
    /// The target has what an entry names, and no entry for it.
    Unlisted,
    /// The source has had it from the beginning, and the target has not.
    AbsentOnPurpose,
    /// Both say the same, each in its environment's name.
    Counterpart,
}

/// Decides for a value that differs. `keys` lead to it.
pub(super) fn judge(column: &Column<'_>, times: &Times, keys: &[&str], names: &Names) -> Verdict {
    let (source, target) = (column.source, column.target);
    if let (Some(Some(source)), Some(Some(target))) =
        (source.map(Value::as_text), target.map(Value::as_text))
        // `"5432"` and `5432` are two values, and say no name.
        && source != target
        && names.are_counterparts(source, target)
    {
        return Verdict::Counterpart;
    }
    // An item that was another one a moment ago has a partner that is not its own: what it was tells nothing.
    if times.is_committed && column.source_past.last().is_some_and(|last| *last != source) {
        let since = since(target, &column.target_past, &times.target);
        return Verdict::Own { since, source_moved: false };
    }
    let source_since = since(source, &column.source_past, &times.source);
    let target_since = since(target, &column.target_past, &times.target);
    let changed = |at: Option<usize>| at.is_some_and(|at| times.settled.is_none_or(|by| at > by));
    let is_step = match (times.chart, keys) {
        (Some(Chart::AsADependency), ["version"]) => {
            is_version_step(column, &["dependencies", "version"], names)
        }
        _ => is_version_step(column, keys, names),
    };
    if let Some(what) = tries(column, keys, names) {
        return Verdict::Tried { what };
    }
    let moved = source_since.is_some() && source_since > target_since;
    let earlier = earlier_places(column);
    // A version that was written with the last promotion or since, and is one of the source's past, was
    // chosen as a verified one, not left out.
    let moves_on = moves_on(column, &earlier) || is_step && joins(column);
    let lags = !earlier.is_empty() && changed(target_since) && moves_on;
    let is_open = is_step && (lags || !times.settles_versions && moved);
    if times.settled.is_some() && !changed(source_since) && !is_open {
        return match (source, target) {
            (_, None) if source_since.is_none() => Verdict::AbsentOnPurpose,
            (None, Some(_)) if earlier.is_empty() => {
                Verdict::Own { since: target_since, source_moved: false }
            }
            _ => Verdict::LeftOut,
        };
    }
    if target.is_none() && names_environment(keys, source) {
        return Verdict::AbsentOnPurpose;
    }
    if !earlier.is_empty() {
        if let (Some(at), Some(source_at)) = (target_since, source_since)
            && at > source_at
            && !moves_on
        {
            return Verdict::Reverted { at };
        }
        if times.chart.is_some() && keys == ["version"] && counts_itself(column, times) {
            return Verdict::Own { since: target_since, source_moved: true };
        }
        let of_versions = target.is_some_and(|target| is_version(target, keys));
        if let Some(by) = left_by(source_since, times, of_versions).filter(|_| !is_step) {
            return Verdict::LeftBy { by };
        }
        return Verdict::Behind { since: source_since };
    }
    if moved && is_step {
        return Verdict::Behind { since: source_since };
    }
    match (source, target) {
        (Some(_), None) => Verdict::AbsentOnPurpose,
        _ => Verdict::Own { since: target_since, source_moved: moved },
    }
}

/// The commit that left out a change of the source's: the change itself, if it edited the target's file as well, since
/// who does both in one commit means what differs afterwards; a later one that did; or the last of several that edited
/// the target's file by hand. One may be a hotfix that had nothing to do with it.
fn left_by(since: Option<usize>, times: &Times, of_versions: bool) -> Option<usize> {
    const ENOUGH: usize = 2;
    let since = since?;
    if times.target.contains(&since) {
        return Some(since);
    }
    let counts = |edit: &&Edit| edit.at > since && (of_versions || !edit.of_versions);
    let later: Vec<usize> = times.edits.iter().filter(counts).map(|edit| edit.at).collect();
    let of_both = later.iter().rev().find(|edit| times.source.contains(edit));
    of_both.or_else(|| later.last().filter(|_| later.len() >= ENOUGH)).copied()
}

/// Whether the target counts a chart's own version by itself: its last change gave it a number that the source did not
/// have then.
fn counts_itself(column: &Column<'_>, times: &Times) -> bool {
    let Some(at) = since(column.target, &column.target_past, &times.target) else { return false };
    let then = times.source.iter().rposition(|of_source| *of_source <= at);
    then.is_some_and(|then| column.source_past[then] != column.target)
}

/// What the source tries ahead of the target, if that is all that its value is.
fn tries(column: &Column<'_>, keys: &[&str], names: &Names) -> Option<Trial> {
    if tries_a_branch(column, keys) {
        return Some(Trial::Branch);
    }
    let (source, target) = (version(column.source, keys)?, version(column.target, keys)?);
    let moves = !has_number(source) && floats(source) && floats(target);
    if moves && is_of_more(source, target) {
        return Some(Trial::Channel);
    }
    let is_tag = !has_number(source) && names.is_bound(source) && !floats(source);
    if is_tag && is_free(target, names) {
        return Some(Trial::Tag);
    }
    let past = || column.target_past.iter().filter_map(|then| version(*then, keys));
    let waits = |kind: fn(&str) -> bool| {
        is_release(target) && kind(source) && !kind(target) && !past().any(kind)
    };
    if waits(is_build_of_release) {
        return Some(Trial::Build);
    }
    waits(is_pre_release).then_some(Trial::PreRelease)
}

/// The version in a value, by its field or by how it is written.
fn version<'v>(value: Option<&'v Value>, keys: &[&str]) -> Option<&'v str> {
    let text = value?.as_text()?;
    if holds_version(keys) { Some(text) } else { Some(split_version(text)?.1) }
}

/// Whether the source follows a branch that somebody works on, and the target something else: that is tried in the
/// source, and comes when it is merged.
fn tries_a_branch(column: &Column<'_>, keys: &[&str]) -> bool {
    let text = |value: Option<&'_ Value>| value.and_then(Value::as_text).map(str::to_owned);
    let (Some(source), Some(target)) = (text(column.source), text(column.target)) else {
        return false;
    };
    if keys.last().is_some_and(|key| holds_revision(key)) {
        return is_working_branch(&source);
    }
    let of_address = |text: &str| {
        let (address, revision) =
            split_version(text).filter(|(it, _)| text[it.len()..].starts_with('?'))?;
        Some((address.to_owned(), revision.to_owned()))
    };
    match (of_address(&source), of_address(&target)) {
        (Some((ours, revision)), Some((theirs, _))) => {
            ours == theirs && is_working_branch(&revision)
        }
        _ => false,
    }
}

/// Whether a value is what a kustomization calls its environment by: a namespace, a prefix, a suffix.
fn names_environment(keys: &[&str], source: Option<&Value>) -> bool {
    matches!(keys, ["namespace" | "namePrefix" | "nameSuffix"])
        && source.is_some_and(|value| value.as_text().is_some())
}

/// Since which commit the source's value has been what it is.
pub(super) fn since_of(column: &Column<'_>, times: &Times) -> Option<usize> {
    since(column.source, &column.source_past, &times.source)
}

/// Since which commit a value has been what it is; `None` from the beginning on.
fn since(now: Option<&Value>, past: &[Option<&Value>], times: &[usize]) -> Option<usize> {
    let same = past.iter().rev().take_while(|value| **value == now).count();
    match past.len() - same {
        0 => None,
        // Changed and not committed: later than everything.
        changed if same == 0 => Some(times.get(changed).map_or(usize::MAX, |at| *at)),
        changed => Some(times[changed]),
    }
}

/// Where in the source's past the target's value stands.
fn earlier_places(column: &Column<'_>) -> Vec<usize> {
    let equal =
        |(index, value): (usize, &Option<&Value>)| (*value == column.target).then_some(index);
    column.source_past.iter().enumerate().filter_map(equal).collect()
}

/// Whether the target's last change led forward along the source's values: a late promotion, and
/// not the way back.
fn moves_on(column: &Column<'_>, now: &[usize]) -> bool {
    let before = column.target_past.iter().rev().find(|value| **value != column.target);
    let Some(before) = before else { return false };
    if before.is_none() {
        return true;
    }
    let last = column.source_past.iter().rposition(|value| value == before);
    let newest = now.last().copied();
    match (last, newest) {
        (Some(last), Some(newest)) => last < newest && *before != column.source,
        _ => false,
    }
}

/// Whether the target had something of its own until it took a value of the source's.
fn joins(column: &Column<'_>) -> bool {
    let before = column.target_past.iter().rev().find(|value| **value != column.target);
    before.is_some_and(|before| before.is_some() && !column.source_past.contains(before))
}

/// Whether both are versions of one thing, and none of them is bound to an environment or floats.
fn is_version_step(column: &Column<'_>, keys: &[&str], names: &Names) -> bool {
    let text = |value: Option<&'_ Value>| value.and_then(Value::as_text).map(str::to_owned);
    let (Some(source), Some(target)) = (text(column.source), text(column.target)) else {
        return false;
    };
    // What both call a build after tells nothing apart: `staging-4f2a91c` and `staging-bad5624b`.
    let are_free = |source: &str, target: &str| {
        is_free(source, names) && is_free(target, names) || are_of_one_line(source, target)
    };
    if holds_version(keys) {
        let past = column.source_past.iter().filter_map(|value| value.and_then(Value::as_text));
        return are_free(&source, &target) && is_cut_as(&source, past, &target);
    }
    let (Some((a, a_version)), Some((b, b_version))) =
        (split_version(&source), split_version(&target))
    else {
        return false;
    };
    let past = column.source_past.iter().filter_map(|value| {
        let (name, version) = split_version(value.and_then(Value::as_text)?)?;
        (name == a).then_some(version)
    });
    a == b && are_free(a_version, b_version) && is_cut_as(a_version, past, b_version)
}

/// The version that the source had last, where it has a word now that a build puts the tag in place of (`replace`),
/// and the target has a version.
pub(super) fn placeholder_for<'v>(
    column: &Column<'v>,
    keys: &[&str],
    names: &Names,
) -> Option<&'v str> {
    let (source, target) = (column.source?.as_text()?, column.target?.as_text()?);
    let is_version = |text: &str| is_free(text, names);
    if !holds_version(keys) || !is_version(target) || is_version(source) || names.is_bound(source) {
        return None;
    }
    let mut past = column.source_past.iter().rev().filter_map(|it| it.and_then(Value::as_text));
    past.find(|text| is_version(text))
}

/// Whether a version is bound to no environment and does not float. A word alone floats, or stands where a build
/// puts the tag in: `replace`, `slim`.
fn is_free(version: &str, names: &Names) -> bool {
    has_number(version) && !names.is_bound(version)
}

fn has_number(version: &str) -> bool {
    version.contains(|c: char| c.is_ascii_digit())
}

/// Whether a version of the source's is one that the target could have: both are cut alike, or the source has had one
/// like the target's, from another branch. Where releases are cut for the target, a build is no step of theirs.
fn is_cut_as<'v>(source: &str, mut past: impl Iterator<Item = &'v str>, target: &str) -> bool {
    are_cut_alike(source, target)
        || are_of_one_kind(source, target) && past.any(|then| are_cut_alike(then, target))
}

/// Whether a value is a version, by its field or by how it is written.
pub(super) fn is_version(value: &Value, keys: &[&str]) -> bool {
    holds_version(keys) || value.as_text().is_some_and(|text| split_version(text).is_some())
}

/// Whether two states of a file say the same but for versions.
pub(super) fn differ_in_versions_alone(before: &Value, after: &Value) -> bool {
    fn alike<'v>(before: &'v Value, after: &'v Value, keys: &mut Vec<&'v str>) -> bool {
        match (&before.shape, &after.shape) {
            _ if before == after => true,
            (Shape::Map(pairs), Shape::Map(others)) if pairs.len() == others.len() => {
                pairs.iter().all(|(key, value)| {
                    let Some(other) = after.get(key) else { return false };
                    keys.push(key);
                    let is_alike = alike(value, other, keys);
                    keys.pop();
                    is_alike
                })
            }
            (Shape::List(items), Shape::List(others)) if items.len() == others.len() => {
                items.iter().zip(others).all(|(item, other)| alike(item, other, keys))
            }
            _ => is_version(before, keys) && is_version(after, keys),
        }
    }
    alike(before, after, &mut Vec::new())
}

#[cfg(test)]
mod tests;
