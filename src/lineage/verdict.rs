//! What becomes of one value that differs, decided by what it was.

use super::names::{Names, counts_releases, holds_version, split_version};
use super::value::Value;

/// One place in a file on both sides, now and in the past.
#[derive(Clone, Debug)]
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
    /// It names the source, and nothing tells what the target says instead.
    NamesSource,
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
    let source_since = since(source, &column.source_past, &times.source);
    let target_since = since(target, &column.target_past, &times.target);
    let changed = |at: Option<usize>| at.is_some_and(|at| times.settled.is_none_or(|by| at > by));
    let is_step = is_version_step(source, target, keys, names);
    let moved = source_since.is_some() && source_since > target_since;
    let earlier = earlier_places(column);
    // A version that was written with the last promotion or since, and is one of the source's past, was
    // chosen as a verified one, not left out.
    let lags = !earlier.is_empty() && changed(target_since) && moves_on(column, &earlier);
    let is_open = is_step && (lags || !times.settles_versions && moved);
    if times.settled.is_some() && !changed(source_since) && !is_open {
        return match target {
            None if source_since.is_none() => Verdict::AbsentOnPurpose,
            _ => Verdict::LeftOut,
        };
    }
    if target.is_none() && names_environment(keys, source) {
        return Verdict::AbsentOnPurpose;
    }
    if !earlier.is_empty() {
        if let (Some(at), Some(source_at)) = (target_since, source_since)
            && at > source_at
            && !moves_on(column, &earlier)
        {
            return Verdict::Reverted { at };
        }
        if takes_own_name(source, target, names) {
            return Verdict::Own { since: target_since, source_moved: true };
        }
        if let Some(by) = left_by(source_since, times).filter(|_| !is_step) {
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

/// The commit that changed the source's value, if it edited the target's file as well: who does both in one commit
/// means what differs afterwards.
fn left_by(since: Option<usize>, times: &Times) -> Option<usize> {
    since.filter(|since| times.target.contains(since))
}

/// Whether the source gave a value that both had its own environment's name: a host, a reference. That is the
/// source's, however long the target had the same.
fn takes_own_name(source: Option<&Value>, target: Option<&Value>, names: &Names) -> bool {
    let names_source = |value: &Value| value.as_text().is_some_and(|it| names.names_source(it));
    source.is_some_and(names_source) && target.is_some_and(|target| !names_source(target))
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

/// Whether both are versions of one thing, and none of them is bound to an environment or floats.
fn is_version_step(
    source: Option<&Value>,
    target: Option<&Value>,
    keys: &[&str],
    names: &Names,
) -> bool {
    let (Some(source), Some(target)) =
        (source.and_then(Value::as_text), target.and_then(Value::as_text))
    else {
        return false;
    };
    let free = |version: &str| !version.is_empty() && !names.is_bound(version);
    // Where releases are cut for the target, a build of the source's is no step of theirs.
    let fits = |a: &str, b: &str| free(a) && free(b) && counts_releases(a) == counts_releases(b);
    if holds_version(keys) {
        return fits(source, target);
    }
    match (split_version(source), split_version(target)) {
        (Some((a, a_version)), Some((b, b_version))) => a == b && fits(a_version, b_version),
        _ => false,
    }
}

/// Whether a value is a version, by its field or by how it is written.
pub(super) fn is_version(value: &Value, keys: &[&str]) -> bool {
    holds_version(keys) || value.as_text().is_some_and(|text| split_version(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `-` is absent; values are one character each, commits count up.
    fn decided(source: &str, target: &str, settled: Option<usize>) -> Verdict {
        judged(source, target, settled, &["spec", "x"])
    }

    fn judged(source: &str, target: &str, settled: Option<usize>, keys: &[&str]) -> Verdict {
        beside_edits((source, target), settled, &[], keys)
    }

    /// With commits that edited the target's file elsewhere.
    fn beside_edits(
        (source, target): (&str, &str),
        settled: Option<usize>,
        together: &[usize],
        keys: &[&str],
    ) -> Verdict {
        let value = |c: char| (c != '-').then(|| Value::text(&c.to_string()));
        let of = |text: &str| -> Vec<Option<Value>> { text.chars().map(value).collect() };
        let (source, target) = (of(source), of(target));
        let past = |values: &'static [Option<Value>]| -> Vec<Option<&'static Value>> {
            values.iter().map(Option::as_ref).collect()
        };
        let (source, target): (&'static [_], &'static [_]) = (source.leak(), target.leak());
        // A file has a version where a commit changed it.
        let changed = |at: &usize| *at == 0 || target[*at] != target[*at - 1];
        let of_target: Vec<usize> =
            (0..target.len()).filter(|at| changed(at) || together.contains(at)).collect();
        let column = Column {
            source: source.last().and_then(Option::as_ref),
            target: target.last().and_then(Option::as_ref),
            source_past: past(source),
            target_past: of_target.iter().map(|at| target[*at].as_ref()).collect(),
        };
        let times = Times {
            source: (0..source.len()).collect(),
            target: of_target,
            settled,
            settles_versions: true,
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
        ] {
            assert_eq!(decided(source, target, settled), want, "{source} {target} {settled:?}");
        }
    }

    #[test]
    fn who_edits_both_files_in_one_commit_means_what_differs() {
        let judged = |together: &[usize], keys: &[&str]| {
            beside_edits(("abbb", "aaaa"), None, together, keys)
        };
        let behind = Verdict::Behind { since: Some(1) };
        assert_eq!(judged(&[1], &["spec", "x"]), Verdict::LeftBy { by: 1 });
        // Later edits of the file may be hotfixes, and versions move on their own.
        assert_eq!(judged(&[2, 3], &["spec", "x"]), behind);
        assert_eq!(judged(&[1], &["images", "newTag"]), behind);
    }

    #[test]
    fn a_name_that_the_source_took_for_itself_stays_its_own() {
        let names = Names::new(["dev"], ["prod"]);
        let (shared, own) = (Value::text("shop.example.com"), Value::text("dev-shop.example.com"));
        let other = Value::text("store.example.com");
        let judged = |new| {
            let column = Column {
                source: Some(new),
                target: Some(&shared),
                source_past: vec![Some(&shared), Some(new)],
                target_past: vec![Some(&shared)],
            };
            let times = Times { source: vec![0, 1], target: vec![0], ..Times::default() };
            judge(&column, &times, &["spec", "host"], &names)
        };
        assert_eq!(judged(&own), Verdict::Own { since: None, source_moved: true });
        assert_eq!(judged(&other), Verdict::Behind { since: Some(1) });
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
            let (source, target) = (Value::text(source), Value::text(target));
            is_version_step(Some(&source), Some(&target), &keys, &Names::default())
        };
        assert!(step("v1.3.0", "v1.2.9") && step("4f2a91c", "bad5624b"));
        assert!(!step("bad5624b", "v1.2.7"));
    }
}
