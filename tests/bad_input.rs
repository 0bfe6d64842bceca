//! "Something in my repository is wrong: tell me the file, the line and the way out."
//!
//! Every case: exit code 2, nothing on standard output, the place and a word that helps.

use crate::support::{Repo, Run};

const BASE: &str = "resources:\n- config.yaml\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: b\n";
const OVERLAY: &str = "resources:\n- ../../base\npatches:\n- path: patches/shop.yaml\n";
const PATCH: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: c\n";

/// A sound repository with some files replaced.
fn repo(changes: &[(&str, &str)]) -> Repo {
    let repo = Repo::without_git(&[
        ("base/kustomization.yaml", BASE),
        ("base/config.yaml", CONFIG),
        ("overlays/staging/kustomization.yaml", OVERLAY),
        ("overlays/staging/patches/shop.yaml", PATCH),
        ("overlays/production/kustomization.yaml", "resources:\n- ../../base\n"),
    ]);
    for (path, content) in changes {
        repo.write(path, content);
    }
    repo.init();
    repo
}

#[track_caller]
fn refused(repo: &Repo, words: &[&str]) -> Run {
    let run = repo.overlift(&["plan", "staging", "production"]);
    assert_refused(&run, words);
    run
}

#[track_caller]
fn assert_refused(run: &Run, words: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    for word in words {
        assert!(run.stderr.contains(word), "no `{word}` in:\n{}", run.stderr);
    }
}

#[test]
fn the_sound_repository_is_planned() {
    let plan = repo(&[]).overlift(&["plan", "staging", "production"]).ok();
    assert!(plan.contains("patches/shop.yaml"), "{plan}");
}

#[test]
fn unknown_environment() {
    let run = repo(&[]).overlift(&["plan", "stagin", "production"]);
    assert_refused(
        &run,
        &["there is no environment `stagin` (did you mean `staging`?); there are", "`staging`"],
    );
}

#[test]
fn wrong_direction() {
    let run = repo(&[]).overlift(&["plan", "production", "staging"]);
    assert_refused(&run, &["`staging`", "`production`"]);
}

#[test]
fn broken_yaml() {
    let patch = "kind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: b: c\n";
    let repo = repo(&[("overlays/staging/patches/shop.yaml", patch)]);
    refused(&repo, &["overlays/staging/patches/shop.yaml:5:", "  a: b: c\n"]);
}

#[test]
fn misspelt_key_of_the_configuration() {
    let config = "version: 1\npromotion:\n  exlude: [a]\n";
    let repo = repo(&[(".github/overlift.yaml", config)]);
    refused(&repo, &[".github/overlift.yaml:3:3", "`exlude`", "`exclude`", "  exlude: [a]\n"]);
}

#[test]
fn misspelt_key_of_a_kustomization() {
    let overlay = "resources:\n- ../../base\npatchs:\n- path: patches/shop.yaml\n";
    let repo = repo(&[("overlays/staging/kustomization.yaml", overlay)]);
    refused(&repo, &["overlays/staging/kustomization.yaml:3:1", "`patchs`", "`patches`"]);
}

#[test]
fn missing_file() {
    let overlay = "resources:\n- ../../base\n- nowhere.yaml\n";
    let repo = repo(&[("overlays/staging/kustomization.yaml", overlay)]);
    refused(&repo, &["overlays/staging/kustomization.yaml:3:3", "`nowhere.yaml`"]);
}

#[test]
fn patch_without_a_target() {
    let patch = PATCH.replace("name: shop", "name: shup");
    let repo = repo(&[("overlays/staging/patches/shop.yaml", &patch)]);
    refused(&repo, &["overlays/staging/patches/shop.yaml:1:1", "shup", "`ConfigMap shop`"]);
}

#[test]
fn cyclic_base() {
    let base = "resources:\n- config.yaml\n- ../overlays/staging\n";
    refused(&repo(&[("base/kustomization.yaml", base)]), &["kustomization.yaml:", "circle"]);
}

#[test]
fn remote_base() {
    let overlay = "resources:\n- https://github.com/a/b//base?ref=v1\n";
    let repo = repo(&[("overlays/staging/kustomization.yaml", overlay)]);
    refused(&repo, &["overlays/staging/kustomization.yaml:2:3", "remote"]);
}

#[test]
fn path_out_of_the_repository() {
    let overlay = "resources:\n- ../../base\n- ../../../outside.yaml\n";
    let repo = repo(&[("overlays/staging/kustomization.yaml", overlay)]);
    refused(&repo, &["overlays/staging/kustomization.yaml:3:3", "out of the repository"]);
}

#[cfg(unix)]
#[test]
fn symlink_out_of_the_repository() {
    let repo = repo(&[]);
    let patch = repo.path("overlays/staging/patches/shop.yaml");
    std::fs::write(repo.path("../outside.yaml"), PATCH).unwrap();
    std::fs::remove_file(&patch).unwrap();
    std::os::unix::fs::symlink("../../../../outside.yaml", &patch).unwrap();
    refused(&repo, &["overlays/staging/", "symlink", "out of the repository"]);
}

#[test]
fn alias_bomb() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let repo = repo(&[("base/config.yaml", &format!("{CONFIG}{bomb}"))]);
    refused(&repo, &["base/config.yaml", "alias"]);
}

#[test]
fn two_hundred_thousand_open_brackets() {
    let brackets = "[".repeat(200_000);
    let repo = repo(&[("base/config.yaml", &format!("{CONFIG}b: {brackets}"))]);
    refused(&repo, &["base/config.yaml:7:", "deep"]);
    repo.write("base/config.yaml", CONFIG);
    repo.write("overlays/staging/kustomization.yaml", &format!("resources: {brackets}"));
    refused(&repo, &["overlays/staging/kustomization.yaml:1:", "deep"]);
}

#[test]
fn a_huge_file() {
    let repo = repo(&[]);
    let file = std::fs::File::create(repo.path("overlays/staging/patches/huge.bin")).unwrap();
    file.set_len(1 << 30).unwrap();
    refused(&repo, &["overlays/staging/patches/huge.bin", "1073741824"]);
}

#[test]
fn no_overlay_here() {
    let repo = Repo::without_git(&[("a", "")]);
    let run = repo.overlift(&["plan", "staging", "production"]);
    assert_refused(&run, &["no `overlays`", "help: "]);
    let run = repo.overlift(&["build", "."]);
    assert_refused(&run, &["kustomization.yaml"]);
}

#[test]
fn unknown_revision() {
    let run = repo(&[]).overlift(&["plan", "staging", "production", "--rev", "v9"]);
    assert_refused(&run, &["`v9` is no commit"]);
    let run = repo(&[]).overlift(&["plan", "staging", "production", "--rev", "--output=x"]);
    assert_eq!(run.code, 2);
}

#[test]
fn what_breaks_with_the_promotion_has_no_line_of_the_file_as_it_is() {
    let own = "# production has no base\n# and says so\nresources:\n- own.yaml\n";
    let repo = repo(&[
        ("overlays/production/kustomization.yaml", own),
        ("overlays/production/own.yaml", &CONFIG.replace("name: shop", "name: own")),
    ]);
    let run = refused(&repo, &["`production` cannot be built after the promotion", "shop.yaml"]);
    assert!(!run.stderr.contains(" | "), "the line is another one now: {}", run.stderr);
}

#[test]
fn what_is_not_rendered_is_not_counted_as_nothing() {
    let chart = "helmCharts:\n- name: shop\n  version: 1.0.0\n";
    let repo = repo(&[
        ("overlays/staging/kustomization.yaml", chart),
        ("overlays/production/kustomization.yaml", chart),
    ]);
    repo.write("overlays/staging/kustomization.yaml", &chart.replace("1.0.0", "1.1.0"));
    repo.commit("a newer chart");
    let status = repo.overlift(&["status"]).ok();
    assert!(status.contains("what production will see is not rendered"), "{status}");
}

/// The history says nothing yet, so that files are copied, and no file is where files are copied from.
#[test]
fn nothing_to_copy_says_what_was_looked_at() {
    let repo = Repo::new(&[
        ("environments/dev/values-dev.yaml", "replicaCount: 1\n"),
        ("environments/prod/values-prod.yaml", "replicaCount: 3\n"),
    ]);
    let told = repo.overlift(&["plan", "dev", "prod"]).ok();
    let words = "Nothing to promote from dev to prod: nothing that is copied (`patches/**`) differs; \
                 what else does is not shown where nothing is rendered.";
    assert!(told.contains(words), "{told}");
}

/// The build reads such a file; the rule said nothing of it.
#[test]
fn a_kustomization_in_utf_16_is_judged_too() {
    let text = "resources:\n- ../../base\ncommonLabels:\n  team: shop\n";
    let repo = repo(&[]);
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    std::fs::write(repo.path("overlays/production/kustomization.yaml"), bytes).unwrap();
    repo.commit("from Windows");
    let told = repo.overlift(&["validate", "production"]);
    assert!(told.stdout.contains("`commonLabels` is deprecated"), "{told:#?}");
}

/// Whoever validates in a job, in a repository of charts' values, has done nothing wrong.
#[test]
fn values_that_nothing_renders_are_no_error() {
    let repo = Repo::new(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/values-staging.yaml", "replicas: 1\n"),
        ("chart/values-production.yaml", "replicas: 2\n"),
    ]);
    let told = repo.overlift(&["validate"]).ok();
    let words = "warning not-rendered: `production` cannot be built: `values-production.yaml` is of a chart";
    assert!(told.contains(words), "{told}");
}
