//! What the store promises, on both databases.
//!
//! One list of checks, each on an empty database. PostgreSQL needs a cluster, which costs a second,
//! so all checks share one.

#![allow(clippy::print_stderr, reason = "the name of the check that fails")]

mod deliveries;
mod environments;
mod jobs;
mod notices;
mod promotions;

use std::future::Future;
use std::pin::Pin;

use super::database::Database;
use super::*;
use deliveries::*;
use environments::*;
use jobs::*;
use notices::*;
use promotions::*;

#[path = "../../tests/support/postgres.rs"]
mod postgres;

type Check = fn(String) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        [$((stringify!($name), (|url| Box::pin($name(url))) as Check)),*]
    };
}

const CHECKS: [(&str, Check); 24] = checks![
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
    lists_for_pages,
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

async fn claim(store: &Store, now: Millis) -> Option<Claim> {
    store.claim("worker", now, now + 100).await.unwrap()
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
         VALUES ('p', 'o/r', 'a', 'b', 'br', 'x', 'y', '', 'c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0', \
         'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 't', 7, 'open', 1, 1)";
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
    let number = promotion.pull_request.map(crate::model::PullRequestNumber::get);
    assert_eq!((number, promotion.head_commit.as_str()), (Some(7), "d1".repeat(20).as_str()));
    assert_eq!(promotion.application, "", "there were no applications");
    assert_eq!((promotion.intent.as_str(), promotion.undoes), ("promote", None));
    assert!(store.was_surveyed("o/r", pair("", "a", "b")).await.unwrap());
    store.close().await;
    // And once more, with nothing left to do.
    open(&url).await;
}
