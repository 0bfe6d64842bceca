//! "Our overlays build from a base in another repository."
//!
//! Nothing is fetched here: a host that nobody serves tells that git was asked, and by whom.

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
