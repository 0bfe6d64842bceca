//! Tables of values: words in, judgements and holds out.

use proptest::prelude::*;

use super::freeze::Season;
use super::moment::Millis;
use super::*;
use crate::model::CommitSha;

const HOUR: Millis = 3_600_000;

fn moment(text: &str) -> Millis {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn commit(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
}

fn word(name: &str, state: State, at: Millis) -> Word {
    let source = Source { kind: SourceKind::Status, name: name.to_owned() };
    let (message, url, commit) = (String::new(), None, commit('a'));
    Word { source, commit, state, message, url, at, heard: at }
}

/// What is known once a word is heard, as the store keeps it (`store::evidence`); `None` if it changes nothing.
fn heard(before: Option<&Known>, word: Word) -> Option<Known> {
    let (mut healthy_since, mut degraded_at) = (None, None);
    if let Some(known) = before {
        let same = Word { heard: known.word.heard, ..word.clone() } == known.word;
        if word.at < known.word.at || same {
            return None;
        }
        (healthy_since, degraded_at) = (known.healthy_since, known.degraded_at);
    }
    match word.state {
        State::Healthy => healthy_since = healthy_since.or(Some(word.heard)),
        State::Degraded => (healthy_since, degraded_at) = (None, Some(word.heard)),
        State::NotYet | State::Unknown => {}
    }
    Some(Known { word, healthy_since, degraded_at })
}

fn known(words: &[Word]) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    for word in words {
        let same = |it: &Known| it.word.source == word.source && it.word.commit == word.commit;
        let at = all.iter().position(same);
        match (heard(at.map(|at| &all[at]), word.clone()), at) {
            (Some(new), Some(at)) => all[at] = new,
            (Some(new), None) => all.push(new),
            (None, _) => {}
        }
    }
    all
}

fn statuses(patterns: &[&str]) -> Health {
    let sources = patterns.iter().map(|it| HealthSource::Statuses(NameGlob::new(it))).collect();
    Health { sources, ..Health::default() }
}

#[test]
fn the_newest_word_of_each_source_counts_and_the_worst_source_decides() {
    use State::{Degraded, Healthy, NotYet, Unknown};
    let health = statuses(&["argocd/*", "smoke"]);
    for (words, state, since) in [
        (vec![], NotYet, None),
        (vec![word("argocd/a", Healthy, 1)], NotYet, None),
        (vec![word("argocd/a", Healthy, 1), word("smoke", Healthy, 5)], Healthy, Some(5)),
        (vec![word("argocd/a", Healthy, 1), word("smoke", NotYet, 5)], NotYet, None),
        (vec![word("argocd/a", Healthy, 1), word("smoke", Degraded, 5)], Degraded, None),
        (vec![word("argocd/a", Unknown, 1), word("smoke", Healthy, 5)], Unknown, None),
        // Two that fit one pattern both have to be healthy.
        (
            vec![
                word("argocd/a", Healthy, 1),
                word("argocd/b", Degraded, 2),
                word("smoke", Healthy, 3),
            ],
            Degraded,
            None,
        ),
        // A later word takes the place of an earlier one, in whatever order they come.
        (
            vec![
                word("argocd/a", Degraded, 1),
                word("argocd/a", Healthy, 9),
                word("argocd/a", Degraded, 4),
                word("smoke", Healthy, 3),
            ],
            Healthy,
            Some(9),
        ),
        // Said again is no new beginning, and on its way is no contradiction.
        (
            vec![
                word("argocd/a", Healthy, 1),
                word("argocd/a", NotYet, 2),
                word("argocd/a", Healthy, 7),
                word("smoke", Healthy, 3),
            ],
            Healthy,
            Some(3),
        ),
        (vec![word("somebody", Degraded, 1), word("argocd/a", Healthy, 1)], NotYet, None),
    ] {
        let judgement = judge(&health, &known(&words));
        assert_eq!((judgement.state, judgement.since), (state, since), "{words:?}");
    }
}

#[test]
fn a_later_commit_with_the_same_files_goes_on_and_a_contradiction_on_any_begins_anew() {
    let health = statuses(&["argocd"]);
    let first = word("argocd", State::Healthy, 10);
    let later = Word { commit: commit('b'), ..word("argocd", State::Healthy, 20) };
    let both = known(&[first.clone(), later.clone()]);
    assert_eq!(judge(&health, &both).since, Some(10));
    let bad = Word { commit: commit('b'), ..word("argocd", State::Degraded, 15) };
    let judgement = judge(&health, &known(&[first, bad, later]));
    assert_eq!((judgement.state, judgement.since), (State::Healthy, Some(20)));
}

#[test]
fn deployments_events_and_queries_are_asked_by_name() {
    let health = Health {
        sources: vec![
            HealthSource::Deployment("staging".to_owned()),
            HealthSource::Events,
            HealthSource::Query(Query {
                name: "errors".to_owned(),
                query: "x".to_owned(),
                expect: Expectation::parse("result < 1").unwrap(),
            }),
        ],
        ..Health::default()
    };
    let of = |kind, name: &str| Word {
        source: Source { kind, name: name.to_owned() },
        ..word("", State::Healthy, 1)
    };
    let mut words = vec![
        of(SourceKind::Deployment, "staging"),
        of(SourceKind::Event, "flux apps/staging"),
        of(SourceKind::Status, "errors"),
    ];
    assert_eq!(judge(&health, &known(&words)).state, State::NotYet, "no query was asked");
    words.push(of(SourceKind::Query, "errors"));
    assert_eq!(judge(&health, &known(&words)).state, State::Healthy);
    words[0].source.name = "production".to_owned();
    assert_eq!(judge(&health, &known(&words)).state, State::NotYet, "another environment");
}

#[test]
fn weekly_windows_follow_the_clock_on_the_wall() {
    let weekend = Freeze::weekly("Fri 16:00 - Mon 08:00", Some("Europe/Berlin"), None).unwrap();
    let frozen = |text: &str| match weekend.at(moment(text)) {
        Season::Frozen { until } => Some(until),
        Season::Open { .. } => None,
    };
    // Winter time is UTC+1, summer time UTC+2.
    for (at, until) in [
        ("2026-11-27T14:59:59Z", None),
        ("2026-11-27T15:00:00Z", Some("2026-11-30T07:00:00Z")),
        ("2026-11-30T06:59:59Z", Some("2026-11-30T07:00:00Z")),
        ("2026-11-30T07:00:00Z", None),
        // Clocks go forward on 29 March 2026 and back on 25 October 2026, inside the window.
        ("2026-03-27T14:59:59Z", None),
        ("2026-03-27T15:00:00Z", Some("2026-03-30T06:00:00Z")),
        ("2026-10-23T13:59:59Z", None),
        ("2026-10-23T14:00:00Z", Some("2026-10-26T07:00:00Z")),
        ("2026-10-26T06:59:59Z", Some("2026-10-26T07:00:00Z")),
    ] {
        assert_eq!(frozen(at), until.map(moment), "{at}");
    }
    let Season::Open { next } = weekend.at(moment("2026-11-25T12:00:00Z")) else { panic!() };
    assert_eq!(next, Some(moment("2026-11-27T15:00:00Z")));
}

#[test]
fn times_that_a_clock_skips_or_has_twice_never_make_a_freeze_shorter() {
    let night = Freeze::weekly("Sun 02:30 - Sun 03:30", Some("Europe/Berlin"), None).unwrap();
    // 02:30 does not exist on 29 March 2026: it would be 01:30 UTC before the jump, 00:30 UTC after it.
    assert!(matches!(night.at(moment("2026-03-29T00:30:00Z")), Season::Frozen { .. }));
    // 02:30 comes twice on 25 October 2026, at 00:30 and 01:30 UTC.
    assert!(matches!(night.at(moment("2026-10-25T00:30:00Z")), Season::Frozen { .. }));
    let end = Freeze::weekly("Sat 12:00 - Sun 02:30", Some("Europe/Berlin"), None).unwrap();
    assert!(matches!(end.at(moment("2026-10-25T01:29:59Z")), Season::Frozen { .. }));
    assert!(matches!(end.at(moment("2026-10-25T01:30:00Z")), Season::Open { .. }));
}

#[test]
fn seasons_begin_at_midnight_and_their_last_day_is_whole() {
    let holidays =
        Freeze::between("2026-12-20", "2027-01-02", Some("America/New_York"), None).unwrap();
    let frozen = |text: &str| matches!(holidays.at(moment(text)), Season::Frozen { .. });
    assert!(!frozen("2026-12-20T04:59:59Z") && frozen("2026-12-20T05:00:00Z"));
    assert!(frozen("2027-01-03T04:59:59Z") && !frozen("2027-01-03T05:00:00Z"));
    let hours = Freeze::between("2026-12-20 16:00", "2026-12-20T18:30", None, None).unwrap();
    let Season::Frozen { until } = hours.at(moment("2026-12-20T16:00:00Z")) else { panic!() };
    assert_eq!(until, moment("2026-12-20T18:30:00Z"));
    assert_eq!(hours.at(until), Season::Open { next: None });
}

#[test]
fn windows_over_the_end_of_the_week_and_in_one_day() {
    let all_week = Freeze::weekly("Mon 08:00 - Mon 07:00", None, None).unwrap();
    assert!(matches!(all_week.at(moment("2026-11-30T06:59:00Z")), Season::Frozen { .. }));
    assert!(matches!(all_week.at(moment("2026-11-30T07:30:00Z")), Season::Open { .. }));
    let lunch = Freeze::weekly("wednesday 12:00-Wed 13:00", None, None).unwrap();
    assert!(matches!(lunch.at(moment("2026-11-25T12:30:00Z")), Season::Frozen { .. }));
    assert!(matches!(lunch.at(moment("2026-11-26T12:30:00Z")), Season::Open { .. }));
}

#[test]
fn what_is_no_freeze_is_refused() {
    let weekly = |text| Freeze::weekly(text, None, None).is_err();
    for text in [
        "",
        "Fri",
        "Fri 16:00",
        "Fri 16 - Mon 08:00",
        "Fri 16:00 - Mon 24:00",
        "Foo 1:00 - Mon 2:00",
        "Fri 16:00 - Fri 16:00",
    ] {
        assert!(weekly(text), "{text}");
    }
    assert!(Freeze::weekly("Fri 16:00 - Mon 08:00", Some("Europe/Berlinn"), None).is_err());
    for (from, until) in [
        ("2026-12-20", "2026-12-19"),
        ("2026-13-01", "2026-12-20"),
        ("20.12.2026", "x"),
        ("2026-12-20 25:00", "2026-12-21"),
    ] {
        assert!(Freeze::between(from, until, None, None).is_err(), "{from} {until}");
    }
    assert!(Freeze::between("2026-12-20", "2026-12-20", None, None).is_ok(), "one day");
}

/// Every circumstance as a switch.
#[derive(Clone, Copy, Debug)]
struct Switches {
    stale: bool,
    gates: bool,
    item: bool,
    evidence_item: bool,
    state: Option<State>,
    soaking: bool,
    frozen: bool,
    undone: bool,
    foreign: bool,
    released: bool,
}

fn holds_of(of: Switches) -> Holds {
    let freezes = of
        .frozen
        .then(|| Freeze::between("1970-01-01", "1970-01-02", None, Some("rest".into())).unwrap());
    let judgement = of.state.map(|state| Judgement {
        state,
        since: (state == State::Healthy).then_some(if of.soaking { HOUR } else { 0 }),
        voices: vec![Voice {
            name: "argocd".to_owned(),
            state,
            message: String::new(),
            url: None,
            at: Some(1),
        }],
    });
    let item = |by_evidence, ticked| Item { text: "x".to_owned(), by_evidence, ticked };
    let release = of.released.then(|| Release { by: "mona".into(), reason: "a fix".into(), at: 1 });
    holds(&Circumstances {
        stale: of.stale.then_some("the source moved"),
        gate_errors: usize::from(of.gates),
        items: &[item(false, !of.item), item(true, !of.evidence_item)],
        source: judgement.as_ref(),
        source_name: "staging",
        soak: Some(Span::parse("30m").unwrap()),
        freezes: freezes.as_slice(),
        undone: of.undone,
        foreign: of.foreign,
        released: release.as_ref(),
        now: HOUR,
    })
}

fn names(holds: &[Hold]) -> Vec<&'static str> {
    holds.iter().map(Hold::name).collect()
}

const NOTHING: Switches = Switches {
    stale: false,
    gates: false,
    item: false,
    evidence_item: false,
    state: Some(State::Healthy),
    soaking: false,
    frozen: false,
    undone: false,
    foreign: false,
    released: false,
};

#[test]
fn each_reason_is_a_hold_of_its_own() {
    use Conclusion::{Failure, InProgress, Success};
    for (switches, standing, conclusion) in [
        (NOTHING, vec![], Success),
        (Switches { state: None, ..NOTHING }, vec![], Success),
        (Switches { stale: true, ..NOTHING }, vec!["stale"], Failure),
        (Switches { gates: true, ..NOTHING }, vec!["gates"], Failure),
        (Switches { item: true, ..NOTHING }, vec!["checklist"], Failure),
        (Switches { evidence_item: true, ..NOTHING }, vec!["checklist"], InProgress),
        (Switches { state: Some(State::NotYet), ..NOTHING }, vec!["health"], InProgress),
        (Switches { state: Some(State::Unknown), ..NOTHING }, vec!["health"], InProgress),
        (Switches { state: Some(State::Degraded), ..NOTHING }, vec!["health"], Failure),
        (Switches { soaking: true, ..NOTHING }, vec!["soak"], InProgress),
        (Switches { frozen: true, ..NOTHING }, vec!["freeze"], InProgress),
        (Switches { undone: true, ..NOTHING }, vec!["undone"], Failure),
        (Switches { foreign: true, ..NOTHING }, vec!["foreign"], Failure),
        (Switches { frozen: true, soaking: true, ..NOTHING }, vec!["soak", "freeze"], InProgress),
        (Switches { frozen: true, item: true, ..NOTHING }, vec!["freeze", "checklist"], Failure),
    ] {
        let found = holds_of(switches);
        assert_eq!(names(&found.standing), standing, "{switches:?}");
        assert_eq!(found.conclusion(), conclusion, "{switches:?}");
    }
}

/// All 2,560 combinations, against the sentences of the design one by one.
#[test]
fn every_combination_of_holds() {
    let states = [
        None,
        Some(State::Healthy),
        Some(State::NotYet),
        Some(State::Unknown),
        Some(State::Degraded),
    ];
    for (bits, state) in (0_u32..512).flat_map(|bits| states.map(|state| (bits, state))) {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let of = Switches {
            stale: on(0),
            gates: on(1),
            item: on(2),
            evidence_item: on(3),
            state,
            soaking: on(4),
            frozen: on(5),
            undone: on(6),
            foreign: on(7),
            released: on(8),
        };
        let waits = [
            ("health", state.is_some_and(|state| state != State::Healthy)),
            ("soak", state == Some(State::Healthy) && of.soaking),
            ("freeze", of.frozen),
            ("checklist", of.item || of.evidence_item),
        ];
        let stands = [
            ("stale", of.stale),
            ("gates", of.gates),
            ("undone", of.undone),
            ("foreign", of.foreign),
        ];
        let of_these = |list: &[(&'static str, bool)]| {
            list.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let (waiting, standing) = (of_these(&waits), of_these(&stands));
        let lifted = if of.released { waiting.clone() } else { Vec::new() };
        let waiting = if of.released { Vec::new() } else { waiting };
        let needs_somebody = !standing.is_empty()
            || waiting.contains(&"checklist") && of.item
            || waiting.contains(&"health") && state == Some(State::Degraded);
        let conclusion = match (needs_somebody, waiting.is_empty()) {
            (true, _) => Conclusion::Failure,
            (false, false) => Conclusion::InProgress,
            (false, true) => Conclusion::Success,
        };
        let found = holds_of(of);
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        let wanted = sorted([standing, waiting].concat());
        assert_eq!(sorted(names(&found.standing)), wanted, "{of:?}");
        assert_eq!(sorted(names(&found.lifted)), sorted(lifted), "{of:?}");
        assert_eq!(found.conclusion(), conclusion, "{of:?}");
    }
}

#[test]
fn holds_say_what_is_missing() {
    let told = |switches| holds_of(switches).standing[0].to_string();
    let soaking = told(Switches { soaking: true, ..NOTHING });
    assert_eq!(soaking, "until 1970-01-01 01:30 UTC, if nothing contradicts meanwhile");
    let frozen = told(Switches { frozen: true, ..NOTHING });
    assert_eq!(frozen, "until Sat 1970-01-03 00:00 UTC (rest)");
    let degraded = told(Switches { state: Some(State::Degraded), ..NOTHING });
    assert_eq!(degraded, "degraded — staging: argocd is degraded");
}

#[test]
fn time_is_looked_at_when_it_may_change_something() {
    assert_eq!(holds_of(NOTHING).next, None);
    let half_past = HOUR + HOUR / 2;
    assert_eq!(holds_of(Switches { soaking: true, ..NOTHING }).next, Some(half_past));
    let both = Switches { soaking: true, frozen: true, ..NOTHING };
    assert_eq!(holds_of(both).next, Some(half_past));
    assert_eq!(holds_of(Switches { frozen: true, ..NOTHING }).next, Some(48 * HOUR));
}

fn states() -> impl Strategy<Value = Option<State>> {
    prop::option::of(prop::sample::select(vec![
        State::Healthy,
        State::NotYet,
        State::Unknown,
        State::Degraded,
    ]))
}

fn switches() -> impl Strategy<Value = Switches> {
    (any::<[bool; 9]>(), states()).prop_map(|(on, state)| Switches {
        stale: on[0],
        gates: on[1],
        item: on[2],
        evidence_item: on[3],
        state,
        soaking: on[4],
        frozen: on[5],
        undone: on[6],
        foreign: on[7],
        released: on[8],
    })
}

proptest! {
    /// Whatever the circumstances: a merge happens with no hold and with nothing else in its way.
    #[test]
    fn a_merge_only_ever_happens_with_no_hold(of in switches(), on in any::<[bool; 6]>()) {
        let found = holds_of(of);
        let situation = MergeSituation {
            merge: if on[0] { Merge::Auto } else { Merge::Manual },
            holds: &found,
            is_the_judged_one: on[1],
            is_base_unmoved: on[2],
            is_draft: on[3],
            changes_requested: on[4],
            conflicts: on[5],
        };
        let merges = may_merge(&situation) == MergeDecision::Merge;
        let clear = found.is_empty() && on[..3].iter().all(|on| *on) && !on[3..].iter().any(|on| *on);
        prop_assert_eq!(merges, clear);
        prop_assert_eq!(found.conclusion() == Conclusion::Success, found.is_empty());
    }

    /// A release lifts what it may and nothing else.
    #[test]
    fn a_release_never_lifts_what_people_have_to_look_at(of in switches()) {
        let found = holds_of(Switches { released: true, ..of });
        let lifted: Vec<bool> = found.standing.iter().map(Hold::can_be_lifted).collect();
        prop_assert!(!lifted.contains(&true));
        let without = holds_of(Switches { released: false, ..of });
        prop_assert!(without.lifted.is_empty());
        prop_assert_eq!(found.standing.len() + found.lifted.len(), without.standing.len());
        let stays = [of.stale, of.gates, of.undone, of.foreign];
        prop_assert_eq!(found.standing.len(), stays.iter().filter(|on| **on).count());
    }

    /// At every moment a window either holds until later or begins later.
    #[test]
    fn a_freeze_ends_and_begins_in_the_future(hours in 0i64..200_000, minute in 0i64..60) {
        let weekend = Freeze::weekly("Fri 16:00 - Mon 08:00", Some("Europe/Berlin"), None).unwrap();
        let now = moment("2020-01-01T00:00:00Z") + hours * HOUR + minute * 60_000;
        match weekend.at(now) {
            Season::Frozen { until } => {
                prop_assert!(until > now && until - now <= 65 * HOUR);
                let after = matches!(weekend.at(until), Season::Open { .. });
                prop_assert!(after);
            }
            Season::Open { next } => {
                let next = next.unwrap();
                prop_assert!(next > now && next - now <= 7 * 24 * HOUR);
                let begun = matches!(weekend.at(next), Season::Frozen { .. });
                prop_assert!(begun);
            }
        }
    }
}

#[test]
fn what_broke_in_time_is_undone_and_what_broke_later_is_told() {
    let health = Health { undo: Some(UndoBy::Merge), ..statuses(&["argocd"]) };
    let at = |state, now| {
        let judgement = judge(&health, &known(&[word("argocd", state, 5)]));
        aftermath(&health, &judgement, 0, now).undo
    };
    assert_eq!(at(State::Degraded, HOUR), Some(UndoBy::Merge));
    assert_eq!(at(State::Degraded, HOUR + 1), None);
    assert_eq!(at(State::Healthy, 10), None);
    assert_eq!(at(State::NotYet, 10), None);
}
