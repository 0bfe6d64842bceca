//! Why a promotion must not be merged now: each reason, and its end.

use crate::support::github::payloads;
use crate::support::scene::{FILES, RATE_PATH, REPO, Scene, rate};

const CHECK: &str = "Overlift / prod";

/// The repository with another configuration; staging differs from production from the beginning.
async fn scene(configuration: &str) -> Scene {
    let mut files = FILES.to_vec();
    files[0].1 = configuration;
    files.push(("overlays/prod/patches/rate.yaml", crate::support::scene::RATE_5));
    let prod = files.iter_mut().find(|(path, _)| *path == "overlays/prod/kustomization.yaml");
    prod.unwrap().1 = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
    let scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "write");
    scene.github.add_person(REPO, "boss", "admin");
    scene.github.add_person(REPO, "guest", "read");
    scene.push_event(None).await;
    scene.work().await;
    scene
}

/// Changes staging, which prod is promoted from by push, and returns the commit.
async fn change(scene: &Scene, value: &str) -> String {
    let commit = scene.push(&[("overlays/staging/patches/rate.yaml", &rate(value))]).await;
    scene.work().await;
    commit
}

fn configuration(staging: &str, prod: &str, more: &str) -> String {
    format!(
        "environments:\n- name: dev\n  path: overlays/dev\n- name: staging\n  path: overlays/staging\n\
         {staging}- name: prod\n  path: overlays/prod\n  trigger: push\n{prod}{more}"
    )
}

const HEALTH: &str = "  health:\n    statuses: ['argocd/staging*']\n    soak: 30m\n";
const NO_LIST: &str = "pullRequest:\n  checklist: []\n";

fn state(scene: &Scene, number: u64) -> (String, String) {
    scene.check(number, CHECK).expect("the check is there")
}

fn holds(scene: &Scene, number: u64) -> Vec<String> {
    let body = scene.body(number);
    let block = body.split("<!-- overlift:holds -->").nth(1).unwrap_or_default();
    let block = block.split("<!-- /overlift:holds -->").next().unwrap_or_default();
    let names = block.lines().filter_map(|line| line.strip_prefix("- `")?.split('`').next());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_source_that_is_not_healthy_and_has_not_soaked_holds_until_it_is() {
    let scene = scene(&configuration(HEALTH, "", NO_LIST)).await;
    let commit = change(&scene, "6").await;
    let number = scene.open()[0];
    assert_eq!(state(&scene, number), ("pending".into(), "Waits: health".into()));
    assert_eq!(holds(&scene, number), ["health"]);
    assert!(scene.body(number).contains("argocd/staging\\* has said nothing yet"));

    scene.status(&commit, "argocd/staging", "pending").await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["health"]);

    scene.status(&commit, "argocd/staging", "failure").await;
    scene.work().await;
    assert_eq!(state(&scene, number), ("failure".into(), "Held: health".into()));
    assert!(scene.body(number).contains("argocd/staging is degraded: argocd/staging says failure"));

    scene.status(&commit, "argocd/staging", "success").await;
    scene.github.forget_requests();
    scene.work().await;
    assert!(scene.github.request_count() <= 2, "{:?}", scene.github.requested());
    assert_eq!(state(&scene, number), ("pending".into(), "Waits: soak".into()));
    scene.later(29).await;
    assert_eq!(holds(&scene, number), ["soak"]);
    scene.github.forget_requests();
    scene.later(1).await;
    assert!(scene.github.request_count() <= 2, "{:?}", scene.github.requested());
    assert_eq!(state(&scene, number), ("success".into(), "Nothing holds it".into()));
    assert!(scene.body(number).contains("**Nothing holds this promotion.**"));

    // A contradiction, and the way back soaks anew.
    scene.status(&commit, "argocd/staging", "failure").await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["health"]);
    scene.status(&commit, "argocd/staging", "success").await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["soak"]);
    assert!(scene.github.faults_are_over());
}

#[tokio::test]
async fn evidence_of_other_commits_is_ignored_and_costs_nothing() {
    let scene = scene(&configuration(HEALTH, "", NO_LIST)).await;
    let before = scene.head("main");
    let commit = change(&scene, "6").await;
    let number = scene.open()[0];
    scene.github.forget_requests();
    scene.status(&before, "argocd/staging", "success").await;
    scene.status(&"a".repeat(40), "argocd/staging", "success").await;
    scene.status(&commit, "somebody/else", "failure").await;
    scene.status(&commit, "Overlift / staging", "failure").await;
    scene.work().await;
    assert_eq!(scene.github.requested(), [] as [&str; 0]);
    assert_eq!(holds(&scene, number), ["health"]);

    // A later commit at which staging builds from the same files counts.
    let later = scene.push(&[("README.md", "of no consequence")]).await;
    scene.work().await;
    scene.status(&later, "argocd/staging", "success").await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["soak"]);
    // One at which it builds from others does not.
    change(&scene, "7").await;
    assert_eq!(holds(&scene, number), ["health"]);
}

#[tokio::test]
async fn check_runs_and_deployments_are_evidence_too() {
    let health = "  health:\n    statuses: [smoke]\n    deployments: [staging]\n";
    let scene = scene(&configuration(health, "", NO_LIST)).await;
    let commit = change(&scene, "6").await;
    let number = scene.open()[0];
    let payload = payloads::check_run(&scene.github.world(), REPO, &commit, "smoke", "success");
    assert_eq!(scene.deliver("check_run", &payload).await, 202);
    scene.work().await;
    assert_eq!(holds(&scene, number), ["health"], "the deployment is missing");
    for (environment, state, left) in
        [("production", "success", 1), ("staging", "in_progress", 1), ("staging", "success", 0)]
    {
        let payload =
            payloads::deployment_status(&scene.github.world(), REPO, &commit, environment, state);
        assert_eq!(scene.deliver("deployment_status", &payload).await, 202);
        scene.work().await;
        assert_eq!(holds(&scene, number).len(), left, "{environment} {state}");
    }
}

#[tokio::test]
async fn what_was_heard_survives_a_restart_and_is_asked_for_after_a_loss() {
    let mut scene = scene(&configuration(HEALTH, "", NO_LIST)).await;
    let commit = change(&scene, "6").await;
    let number = scene.open()[0];
    scene.status(&commit, "argocd/staging", "success").await;
    scene.restart().await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["soak"]);

    let status = crate::support::github::world::Status {
        sha: commit,
        context: "argocd/staging".to_owned(),
        state: "success".to_owned(),
        description: String::new(),
        at: 0,
    };
    scene.github.world().repo_mut(REPO).statuses.push(status);
    scene.lose_the_database().await;
    scene.push(&[("README.md", "more")]).await;
    scene.changed(number, "edited", "overlift-bot").await;
    scene.drain().await;
    assert_eq!(state(&scene, number).1, "Nothing holds it");
}

#[tokio::test]
async fn open_items_hold_until_people_who_may_write_tick_them() {
    let list = "pullRequest:\n  checklist: [Looked at, Approved, {text: Healthy, when: healthy}]\n";
    let health = HEALTH.replace("    soak: 30m\n", "");
    let scene = scene(&configuration(&health, "", list)).await;
    let commit = change(&scene, "6").await;
    let number = scene.open()[0];
    assert_eq!(holds(&scene, number), ["health", "checklist"]);
    assert_eq!(state(&scene, number).0, "failure");
    scene.tick(number, "mona", "Looked at", true).await;
    scene.tick(number, "guest", "Approved", true).await;
    scene.tick(number, "mona", "Healthy", true).await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["health", "checklist"]);
    let body = scene.body(number);
    assert!(body.contains("- [x] Looked at\n") && body.contains("- [ ] Approved\n"), "{body}");
    assert!(
        body.contains("- [ ] Healthy — argocd/staging"),
        "a person's tick does not count: {body}"
    );

    scene.tick(number, "boss", "Approved", true).await;
    scene.work().await;
    assert_eq!(state(&scene, number), ("pending".into(), "Waits: health, checklist".into()));
    scene.status(&commit, "argocd/staging", "success").await;
    scene.work().await;
    assert_eq!(state(&scene, number).0, "success");
    assert!(scene.body(number).contains("- [x] Healthy — argocd/staging healthy at "));
    scene.tick(number, "mona", "Looked at", false).await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["checklist"]);
    scene.tick(number, "mona", "Looked at", true).await;
    scene.work().await;
    assert!(holds(&scene, number).is_empty());
    // Another diff is looked at anew.
    change(&scene, "7").await;
    assert_eq!(holds(&scene, number), ["health", "checklist"]);
}

#[tokio::test]
async fn a_freeze_holds_until_its_end_and_begins_by_itself() {
    // Time begins at 1970-01-01 00:16:40.
    let freeze =
        "  freeze:\n  - {from: 1970-01-01 02:00, until: 1970-01-01 03:00, reason: lunch}\n";
    let scene = scene(&configuration("", freeze, NO_LIST)).await;
    change(&scene, "6").await;
    let number = scene.open()[0];
    assert_eq!(state(&scene, number).0, "success");
    scene.later(110).await;
    assert_eq!(state(&scene, number), ("pending".into(), "Waits: freeze".into()));
    let body = scene.body(number);
    assert!(body.contains("until Thu 1970-01-01 03:00 UTC (lunch)"), "{body}");
    scene.later(60).await;
    assert_eq!(state(&scene, number).0, "success");
}

#[tokio::test]
async fn a_promotion_that_cannot_be_planned_again_is_stale() {
    let scene = scene(&configuration(HEALTH, "", NO_LIST)).await;
    change(&scene, "6").await;
    let number = scene.open()[0];
    scene.push(&[("overlays/staging/kustomization.yaml", "resources: [nowhere]\n")]).await;
    scene.later(1).await;
    assert!(holds(&scene, number).contains(&"stale".to_owned()), "{}", scene.body(number));
    let whole = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
    scene.push(&[("overlays/staging/kustomization.yaml", whole)]).await;
    scene.later(1).await;
    assert_eq!(holds(&scene, number), ["health"]);
}

#[tokio::test]
async fn somebody_elses_commits_hold_and_merges_of_the_default_branch_do_not() {
    let freeze = "  freeze:\n  - {from: 2030-01-01, until: 2030-01-02}\n";
    let scene = scene(&configuration("", freeze, NO_LIST)).await;
    change(&scene, "6").await;
    let number = scene.open()[0];
    scene.github.commit(REPO, "promote/staging-to-prod", "mona", &[("overlays/prod/x", "1")]);
    scene.changed(number, "synchronize", "mona").await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["foreign"]);
    let comment = scene.comment(number, "mona", "/promote").await;
    scene.work().await;
    assert!(scene.reactions(comment).contains(&"rocket".to_owned()));
    assert!(holds(&scene, number).is_empty(), "{}", scene.body(number));
}

#[tokio::test]
async fn new_errors_of_the_gates_hold() {
    let gates = format!("{NO_LIST}gates:\n  severity: {{image-floating: error}}\n");
    let scene = scene(&configuration("", "", &gates)).await;
    let floating = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: nginx:latest\n";
    scene
        .push(&[
            ("overlays/staging/pod.yaml", floating),
            (
                "overlays/staging/kustomization.yaml",
                "resources: [../../base, pod.yaml]\npatches:\n- path: patches/rate.yaml\n",
            ),
        ])
        .await;
    scene.work().await;
    let number = scene.open()[0];
    scene.changed(number, "opened", "overlift-bot").await;
    scene.work().await;
    assert_eq!(holds(&scene, number), ["gates"], "{}", scene.body(number));
    assert_eq!(state(&scene, number).0, "failure");
}

#[tokio::test]
async fn an_admin_releases_what_can_be_released_with_a_reason() {
    let list = "pullRequest:\n  checklist: [Looked at]\n";
    let freeze = "  freeze:\n  - {from: 1970-01-01, until: 2999-01-01}\n";
    let scene = scene(&configuration(HEALTH, freeze, list)).await;
    change(&scene, "6").await;
    let number = scene.open()[0];
    assert_eq!(holds(&scene, number), ["health", "freeze", "checklist"]);
    for (who, words, why_not) in [
        ("mona", "/release the fix for #12", "permission `admin`"),
        ("boss", "/release", "needs a reason"),
        ("guest", "/release now", "may write"),
    ] {
        scene.comment(number, who, words).await;
        scene.work().await;
        let said = scene.said(number);
        assert!(said.last().unwrap().contains(why_not), "{said:?}");
        assert_eq!(holds(&scene, number).len(), 3);
    }
    let comment = scene.comment(number, "boss", "/release the *fix* for @mona").await;
    scene.work().await;
    assert!(scene.reactions(comment).contains(&"rocket".to_owned()));
    assert_eq!(state(&scene, number).0, "success");
    let body = scene.body(number);
    assert!(body.contains("Released by `boss` at 1970-01-01"), "{body}");
    assert!(body.contains("lifted: `health`, `freeze`, `checklist`"), "{body}");
    assert!(!body.contains("@mona"), "nobody is mentioned: {body}");
    // It holds for that head alone.
    change(&scene, "7").await;
    assert_eq!(holds(&scene, number), ["health", "freeze", "checklist"]);
}

#[tokio::test]
async fn without_anything_configured_a_promotion_is_shown_once_github_tells_of_it() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.work().await;
    let number = scene.open()[0];
    assert_eq!(scene.check(number, "Overlift / staging"), None);
    scene.changed(number, "opened", "overlift-bot").await;
    scene.work().await;
    let check = scene.check(number, "Overlift / staging").unwrap();
    assert_eq!(check, ("failure".into(), "Held: checklist".into()));
    scene.github.forget_requests();
    scene.changed(number, "edited", "overlift-bot").await;
    scene.changed(number, "synchronize", "overlift-bot").await;
    scene.work().await;
    assert_eq!(scene.github.requested(), [] as [&str; 0], "what is shown is not written again");
}

#[tokio::test]
async fn a_query_without_prometheus_is_unknown_and_holds() {
    let health = "  health:\n    queries:\n    - {name: errors, query: x, expect: result < 1}\n";
    let scene = scene(&configuration(health, "", NO_LIST)).await;
    change(&scene, "6").await;
    let number = scene.open()[0];
    assert_eq!(state(&scene, number), ("pending".into(), "Waits: health".into()));
    assert!(scene.body(number).contains("unknown — staging: errors is unknown: whoever runs"));
}

/// `overlift status` reads the check, which nobody but Overlift can write.
#[tokio::test(flavor = "multi_thread")]
async fn status_tells_what_holds_an_open_promotion() {
    let configuration = "environments:\n- {name: dev, path: overlays/dev, health: {statuses: [argocd/dev]}}\n\
        - {name: staging, path: overlays/staging, trigger: push}\n";
    let mut files = crate::support::scene::FILES.to_vec();
    files[0].1 = configuration;
    let scene = Scene::with_files(&files).await;
    scene.push_event(None).await;
    scene.work().await;
    scene.push(&[(crate::support::scene::RATE_PATH, &crate::support::scene::rate("6"))]).await;
    scene.work().await;
    let token = scene.github.add_person(REPO, "dev", "write");
    let api = scene.github.api_url();
    let status = move |more: &[&str]| {
        let repo = crate::support::Repo::new(&files);
        let arguments = [&["status", "--repo", REPO, "--github-api-url", &api], more].concat();
        let mut command = crate::support::overlift_command(repo.root(), &arguments);
        crate::support::run(command.env("GITHUB_TOKEN", &token))
    };
    let (json, text) = tokio::task::block_in_place(|| (status(&["--json"]), status(&[])));
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let holds = &json["promotions"][0]["pullRequest"]["holds"];
    let names: Vec<&str> =
        holds.as_array().unwrap().iter().map(|it| it["hold"].as_str().unwrap()).collect();
    assert_eq!(names, ["health", "checklist"], "{json}");
    assert!(text.stdout.contains("      held by health"), "{}", text.stdout);
}
