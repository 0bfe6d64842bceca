//! "Our overlays build from a base in another repository."
//!
//! For the command nothing is fetched here: a host that nobody serves tells that git was asked, and by whom. The
//! service reads them from the stand-in.

use crate::support::scene::{FILES, RATE_PATH, Scene, rate};
use crate::support::{Repo, overlift_command, run};

const REMOTE: &str = "resources:\n- https://localhost/our-org/bases//shop?ref=v1\n";

fn repo(configuration: &str) -> Repo {
    Repo::new(&[
        (".github/overlift.yaml", configuration),
        ("overlays/staging/kustomization.yaml", REMOTE),
        ("overlays/production/kustomization.yaml", "resources: []\nnamePrefix: x-\n"),
    ])
}

#[track_caller]
fn refused(repo: &Repo, arguments: &[&str], words: &str) {
    let mut command = overlift_command(repo.root(), arguments);
    let run = run(command.env("XDG_CACHE_HOME", repo.path("cache")));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
    assert!(run.stderr.contains("overlays/staging/kustomization.yaml:2:3"), "{}", run.stderr);
    assert!(run.stderr.contains(words), "no `{words}` in:\n{}", run.stderr);
}

#[test]
fn configuration_says_which_repositories_are_asked() {
    let plan = ["plan", "staging", "production"];
    refused(&repo("version: 1\n"), &plan, "nothing is fetched from elsewhere by default");
    let other = repo("version: 1\nremoteBases: [localhost/other-org/*]\n");
    refused(&other, &plan, "`localhost/our-org/bases` is not allowed");
    let allowed = repo("version: 1\nremoteBases: [localhost/our-org/*]\n");
    refused(&allowed, &plan, "fetch");
    assert!(allowed.path("cache/overlift/remote").is_dir(), "git was not asked");
}

#[test]
fn a_wrong_pattern_is_shown_where_it_stands() {
    let run = repo("version: 1\nremoteBases:\n- github.com/our-org\n").overlift(&["status"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains(".github/overlift.yaml:3:3 (remoteBases[0])"), "{}", run.stderr);
    assert!(run.stderr.contains("github.com/our-org/*"), "{}", run.stderr);
}

const SHARED: &str = "resources:\n- https://127.0.0.1/octo/bases//shop?ref=v1\npatches:\n- path: patches/rate.yaml\n";
const LIMITS: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"1\"\n";

/// A service whose overlays build from another repository, which has a branch `v1`.
async fn served(allowed: &str, permission: Option<&str>) -> Scene {
    let configuration = format!("{}{allowed}", FILES[0].1);
    let mut files = FILES.to_vec();
    files[0].1 = &configuration;
    for (path, text) in &mut files {
        if matches!(
            *path,
            "overlays/dev/kustomization.yaml" | "overlays/staging/kustomization.yaml"
        ) {
            *text = SHARED;
        }
    }
    let scene = Scene::with_files(&files).await;
    let first = scene.github.add_repository(
        "octo/bases",
        &[
            ("shop/kustomization.yaml", "resources: [../common]\nnamePrefix: shop-\n"),
            ("common/kustomization.yaml", "resources: [limits.yaml]\n"),
            ("common/limits.yaml", LIMITS),
        ],
    );
    let ours = permission.map(|it| ("overlift-bot".to_owned(), it.to_owned()));
    {
        let mut world = scene.github.world();
        let bases = world.repo_mut("octo/bases");
        bases.branches.insert("v1".to_owned(), first);
        bases.permissions.extend(ours);
    }
    scene.push_event(None).await;
    scene.drain().await;
    scene
}

#[tokio::test]
async fn the_service_reads_allowed_repositories_of_its_github() {
    let scene = served("remoteBases: [127.0.0.1/octo/*]\n", Some("read")).await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let body = scene.body(scene.open()[0]);
    assert!(!body.contains("not rendered"), "{body}");
    assert!(body.contains("`ConfigMap shop-limits` `rate` `\"5\"` → **`\"6\"`**"), "{body}");
    scene.github.forget_requests();
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    let requests = scene.github.world().requests.clone();
    let bases: Vec<_> = requests.iter().filter(|it| it.path.contains("octo/bases")).collect();
    assert!(bases.len() <= 2, "{bases:#?}");
    // What nothing builds from is looked at and no more.
    scene.github.forget_requests();
    let writes = scene.github.writes();
    scene.push(&[("README.md", "other words\n")]).await;
    scene.drain().await;
    assert_eq!(scene.github.writes(), writes);
    let requests = scene.github.world().requests.clone();
    assert!(requests.len() <= 4, "{requests:#?}");
}

#[tokio::test]
async fn what_the_service_may_not_read_is_told_and_promoted() {
    for (allowed, words) in [
        (
            "remoteBases: [127.0.0.1/octo/*]\n",
            "there is no `v1` in `octo/bases`, or the token may not see it",
        ),
        ("", "`127.0.0.1/octo/bases` is not allowed"),
        ("remoteBases: [127.0.0.1/octo/other]\n", "`127.0.0.1/octo/bases` is not allowed"),
    ] {
        let scene = served(allowed, None).await;
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        scene.drain().await;
        let body = scene.body(scene.open()[0]);
        assert!(body.contains(words), "{body}");
    }
}
