//! A verdict for each way that the values of two environments can have gone.

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
        let times = Times { source: vec![0], target: vec![0], is_committed, ..Times::default() };
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
        let text =
            format!("version: {version}\ndependencies: [{{name: a, version: {of_dependency}}}]\n");
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
fn what_is_tried_in_the_source_waits() {
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
    let behind = Verdict::Behind { since: Some(1) };
    let tried = |what| Verdict::Tried { what };
    let branch = ["spec", "ref", "branch"];
    assert_eq!(judged(["main", "rework/folders", "main"], &branch), tried(Trial::Branch));
    assert_eq!(judged(["master", "main", "master"], &branch), behind);
    let revision = ["spec", "source", "targetRevision"];
    assert_eq!(judged(["HEAD", "fix-login", "HEAD"], &revision), tried(Trial::Branch));
    assert_eq!(judged(["v1.2.0", "v1.3.0", "v1.2.0"], &revision), behind);
    let tag = ["images", "newTag"];
    assert_eq!(judged(["1.1.0", "1.2.0-4f2a91c", "1.1.0"], &tag), tried(Trial::Build));
    assert_eq!(judged(["1.1.0", "1.2.0-rc.1", "1.1.0"], &tag), tried(Trial::PreRelease));
    assert_eq!(judged(["1.1.0-rc.1", "1.1.0-rc.2", "1.1.0-rc.1"], &tag), behind);
    assert_eq!(judged(["1.1.0", "fix-test", "1.1.0"], &tag), tried(Trial::Tag));
    assert_eq!(judged(["1.1.0", "4f2a91c", "1.1.0"], &tag), behind, "no releases any more");
    let base = |revision: &str| format!("https://g.io/o/r//d?ref={revision}");
    let judged = |texts: [&str; 3]| {
        let texts = texts.map(base);
        judged([&texts[0], &texts[1], &texts[2]], &["resources"])
    };
    assert_eq!(judged(["main", "fix/x", "main"]), tried(Trial::Branch));
    assert_eq!(judged(["main", "v2.0.0", "main"]), behind);
}

#[test]
fn versions_need_no_earlier_value() {
    let keys = ["images", "newTag"];
    assert_eq!(judged("12", "77", None, &keys), Verdict::Behind { since: Some(1) });
    assert_eq!(judged("11", "77", None, &keys), Verdict::Own { since: None, source_moved: false });
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

/// One says `5432` and the other `"5432"`: that was told as *each in its own environment's name*.
#[test]
fn a_number_and_its_text_are_no_names() {
    let of = |text: &str| Form::Yaml.read(text.as_bytes()).unwrap();
    let (source, target) = (of("port: 5432\n"), of("port: \"5432\"\n"));
    let at = |value: &'static Value| value.items().first().and_then(|it| it.get("port"));
    let (source, target): (&'static Value, &'static Value) =
        (Box::leak(Box::new(source)), Box::leak(Box::new(target)));
    let column = Column {
        source: at(source),
        target: at(target),
        source_past: vec![at(source)],
        target_past: vec![at(target)],
    };
    let times = Times { source: vec![0], target: vec![0], is_committed: true, ..Times::default() };
    let verdict = judge(&column, &times, &["port"], &Names::new(["staging"], ["production"]));
    assert_eq!(verdict, Verdict::Own { since: None, source_moved: false });
}
