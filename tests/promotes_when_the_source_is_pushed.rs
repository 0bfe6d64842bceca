//! A push to the source opens one pull request, and later pushes keep it right.

use crate::support::github::payloads;
use crate::support::scene::{FILES, OF_NO_CONSEQUENCE, RATE_PATH, REPO, Scene, rate};

const BRANCH: &str = "promote/dev-to-staging";

#[tokio::test]
async fn one_pull_request_with_branch_commit_and_labels() {
    let scene = Scene::new().await;
    let head = scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    let number = scene.open()[0];
    let staged = scene.file(BRANCH, "overlays/staging/patches/rate.yaml");
    assert_eq!(staged, Some(rate("6")));
    let world = scene.github.world();
    let repo = world.repo(REPO);
    let pull = &repo.pulls[&number];
    assert_eq!((pull.title.as_str(), pull.base.as_str()), ("Promote dev -> staging", "main"));
    assert_eq!(pull.labels.iter().collect::<Vec<_>>(), ["promotion", "staging"]);
    assert!(pull.body.contains("rate"), "{}", pull.body);
    let commit = repo.head(BRANCH);
    assert_eq!(commit.parents, std::slice::from_ref(&head));
    assert!(
        commit.message.contains(&format!("\nOverlift-Source: dev@{head}\n")),
        "{}",
        commit.message
    );
}

#[tokio::test]
async fn a_second_push_updates_the_same_one_and_the_same_plan_writes_nothing() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open();
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.open(), number);
    assert_eq!(scene.file(BRANCH, "overlays/staging/patches/rate.yaml"), Some(rate("7")));
    assert!(scene.body(number[0]).contains('7'));
    let writes = scene.github.writes();
    scene.push(&[("README.md", "more\n")]).await;
    scene.push(&[("base/unused.yaml", "a: 1\n")]).await;
    scene.push(&[(RATE_PATH, &format!("{}\n", rate("7").trim_end()))]).await;
    scene.drain().await;
    assert_eq!(scene.github.writes(), writes);
}

#[tokio::test]
async fn files_that_the_source_builds_from_count_and_others_do_not() {
    let scene = Scene::new().await;
    scene.push(&[("README.md", "changed\n"), ("overlays/prod/notes.txt", "x")]).await;
    scene.drain().await;
    assert_eq!(scene.github.writes(), "");
    // Both build from the base, so nothing is to be promoted, but the push is looked at.
    let base = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"2\"\n";
    scene.push(&[("base/config.yaml", base)]).await;
    scene.drain().await;
    assert_eq!(scene.github.writes(), "");
}

/// A script that a Job of another repository mounts, say.
#[tokio::test]
async fn a_file_that_no_kustomization_names_comes_too() {
    let mut files = FILES.to_vec();
    files.push(("overlays/dev/check.sh", "set -e\ncurl a\n"));
    files.push(("overlays/staging/check.sh", "set -e\ncurl a\n"));
    files.push(("overlays/dev/README.md", "what dev is\n"));
    let scene = Scene::with_files(&files).await;
    scene.push_event(None).await;
    scene.drain().await;
    scene.push(&[("overlays/dev/check.sh", "set -e\ncurl b\n")]).await;
    scene.drain().await;
    let script = scene.file(BRANCH, "overlays/staging/check.sh");
    assert_eq!(script.as_deref(), Some("set -e\ncurl b\n"));
    assert_eq!(scene.file(BRANCH, "overlays/staging/README.md"), None, "staging never had it");
}

#[tokio::test]
async fn with_nothing_left_it_is_closed_with_one_comment() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open()[0];
    scene.push(&[(RATE_PATH, &rate("5"))]).await;
    scene.drain().await;
    assert!(scene.open().is_empty());
    assert_eq!(scene.said(number).len(), 1);
    assert!(scene.said(number)[0].starts_with("Nothing is left to promote"));
    assert!(!scene.github.world().repo(REPO).branches.contains_key(BRANCH));
    // And when there is something again, another one is opened.
    scene.push(&[(RATE_PATH, &rate("8"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    assert_ne!(scene.open()[0], number);
}

#[tokio::test]
async fn after_a_merge_the_next_change_opens_the_next_one() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let first = scene.open()[0];
    scene.merge(first).await;
    scene.drain().await;
    assert!(scene.open().is_empty());
    scene.push(&[(RATE_PATH, &rate("9"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1, "{}", scene.github.writes());
}

#[tokio::test]
async fn a_push_that_was_lost_is_noticed_with_the_next_one() {
    let scene = Scene::new().await;
    scene.github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("6"))]);
    scene.push(&[("README.md", "x")]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
}

/// `all` brings over what is the target's own too, and is not forgotten while its pull request is open.
#[tokio::test]
async fn a_dispatch_may_ask_for_everything_that_differs() {
    for event in ["repository_dispatch", "workflow_dispatch"] {
        let configuration = format!("{}promotion: {{by: changes}}\n", FILES[0].1);
        let mut files = FILES.to_vec();
        files[0].1 = &configuration;
        let own = rate("9");
        files[7].1 = &own;
        let scene = Scene::with_files(&files).await;
        scene.push_event(None).await;
        scene.drain().await;
        assert!(scene.open().is_empty(), "nine is staging's own");
        let ask = async |all: serde_json::Value| {
            let mut ask = match event {
                "workflow_dispatch" => {
                    payloads::workflow_dispatch(&scene.github.world(), REPO, "dev", "staging")
                }
                _ => payloads::repository_dispatch(&scene.github.world(), REPO, "dev", "staging"),
            };
            let inputs = if event == "workflow_dispatch" { "inputs" } else { "client_payload" };
            ask[inputs]["all"] = all;
            assert_eq!(scene.deliver(event, &ask).await, 202);
            scene.drain().await;
        };
        ask(false.into()).await;
        assert!(scene.open().is_empty(), "{event}");
        ask(if event == "workflow_dispatch" { "true".into() } else { true.into() }).await;
        let staged = || scene.file(BRANCH, "overlays/staging/patches/rate.yaml");
        assert_eq!((scene.open().len(), staged()), (1, Some(rate("5"))), "{event}");
        // A push plans it again as what it is.
        let more = rate("5") + "  more: \"1\"\n";
        scene.push(&[(RATE_PATH, &more)]).await;
        scene.drain().await;
        assert_eq!((scene.open().len(), staged()), (1, Some(more)), "{event}");
        // It is for once: the next promotion leaves what is staging's own.
        scene.merge(scene.open()[0]).await;
        scene.push(&[("overlays/staging/patches/rate.yaml", &rate("9"))]).await;
        scene.push(&[OF_NO_CONSEQUENCE]).await;
        scene.drain().await;
        assert!(scene.open().is_empty(), "{event}: {}", scene.github.writes());
    }
}
