//! "What staging dropped since the last promotion goes from production too; nothing else does."

use std::process::Command;

use crate::support::{Repo, overlift, run};

const PLAN: [&str; 4] = ["plan", "staging", "production", "--json"];
const PATCH: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: b\n";

/// Staging was promoted once, and has lost `gone.yaml` since.
fn repo() -> Repo {
    let overlay = "resources:\n- ../../base\npatches:\n- path: patches/kept.yaml\n- path: patches/gone.yaml\n";
    let repo = Repo::new(&[
        (".github/overlift.yaml", "version: 1\npromotion:\n  prune: removed\n"),
        ("base/kustomization.yaml", "resources:\n- config.yaml\n"),
        ("base/config.yaml", PATCH),
        ("overlays/staging/kustomization.yaml", overlay),
        ("overlays/staging/patches/kept.yaml", PATCH),
        ("overlays/staging/patches/gone.yaml", PATCH),
        ("overlays/production/kustomization.yaml", "resources:\n- ../../base\n"),
        ("overlays/production/patches/own.yaml", PATCH),
    ]);
    let first = repo.overlift(&["promote", "staging", "production", "--commit"]);
    assert!(first.ok().contains("nothing"), "the first promotion prunes nothing and says so");
    // As GitHub squashes: the message stays, the commit is another one.
    let message = repo.git(&["log", "-1", "--format=%B", "promote/staging-to-production"]);
    repo.git(&["merge", "-q", "--squash", "promote/staging-to-production"]);
    repo.commit(&message.replacen('\n', " (#1)\n", 1));
    std::fs::remove_file(repo.path("overlays/staging/patches/gone.yaml")).unwrap();
    repo.write(
        "overlays/staging/kustomization.yaml",
        &overlay.replace("- path: patches/gone.yaml\n", ""),
    );
    repo.commit("drop a patch");
    repo
}

#[test]
fn a_file_that_the_source_dropped_goes_and_the_targets_own_stays() {
    let repo = repo();
    let plan: serde_json::Value = serde_json::from_str(&repo.overlift(&PLAN).ok()).unwrap();
    let edits = serde_json::json!([
        { "path": "overlays/production/kustomization.yaml", "operation": "modify" },
        { "path": "overlays/production/patches/gone.yaml", "operation": "delete" },
    ]);
    assert_eq!(plan["edits"], edits);
    repo.overlift(&["promote", "staging", "production"]).ok();
    assert!(!repo.path("overlays/production/patches/gone.yaml").exists());
    assert!(repo.path("overlays/production/patches/own.yaml").exists());
}

#[test]
fn a_shallow_clone_says_how_to_get_the_history() {
    let repo = repo();
    let url = format!("file://{}", repo.root().display());
    let clone = repo.path("../shallow");
    run(Command::new("git").args(["clone", "-q", "--depth", "1", &url]).arg(&clone)).ok();
    let refused = overlift(&clone, &PLAN);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("git fetch --unshallow"), "{}", refused.stderr);
    run(Command::new("git").arg("-C").arg(&clone).args(["fetch", "-q", "--unshallow"])).ok();
    assert_eq!(overlift(&clone, &PLAN).code, 0);
}
