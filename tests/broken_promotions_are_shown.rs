//! A promotion that cannot be planned shows on the commit with file and line, and to whoever asked.

use std::sync::atomic::Ordering;

use overlift::rooms::store::{Kinds, NewJob};

use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

#[tokio::test]
async fn broken_yaml_fails_the_commit_and_the_next_good_one_is_promoted() {
    let scene = Scene::new().await;
    let broken = scene.push(&[(RATE_PATH, "kind: ConfigMap\n  metadata: [\n")]).await;
    scene.drain().await;
    {
        let world = scene.github.world();
        let statuses = &world.repo(REPO).statuses;
        assert_eq!(statuses.len(), 1, "{}", scene.github.writes());
        assert_eq!(
            (statuses[0].sha.as_str(), statuses[0].state.as_str()),
            (broken.as_str(), "failure")
        );
        assert_eq!(statuses[0].context, "overlift/dev-to-staging");
        assert!(statuses[0].description.contains("rate.yaml:"), "{}", statuses[0].description);
    }
    assert!(scene.open().is_empty());
    scene.push(&[(RATE_PATH, &crate::support::scene::rate("6"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    assert_eq!(scene.store.job_counts().await.unwrap().parked, 0);
}

#[tokio::test]
async fn a_broken_configuration_fails_the_commit_that_broke_it_once() {
    let scene = Scene::new().await;
    let path = ".github/overlift.yaml";
    let broken = scene.push(&[(path, "version: 1\nenvironment: []\n")]).await;
    scene.drain().await;
    scene.push(&[("README.md", "x")]).await;
    scene.drain().await;
    let world = scene.github.world();
    let statuses = &world.repo(REPO).statuses;
    assert_eq!(statuses.len(), 1, "{}", scene.github.writes());
    assert_eq!(statuses[0].sha, broken);
    assert!(statuses[0].description.contains("overlift.yaml:2:1"), "{}", statuses[0].description);
}

#[tokio::test]
async fn whoever_asked_hears_of_it() {
    let scene = Scene::new().await;
    scene.github.add_person(REPO, "mona", "write");
    scene.push(&[(RATE_PATH, "kind: ConfigMap\n  metadata: [\n")]).await;
    scene.drain().await;
    scene.github.world().repo_mut(REPO).issues.insert(900);
    scene.comment(900, "mona", "/promote dev staging").await;
    scene.drain().await;
    let said = scene.said(900);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("cannot be planned") && said[0].contains("rate.yaml:"), "{}", said[0]);
}

#[tokio::test]
async fn a_branch_that_is_the_default_one_is_never_pushed_to() {
    let scene = Scene::new().await;
    let configuration = "version: 1\nenvironments:\n- name: dev\n  path: overlays/dev\n- name: \
                         staging\n  path: overlays/staging\n  trigger: push\npullRequest: {branch: main}\n";
    let changed = [(".github/overlift.yaml", configuration), (RATE_PATH, &rate("6"))];
    let head = scene.push(&changed).await;
    scene.drain().await;
    let world = scene.github.world();
    let repo = world.repo(REPO);
    let said = &repo.statuses.last().expect("a failed status").description;
    assert!(said.contains("the default branch"), "{said}");
    assert_eq!(repo.branches["main"], head);
    assert!(repo.pulls.is_empty());
}

/// Whoever claims a job and dies with it lets its lease lapse. The third time it is not run again.
async fn dies_three_times(scene: &Scene, kind: &'static str) {
    for _ in 0..3 {
        let now = scene.now.fetch_add(20_001, Ordering::SeqCst) + 20_001;
        let only = Kinds { only: kind, ..Kinds::default() };
        let claim = scene.store.claim_of(only, "doomed", now, now + 20_000).await.unwrap();
        assert_eq!(claim.unwrap().kind, kind);
    }
    scene.now.fetch_add(20_001, Ordering::SeqCst);
    scene.drain().await;
    assert_eq!(scene.store.job_counts().await.unwrap().parked, 1);
}

#[tokio::test]
async fn a_look_that_brings_its_worker_down_three_times_is_parked_with_its_reason_on_the_commit() {
    let scene = Scene::new().await;
    let pushed = scene.push(&[(RATE_PATH, &rate("7"))]).await;
    dies_three_times(&scene, "look").await;
    let statuses = scene.github.world().repo(REPO).statuses.clone();
    assert_eq!(statuses.len(), 1);
    assert_eq!((&*statuses[0].sha, &*statuses[0].state), (&*pushed, "failure"));
    assert_eq!(statuses[0].context, "overlift");
    assert!(statuses[0].description.contains("died 3 times"), "{}", statuses[0].description);
}

#[tokio::test]
async fn a_promotion_that_brings_its_worker_down_three_times_is_shown_as_any_other() {
    let scene = Scene::new().await;
    let pushed = scene.push(&[(RATE_PATH, &rate("7"))]).await;
    let now = scene.now.load(Ordering::SeqCst);
    let look = scene.store.claim("looks", now, now + 20_000).await.unwrap().unwrap();
    let head =
        look.payload.split("\"tree\":\"").nth(1).and_then(|it| it.split('"').next()).unwrap();
    let promote = format!(
        "{{\"job\":\"promote\",\"place\":{{\"repository\":\"{REPO}\",\"installation\":null,\"default_branch\":\"main\"}},\"source\":\"dev\",\"target\":\"staging\",\"head\":{{\"commit\":\"{pushed}\",\"tree\":\"{head}\"}}}}"
    );
    let job = NewJob {
        id: "promote-by-hand".to_owned(),
        kind: "promote",
        repository: Some(REPO.to_owned()),
        key: "promote by hand".to_owned(),
        lane: "promote by hand".to_owned(),
        payload: promote,
        run_at: now,
        delivery: None,
    };
    scene.store.finish(&look.lease, vec![job], now).await.unwrap();
    dies_three_times(&scene, "promote").await;
    let statuses = scene.github.world().repo(REPO).statuses.clone();
    assert_eq!(statuses.len(), 1);
    assert_eq!((&*statuses[0].sha, &*statuses[0].context), (&*pushed, "overlift/dev-to-staging"));
    assert!(statuses[0].description.contains("died 3 times"), "{}", statuses[0].description);
}
