//! What becomes of one value that differs, decided by what it was.

use super::names::{
    Names, are_cut_alike, are_of_one_kind, are_of_one_line, holds_revision, holds_version,
    is_build_of_release, is_release, is_working_branch, split_version,
};
use super::value::{Shape, Value};

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
    if tries_a_branch(column, keys) || tries_a_build(column, keys) {
        let source_moved = source_since.is_some() && source_since > target_since;
        return Verdict::Own { since: target_since, source_moved };
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

/// Whether the source has a build on the way to a release, and the target has releases and never had such a build: it
/// waits for the release.
fn tries_a_build(column: &Column<'_>, keys: &[&str]) -> bool {
    let version = |value: Option<&'_ Value>| {
        let text = value?.as_text()?;
        let version = if holds_version(keys) { text } else { split_version(text)?.1 };
        Some(version.to_owned())
    };
    let is = |value, kind: fn(&str) -> bool| version(value).is_some_and(|text| kind(&text));
    is(column.source, is_build_of_release)
        && is(column.target, is_release)
        && !column.target_past.iter().any(|then| is(*then, is_build_of_release))
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
    version.contains(|c: char| c.is_ascii_digit()) && !names.is_bound(version)
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
mod tests {
    use super::*;
    use crate::lineage::content::Form;

    /// `-` is absent; values are one character each, commits count up.
    fn decided(source: &str, target: &str, settled: Option<usize>) -> Verdict {
        judged(source, target, settled, &["spec", "x"])
    }

    fn judged(source: &str, target: &str, settled: Option<usize>, keys: &[&str]) -> Verdict {
        beside_edits((source, target), settled, (&[], false), keys)
    }

    /// With commits that edited the target's file elsewhere, and whether nobody promoted with Overlift yet.
    fn beside_edits(
        (source, target): (&str, &str),
        settled: Option<usize>,
        (together, by_hand): (&[usize], bool),
        keys: &[&str],
    ) -> Verdict {
        let value = |c: char| (c != '-').then(|| Value::text(&c.to_string()));
        let of = |text: &str| -> Vec<Option<Value>> { text.chars().map(value).collect() };
        let (source, target) = (of(source), of(target));
        let (source, target): (&'static [_], &'static [_]) = (source.leak(), target.leak());
        // A file has a version where a commit changed it.
        let changed = |values: &'static [Option<Value>]| {
            (0..values.len()).filter(|at| *at == 0 || values[*at] != values[*at - 1])
        };
        let mut of_target: Vec<usize> = changed(target).chain(together.iter().copied()).collect();
        of_target.sort_unstable();
        of_target.dedup();
        let of_source: Vec<usize> = changed(source).collect();
        let column = Column {
            source: source.last().and_then(Option::as_ref),
            target: target.last().and_then(Option::as_ref),
            source_past: of_source.iter().map(|at| source[*at].as_ref()).collect(),
            target_past: of_target.iter().map(|at| target[*at].as_ref()).collect(),
        };
        let edit = |at: &usize| Edit { at: *at, of_versions: false };
        let edits = of_target[1..].iter().map(edit).collect();
        let times = Times {
            source: of_source,
            edits: if by_hand { edits } else { Vec::new() },
            target: of_target,
            settled,
            settles_versions: true,
            is_committed: true,
            chart: (keys == ["version"]).then_some(Chart::ByItself),
        };
        judge(&column, &times, keys, &Names::default())
    }

    /// The table of the design: a column for each commit.
    #[test]
    fn decides_by_what_the_values_were() {
        use Verdict::{AbsentOnPurpose, Behind, LeftOut, Own, Reverted};
        for (source, target, settled, want) in [
            ("abb", "aaa", None, Behind { since: Some(1) }),
            ("-xx", "---", None, Behind { since: Some(1) }),
            ("aa-", "aaa", None, Behind { since: Some(2) }),
            ("aaa", "yyy", None, Own { since: None, source_moved: false }),
            ("aab", "yyy", None, Own { since: None, source_moved: true }),
            ("abb", "aya", None, Reverted { at: 2 }),
            ("xxx", "---", None, AbsentOnPurpose),
            ("xxy", "---", None, AbsentOnPurpose),
            ("abb", "aba", None, Reverted { at: 2 }),
            ("abcc", "aaab", None, Behind { since: Some(2) }),
            ("abbb", "aaaa", Some(2), LeftOut),
            ("abbc", "aaaa", Some(2), Behind { since: Some(3) }),
            ("abb", "yyy", Some(2), LeftOut),
            ("--x", "---", Some(1), Behind { since: Some(2) }),
            ("---", "-yy", Some(2), Own { since: Some(1), source_moved: false }),
            ("a--", "aaa", Some(2), LeftOut),
        ] {
            assert_eq!(decided(source, target, settled), want, "{source} {target} {settled:?}");
        }
    }

    #[test]
    fn who_edits_both_files_in_one_commit_means_what_differs() {
        let judged = |together: &[usize], keys: &[&str]| {
            beside_edits(("1222", "1111"), None, (together, false), keys)
        };
        let behind = Verdict::Behind { since: Some(1) };
        assert_eq!(judged(&[1], &["spec", "x"]), Verdict::LeftBy { by: 1 });
        // Later edits of the file may be hotfixes, and versions move on their own.
        assert_eq!(judged(&[2, 3], &["spec", "x"]), behind);
        assert_eq!(judged(&[1], &["images", "newTag"]), behind);
    }

    #[test]
    fn who_promotes_by_hand_passes_over_what_two_edits_leave() {
        let judged = |source: &str, together: &[usize], keys: &[&str]| {
            beside_edits((source, "1111"), None, (together, true), keys)
        };
        let behind = |since| Verdict::Behind { since: Some(since) };
        let field = ["spec", "x"];
        assert_eq!(judged("1222", &[2, 3], &field), Verdict::LeftBy { by: 3 });
        assert_eq!(judged("1222", &[2], &field), behind(1), "one may be a hotfix");
        assert_eq!(judged("1222", &[2, 3], &["images", "newTag"]), behind(1));
        assert_eq!(judged("1112", &[1, 2], &field), behind(3), "what came before says nothing");
    }

    /// As an item of the target whose partner of now is not that of then.
    #[test]
    fn what_the_source_had_a_moment_ago_and_has_still_does_not_go() {
        let value = Value::text("a");
        let (source_past, target_past) = (vec![Some(&value)], vec![Some(&value)]);
        let column = Column { source: None, target: Some(&value), source_past, target_past };
        let judged = |is_committed| {
            let times =
                Times { source: vec![0], target: vec![0], is_committed, ..Times::default() };
            judge(&column, &times, &["patches"], &Names::default())
        };
        assert_eq!(judged(true), Verdict::Own { since: None, source_moved: false });
        assert_eq!(judged(false), Verdict::Behind { since: Some(usize::MAX) }, "not committed yet");
    }

    #[test]
    fn a_chart_that_counts_its_own_changes_keeps_its_number() {
        let version = ["version"];
        let own = Verdict::Own { since: Some(2), source_moved: true };
        assert_eq!(judged("12345", "11222", None, &version), own);
        assert_eq!(judged("12345", "12222", None, &version), Verdict::Behind { since: Some(4) });
        assert_eq!(judged("1234", "1111", None, &version), Verdict::Behind { since: Some(3) });
    }

    #[test]
    fn a_chart_is_counted_as_what_it_depends_on() {
        let chart = |version: &str, of_dependency: &str| {
            let text = format!(
                "version: {version}\ndependencies: [{{name: a, version: {of_dependency}}}]\n"
            );
            Form::Yaml.read(text.as_bytes()).unwrap()
        };
        let (same, other) = (chart("0.0.7", "0.0.7"), chart("0.1.0", "0.0.7"));
        assert_eq!(Chart::of([&same, &same]), Chart::AsADependency);
        assert_eq!(Chart::of([&same, &other]), Chart::ByItself);
        // Then its number is a version like any, which needs no earlier value.
        let [first, now, target] = ["0.0.6", "0.0.9", "0.0.7"].map(Value::text);
        let column = Column {
            source: Some(&now),
            target: Some(&target),
            source_past: vec![Some(&first), Some(&now)],
            target_past: vec![Some(&target)],
        };
        let judged = |chart| {
            let chart = Some(chart);
            let times = Times { source: vec![0, 2], target: vec![1], chart, ..Times::default() };
            judge(&column, &times, &["version"], &Names::default())
        };
        assert_eq!(judged(Chart::AsADependency), Verdict::Behind { since: Some(2) });
        let own = Verdict::Own { since: None, source_moved: true };
        assert_eq!(judged(Chart::ByItself), own);
    }

    #[test]
    fn who_joins_at_an_older_version_is_behind() {
        let tag = ["images", "newTag"];
        // The last promotion gave the target 2 in place of a version of its own, when the source had 3.
        assert_eq!(judged("233", "992", Some(1), &tag), Verdict::Behind { since: Some(1) });
        assert_eq!(judged("233", "222", Some(1), &tag), Verdict::LeftOut);
        assert_eq!(judged("233", "992", Some(1), &["spec", "x"]), Verdict::LeftOut);
    }

    #[test]
    fn a_branch_is_tried_in_the_source() {
        let judged = |texts: [&str; 3], keys: &[&str]| {
            let [before, now, target] = texts.map(Value::text);
            let column = Column {
                source: Some(&now),
                target: Some(&target),
                source_past: vec![Some(&before), Some(&now)],
                target_past: vec![Some(&target)],
            };
            let times = Times { source: vec![0, 1], target: vec![0], ..Times::default() };
            judge(&column, &times, keys, &Names::default())
        };
        let own = Verdict::Own { since: None, source_moved: true };
        let behind = Verdict::Behind { since: Some(1) };
        let branch = ["spec", "ref", "branch"];
        assert_eq!(judged(["main", "rework/folders", "main"], &branch), own);
        assert_eq!(judged(["master", "main", "master"], &branch), behind);
        let revision = ["spec", "source", "targetRevision"];
        assert_eq!(judged(["HEAD", "fix-login", "HEAD"], &revision), own);
        assert_eq!(judged(["v1.2.0", "v1.3.0", "v1.2.0"], &revision), behind);
        let tag = ["images", "newTag"];
        assert_eq!(judged(["1.1.0", "1.2.0-4f2a91c", "1.1.0"], &tag), own, "a build on the way");
        assert_eq!(judged(["1.1.0", "4f2a91c", "1.1.0"], &tag), behind, "no releases any more");
        let base = |revision: &str| format!("https://g.io/o/r//d?ref={revision}");
        let judged = |texts: [&str; 3]| {
            let texts = texts.map(base);
            judged([&texts[0], &texts[1], &texts[2]], &["resources"])
        };
        assert_eq!(judged(["main", "fix/x", "main"]), own);
        assert_eq!(judged(["main", "v2.0.0", "main"]), behind);
    }

    #[test]
    fn versions_need_no_earlier_value() {
        let keys = ["images", "newTag"];
        assert_eq!(judged("12", "77", None, &keys), Verdict::Behind { since: Some(1) });
        assert_eq!(
            judged("11", "77", None, &keys),
            Verdict::Own { since: None, source_moved: false }
        );
        assert!(matches!(judged("122", "778", None, &keys), Verdict::Own { .. }));
        let step = |source: &str, target: &str| {
            let texts: Vec<Value> = source.split(' ').map(Value::text).collect();
            let target = Value::text(target);
            let column = Column {
                source: texts.last(),
                target: Some(&target),
                source_past: texts.iter().map(Some).collect(),
                target_past: vec![Some(&target)],
            };
            is_version_step(&column, &keys, &Names::default())
        };
        assert!(step("v1.3.0", "v1.2.9") && step("4f2a91c", "bad5624b"));
        assert!(!step("bad5624b", "v1.2.7"));
        assert!(step("main-4f2a91c", "main-bad5624b"));
        assert!(step("staging-4f2a91c", "staging-bad5624b"), "both take staging's builds");
        assert!(!step("staging-4f2a91c", "production-bad5624b") && !step("staging-2", "staging-1"));
        assert!(!step("main-4f2a91c", "release-bad5624b"));
        assert!(!step("main-4f2a91c", "main-bad5624b-approved"));
        assert!(step("main-4f2a91c login-77aa55c", "main-bad5624b"), "from another branch");
        assert!(!step("v1.2.6 4f2a91c", "v1.2.7"));
        assert!(!step("4f2a91c replace", "bad5624b"), "a build puts the tag in");
    }
}
