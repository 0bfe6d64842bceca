//! "GitHub could not reach us for a while. What was pushed meanwhile is promoted all the same."

use std::sync::atomic::Ordering;

use crate::support::github::{endpoint, payloads};
use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

/// The time after which heads are looked at that nobody pushed to.
const MINUTES_MS: i64 = 3 * 60_000;

async fn recover(scene: &Scene) {
    scene.now.fetch_add(MINUTES_MS, Ordering::SeqCst);
    scene.app.queue_recovery().await.unwrap();
    scene.drain().await;
}

fn workflow_dispatch(scene: &Scene) -> serde_json::Value {
    payloads::workflow_dispatch(&scene.github.world(), REPO, "staging", "prod")
}

#[tokio::test]
async fn a_delivery_that_failed_is_taken_in_once() {
    let scene = Scene::as_app_on_enterprise_server().await;
    scene.github.add_delivery("lost-1", "workflow_dispatch", 502, workflow_dispatch(&scene));
    recover(&scene).await;
    let open = scene.open();
    assert_eq!(open.len(), 1, "{}", scene.github.writes());

    scene.github.world().repo_mut(REPO).pulls.get_mut(&open[0]).unwrap().open = false;
    let writes = scene.github.writes();
    recover(&scene).await;
    scene.app.queue_recovery().await.unwrap();
    scene.drain().await;
    assert_eq!(scene.github.writes(), writes, "it is not taken in again");
}

#[tokio::test]
async fn what_arrived_or_makes_no_sense_is_not_read_again_and_again() {
    let scene = Scene::as_app_on_enterprise_server().await;
    scene.github.add_delivery("fine", "workflow_dispatch", 202, workflow_dispatch(&scene));
    scene.github.add_delivery("odd", "push", 400, serde_json::json!({ "ref": 5 }));
    scene.github.forget_requests();
    recover(&scene).await;
    let reads = |scene: &Scene| {
        let requested = scene.github.requested();
        requested.iter().filter(|it| **it == endpoint::GET_DELIVERY).count()
    };
    assert_eq!(reads(&scene), 1);
    recover(&scene).await;
    assert_eq!(reads(&scene), 1);
    assert!(scene.open().is_empty());
}

#[tokio::test]
async fn a_push_of_which_nobody_hears_is_noticed() {
    let scene = Scene::new().await;
    scene.github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("6"))]);
    recover(&scene).await;
    assert_eq!(scene.open().len(), 1);
    // Nothing new, nothing to do; and a repository with traffic is not looked at.
    scene.github.forget_requests();
    recover(&scene).await;
    assert_eq!(scene.github.requested(), [endpoint::GET_BRANCH]);
    scene.github.forget_requests();
    scene.app.queue_recovery().await.unwrap();
    scene.drain().await;
    assert_eq!(scene.github.request_count(), 0);
}

#[tokio::test]
async fn after_the_loss_of_the_database_the_installation_tells_the_repositories() {
    let mut scene = Scene::as_app_on_enterprise_server().await;
    scene.lose_the_database().await;
    recover(&scene).await;
    assert!(scene.open().is_empty(), "what is there is where we begin");
    scene.github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("6"))]);
    recover(&scene).await;
    assert_eq!(scene.open().len(), 1);
}
