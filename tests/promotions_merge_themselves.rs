//! `merge: auto` and `trigger: healthy`: what happens without a hand.

use std::sync::atomic::Ordering;

use crate::support::github::{endpoint, payloads};
use crate::support::scene::{REPO, Scene, rate};

const CHAIN: &str = "environments:
- name: dev
  path: overlays/dev
  health: {statuses: [argocd/dev], soak: 10m}
- name: staging
  path: overlays/staging
  trigger: healthy
  health: {statuses: [argocd/staging]}
- name: prod
  path: overlays/prod
  trigger: healthy
  health: {statuses: [argocd/prod], soak: 30m}
pullRequest:
  merge: auto
  mergeMethod: squash
  checklist: [{text: Healthy, when: healthy}]
";

async fn scene(configuration: &str) -> Scene {
    Scene::with_rates(configuration).await
}

fn merges(scene: &Scene) -> Vec<u64> {
    scene.github.world().repo(REPO).merges.iter().map(|(number, ..)| *number).collect()
}

fn rate_of(scene: &Scene, environment: &str) -> String {
    let file = scene.file("main", &format!("overlays/{environment}/patches/rate.yaml")).unwrap();
    file.split('"').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_change_walks_from_development_to_production_without_a_hand() {
    let scene = scene(CHAIN).await;
    let dev = scene.push(&[("overlays/dev/patches/rate.yaml", &rate("6"))]).await;
    scene.later(60).await;
    assert!(scene.open().is_empty(), "dev has not said that it is healthy");
    scene.status(&dev, "argocd/dev", "success").await;
    scene.later(9).await;
    assert!(scene.open().is_empty(), "it has not soaked");
    scene.later(1).await;
    assert_eq!(rate_of(&scene, "staging"), "6");
    assert_eq!(merges(&scene).len(), 1);
    scene.later(60).await;
    assert_eq!(rate_of(&scene, "prod"), "5", "staging has not said that it is healthy");
    scene.status(&scene.head("main"), "argocd/staging", "success").await;
    scene.work().await;
    assert_eq!(rate_of(&scene, "prod"), "6");
    assert_eq!(merges(&scene).len(), 2);
    let (_, method, title, message) = scene.github.world().repo(REPO).merges[1].clone();
    assert_eq!((method.as_str(), title.as_str()), ("squash", "Promote staging -> prod (#2)"));
    assert!(message.contains("\nOverlift-Source: staging@"), "{message}");
    // What came of it is told on the merged pull request, once production has soaked.
    scene.status(&scene.head("main"), "argocd/prod", "success").await;
    scene.later(29).await;
    assert!(scene.said(2).is_empty());
    scene.later(1).await;
    assert!(scene.said(2)[0].starts_with("**prod is healthy**, for 30 min now."));
    scene.status(&scene.head("main"), "argocd/prod", "failure").await;
    scene.work().await;
    let said = scene.said(2);
    assert_eq!(said.len(), 1, "one comment, edited");
    assert!(said[0].starts_with("**prod is degraded.**"), "{said:?}");
    assert!(said[0].contains("see [there](https://ci.example.com/1)"), "{said:?}");
    // And nothing walks a second time.
    let before = scene.github.writes();
    scene.status(&dev, "argocd/dev", "success").await;
    scene.push(&[("README.md", "more")]).await;
    scene.later(120).await;
    assert_eq!(scene.github.writes(), before);
}

/// From staging to production by push and by itself, held by staging's health.
const AUTO: &str = "environments:
- name: staging
  path: overlays/staging
  health: {statuses: [argocd]}
- {name: prod, path: overlays/prod, trigger: push}
pullRequest: {merge: auto, checklist: []}
";

async fn change(scene: &Scene, value: &str) -> String {
    let commit = scene.push(&[("overlays/staging/patches/rate.yaml", &rate(value))]).await;
    scene.work().await;
    commit
}

#[tokio::test]
async fn a_draft_and_requested_changes_are_respected() {
    let scene = scene(AUTO).await;
    let commit = change(&scene, "6").await;
    let set = |draft| {
        scene.github.world().repo_mut(REPO).pulls.get_mut(&1).unwrap().draft = draft;
    };
    set(true);
    scene.status(&commit, "argocd", "success").await;
    scene.work().await;
    assert!(merges(&scene).is_empty());
    set(false);
    let review = |state: &str| {
        let review = ("boss".to_owned(), state.to_owned());
        scene.github.world().repo_mut(REPO).pulls.get_mut(&1).unwrap().reviews.push(review);
    };
    review("CHANGES_REQUESTED");
    review("COMMENTED");
    scene.changed(1, "ready_for_review", "boss").await;
    scene.work().await;
    assert!(merges(&scene).is_empty());
    review("APPROVED");
    let payload = payloads::pull_request_review(&scene.github.world(), REPO, 1, "boss");
    assert_eq!(scene.deliver("pull_request_review", &payload).await, 202);
    scene.work().await;
    assert_eq!(merges(&scene), [1]);
}

#[tokio::test]
async fn what_githubs_rules_forbid_is_told_and_merged_once_they_allow_it() {
    let scene = scene(AUTO).await;
    let commit = change(&scene, "6").await;
    let rule = "At least 1 approving review is required by reviewers with write access.";
    scene.github.world().repo_mut(REPO).merges_refused = Some(rule.to_owned());
    scene.status(&commit, "argocd", "success").await;
    scene.work().await;
    assert!(merges(&scene).is_empty());
    scene.github.world().repo_mut(REPO).merges_refused = None;
    scene.later(10).await;
    assert_eq!(merges(&scene), [1]);
}

#[tokio::test]
async fn a_head_or_a_base_that_moved_meanwhile_is_not_merged() {
    let scene = scene(AUTO).await;
    let commit = change(&scene, "6").await;
    // Somebody pushed to the branch, and GitHub has not told us yet.
    scene.github.commit(REPO, "promote/staging-to-prod", "mona", &[("overlays/prod/x", "1")]);
    scene.status(&commit, "argocd", "success").await;
    scene.work().await;
    assert!(merges(&scene).is_empty());
    scene.changed(1, "synchronize", "mona").await;
    scene.later(30).await;
    assert!(merges(&scene).is_empty());

    // The target moved, and nobody told us: it is planned again before anything is merged.
    let other = self::scene(AUTO).await;
    let commit = change(&other, "6").await;
    other.github.commit(
        REPO,
        "main",
        "mona",
        &[("overlays/staging/patches/rate.yaml", &rate("7"))],
    );
    other.status(&commit, "argocd", "success").await;
    other.later(1).await;
    assert!(merges(&other).is_empty(), "staging at its newest commit is not healthy");
    other.status(&other.head("main"), "argocd", "success").await;
    other.later(1).await;
    assert_eq!(merges(&other), [1]);
    assert_eq!(rate_of(&other, "prod"), "7");
}

#[tokio::test]
async fn a_release_stands_in_the_commit_message() {
    let scene = scene(AUTO).await;
    change(&scene, "6").await;
    scene.comment(1, "boss", "/release the fix @mona").await;
    scene.work().await;
    assert_eq!(merges(&scene), [1]);
    let (.., message) = scene.github.world().repo(REPO).merges[0].clone();
    assert!(message.contains("Released by boss: the fix @\u{200b}mona"), "{message}");
}

#[tokio::test]
async fn twenty_kills_and_lost_answers_merge_once() {
    for kill in 1..=20 {
        let mut scene = scene(AUTO).await;
        let commit = change(&scene, "6").await;
        scene.status(&commit, "argocd", "success").await;
        match kill % 3 {
            0 => scene.github.next(endpoint::MERGE_PULL).loses_its_reply(),
            1 => scene.github.next(endpoint::ANY).times((kill / 2).max(1)).fails_with(502),
            _ => scene.kill_after(kill * 40).await,
        }
        scene.drain().await;
        assert_eq!(merges(&scene), [1], "kill {kill}: {}", scene.github.writes());
        assert_eq!(rate_of(&scene, "prod"), "6");
        assert!(scene.github.world().violations.is_empty());
    }
}

#[tokio::test]
async fn two_replicas_merge_once() {
    let scene = scene(AUTO).await;
    let commit = change(&scene, "6").await;
    let replica = scene.replica().await;
    scene.status(&commit, "argocd", "success").await;
    for _ in 0..5 {
        let (first, second) = tokio::join!(scene.app.drain(), replica.app.drain());
        first.unwrap();
        second.unwrap();
        scene.now.fetch_add(30_000, Ordering::SeqCst);
    }
    assert_eq!(merges(&scene), [1]);
}

#[tokio::test]
async fn a_merge_makes_a_deployment_whose_status_follows_the_evidence() {
    let configuration = AUTO
        .replace("trigger: push}", "trigger: push, health: {statuses: [argocd/prod]}}")
        + "deployments: true\n";
    let scene = scene(&configuration).await;
    let commit = change(&scene, "6").await;
    scene.status(&commit, "argocd", "success").await;
    scene.work().await;
    let says = || -> Vec<String> {
        let world = scene.github.world();
        let deployments = &world.repo(REPO).deployments;
        assert_eq!(deployments.len(), 1);
        assert_eq!(deployments[0].environment, "prod");
        assert_eq!(deployments[0].sha, world.repo(REPO).branches["main"]);
        deployments[0].statuses.iter().map(|(state, _)| state.clone()).collect()
    };
    assert_eq!(says(), ["in_progress"]);
    scene.status(&scene.head("main"), "argocd/prod", "success").await;
    scene.work().await;
    assert_eq!(says(), ["in_progress", "success"]);
    scene.status(&scene.head("main"), "argocd/prod", "error").await;
    scene.work().await;
    assert_eq!(says(), ["in_progress", "success", "failure"]);
}

/// The chain of three, with a death or a lost answer at a time on the way.
#[tokio::test]
async fn twenty_kills_do_not_stop_a_chain_nor_double_it() {
    for kill in 1..=20 {
        let mut scene = scene(CHAIN).await;
        let dev = scene.push(&[("overlays/dev/patches/rate.yaml", &rate("6"))]).await;
        scene.set_status(&dev, "argocd/dev", "success").await;
        for environment in ["staging", "prod"] {
            match (kill + environment.len()) % 3 {
                0 => scene.github.next(endpoint::CREATE_PULL).loses_its_reply(),
                1 => scene.github.next(endpoint::ANY).times((kill / 2).max(1)).fails_with(502),
                _ => scene.kill_after(kill * 40).await,
            }
            scene.drain().await;
            assert_eq!(rate_of(&scene, environment), "6", "kill {kill}: {}", scene.github.writes());
            let name = format!("argocd/{environment}");
            scene.set_status(&scene.head("main"), &name, "success").await;
        }
        scene.drain().await;
        let writes = scene.github.writes();
        assert_eq!(merges(&scene), [1, 2], "kill {kill}: {writes}");
        assert_eq!(scene.github.world().repo(REPO).pulls.len(), 2, "kill {kill}: {writes}");
        assert!(scene.github.world().violations.is_empty());
    }
}

#[tokio::test]
async fn two_replicas_walk_a_chain_once() {
    let scene = scene(CHAIN).await;
    let replica = scene.replica().await;
    let dev = scene.push(&[("overlays/dev/patches/rate.yaml", &rate("6"))]).await;
    scene.set_status(&dev, "argocd/dev", "success").await;
    for environment in ["staging", "prod"] {
        for _ in 0..30 {
            let (first, second) = tokio::join!(scene.app.drain(), replica.app.drain());
            first.unwrap();
            second.unwrap();
            scene.now.fetch_add(30_000, Ordering::SeqCst);
        }
        assert_eq!(rate_of(&scene, environment), "6", "{}", scene.github.writes());
        let name = format!("argocd/{environment}");
        scene.set_status(&scene.head("main"), &name, "success").await;
    }
    assert_eq!(merges(&scene), [1, 2]);
    assert_eq!(scene.github.world().repo(REPO).pulls.len(), 2);
}

/// The store is lost while a promotion that merges itself waits for its source: it is taken on and merged.
#[tokio::test]
async fn an_open_promotion_goes_on_after_the_loss_of_the_store() {
    let mut scene = scene(AUTO).await;
    let commit = change(&scene, "6").await;
    scene.lose_the_database().await;
    scene.status(&"a".repeat(40), "ci/of-another-commit", "success").await;
    scene.work().await;
    assert!(merges(&scene).is_empty());
    scene.set_status(&commit, "argocd", "success").await;
    scene.work().await;
    assert_eq!(merges(&scene), [1], "{}", scene.github.writes());
    assert_eq!(scene.github.world().repo(REPO).pulls.len(), 1);
}
