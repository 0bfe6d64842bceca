//! How many requests a promotion costs.

use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

#[tokio::test]
async fn a_warm_promotion_takes_eight_requests_and_one_that_changes_nothing_three() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let first = scene.open()[0];
    let before = scene.head("main");
    scene.github.world().merge(REPO, first, "mona").unwrap();
    let closed = {
        let world = scene.github.world();
        crate::support::github::payloads::pull_request_closed(&world, REPO, first, "mona")
    };
    scene.deliver("pull_request", &closed).await;
    scene.push_event(Some(&before)).await;
    scene.drain().await;
    scene.github.forget_requests();
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    assert!(scene.github.request_count() <= 8, "{:?}", scene.github.requested());

    scene.github.forget_requests();
    scene.push(&[("overlays/dev/notes.txt", "of no consequence")]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 3, "{:?}", scene.github.requested());

    scene.github.forget_requests();
    scene.push(&[("README.md", "of no consequence")]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 3, "{:?}", scene.github.requested());
}

#[tokio::test]
async fn the_first_promotion_of_a_pair_takes_eight_requests_too() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 8, "{:?}", scene.github.requested());
}
