//! "Whatever people do with branches, files and the configuration, there is one pull request or none."

use crate::support::github::endpoint::GRAPHQL;
use crate::support::github::payloads;
use crate::support::scene::{FILES, OF_NO_CONSEQUENCE, RATE_PATH, REPO, Scene, rate};

const BRANCH: &str = "promote/dev-to-staging";
const STAGED: &str = "overlays/staging/patches/rate.yaml";

async fn with_open() -> (Scene, u64) {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open()[0];
    (scene, number)
}

/// GitHub's *Update branch*: a merge of the default branch into the pull request's.
fn update_branch(scene: &Scene) {
    let mut world = scene.github.world();
    let time = world.tick();
    let repo = world.repo_mut(REPO);
    let (ours, main) = (repo.branches[BRANCH].clone(), repo.branches["main"].clone());
    let leaves = repo.objects.merge(&main, &ours).unwrap();
    let tree = repo.objects.put_tree(&leaves);
    let merge = repo.objects.put_commit(&tree, &[ours, main], "mona", time, "Merge main");
    repo.move_branch(BRANCH, &merge);
}

#[tokio::test]
async fn update_branch_is_not_somebody_elses_commit() {
    let (scene, number) = with_open().await;
    scene.push(&[("README.md", "more\n")]).await;
    scene.drain().await;
    update_branch(&scene);
    let writes = scene.github.writes();
    scene.push(&[OF_NO_CONSEQUENCE]).await;
    scene.drain().await;
    assert_eq!(scene.github.writes(), writes, "the plan is the same");
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate("7")));
    assert_eq!((scene.open(), scene.said(number)), (vec![number], Vec::new()));
}

/// Whoever pushes while Overlift makes its commit keeps theirs.
#[tokio::test]
async fn a_push_between_looking_and_writing_is_kept() {
    let scene = Scene::new().await;
    scene.github.speak_graphql(REPO);
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open()[0];
    scene.github.next(GRAPHQL).comes_after_a_push(REPO, BRANCH);
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.file(BRANCH, "theirs").as_deref(), Some("kept\n"));
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate("6")));
    let said = scene.said(number);
    assert!(said[0].contains("commits that are not Overlift's"), "{said:?}");
    scene.github.add_person(REPO, "mona", "write");
    // Asked for, the branch is made anew, and compared all the same.
    scene.comment(number, "mona", "/promote").await;
    scene.drain().await;
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate("7")));
    assert!(
        scene.github.writes().contains("(compared)") && !scene.github.writes().contains("(forced)")
    );
}

#[tokio::test]
async fn a_file_that_the_source_lost_is_pruned_from_the_target() {
    let with_prune = FILES[0].1.to_owned() + "promotion:\n  prune: removed\n";
    let both = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n- path: patches/burst.yaml\n";
    let one = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
    let burst =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  burst: \"2\"\n";
    let scene = Scene::new().await;
    scene.push(&[(FILES[0].0, &with_prune)]).await;
    let dev = "overlays/dev/kustomization.yaml";
    scene.push(&[(dev, both), ("overlays/dev/patches/burst.yaml", burst)]).await;
    scene.drain().await;
    let first = scene.open()[0];
    scene.merge(first).await;
    scene.drain().await;
    let target = "overlays/staging/patches/burst.yaml";
    assert!(scene.file("main", target).is_some());

    // Somebody's commit that says it is a later promotion is none: it does not do what one does.
    let last = scene.head("main");
    let claim = format!(
        "Notes (#9)\n\nOverlift-Plan: {}\nOverlift-Source: dev@{last}\nOverlift-Target: staging",
        "b".repeat(64)
    );
    let notes = [("overlays/staging/notes.txt", Some("mine\n".as_bytes()))];
    scene.github.world().commit(REPO, "main", "eve", &claim, &notes);
    let before = scene.head("main");
    let gone = [(dev, Some(one.as_bytes())), ("overlays/dev/patches/burst.yaml", None)];
    scene.github.world().commit(REPO, "main", "mona", "no burst", &gone);
    scene.push_event(Some(&before)).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1, "{}", scene.github.writes());
    assert_eq!(scene.file(BRANCH, target), None);
    assert_eq!(scene.file(BRANCH, "overlays/staging/kustomization.yaml").as_deref(), Some(one));
}

#[tokio::test]
async fn a_pair_that_is_not_configured_any_more_is_closed_with_a_reason() {
    let (scene, number) = with_open().await;
    let config = "version: 1\nenvironments:\n- name: dev\n  path: overlays/dev\n- name: prod\n  \
                  path: overlays/prod\n";
    scene.push(&[(FILES[0].0, config)]).await;
    scene.drain().await;
    assert!(scene.open().is_empty(), "{}", scene.github.writes());
    let said = scene.said(number);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("no promotion from `dev` to `staging`"), "{}", said[0]);
    assert!(!scene.github.world().repo(REPO).branches.contains_key(BRANCH));
    // GitHub tells of it, and when the pair is back, nobody takes it for a person's wish.
    let payload = {
        let world = scene.github.world();
        payloads::pull_request_closed(&world, REPO, number, "overlift-bot")
    };
    scene.deliver("pull_request", &payload).await;
    scene.push(&[(FILES[0].0, FILES[0].1)]).await;
    scene.push(&[OF_NO_CONSEQUENCE]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1, "{}", scene.github.writes());
}

#[tokio::test]
async fn what_we_closed_as_empty_is_not_taken_for_a_persons_wish_without_the_database() {
    let (mut scene, _) = with_open().await;
    scene.push(&[(RATE_PATH, &rate("5"))]).await;
    scene.drain().await;
    assert!(scene.open().is_empty());
    scene.lose_the_database().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1, "the same plan again: {}", scene.github.writes());
}

#[tokio::test]
async fn a_dispatch_that_is_refused_says_so_on_the_commit() {
    let scene = Scene::new().await;
    for (source, target) in [("dev", "prod"), ("dev", "nowhere")] {
        let ask = payloads::repository_dispatch(&scene.github.world(), REPO, source, target);
        assert_eq!(scene.deliver("repository_dispatch", &ask).await, 202);
    }
    scene.drain().await;
    assert!(scene.open().is_empty());
    let head = scene.head("main");
    let world = scene.github.world();
    let statuses = &world.repo(REPO).statuses;
    assert_eq!(statuses.len(), 2, "{}", scene.github.writes());
    for status in statuses {
        // The commit is fine, so nothing that waits for it is held up.
        assert_eq!((status.sha.as_str(), status.state.as_str()), (head.as_str(), "success"));
        assert!(status.description.starts_with("Refused: "), "{}", status.description);
    }
}

#[tokio::test]
async fn an_app_on_enterprise_server_finds_its_own_among_130_others() {
    let mut scene = Scene::as_app_on_enterprise_server().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open()[0];
    {
        let mut world = scene.github.world();
        let repo = world.repo_mut(REPO);
        let pull = repo.pulls[&number].clone();
        for n in number + 1..=number + 130 {
            let mut other = pull.clone();
            other.number = n;
            other.head = if n % 2 == 0 { format!("other-{n}") } else { other.head };
            // A fork's branch may have the same name.
            other.from_here = n % 2 == 0;
            repo.pulls.insert(n, other);
        }
        repo.next_number = number + 130;
    }
    scene.lose_the_database().await;
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 131, "none is new: {}", scene.github.writes());
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate("7")));
    assert!(scene.body(number).contains("rate: \"7\""), "{}", scene.body(number));
}

/// A policy of the repository's own against one value.
const POLICY: &str = "package limits\n\nimport rego.v1\n\ndeny contains {\"msg\": \"the rate is too \
                      high\", \"field\": \"data.rate\"} if {\n\tinput.kind == \"ConfigMap\"\n\t\
                      input.data.rate == \"99\"\n}\n";

/// The configuration with the policy, and more.
async fn with_policy(scene: &Scene, more: &str) {
    let config = format!("{}gates:\n  policies: [policies]\n{more}", FILES[0].1);
    scene.push(&[(FILES[0].0, &config), ("policies/limits.rego", POLICY)]).await;
    scene.drain().await;
}

#[tokio::test]
async fn what_the_gates_say_is_a_check_run_on_the_promotion() {
    let scene = Scene::as_app_on_enterprise_server().await;
    with_policy(&scene, "").await;
    scene.push(&[(RATE_PATH, &rate("99"))]).await;
    scene.drain().await;
    let number = scene.open()[0];
    let tip = scene.head(BRANCH);
    let run = {
        let world = scene.github.world();
        let runs = &world.repo(REPO).check_runs;
        assert_eq!(
            runs.len(),
            1,
            "{:?}",
            world.history.iter().map(|write| &write.what).collect::<Vec<_>>()
        );
        runs[0].1.clone()
    };
    assert_eq!(run["name"], "Overlift plan");
    assert_eq!((&run["head_sha"], &run["conclusion"]), (&tip.into(), &"failure".into()));
    let summary = run["output"]["summary"].as_str().unwrap();
    assert!(summary.contains("the rate is too high"), "{summary}");
    assert_eq!(scene.open(), [number]);

    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert_eq!(scene.github.world().repo(REPO).check_runs.len(), 1, "nothing to say, no request");
}

#[tokio::test]
async fn new_errors_keep_it_from_being_opened_where_the_configuration_says_so() {
    let scene = Scene::new().await;
    with_policy(&scene, "  blockPullRequest: true\n").await;
    scene.push(&[(RATE_PATH, &rate("99"))]).await;
    scene.drain().await;
    assert!(scene.open().is_empty());
    let statuses = scene.github.world().repo(REPO).statuses.clone();
    let [status] = &statuses[..] else { panic!("{statuses:?}") };
    assert_eq!((status.sha.as_str(), status.state.as_str()), (&*scene.head("main"), "failure"));
    assert!(status.description.starts_with("the gates find new errors"), "{}", status.description);
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
}

/// GitHub tells of a repository that the App or the token does not reach: that is logged, counted and kept.
#[tokio::test]
async fn a_dispatch_for_a_repository_out_of_reach_is_counted() {
    overlift::rooms::telemetry::metric::start();
    let scene = Scene::new().await;
    let mut ask = payloads::repository_dispatch(&scene.github.world(), REPO, "dev", "staging");
    ask["repository"]["full_name"] = "octo/elsewhere".into();
    ask["repository"]["name"] = "elsewhere".into();
    assert_eq!(scene.deliver("repository_dispatch", &ask).await, 202);
    scene.work().await;
    let metrics = overlift::rooms::telemetry::metric::render();
    assert!(metrics.contains("overlift_promotions_total{outcome=\"unreached\"} 1"), "{metrics}");
    assert_eq!(scene.store.job_counts().await.unwrap().parked, 1, "the operator sees the reason");
}
