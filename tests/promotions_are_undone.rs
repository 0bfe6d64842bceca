//! Taking a merged promotion back: by hand and by itself, once, and it does not come back.

use std::sync::atomic::Ordering;

use crate::support::github::endpoint;
use crate::support::scene::{FILES, OF_NO_CONSEQUENCE, REPO, Scene, merge, promoted, rate};

const BY_FILES: &str = "promotion: {by: files}\n";

fn configuration(health: &str, more: &str) -> String {
    format!(
        "environments:\n- {{name: staging, path: overlays/staging}}\n- name: prod\n  \
         path: overlays/prod\n  trigger: push\n{health}pullRequest: {{checklist: []}}\n{more}"
    )
}

const OWN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: own\ndata:\n  a: \"1\"\n";

async fn scene(configuration: &str) -> Scene {
    let mut files = FILES.to_vec();
    files[0].1 = configuration;
    files.push(("overlays/prod/patches/rate.yaml", crate::support::scene::RATE_5));
    files.push(("overlays/prod/own.yaml", OWN));
    let prod = files.iter_mut().find(|(path, _)| *path == "overlays/prod/kustomization.yaml");
    prod.unwrap().1 = "resources: [../../base, own.yaml]\npatches:\n- path: patches/rate.yaml\n";
    let scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "write");
    scene.push_event(None).await;
    scene.work().await;
    scene
}

fn prod(scene: &Scene, branch: &str) -> String {
    scene.file(branch, "overlays/prod/patches/rate.yaml").unwrap()
}

#[tokio::test]
async fn undo_opens_a_pull_request_that_takes_back_that_promotion_alone() {
    for more in ["", BY_FILES] {
        let scene = scene(&configuration("", more)).await;
        let number = promoted(&scene, "6").await;
        // Somebody works on: beside it, and in the same file.
        let later = rate("6").replace("data:", "data:\n  burst: \"7\"");
        scene
            .push(&[
                ("overlays/prod/own.yaml", &OWN.replace('1', "2")),
                ("overlays/prod/patches/rate.yaml", &later),
            ])
            .await;
        scene.work().await;
        let comment = scene.comment(number, "mona", "/undo").await;
        scene.work().await;
        assert!(scene.reactions(comment).contains(&"rocket".to_owned()));
        let undoing = *scene.open().last().unwrap();
        let (title, head, message, body) = {
            let world = scene.github.world();
            let repo = world.repo(REPO);
            let pull = &repo.pulls[&undoing];
            let message = repo.objects.commit(&pull.head_sha).unwrap().message;
            (pull.title.clone(), pull.head.clone(), message, pull.body.clone())
        };
        assert_eq!((title.as_str(), head.as_str()), ("Undo: Promote staging -> prod", "undo/prod"));
        assert!(message.contains("\nOverlift-Undoes: "), "{message}");
        assert!(body.contains(&format!("Takes back the promotion of #{number}")), "{body}");
        assert_eq!(prod(&scene, "undo/prod"), later.replace("\"6\"", "\"5\""));
        let own = scene.file("undo/prod", "overlays/prod/own.yaml").unwrap();
        assert_eq!(own, OWN.replace('1', "2"), "what others did stays");
        assert!(scene.said(number).last().unwrap().contains("takes this promotion back"));

        // Asked again: the same one.
        scene.comment(number, "mona", "/undo").await;
        scene.work().await;
        assert_eq!(scene.open().iter().filter(|it| **it >= undoing).count(), 1);

        // Merged, and nothing comes back by itself, until the source changes it.
        merge(&scene, undoing).await;
        scene.push(&[("README.md", "more")]).await;
        scene.later(10).await;
        assert!(scene.open().is_empty(), "{more}: {:?}", scene.github.writes());
        scene.push(&[("overlays/staging/patches/rate.yaml", &rate("8"))]).await;
        scene.work().await;
        assert_eq!(scene.open().len(), 1, "{more}");
    }
}

#[tokio::test]
async fn what_was_undone_comes_back_if_somebody_asks_and_is_held() {
    let scene = scene(&configuration("", BY_FILES)).await;
    let number = promoted(&scene, "6").await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    let undoing = scene.open()[0];
    merge(&scene, undoing).await;
    assert!(prod(&scene, "main").contains("\"5\""));
    let issue = 900;
    scene.github.world().repo_mut(REPO).issues.insert(issue);
    scene.comment(issue, "mona", "/promote staging prod").await;
    scene.work().await;
    let again = scene.open()[0];
    scene.changed(again, "opened", "overlift-bot").await;
    scene.work().await;
    assert!(
        scene.body(again).contains("- `undone`: exactly this was undone"),
        "{}",
        scene.body(again)
    );
    assert_eq!(scene.check(again, "Overlift / prod").unwrap().0, "failure");
}

#[tokio::test]
async fn conflicts_are_told_with_file_and_line() {
    let scene = scene(&configuration("", "")).await;
    let number = promoted(&scene, "6").await;
    scene.push(&[("overlays/prod/patches/rate.yaml", &rate("9"))]).await;
    scene.work().await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    assert!(scene.open().is_empty(), "nothing of it is left");
    let said = scene.said(number).last().unwrap().clone();
    assert!(said.contains("overlays/prod/patches/rate.yaml:6:1 (data.rate)"), "{said}");
}

#[tokio::test]
async fn undo_belongs_on_a_merged_promotion_and_needs_permission() {
    let scene = scene(&configuration("", "")).await;
    let number = promoted(&scene, "6").await;
    scene.github.add_person(REPO, "guest", "read");
    let issue = 901;
    scene.github.world().repo_mut(REPO).issues.insert(issue);
    for (on, who, words, why_not) in [
        (number, "guest", "/undo", "may write"),
        (number, "mona", "/undo it", "takes nothing after it"),
        (issue, "mona", "/undo", "belongs on the merged pull request"),
    ] {
        scene.comment(on, who, words).await;
        scene.work().await;
        assert!(scene.said(on).last().unwrap().contains(why_not), "{:?}", scene.said(on));
    }
    assert!(scene.open().is_empty());
}

#[tokio::test]
async fn after_the_loss_of_the_store_the_commit_tells_what_is_undone() {
    let mut scene = scene(&configuration("", "")).await;
    let number = promoted(&scene, "6").await;
    scene.lose_the_database().await;
    scene.comment(number, "mona", "/undo").await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1, "{:?}", scene.said(number));
    assert!(prod(&scene, "undo/prod").contains("\"5\""));
}

#[tokio::test]
async fn a_degraded_target_is_undone_by_itself_in_time_and_once() {
    for (undo, minutes, opened, rate_then) in
        [("propose", 59, 1, "6"), ("merge", 59, 0, "5"), ("merge", 61, 0, "6")]
    {
        let health = format!("  health: {{statuses: [argocd], undo: {undo}}}\n");
        let scene = scene(&configuration(&health, "")).await;
        let number = promoted(&scene, "6").await;
        scene.status(&scene.head("main"), "argocd", "success").await;
        scene.later(minutes).await;
        scene.status(&scene.head("main"), "argocd", "failure").await;
        scene.later(1).await;
        scene.status(&scene.head("main"), "argocd", "pending").await;
        scene.status(&scene.head("main"), "argocd", "failure").await;
        scene.later(1).await;
        assert_eq!(scene.open().len(), opened, "{undo} {minutes}: {}", scene.github.writes());
        assert!(prod(&scene, "main").contains(&format!("\"{rate_then}\"")), "{undo} {minutes}");
        let said = scene.said(number);
        assert!(said.iter().any(|it| it.starts_with("**prod is degraded.**")), "{said:?}");
        if opened == 1 {
            let body = scene.body(scene.open()[0]);
            assert!(body.contains("Nobody asked for it: the target is degraded."), "{body}");
        }
        let undone = scene.github.writes().matches("ref undo/prod").count();
        assert_eq!(undone, usize::from(minutes == 59), "{undo} {minutes}");
    }
}

#[tokio::test]
async fn the_command_undoes_the_last_promotion_that_was_not_undone() {
    let scene = scene(&configuration("", "")).await;
    promoted(&scene, "6").await;
    promoted(&scene, "7").await;
    let token = scene.github.add_person(REPO, "dev", "write");
    let undo = async |arguments: &[&str]| scene.command(&token, "undo", arguments).await;
    let (code, text) = undo(&["prod"]).await;
    assert!(code == Some(0) && text.contains("was opened"), "{text}");
    assert!(prod(&scene, "undo/prod").contains("\"6\""));
    let (code, text) = undo(&["prod"]).await;
    assert!(code == Some(0) && text.contains("takes it back already"), "{text}");
    merge(&scene, *scene.open().last().unwrap()).await;
    let (code, text) = undo(&["prod"]).await;
    assert!(code == Some(0) && text.contains("was opened"), "{text}");
    assert!(prod(&scene, "undo/prod").contains("\"5\""));
    let (code, text) = undo(&["prod", "--plan", "ffff"]).await;
    assert!(code == Some(2) && text.contains("whose plan begins with `ffff`"), "{text}");
}

/// With copied files the plan's id changes with anything in the target; what was undone stays undone.
#[tokio::test]
async fn what_was_undone_is_known_by_what_it_is() {
    let scene = scene(&configuration("", BY_FILES)).await;
    let number = promoted(&scene, "6").await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    merge(&scene, scene.open()[0]).await;
    let labelled = "resources: [../../base, own.yaml]\nlabels: [{pairs: {team: a}}]\npatches:\n\
                    - path: patches/rate.yaml\n";
    scene.push(&[("overlays/prod/kustomization.yaml", labelled)]).await;
    scene.push(&[("overlays/staging/other.yaml", "x: 1\n")]).await;
    scene.later(10).await;
    assert!(scene.open().is_empty(), "{}", scene.github.writes());
    scene.push(&[("overlays/staging/patches/rate.yaml", &rate("8"))]).await;
    scene.work().await;
    assert_eq!(scene.open().len(), 1);
}

#[tokio::test]
async fn an_open_undoing_is_planned_again_when_the_target_changes() {
    let scene = scene(&configuration("", "")).await;
    let number = promoted(&scene, "6").await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    let undoing = scene.open()[0];
    let said = scene.said(number).len();
    let later = rate("6").replace("data:", "data:\n  burst: \"7\"");
    scene.push(&[("overlays/prod/patches/rate.yaml", &later)]).await;
    scene.work().await;
    assert_eq!(scene.open(), [undoing]);
    assert_eq!(prod(&scene, "undo/prod"), later.replace("\"6\"", "\"5\""));
    assert_eq!(scene.said(number).len(), said, "nobody asked again");
    // Somebody took it back by hand: nothing is left to do.
    scene.push(&[("overlays/prod/patches/rate.yaml", &rate("5"))]).await;
    scene.work().await;
    assert!(scene.open().is_empty());
    assert!(scene.said(undoing).join("").contains("Nothing is left to take back from `prod`"));
}

/// By hand and by itself, whenever the process dies and whatever answer is lost.
#[tokio::test]
async fn twenty_kills_and_lost_answers_undo_once() {
    for kill in 1..=20 {
        let by_itself = kill % 2 == 0;
        let health = "  health: {statuses: [argocd], undo: merge}\n";
        let mut scene = scene(&configuration(health, "")).await;
        let number = promoted(&scene, "6").await;
        match by_itself {
            true => scene.set_status(&scene.head("main"), "argocd", "failure").await,
            false => _ = scene.comment(number, "mona", "/undo").await,
        }
        match kill / 2 % 3 {
            0 => scene.github.next(endpoint::CREATE_PULL).loses_its_reply(),
            1 => scene.github.next(endpoint::ANY).times((kill / 2).max(1)).fails_with(502),
            _ => scene.kill_after(kill * 40).await,
        }
        scene.drain().await;
        let writes = scene.github.writes();
        assert_eq!(writes.matches("ref undo/prod").count(), 1, "kill {kill}: {writes}");
        let world = scene.github.world();
        let undoings = world.repo(REPO).pulls.values().filter(|pull| pull.head == "undo/prod");
        assert_eq!(undoings.count(), 1, "kill {kill}: {writes}");
        assert_eq!(world.repo(REPO).merges.len(), usize::from(by_itself), "kill {kill}: {writes}");
        assert!(world.violations.is_empty());
    }
}

#[tokio::test]
async fn two_replicas_undo_once() {
    let health = "  health: {statuses: [argocd], undo: merge}\n";
    let scene = scene(&configuration(health, "")).await;
    promoted(&scene, "6").await;
    let replica = scene.replica().await;
    scene.set_status(&scene.head("main"), "argocd", "failure").await;
    for _ in 0..30 {
        let (first, second) = tokio::join!(scene.app.drain(), replica.app.drain());
        first.unwrap();
        second.unwrap();
        scene.now.fetch_add(30_000, Ordering::SeqCst);
    }
    let writes = scene.github.writes();
    assert_eq!(writes.matches("ref undo/prod").count(), 1, "{writes}");
    assert_eq!(scene.github.world().repo(REPO).merges.len(), 1, "{writes}");
    assert!(prod(&scene, "main").contains("\"5\""));
}

/// Nothing that was undone comes back by itself, whatever is forgotten: GitHub's pull requests tell.
#[tokio::test]
async fn what_was_undone_stays_so_after_the_loss_of_the_store() {
    for (health, more) in [("", BY_FILES), ("", ""), ("  health: {statuses: [argocd]}\n", BY_FILES)]
    {
        let mut scene = scene(&configuration(health, more)).await;
        let number = promoted(&scene, "6").await;
        scene.comment(number, "mona", "/undo").await;
        scene.work().await;
        let undoing = scene.open()[0];
        merge(&scene, undoing).await;
        scene.lose_the_database().await;
        scene.push(&[("overlays/staging/kustomization.yaml", OF_NO_CONSEQUENCE.1)]).await;
        scene.later(10).await;
        assert!(scene.open().is_empty(), "{health}{more}: {}", scene.github.writes());
        // Somebody who asks gets it, held; what is new comes.
        scene.comment(number, "mona", "/promote").await;
        scene.work().await;
        if !more.is_empty() {
            let again = scene.open()[0];
            scene.changed(again, "opened", "overlift-bot").await;
            scene.work().await;
            let body = scene.body(again);
            assert!(body.contains("- `undone`: exactly this was undone"), "{health}{more}: {body}");
        }
        scene.push(&[("overlays/staging/patches/rate.yaml", &rate("8"))]).await;
        scene.work().await;
        assert_eq!(scene.open().len(), 1, "{health}{more}");
    }
}

/// An undoing that is open when the store is lost stays the one, and is planned again.
#[tokio::test]
async fn an_open_undoing_is_found_again() {
    let mut scene = scene(&configuration("", "")).await;
    let number = promoted(&scene, "6").await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    let undoing = scene.open()[0];
    scene.lose_the_database().await;
    scene.push(&[("README.md", "more")]).await;
    scene.work().await;
    let later = rate("6").replace("data:", "data:\n  burst: \"7\"");
    scene.push(&[("overlays/prod/patches/rate.yaml", &later)]).await;
    scene.work().await;
    assert_eq!(scene.open(), [undoing]);
    assert_eq!(prod(&scene, "undo/prod"), later.replace("\"6\"", "\"5\""));
}
