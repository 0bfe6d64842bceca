//! `overlift init` in a repository without a configuration.

use super::support::Repo;

/// The fixture without its configuration.
fn unconfigured() -> Repo {
    let repo = Repo::istio_config();
    std::fs::remove_file(repo.path(".github/overlift.yaml")).unwrap();
    // Of one commit: there is no history that could tell anything.
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--amend", "-m", "no configuration"]);
    repo
}

#[test]
fn what_belongs_to_an_environment_is_proposed_with_its_reason() {
    let repo = unconfigured();
    let run = repo.overlift(&["init"]);
    assert_eq!(run.code, 0, "{run:#?}");
    assert_eq!(repo.read(".github/overlift.yaml"), run.stdout, "what is shown is written");
    let text = run.stdout;
    for line in [
        "  - name: staging\n    path: overlays/staging\n",
        "    # staging has files there too.\n    - \"resources/**\"\n",
        "  # Only production has patches/gateway-scaling.yaml, not the one before it: a promotion leaves it alone.\n",
        "    - file: patches/gateway-hosts.yaml\n      fields:\n        - spec.servers.0.hosts\n        - spec.servers.0.tls.credentialName\n",
        "typed_config.value.token_bucket.max_tokens\n",
        "        - spec.tracing.0.randomSamplingPercentage\n",
        "  fields: [images]\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    assert!(!text.contains("frontend-timeouts"), "an ordinary change is promoted:\n{text}");
    // It does what its comments say.
    let diff = repo.overlift(&["plan", "staging", "production", "--diff", "files"]).ok();
    assert!(diff.contains("patches/frontend-timeouts.yaml"), "{diff}");
    assert!(!diff.contains("+        - \"*.staging.shop.example.com\""), "hosts stay:\n{diff}");
    assert!(!diff.contains("+      randomSamplingPercentage"), "{diff}");
}

#[test]
fn a_configuration_is_never_overwritten() {
    let repo = Repo::istio_config();
    let before = repo.read(".github/overlift.yaml");
    let run = repo.overlift(&["init", "--yes"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("already"), "{run:#?}");
    assert_eq!(repo.read(".github/overlift.yaml"), before);
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = unconfigured();
    let run = repo.overlift(&["init", "--dry-run"]);
    assert!(run.stdout.contains("environments:"), "{run:#?}");
    assert!(!repo.path(".github/overlift.yaml").exists());
    let empty = Repo::new(&[("README.md", "")]);
    let run = empty.overlift(&["init"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("named like environments"), "{run:#?}");
}
