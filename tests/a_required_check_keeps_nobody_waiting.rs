//! `Overlift / <target>` is required: what it has nothing to say of can be merged, what is held cannot, whoever merges.

use std::time::Duration;

use serde_json::Value;

use crate::support::github::{endpoint, payloads};
use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

const PROD: &str = "Overlift / prod";
const STAGING: &str = "Overlift / staging";

/// A repository that requires these checks by its older protection.
async fn scene(required: &[&str]) -> Scene {
    let scene = Scene::new().await;
    // Only a check that was shown once can be required.
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.work().await;
    assert_eq!(scene.open(), [1]);
    let required = required.iter().map(|name| (*name).to_owned()).collect();
    scene.github.world().repo_mut(REPO).protection_checks = required;
    scene.github.forget_requests();
    scene
}

async fn event(scene: &Scene, number: u64, action: &str) {
    scene.changed(number, action, "ann").await;
    scene.work().await;
}

/// The last words of a commit status on any commit.
fn said_of(scene: &Scene, sha: &str, name: &str) -> Option<(String, String)> {
    let world = scene.github.world();
    let statuses = &world.repo(REPO).statuses;
    let found = statuses.iter().rev().find(|it| it.sha == sha && it.context == name)?;
    Some((found.state.clone(), found.description.clone()))
}

fn silent(target: &str) -> Option<(String, String)> {
    Some(("success".to_owned(), format!("No promotion into {target}")))
}

#[tokio::test]
async fn other_pull_requests_are_not_kept_waiting() {
    let scene = scene(&["build", PROD]).await;
    scene.propose("topic", 40, true, &[("README.md", Some(b"words"))]);
    event(&scene, 40, "opened").await;
    assert_eq!(scene.check(40, PROD), silent("prod"));
    assert_eq!((scene.check(40, STAGING), scene.check(40, "build")), (None, None), "nobody asks");
    // A fork's, and each new commit.
    scene.propose("fork", 41, false, &[("README.md", Some(b"words"))]);
    event(&scene, 41, "opened").await;
    assert_eq!(scene.check(41, PROD), silent("prod"));
    scene.propose("topic", 40, true, &[("README.md", Some(b"more"))]);
    assert_eq!(scene.check(40, PROD), None);
    scene.github.forget_requests();
    event(&scene, 40, "synchronize").await;
    assert_eq!(scene.check(40, PROD), silent("prod"));
    let asked = scene.github.requested();
    assert!(!asked.contains(&endpoint::GET_RULES), "the rules are known: {asked:?}");
    // Text and ticks are no reason to say it again.
    let before = scene.github.writes();
    event(&scene, 40, "edited").await;
    assert_eq!(scene.github.writes(), before);
}

#[tokio::test]
async fn nothing_is_written_where_no_rule_asks_for_it() {
    let scene = scene(&["build", "Overlift preview of mine"]).await;
    let before = scene.github.writes();
    scene.propose("topic", 40, true, &[("README.md", Some(b"words"))]);
    event(&scene, 40, "opened").await;
    assert_eq!(scene.github.writes(), before);
    // And where nothing was ever promoted, nobody is asked for rules.
    let scene = Scene::new().await;
    scene.propose("topic", 40, true, &[("README.md", Some(b"words"))]);
    event(&scene, 40, "opened").await;
    assert_eq!(scene.github.requested(), [""; 0]);
}

#[tokio::test]
async fn a_promotion_says_what_holds_it_and_nothing_of_other_targets() {
    let scene = scene(&[PROD, STAGING, "Overlift preview"]).await;
    event(&scene, 1, "opened").await;
    assert_eq!(scene.check(1, PROD), silent("prod"));
    let (state, words) = scene.check(1, STAGING).unwrap();
    assert_eq!((state.as_str(), words.as_str()), ("failure", "Held: checklist"));
    let (state, _) = scene.check(1, "Overlift preview").unwrap();
    assert_eq!(state, "success", "its own text says more");
    // Another pull request with the same commit takes no check away from it.
    let head = scene.github.world().repo(REPO).pulls[&1].head_sha.clone();
    scene.propose("copy", 40, true, &[("README.md", Some(b"words"))]);
    scene.github.world().repo_mut(REPO).pulls.get_mut(&40).unwrap().head_sha = head;
    event(&scene, 40, "opened").await;
    assert_eq!(scene.check(40, STAGING).unwrap().0, "failure");
}

#[tokio::test]
async fn whoever_says_that_it_is_a_promotion_is_looked_at_first() {
    let scene = scene(&[PROD]).await;
    let body = scene.body(1);
    scene.propose("topic", 40, true, &[("README.md", Some(b"words"))]);
    scene.github.world().repo_mut(REPO).pulls.get_mut(&40).unwrap().body = body;
    event(&scene, 40, "opened").await;
    assert_eq!(scene.check(40, PROD), silent("prod"), "it is none");
}

#[tokio::test]
async fn pull_requests_that_were_open_when_it_became_required_are_told_too() {
    let scene = scene(&[]).await;
    scene.propose("topic", 40, true, &[("README.md", Some(b"words"))]);
    event(&scene, 40, "opened").await;
    assert_eq!(scene.check(40, PROD), None);
    scene.github.world().repo_mut(REPO).ruleset_checks = vec![PROD.to_owned()];
    // What was heard of the rules counts for ten minutes; a new process asks at once.
    let mut scene = scene;
    scene.restart().await;
    scene.propose("fork", 41, false, &[("README.md", Some(b"words"))]);
    event(&scene, 41, "opened").await;
    assert_eq!((scene.check(40, PROD), scene.check(41, PROD)), (silent("prod"), silent("prod")));
    let before = scene.github.writes();
    event(&scene, 41, "reopened").await;
    assert_eq!(scene.github.writes(), format!("{before}, status {PROD}: success"), "and once");
}

async fn group(scene: &Scene, number: u64, sha: &str) {
    let payload: Value = payloads::merge_group(&scene.github.world(), REPO, number, sha);
    assert_eq!(scene.deliver("merge_group", &payload).await, 202);
    scene.work().await;
}

#[tokio::test]
async fn a_queues_commit_says_what_holds_the_promotion_in_it() {
    let scene = scene(&[PROD, STAGING, "Overlift preview"]).await;
    scene.github.add_person(REPO, "boss", "write");
    let commit = |name: &str| {
        let branch = format!("gh-readonly-queue/main/{name}");
        scene.github.commit(REPO, &branch, "github-merge-queue[bot]", &[(name, "merged")])
    };
    let (first, second, third) = (commit("first"), commit("second"), commit("third"));
    group(&scene, 7, &first).await;
    assert_eq!(said_of(&scene, &first, PROD), silent("prod"));
    assert_eq!(said_of(&scene, &first, STAGING), silent("staging"), "it is not in there");
    assert_eq!(said_of(&scene, &first, "Overlift preview").unwrap().0, "success");
    group(&scene, 1, &second).await;
    assert_eq!(said_of(&scene, &second, PROD), silent("prod"));
    let (state, words) = said_of(&scene, &second, STAGING).unwrap();
    assert_eq!((state.as_str(), words.as_str()), ("failure", "Held: checklist"));
    // Nothing holds it: the queue may merge it, until something does.
    let body = scene.body(1);
    let items: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("- [ ] ")).collect();
    for item in &items {
        scene.tick(1, "boss", item, true).await;
    }
    scene.work().await;
    assert_eq!(scene.check(1, STAGING).unwrap().0, "success");
    group(&scene, 1, &third).await;
    assert_eq!(said_of(&scene, &third, STAGING).unwrap().0, "success");
    scene.tick(1, "boss", items[0], false).await;
    scene.work().await;
    assert_eq!(said_of(&scene, &third, STAGING).unwrap().0, "failure");
}

/// From staging to production by push and by itself, held by staging's health.
async fn merging_itself(queue_in_rules: bool) -> Scene {
    let configuration = "environments:
- name: staging
  path: overlays/staging
  health: {statuses: [argocd]}
- {name: prod, path: overlays/prod, trigger: push}
pullRequest: {merge: auto, checklist: []}
";
    let scene = Scene::with_rates(configuration).await;
    scene.github.speak_graphql(REPO);
    {
        let mut world = scene.github.world();
        world.repo_mut(REPO).merge_queue = Some(Vec::new());
        world.repo_mut(REPO).queue_in_rules = queue_in_rules;
    }
    scene
}

fn queue(scene: &Scene) -> Vec<u64> {
    scene.github.world().repo(REPO).merge_queue.clone().unwrap()
}

#[tokio::test]
async fn what_merges_itself_goes_through_the_queue_and_leaves_it_when_held() {
    for queue_in_rules in [true, false] {
        let scene = merging_itself(queue_in_rules).await;
        let push = scene.push(&[("overlays/staging/patches/rate.yaml", &rate("6"))]).await;
        scene.work().await;
        scene.status(&push, "argocd", "success").await;
        // The question is answered; the answer to the wish is lost.
        scene.github.next(endpoint::GRAPHQL).takes(Duration::ZERO);
        scene.github.next(endpoint::GRAPHQL).loses_its_reply();
        scene.later(1).await;
        assert_eq!(queue(&scene), [1]);
        let asked = scene.github.requested();
        assert_eq!(asked.contains(&endpoint::MERGE_PULL), !queue_in_rules, "nobody passes by it");
        let entered = || scene.github.writes().matches("enqueuePullRequest").count();
        scene.later(30).await;
        assert_eq!(entered(), 1);
        scene.status(&push, "argocd", "failure").await;
        scene.work().await;
        assert!(queue(&scene).is_empty(), "staging is degraded");
        scene.status(&push, "argocd", "success").await;
        scene.later(1).await;
        assert_eq!((queue(&scene), entered()), (vec![1], 2));
        // Somebody takes it out: it is not put in again and again.
        scene.github.world().repo_mut(REPO).merge_queue = Some(Vec::new());
        scene.later(60).await;
        assert_eq!((queue(&scene), entered()), (Vec::new(), 2));
        assert!(scene.github.world().repo(REPO).merges.is_empty());
    }
}
