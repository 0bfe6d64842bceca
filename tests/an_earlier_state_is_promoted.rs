//! "Promote what staging was on Friday: that is what we tested." (`--from REV`)

use crate::support::{Repo, overlift_command, run};

fn map(values: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n{values}")
}

fn environments(by: &str) -> String {
    format!(
        "version: 1\nenvironments:\n- {{name: staging, path: staging}}\n- {{name: production, path: production}}\npromotion: {{by: {by}}}\n"
    )
}

/// Staging went from 1 to 2 (tested, tagged) and on to 3; production has a value of its own since.
fn repository(by: &str) -> Repo {
    let kustomization = "resources:\n- map.yaml\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", &environments(by)),
        ("staging/kustomization.yaml", kustomization),
        ("staging/map.yaml", &map("  a: \"1\"\n")),
        ("production/kustomization.yaml", kustomization),
        ("production/map.yaml", &map("  a: \"1\"\n")),
    ]);
    repository.write("staging/map.yaml", &map("  a: \"2\"\n"));
    repository.commit("tested");
    repository.git(&["tag", "tested"]);
    repository.write("staging/map.yaml", &map("  a: \"3\"\n  b: \"1\"\n"));
    repository.write("staging/more.yaml", &map("  c: \"1\"\n"));
    repository.commit("not tested");
    repository.write("production/own.txt", "on call: lisa\n");
    repository.commit("production's own");
    repository
}

const FROM: [&str; 4] = ["staging", "production", "--from", "tested"];

#[test]
fn what_came_later_stays_and_comes_the_next_time() {
    let repository = repository("changes");
    let shown = repository.overlift(&[&["plan"], &FROM[..]].concat()).ok();
    let tested = repository.git(&["rev-parse", "tested"]);
    let tested = tested.trim();
    assert!(shown.contains(&format!("staging as of {}", &tested[..7])), "{shown}");
    repository.overlift(&[&["promote"], &FROM[..], &["--commit"]].concat()).ok();
    repository.git(&["merge", "-q", "promote/staging-to-production"]);
    assert_eq!(repository.read("production/map.yaml"), map("  a: \"2\"\n"));
    assert_eq!(repository.read("production/own.txt"), "on call: lisa\n");
    assert!(!repository.path("production/more.yaml").exists());
    let message = repository.git(&["log", "-1", "--format=%B"]);
    assert!(message.contains(&format!("Overlift-Source: staging@{tested}")), "{message}");
    // What came after the tested state was not left out: it had not been seen.
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/map.yaml"), map("  a: \"3\"\n  b: \"1\"\n"));
}

#[test]
fn copied_files_are_as_they_were() {
    let repository = repository("files, copy: [\"**\"]");
    repository.overlift(&[&["promote"], &FROM[..], &["--local"]].concat()).ok();
    assert_eq!(repository.read("production/map.yaml"), map("  a: \"2\"\n"));
    assert!(!repository.path("production/more.yaml").exists());
}

#[test]
fn what_only_a_checkout_heeds_is_not_forgotten_on_github() {
    let repository = repository("changes");
    for flag in [
        &["--from", "tested"][..],
        &["--all"],
        &["--only", "staging/map.yaml"],
        &["--create"],
        &["--load-restrictor", "LoadRestrictionsNone"],
    ] {
        let asked = [&["promote", "staging", "production", "--repo", "octo/gitops"], flag].concat();
        let mut command = overlift_command(&repository.path(""), &asked);
        let refused = run(command.env("GH_TOKEN", "x").env("GITHUB_API_URL", "http://127.0.0.1:9"));
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(
            refused.stderr.contains(&format!("`{}` is for a checkout", flag[0])),
            "{refused:?}"
        );
    }
}

#[test]
fn a_commit_of_somewhere_else_is_refused() {
    let repository = repository("changes");
    let unknown = repository.overlift(&["plan", "staging", "production", "--from", "friday"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("friday"), "{unknown:#?}");
    repository.git(&["checkout", "-q", "--orphan", "other"]);
    repository.commit("all anew");
    repository.git(&["checkout", "-q", "main"]);
    let other = repository.overlift(&["plan", "staging", "production", "--from", "other"]);
    assert_eq!(other.code, 2);
    let want = "`other` is not in the history of what is promoted";
    assert!(other.stderr.contains(want), "{other:#?}");
}
