//! "My colleague, the Action and I see the same plan of the same commit."

use std::process::Command;

use crate::support::{Repo, overlift, run};

fn id(run: crate::support::Run) -> String {
    let plan: serde_json::Value = serde_json::from_str(&run.ok()).unwrap();
    plan["planId"].as_str().unwrap().to_owned()
}

const PLAN: [&str; 4] = ["plan", "staging", "production", "--json"];

#[test]
fn two_clones_the_working_tree_and_the_commit_have_one_plan() {
    let repo = Repo::istio_config();
    repo.write(".gitignore", "*.swp\n");
    repo.commit("ignore editors");
    let here = id(repo.overlift(&PLAN));
    assert_eq!(here.len(), 64);
    assert_eq!(id(repo.overlift(&[&PLAN[..], &["--rev", "HEAD"]].concat())), here);

    let clone = repo.path("../clone");
    run(Command::new("git").args(["clone", "-q"]).arg(repo.root()).arg(&clone)).ok();
    assert_eq!(id(overlift(&clone, &PLAN)), here);
    assert_eq!(id(overlift(&clone.join("base"), &PLAN)), here);
    assert_eq!(
        id(overlift("/".as_ref(), &[&["-C", clone.to_str().unwrap()], &PLAN[..]].concat())),
        here
    );

    // What git ignores is not promoted.
    repo.write("overlays/staging/patches/.tracing.yaml.swp", "ignored");
    assert_eq!(id(repo.overlift(&PLAN)), here);
    // What is not committed is.
    repo.write("overlays/staging/patches/new.yaml", "# not listed anywhere\n");
    assert_ne!(id(repo.overlift(&PLAN)), here);
    assert_eq!(id(repo.overlift(&[&PLAN[..], &["--rev", "main"]].concat())), here);
}

#[test]
fn a_repository_within_a_repository_is_planned_alike() {
    let alone = id(Repo::istio_config().overlift(&PLAN));
    let outer = Repo::new(&[("README.md", "")]);
    crate::support::copy(&crate::support::istio_config(), &outer.path("mesh"));
    let fresh = id(overlift(&outer.path("mesh"), &PLAN));
    outer.commit("mesh");
    let committed = id(overlift(&outer.path("mesh"), &[&PLAN[..], &["--rev", "HEAD"]].concat()));
    assert_eq!((fresh, committed), (alone.clone(), alone));
}

#[test]
fn outside_git_there_is_no_commit_and_the_same_plan() {
    let repo = Repo::istio_config();
    let here = id(repo.overlift(&PLAN));
    std::fs::remove_dir_all(repo.path(".git")).unwrap();
    let run = repo.overlift(&PLAN);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(plan["commit"], serde_json::Value::Null);
    assert_eq!(plan["planId"].as_str().unwrap(), here);
}
