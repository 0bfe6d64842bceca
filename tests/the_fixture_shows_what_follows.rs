//! `fixtures/canary-and-blue-green` shows all that follows an opened pull request: evidence, a promotion that begins
//! by itself, the clusters that it reaches, steps, and the way back.

use serde_json::json;

use crate::support::canary::{fixture, fixture_files};
use crate::support::scene::{REPO, SECRET, Scene, flux_signature, post_health};
use crate::support::{Repo, copy, overlift};

/// What Flux posts of staging, by the fixture's own Alert.
async fn flux_says(scene: &Scene, second: u32) {
    let alert =
        fixture_files().into_iter().find(|(name, _)| name == "flux-system/staging.yaml").unwrap().1;
    assert!(alert.contains("environment: staging"), "{alert}");
    let body = json!({
        "involvedObject": {
            "kind": "Kustomization", "namespace": "flux-system", "name": "shop-staging",
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        },
        "severity": "info", "timestamp": format!("1970-01-01T00:16:{second:02}Z"),
        "message": "Reconciliation finished in 1.2s, next run in 10m0s",
        "reason": "ReconciliationSucceeded", "reportingController": "kustomize-controller",
        "metadata": {
            "repository": REPO, "environment": "staging",
            "revision": format!("main@sha1:{}", scene.head("main")),
        },
    });
    let body = body.to_string();
    let status = post_health(scene.address(), &flux_signature(SECRET, &body), &body).await;
    assert_eq!(status, 202);
    scene.work().await;
}

#[tokio::test]
async fn from_a_change_in_staging_to_a_step_in_production_and_back() {
    let files = fixture_files();
    let texts: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let scene = Scene::with_files(&texts).await;
    scene.github.add_person(REPO, "mona", "write");
    scene.push_event(None).await;
    scene.work().await;
    let split = |branch: &str, of: &str| {
        scene.file(branch, &format!("overlays/{of}/checkout-split.yaml")).unwrap()
    };
    // What staging says of its own is production's to keep; something new comes over.
    let tried = "timeout: 4s\n      retries: {attempts: 2}";
    let retries = split("main", "staging").replace("timeout: 4s", tried);
    scene.push(&[("overlays/staging/checkout-split.yaml", &retries)]).await;
    scene.work().await;
    flux_says(&scene, 41).await;
    scene.later(29).await;
    assert!(scene.open().is_empty(), "it soaks for half an hour");
    scene.later(1).await;
    let [number] = scene.open()[..] else { panic!("{}", scene.github.writes()) };
    let body = scene.body(number);
    for cluster in ["eu-1", "us-1"] {
        assert!(body.contains(cluster), "{cluster}: {body}");
    }
    let promoted = split("promote/staging-to-production", "production");
    assert!(promoted.contains("attempts: 2") && promoted.contains("weight: 100 #"), "{promoted}");

    scene.github.world().merge(REPO, number, "mona").unwrap();
    scene.push_event(None).await;
    let closed = crate::support::github::payloads::pull_request_closed(
        &scene.github.world(),
        REPO,
        number,
        "mona",
    );
    scene.deliver("pull_request", &closed).await;
    scene.work().await;
    scene.set_status(&scene.head("main"), "argocd/production-eu-1", "success").await;
    scene.later(10).await;
    let [step] = scene.open()[..] else { panic!("{}", scene.github.writes()) };
    assert!(split("step/production", "production").contains("weight: 10\n"));
    // One of the two clusters is not well: back to the start, and what was promoted is taken back.
    scene.set_status(&scene.head("main"), "argocd/production-us-1", "failure").await;
    scene.later(1).await;
    let world = scene.github.world();
    let titles: Vec<&str> =
        world.repo(REPO).open_pulls().iter().map(|pull| pull.title.as_str()).collect();
    assert!(titles.iter().any(|title| title.starts_with("Undo: ")), "{titles:?} {step}");
}

#[test]
fn its_readme_is_true_in_a_repository_of_its_own_and_in_ours() {
    let repo = Repo::without_git(&[]);
    copy(&fixture(), repo.root());
    repo.init();
    for root in [repo.root().to_path_buf(), fixture()] {
        let built = overlift(&root, &["build", "--deployer", "shop-eu-1"]).ok();
        assert!(built.contains("shop.example.com/cluster: eu-1"), "{built}");
        let step = overlift(&root, &["step", "production", "--dry-run"]).ok();
        assert!(step.contains("shop/checkout: canary 10 % (0 % before)"), "{step}");
        overlift(&root, &["plan", "staging", "production"]).ok();
    }
}

/// The step is made of the files at hand: no token, no remote, nobody asked.
#[test]
fn the_next_step_is_seen_in_a_checkout() {
    let repo = Repo::without_git(&[]);
    copy(&fixture(), repo.root());
    repo.init();
    let step = |more: &[&str]| repo.overlift(&[&["step", "production"], more].concat());
    let shown = step(&["--dry-run"]).ok();
    for told in [
        "+++ b/overlays/production/checkout-split.yaml",
        "+          weight: 90 # what customers get",
        "+    rollout.example.com/canary-percentage: \"10\"",
        "What the cluster will see",
        "+++ after/overlays/production (eu-1)",
        "+++ after/overlays/production (us-1)",
        "+      weight: 10",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]), "", "nothing was written");
    let asked = step(&["--dry-run", "--weight", "30"]).ok();
    assert!(asked.contains("canary 30 % (0 % before)"), "{asked}");
    assert_eq!(
        step(&["--dry-run", "--weight", "0"]).ok().lines().last(),
        Some("It is there already.")
    );
    let refused = step(&[]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("a step is a pull request"), "{}", refused.stderr);
    let unknown = repo.overlift(&["step", "staging", "--dry-run"]);
    assert!(
        unknown.code == 2 && unknown.stderr.contains("promoted from no other"),
        "{}",
        unknown.stderr
    );

    // The canary is through: the colours change, and then nothing is left.
    let path = "overlays/production/checkout-split.yaml";
    let done = repo
        .read(path)
        .replace("weight: 0", "weight: 1000")
        .replace("weight: 100 #", "weight: 0 #");
    repo.write(path, &done.replace("weight: 1000", "weight: 100"));
    repo.commit("all the way");
    let switch = step(&["--dry-run"]).ok();
    assert!(switch.contains("shop/storefront: green 100 %"), "{switch}");
    let kustomization = "overlays/production/kustomization.yaml";
    repo.write(kustomization, &repo.read(kustomization).replace("value: blue", "value: green"));
    let plan = "a".repeat(64);
    repo.commit(&format!(
        "Step\n\nOverlift-Plan: {plan}\nOverlift-Source: staging\nOverlift-Target: production\n\
         Overlift-Step: shop/storefront green=100"
    ));
    assert_eq!(step(&["--dry-run"]).ok(), "No step is left to take.\n");
}
