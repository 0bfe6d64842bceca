//! Jobs: waiting, claimed, tried again, parked, one of a lane at a time.

use super::*;
use crate::store::job::JobCounts;
use crate::store::park::JobState;

pub(super) async fn merges_jobs_with_one_key(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k"), job("2", "k")], 1).await.unwrap();
    store.enqueue(vec![job("3", "k"), job("4", "other")], 2).await.unwrap();
    let claimed = claim(&store, 10).await.unwrap();
    assert_eq!((claimed.payload.as_str(), claimed.attempt), ("1+2+3", 1));
    // What runs is not changed any more.
    store.enqueue(vec![job("5", "k")], 3).await.unwrap();
    assert_eq!(store.job_counts().await.unwrap().queued, 2);
}

pub(super) async fn runs_one_job_of_a_lane(url: String) {
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

pub(super) async fn claims_by_due_time(url: String) {
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

pub(super) async fn refuses_writes_after_the_lease_was_lost(url: String) {
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

pub(super) async fn counts_attempts_and_failures(url: String) {
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

pub(super) async fn counts_how_often_a_worker_died(url: String) {
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

pub(super) async fn leaves_places_for_other_repositories(url: String) {
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

pub(super) async fn merges_a_retried_job_with_a_newer_one(url: String) {
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

pub(super) async fn keeps_the_retry_time_when_a_trigger_comes(url: String) {
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

pub(super) async fn parks_retries_and_drops(url: String) {
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

pub(super) async fn finishing_queues_what_follows(url: String) {
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

pub(super) async fn claims_jobs_by_kind(url: String) {
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

/// Eight workers in four processes' worth of stores, three lanes: no lane runs twice at a time.
pub(super) async fn never_runs_two_jobs_of_a_lane(url: String) {
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
