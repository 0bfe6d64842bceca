//! Two processes on one PostgreSQL keep the promises of one.

use std::sync::atomic::Ordering;

use crate::support::postgres::Cluster;
use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

const BRANCH: &str = "promote/dev-to-staging";

#[tokio::test]
async fn many_triggers_are_one_pull_request_and_a_killed_process_is_replaced() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::on_database(cluster.database("replicas")).await;
    let other = scene.replica().await;
    let mut last = String::new();
    for number in 0..12 {
        last = format!("1{number}");
        scene.push(&[(RATE_PATH, &rate(&last))]).await;
        // Both work while triggers come.
        let (first, second) = tokio::join!(scene.app.drain(), other.app.drain());
        first.unwrap();
        second.unwrap();
    }
    scene.drain().await;
    let staged = "overlays/staging/patches/rate.yaml";
    assert_eq!(scene.file(BRANCH, staged), Some(rate(&last)));
    assert_eq!(scene.github.world().repo(REPO).pulls.len(), 1, "{}", scene.github.writes());

    // One dies with a job in its hands; the other has it once the lease lapsed.
    let before = scene.github.world().history.len();
    scene.push(&[(RATE_PATH, &rate("99"))]).await;
    let github = scene.github.clone();
    let happened = async {
        while github.world().history.len() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = happened => {}
        _ = other.app.drain() => {}
    }
    drop(other);
    scene.now.fetch_add(25_000, Ordering::SeqCst);
    scene.drain().await;
    assert_eq!(scene.file(BRANCH, staged), Some(rate("99")));
    assert_eq!(scene.open().len(), 1, "{}", scene.github.writes());
}
