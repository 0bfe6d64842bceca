//! What the store promises, on both databases.
//!
//! One list of checks, each on an empty database. PostgreSQL needs a cluster, which costs a second,
//! so all checks share one.

#![allow(clippy::print_stderr, reason = "the name of the check that fails")]

use std::future::Future;
use std::pin::Pin;

use super::*;

#[path = "../../tests/support/postgres.rs"]
mod postgres;

type Check = fn(String) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        [$((stringify!($name), (|url| Box::pin($name(url))) as Check)),*]
    };
}

const CHECKS: [(&str, Check); 23] = checks![
    takes_a_delivery_once,
    shares_a_commit_between_deliveries,
    queues_nothing_for_a_duplicate,
    merges_jobs_with_one_key,
    runs_one_job_of_a_lane,
    claims_by_due_time,
    refuses_writes_after_the_lease_was_lost,
    counts_attempts_and_failures,
    counts_how_often_a_worker_died,
    leaves_places_for_other_repositories,
    merges_a_retried_job_with_a_newer_one,
    keeps_the_retry_time_when_a_trigger_comes,
    parks_retries_and_drops,
    finishing_queues_what_follows,
    remembers_promotions,
    remembers_repositories,
    remembers_surveys,
    hears_the_newest_word_of_each_source,
    knows_the_commits_of_an_environment,
    remembers_what_was_merged_and_undone,
    forgets_what_is_old,
    tells_each_notice_in_order,
    claims_jobs_by_kind,
];

#[tokio::test]
async fn sqlite_keeps_its_promises() {
    for (name, check) in CHECKS {
        let dir = tempfile::tempdir().unwrap();
        eprintln!("{name}");
        check(format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display())).await;
    }
}

#[tokio::test]
async fn postgres_keeps_its_promises() {
    let Some(cluster) = postgres::Cluster::start() else { return };
    for (name, check) in CHECKS {
        eprintln!("{name}");
        check(cluster.database(name)).await;
    }
    migrates_filled_tables(cluster.database("filled")).await;
    never_runs_two_jobs_of_a_lane(cluster.database("lanes")).await;
}

#[tokio::test]
async fn sqlite_migrates_filled_tables() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
    migrates_filled_tables(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_never_runs_two_jobs_of_a_lane() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
    never_runs_two_jobs_of_a_lane(url).await;
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused_without_showing_it() {
    let error = Store::open("mysql://root:hunter2@localhost/x", join).await.unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(matches!(error, StoreError::Address { .. }));
}

#[tokio::test]
async fn what_sqlite_acknowledged_is_there_after_the_process_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
    let store = open(&url).await;
    store.take_deliveries(&[delivery("d1", vec![job("j1", "k")])]).await.unwrap();
    // Not closed: as after SIGKILL, the journal is all there is.
    std::mem::forget(store);
    let again = open(&url).await;
    assert!(again.knows_delivery("d1").await.unwrap());
    assert_eq!(again.claim("w", 10, 20).await.unwrap().unwrap().lease.job(), "j1");
}

fn join(waiting: &str, newer: &str) -> String {
    format!("{waiting}+{newer}")
}

async fn open(url: &str) -> Store {
    Store::open(url, join).await.unwrap()
}

fn job(id: &str, key: &str) -> NewJob {
    NewJob {
        id: id.to_owned(),
        kind: "promote",
        repository: Some("o/r".to_owned()),
        key: key.to_owned(),
        lane: key.to_owned(),
        payload: id.to_owned(),
        run_at: 5,
        delivery: Some(format!("delivery of {id}")),
    }
}

fn delivery(id: &str, jobs: Vec<NewJob>) -> Delivery {
    Delivery {
        id: id.to_owned(),
        event: "push".to_owned(),
        repository: None,
        state: "queued",
        received_at: 1,
        evidence: Vec::new(),
        jobs,
    }
}

async fn claim(store: &Store, now: Millis) -> Option<Claim> {
    store.claim("worker", now, now + 100).await.unwrap()
}

async fn takes_a_delivery_once(url: String) {
    let store = open(&url).await;
    let twice = vec![delivery("b", vec![]), delivery("a", vec![]), delivery("b", vec![])];
    let receipts = store.take_deliveries(&twice).await.unwrap();
    assert_eq!(receipts, [Receipt::New, Receipt::New, Receipt::Duplicate]);
    store.close().await;
    let store = open(&url).await;
    let again = store.take_deliveries(&[delivery("a", vec![])]).await.unwrap();
    assert_eq!(again, [Receipt::Duplicate]);
}

async fn shares_a_commit_between_deliveries(url: String) {
    let store = open(&url).await;
    let (inbox, writer) = store.inbox();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let waiting =
        futures_util::future::join_all(
            (0..50).map(|n| {
                let (inbox, id) = (inbox.clone(), format!("d{}", n % 40));
                async move {
                    inbox.take(delivery(&id, vec![job(&format!("j{n:02}"), "k")])).await.unwrap()
                }
            }),
        );
    let run = writer.run(async { stopped.await.unwrap() });
    let (receipts, ()) = tokio::join!(
        async {
            let receipts = waiting.await;
            stop.send(()).unwrap();
            receipts
        },
        run
    );
    assert_eq!(receipts.iter().filter(|receipt| **receipt == Receipt::New).count(), 40);
    assert_eq!(store.job_counts().await.unwrap().queued, 1);
    assert!(matches!(inbox.take(delivery("late", vec![])).await, Err(StoreError::Closed)));
}

async fn queues_nothing_for_a_duplicate(url: String) {
    let store = open(&url).await;
    store.take_deliveries(&[delivery("d", vec![job("1", "k")])]).await.unwrap();
    store.take_deliveries(&[delivery("d", vec![job("2", "other")])]).await.unwrap();
    assert_eq!(store.job_counts().await.unwrap().queued, 1);
}

async fn merges_jobs_with_one_key(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k"), job("2", "k")], 1).await.unwrap();
    store.enqueue(vec![job("3", "k"), job("4", "other")], 2).await.unwrap();
    let claimed = claim(&store, 10).await.unwrap();
    assert_eq!((claimed.payload.as_str(), claimed.attempt), ("1+2+3", 1));
    // What runs is not changed any more.
    store.enqueue(vec![job("5", "k")], 3).await.unwrap();
    assert_eq!(store.job_counts().await.unwrap().queued, 2);
}

async fn runs_one_job_of_a_lane(url: String) {
    let store = open(&url).await;
    let mut second = job("2", "k2");
    second.lane = "k1".to_owned();
    store.enqueue(vec![job("1", "k1"), second], 1).await.unwrap();
    let first = claim(&store, 10).await.unwrap();
    assert_eq!(first.lease.job(), "1");
    assert_eq!(claim(&store, 10).await, None);
    store.finish(&first.lease, vec![], 10).await.unwrap();
    assert_eq!(claim(&store, 10).await.unwrap().lease.job(), "2");
}

async fn claims_by_due_time(url: String) {
    let store = open(&url).await;
    let at = |id: &str, run_at| NewJob { run_at, ..job(id, id) };
    store.enqueue(vec![at("1", 30), at("2", 20), at("3", 99)], 1).await.unwrap();
    let counts = store.job_counts().await.unwrap();
    assert_eq!((counts.queued, counts.oldest_queued, counts.next_due), (3, Some(1), Some(20)));
    assert_eq!(claim(&store, 19).await, None);
    assert_eq!(claim(&store, 30).await.unwrap().lease.job(), "2");
    assert_eq!(claim(&store, 30).await.unwrap().lease.job(), "1");
    assert_eq!(claim(&store, 30).await, None);
}

async fn refuses_writes_after_the_lease_was_lost(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let slow = claim(&store, 10).await.unwrap();
    store.extend(&slow.lease, 200).await.unwrap();
    assert_eq!(claim(&store, 150).await, None, "the lease was extended");
    let fast = claim(&store, 201).await.unwrap();
    assert_eq!((fast.lease.job(), fast.attempt), ("1", 2));
    let lost = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::LeaseLost { .. })), "{result:?}");
    };
    lost(store.extend(&slow.lease, 300).await);
    lost(store.finish(&slow.lease, vec![job("2", "next")], 300).await);
    lost(store.park(&slow.lease, "no").await);
    lost(store.hand_back(&slow.lease, 300).await);
    lost(store.record_promotion(&slow.lease, &record("p", 1), 300).await);
    let retry = Retry { run_at: 1, reason: String::new(), progressed: false, died: false };
    lost(store.retry_later(&slow.lease, &retry, 300).await);
    assert_eq!(store.newest_promotion("o/r", pair("", "dev", "prod")).await.unwrap(), None);
    store.finish(&fast.lease, vec![], 300).await.unwrap();
    lost(store.extend(&fast.lease, 300).await);
    assert_eq!(store.job_counts().await.unwrap(), JobCounts::default());
}

async fn counts_attempts_and_failures(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let retry =
        |progressed| Retry { run_at: 20, reason: "502".to_owned(), progressed, died: false };
    let first = claim(&store, 10).await.unwrap();
    store.retry_later(&first.lease, &retry(false), 11).await.unwrap();
    assert_eq!(claim(&store, 19).await, None);
    let second = claim(&store, 20).await.unwrap();
    assert_eq!((second.attempt, second.failing_since), (2, Some(11)));
    store.retry_later(&second.lease, &retry(true), 21).await.unwrap();
    let third = claim(&store, 22).await.unwrap();
    assert_eq!((third.attempt, third.failing_since), (2, Some(21)));
    store.hand_back(&third.lease, 23).await.unwrap();
    assert_eq!(claim(&store, 24).await.unwrap().attempt, 2);
}

async fn counts_how_often_a_worker_died(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    assert_eq!(claim(&store, 10).await.unwrap().deaths, 0);
    let lapsed = claim(&store, 200).await.unwrap();
    assert_eq!(lapsed.deaths, 1);
    let panicked =
        Retry { run_at: 210, reason: "a panic".to_owned(), progressed: false, died: true };
    store.retry_later(&lapsed.lease, &panicked, 201).await.unwrap();
    let again = claim(&store, 210).await.unwrap();
    assert_eq!(again.deaths, 2);
    store.extend_before_writing(&again.lease, 300).await.unwrap();
    assert_eq!(claim(&store, 400).await.unwrap().deaths, 1, "it got as far as a write");
}

async fn leaves_places_for_other_repositories(url: String) {
    let store = open(&url).await;
    let of = |id: &str, repository: &str| NewJob {
        repository: Some(repository.to_owned()),
        ..job(id, id)
    };
    store
        .enqueue(vec![of("1", "o/a"), of("2", "o/a"), of("3", "o/a"), of("4", "o/b")], 1)
        .await
        .unwrap();
    let mut claimed = Vec::new();
    while let Some(claim) = claim(&store, 10).await {
        claimed.push(claim.lease.job().to_owned());
    }
    assert_eq!(claimed, ["1", "2", "4"]);
}

async fn merges_a_retried_job_with_a_newer_one(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let first = claim(&store, 10).await.unwrap();
    store.enqueue(vec![job("2", "k")], 11).await.unwrap();
    let retry = Retry { run_at: 50, reason: "502".to_owned(), progressed: false, died: false };
    store.retry_later(&first.lease, &retry, 12).await.unwrap();
    assert_eq!(store.job_counts().await.unwrap().queued, 1);
    assert_eq!(claim(&store, 49).await, None, "a new trigger does not knock earlier");
    let again = claim(&store, 50).await.unwrap();
    assert_eq!((again.payload.as_str(), again.attempt), ("1+2", 2));
    // The same when the lease lapses.
    store.enqueue(vec![job("3", "k")], 60).await.unwrap();
    let lapsed = claim(&store, 151).await.unwrap();
    assert_eq!((lapsed.lease.job(), lapsed.payload.as_str()), ("1", "1+2+3"));
}

async fn keeps_the_retry_time_when_a_trigger_comes(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![NewJob { run_at: 90, ..job("1", "k") }], 1).await.unwrap();
    store.enqueue(vec![job("2", "k")], 2).await.unwrap();
    let claimed =
        claim(&store, 5).await.expect("a job that only waits starts with the new trigger");
    let retry = Retry { run_at: 80, reason: "429".to_owned(), progressed: false, died: false };
    store.retry_later(&claimed.lease, &retry, 6).await.unwrap();
    store.enqueue(vec![job("3", "k")], 7).await.unwrap();
    assert_eq!(claim(&store, 79).await, None);
    assert_eq!(claim(&store, 80).await.unwrap().payload, "1+2+3");
}

async fn parks_retries_and_drops(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k"), job("2", "l")], 1).await.unwrap();
    let (one, two) = (claim(&store, 10).await.unwrap(), claim(&store, 10).await.unwrap());
    store.park(&one.lease, "no permission").await.unwrap();
    store.park(&two.lease, "gone").await.unwrap();
    assert_eq!(claim(&store, 500).await, None);
    let listed = store.list_jobs(10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (listed[0].state, listed[0].reason.as_deref()),
        (JobState::Parked, Some("no permission"))
    );
    assert!(!store.retry_job("none", 20).await.unwrap());
    // A newer trigger waits: the parked job takes its place.
    store.enqueue(vec![NewJob { run_at: 99, ..job("3", "k") }], 11).await.unwrap();
    assert!(store.retry_job("1", 20).await.unwrap());
    let again = claim(&store, 20).await.unwrap();
    assert_eq!((again.payload.as_str(), again.attempt), ("1+3", 1));
    assert!(!store.drop_job("1").await.unwrap(), "it runs");
    assert!(store.drop_job("2").await.unwrap());
    assert_eq!(store.job_counts().await.unwrap().parked, 0);
}

async fn finishing_queues_what_follows(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let first = claim(&store, 10).await.unwrap();
    store.park(&first.lease, "gone").await.unwrap();
    store.enqueue(vec![job("2", "k")], 11).await.unwrap();
    let second = claim(&store, 12).await.unwrap();
    store.finish(&second.lease, vec![job("3", "next")], 13).await.unwrap();
    let counts = store.job_counts().await.unwrap();
    assert_eq!((counts.queued, counts.parked), (1, 0), "what was parked is done now");
    assert_eq!(claim(&store, 14).await.unwrap().key, "next");
}

const fn pair<'a>(application: &'a str, source: &'a str, target: &'a str) -> Pair<'a> {
    Pair { application, source, target, intent: "promote" }
}

fn record(id: &str, created_at: Millis) -> PromotionRecord {
    PromotionRecord {
        id: id.to_owned(),
        repository: "o/r".to_owned(),
        application: String::new(),
        source: "dev".to_owned(),
        target: "prod".to_owned(),
        intent: "promote".to_owned(),
        undoes: None,
        branch: "promote/dev-to-prod".to_owned(),
        plan_id: "ab".to_owned(),
        base_digest: "b".to_owned(),
        base_commit: "c0".to_owned(),
        head_commit: "c1".to_owned(),
        tree: "t".to_owned(),
        pull_request: None,
        state: PromotionState::Opening,
        closed_because: None,
        merged_as: None,
        merged_at: None,
        merged_by: None,
        undone_at: None,
        created_at,
    }
}

async fn remembers_promotions(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let lease = claim(&store, 10).await.unwrap().lease;
    let first = record("p1", 1);
    store.record_promotion(&lease, &first, 1).await.unwrap();
    let opened =
        PromotionRecord { pull_request: Some(7), state: PromotionState::Open, ..first.clone() };
    store.record_promotion(&lease, &opened, 2).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap(), std::slice::from_ref(&opened));
    assert_eq!(store.promotion_of_pull_request("o/r", 7).await.unwrap(), Some(opened.clone()));
    // A second one of the pair ends the first.
    let second = record("p2", 3);
    store.record_promotion(&lease, &second, 3).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap(), std::slice::from_ref(&second));
    let first = store.promotion_of_pull_request("o/r", 7).await.unwrap().unwrap();
    assert_eq!(first.closed_because.as_deref(), Some("superseded"));
    let merged = End {
        state: PromotionState::Merged,
        because: None,
        merged_as: Some("abc"),
        merged_by: None,
    };
    assert!(!store.end_promotion("o/r", 7, &merged, 4).await.unwrap(), "it ended before");
    let opened = PromotionRecord { pull_request: Some(8), ..second };
    store.record_promotion(&lease, &opened, 4).await.unwrap();
    let closed_by_person = End {
        state: PromotionState::Closed,
        because: Some("person"),
        merged_as: None,
        merged_by: None,
    };
    assert!(store.end_promotion("o/r", 8, &closed_by_person, 5).await.unwrap());
    let newest = store.newest_promotion("o/r", pair("", "dev", "prod")).await.unwrap().unwrap();
    assert_eq!(
        (newest.state, newest.closed_because.as_deref()),
        (PromotionState::Closed, Some("person"))
    );
    assert_eq!(store.newest_promotion("o/r", pair("", "dev", "staging")).await.unwrap(), None);
    // Applications do not see each other.
    assert_eq!(store.newest_promotion("o/r", pair("cart", "dev", "prod")).await.unwrap(), None);
    let of = |id: &str, application: &str| PromotionRecord {
        application: application.to_owned(),
        state: PromotionState::Open,
        ..record(id, 9)
    };
    let (cart, pay) = (of("p3", "cart"), of("p4", "pay"));
    store.record_promotion(&lease, &pay, 9).await.unwrap();
    store.record_promotion(&lease, &cart, 9).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap(), [cart.clone(), pay]);
    let newest = store.newest_promotion("o/r", pair("cart", "dev", "prod")).await.unwrap();
    assert_eq!(newest, Some(cart));
}

async fn remembers_repositories(url: String) {
    let store = open(&url).await;
    let known = |default_branch: Option<&str>, looked_at: Option<&str>| KnownRepository {
        name: "o/r".to_owned(),
        default_branch: default_branch.map(str::to_owned),
        installation: None,
        looked_at: looked_at.map(str::to_owned),
        looked_tree: looked_at.map(str::to_owned),
    };
    store.note_repository(&known(Some("main"), None), 1).await.unwrap();
    store.note_repository(&known(None, Some("abc")), 2).await.unwrap();
    let both = known(Some("main"), Some("abc"));
    assert_eq!(store.repositories().await.unwrap(), std::slice::from_ref(&both));
    assert_eq!(store.repository("o/r").await.unwrap(), Some(both));
    store.forget_repository("o/r").await.unwrap();
    assert_eq!(store.repository("o/r").await.unwrap(), None);
}

async fn remembers_surveys(url: String) {
    let store = open(&url).await;
    assert!(!store.was_surveyed("o/r", pair("", "dev", "prod")).await.unwrap());
    store.note_survey("o/r", pair("", "dev", "prod"), 1).await.unwrap();
    store.note_survey("o/r", pair("", "dev", "prod"), 2).await.unwrap();
    assert!(store.was_surveyed("o/r", pair("", "dev", "prod")).await.unwrap());
    assert!(!store.was_surveyed("o/r", pair("", "prod", "dev")).await.unwrap());
    assert!(!store.was_surveyed("o/r", pair("cart", "dev", "prod")).await.unwrap());
    store.forget_surveys("o/r").await.unwrap();
    assert!(!store.was_surveyed("o/r", pair("", "dev", "prod")).await.unwrap());
}

fn environment() -> EnvironmentKey {
    EnvironmentKey {
        repository: "o/r".to_owned(),
        application: String::new(),
        environment: "staging".to_owned(),
    }
}

fn known_environment(inputs: &str) -> KnownEnvironment {
    KnownEnvironment {
        key: environment(),
        commit: "c1".to_owned(),
        inputs: inputs.to_owned(),
        asked_at: None,
        leads_to: "[]".to_owned(),
    }
}

fn evidence(commit: &str, state: &str, at: Millis) -> Evidence {
    Evidence {
        repository: "o/r".to_owned(),
        kind: "status".to_owned(),
        name: "argocd".to_owned(),
        commit: commit.to_owned(),
        application: String::new(),
        environment: String::new(),
        state: state.to_owned(),
        message: String::new(),
        url: None,
        at,
        heard: at + 1000,
    }
}

/// The rule for one source and commit: a healthy word begins to soak, a degraded one ends that, others leave
/// it; what is older than what is known changes nothing.
async fn hears_the_newest_word_of_each_source(url: String) {
    let store = open(&url).await;
    let commits = ["c1".to_owned()];
    store.note_environment(&known_environment("i"), &commits, 1).await.unwrap();
    for (state, at, newest, healthy_since, degraded_at) in [
        ("not yet", 1, "not yet", None, None),
        ("healthy", 5, "healthy", Some(1005), None),
        ("healthy", 6, "healthy", Some(1005), None),
        ("not yet", 7, "not yet", Some(1005), None),
        ("degraded", 3, "not yet", Some(1005), None),
        ("healthy", 8, "healthy", Some(1005), None),
        ("degraded", 9, "degraded", None, Some(1009)),
        ("not yet", 10, "not yet", None, Some(1009)),
        ("healthy", 12, "healthy", Some(1012), Some(1009)),
    ] {
        store.note_evidence(&[evidence("c1", state, at)]).await.unwrap();
        let known = store.evidence_of(&environment()).await.unwrap();
        let [known] = known.as_slice() else { panic!("{known:?}") };
        assert_eq!(known.newest.state, newest, "{state} at {at}");
        assert_eq!((known.healthy_since, known.degraded_at), (healthy_since, degraded_at));
    }
    // With a delivery, in one commit, and once.
    let of = Evidence { name: "other".to_owned(), ..evidence("c1", "healthy", 1) };
    let told = Delivery { evidence: vec![of], ..delivery("told", vec![]) };
    for receipt in [Receipt::New, Receipt::Duplicate] {
        assert_eq!(store.take_deliveries(std::slice::from_ref(&told)).await.unwrap(), [receipt]);
    }
    assert_eq!(store.evidence_of(&environment()).await.unwrap().len(), 2);
}

async fn knows_the_commits_of_an_environment(url: String) {
    let store = open(&url).await;
    let known = known_environment("i1");
    let commits = ["c1".to_owned(), "c2".to_owned()];
    store.note_environment(&known, &commits, 1).await.unwrap();
    store
        .note_evidence(&[evidence("c2", "healthy", 1), evidence("c9", "degraded", 2)])
        .await
        .unwrap();
    assert_eq!(store.evidence_of(&environment()).await.unwrap().len(), 1, "c9 is no commit of it");
    assert_eq!(store.environments_at("o/r", "c2").await.unwrap(), std::slice::from_ref(&known));
    assert!(store.environments_at("o/r", "c9").await.unwrap().is_empty());
    assert_eq!(store.repositories_with_commit("c2").await.unwrap(), ["o/r"]);
    // Another head with the same files, then other files.
    store.note_environment(&known, &["c3".to_owned()], 2).await.unwrap();
    assert_eq!(store.evidence_of(&environment()).await.unwrap().len(), 1);
    let other = KnownEnvironment { commit: "c4".to_owned(), ..known_environment("i2") };
    store.note_environment(&other, &["c4".to_owned()], 3).await.unwrap();
    assert!(store.evidence_of(&environment()).await.unwrap().is_empty());
    assert_eq!(store.environments("o/r").await.unwrap(), [other]);
    store.note_standing("p1", "{}", None, 1).await.unwrap();
    store.note_standing("p1", "{1}", Some("[]"), 2).await.unwrap();
    assert_eq!(store.standing("p1").await.unwrap().as_deref(), Some("{1}"));
    store.forget_environment(&environment()).await.unwrap();
    assert!(store.environments("o/r").await.unwrap().is_empty());
}

async fn remembers_what_was_merged_and_undone(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let lease = claim(&store, 10).await.unwrap().lease;
    let open_one =
        PromotionRecord { pull_request: Some(7), state: PromotionState::Open, ..record("p1", 1) };
    store.record_promotion(&lease, &open_one, 2).await.unwrap();
    // An undoing of the same pair stands beside it.
    let undoing = PromotionRecord {
        intent: "undo".to_owned(),
        undoes: Some("ab".to_owned()),
        pull_request: Some(8),
        ..record("p2", 2)
    };
    store.record_promotion(&lease, &undoing, 2).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap().len(), 2);
    let merged = End {
        state: PromotionState::Merged,
        because: None,
        merged_as: Some("c7"),
        merged_by: None,
    };
    assert!(store.end_promotion("o/r", 7, &merged, 5).await.unwrap());
    let found = store.merged_promotions("o/r", "", "prod").await.unwrap();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((found.merged_as.as_deref(), found.merged_at), (Some("c7"), Some(5)));
    store.note_undone("o/r", "ab", 9).await.unwrap();
    let found = store.merged_promotions("o/r", "", "prod").await.unwrap();
    assert_eq!(found[0].undone_at, Some(9));
}

fn notice(id: &str, stream: &str, content: &str) -> NewNotice {
    NewNotice {
        id: id.to_owned(),
        stream: stream.to_owned(),
        content: content.to_owned(),
        job: job(&format!("job of {id}"), &format!("notice {stream}")),
    }
}

async fn tells_each_notice_in_order(url: String) {
    let store = open(&url).await;
    let add = async |notices, now| store.add_notices(notices, now - 1_000, now).await.unwrap();
    assert_eq!(add(vec![notice("n1", "s", "opened"), notice("n2", "s", "held")], 10).await, 2);
    assert_eq!(add(vec![notice("n1", "s", "opened")], 20).await, 0, "the id is known");
    assert_eq!(add(vec![notice("n3", "s", "held")], 20).await, 0, "said just now");
    assert_eq!(add(vec![notice("n4", "s", "merged"), notice("n5", "other", "held")], 30).await, 2);
    assert_eq!(store.job_counts().await.unwrap().queued, 2, "a stream is one job");

    let lease = claim(&store, 30).await.unwrap().lease;
    let begin = async || {
        let waiting = store.begin_notice(&lease, "s").await.unwrap();
        waiting.map(|it| (it.content, it.attempt))
    };
    assert_eq!(begin().await, Some(("opened".to_owned(), 1)));
    assert_eq!(begin().await, Some(("opened".to_owned(), 2)), "until it arrived");
    for (id, next) in [("n1", Some("held")), ("n2", Some("merged")), ("n4", None)] {
        store.note_sent(&lease, id, 40).await.unwrap();
        assert_eq!(begin().await, next.map(|content| (content.to_owned(), 1)));
    }
    assert_eq!(add(vec![notice("n2", "s", "held")], 5_000).await, 0, "what was sent stays known");
    assert_eq!(add(vec![notice("n6", "s", "merged")], 5_000).await, 1, "said long ago");
    store.finish(&lease, Vec::new(), 50).await.unwrap();
    let lost = store.begin_notice(&lease, "s").await.unwrap_err();
    assert!(matches!(lost, StoreError::LeaseLost { .. }));
    assert!(matches!(store.note_sent(&lease, "n6", 60).await, Err(StoreError::LeaseLost { .. })));
    store.forget(0, 6_000).await.unwrap();
    assert_eq!(add(vec![notice("n1", "s", "opened")], 7_000).await, 1);

    assert_eq!(store.subscriptions("o/r").await.unwrap(), None);
    for text in ["[1]", "[1]", "[2]"] {
        store.note_subscriptions("o/r", text, 1).await.unwrap();
        assert_eq!(store.subscriptions("o/r").await.unwrap().as_deref(), Some(text));
    }
}

async fn claims_jobs_by_kind(url: String) {
    let store = open(&url).await;
    let letter = NewJob { kind: "letter", ..job("j2", "b") };
    store.enqueue(vec![job("j1", "a"), letter], 1).await.unwrap();
    let claimed = async |only, except| {
        let claim = store.claim_of(Kinds { only, except }, "w", 10, 20).await.unwrap();
        claim.map(|claim| claim.lease.job().to_owned())
    };
    assert_eq!(claimed("nothing", "").await, None);
    assert_eq!(claimed("letter", "").await.as_deref(), Some("j2"));
    assert_eq!(claimed("", "promote").await, None);
    assert_eq!(claimed("", "letter").await.as_deref(), Some("j1"));
}

async fn forgets_what_is_old(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let lease = claim(&store, 10).await.unwrap().lease;
    store.take_deliveries(&[delivery("old", vec![])]).await.unwrap();
    let young = Delivery { received_at: 100, ..delivery("young", vec![]) };
    store.take_deliveries(&[young]).await.unwrap();
    let closed = |id, at| PromotionRecord { state: PromotionState::Closed, ..record(id, at) };
    store.record_promotion(&lease, &closed("p1", 1), 1).await.unwrap();
    store.record_promotion(&lease, &closed("p2", 2), 2).await.unwrap();
    assert_eq!(store.forget(50, 50).await.unwrap(), 2);
    assert!(!store.knows_delivery("old").await.unwrap());
    assert!(store.knows_delivery("young").await.unwrap());
    let newest = store.newest_promotion("o/r", pair("", "dev", "prod")).await.unwrap().unwrap();
    assert_eq!(newest.id, "p2", "the newest of a pair stays");
}

async fn migrates_filled_tables(url: String) {
    const OLD_JOB: &str = "INSERT INTO jobs (id, kind, key, lane, payload, state, created_at, run_at) \
         VALUES ('1', 'promote', 'k', 'k', 'p', 'queued', 1, 1)";
    const OLD_REPOSITORY: &str =
        "INSERT INTO repositories (name, looked_at, seen_at) VALUES ('o/r', 'abc', 1)";
    const OLD_PROMOTION: &str = "INSERT INTO promotions (id, repository, source, target, branch, \
         plan_id, base_digest, rendered_digest, base_commit, head_commit, tree, pull_request, state, \
         created_at, updated_at) \
         VALUES ('p', 'o/r', 'a', 'b', 'br', 'x', 'y', '', 'c', 'd', 't', 7, 'open', 1, 1)";
    const OLD_SURVEY: &str =
        "INSERT INTO surveys (repository, source, target, surveyed_at) VALUES ('o/r', 'a', 'b', 1)";
    let old = Database::connect(&url).await.unwrap();
    migration::run(&old, Some(1)).await.unwrap();
    old.execute(OLD_JOB, &[]).await.unwrap();
    old.execute(OLD_REPOSITORY, &[]).await.unwrap();
    old.execute(OLD_PROMOTION, &[]).await.unwrap();
    migration::run(&old, Some(3)).await.unwrap();
    old.execute(OLD_SURVEY, &[]).await.unwrap();
    old.close().await;
    let store = open(&url).await;
    assert_eq!(claim(&store, 10).await.unwrap().payload, "p");
    let known = store.repository("o/r").await.unwrap().unwrap();
    assert_eq!((known.looked_at.as_deref(), known.looked_tree), (Some("abc"), None));
    let promotion = store.newest_promotion("o/r", pair("", "a", "b")).await.unwrap().unwrap();
    assert_eq!((promotion.pull_request, promotion.head_commit.as_str()), (Some(7), "d"));
    assert_eq!(promotion.application, "", "there were no applications");
    assert_eq!((promotion.intent.as_str(), promotion.undoes), ("promote", None));
    assert!(store.was_surveyed("o/r", pair("", "a", "b")).await.unwrap());
    store.close().await;
    // And once more, with nothing left to do.
    open(&url).await;
}

/// Eight workers in four processes' worth of stores, three lanes: no lane runs twice at a time.
async fn never_runs_two_jobs_of_a_lane(url: String) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
    const JOBS: usize = 60;
    let store = open(&url).await;
    let jobs = (0..JOBS)
        .map(|n| NewJob { lane: format!("{}", n % 3), ..job(&format!("{n:03}"), &format!("{n}")) });
    store.enqueue(jobs.collect(), 1).await.unwrap();
    let running: Arc<[AtomicI64; 3]> = Arc::default();
    let done = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for worker in 0..8 {
        let store = if worker % 2 == 0 { open(&url).await } else { store.clone() };
        let (running, done) = (running.clone(), done.clone());
        workers.push(tokio::spawn(async move {
            while done.load(Ordering::SeqCst) < JOBS {
                let Some(claim) = store.claim("w", 10, 1_000_000).await.unwrap() else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let lane = claim.key.parse::<usize>().unwrap() % 3;
                assert_eq!(running[lane].fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                running[lane].fetch_sub(1, Ordering::SeqCst);
                store.finish(&claim.lease, vec![], 11).await.unwrap();
                done.fetch_add(1, Ordering::SeqCst);
            }
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(store.job_counts().await.unwrap(), JobCounts::default());
}
