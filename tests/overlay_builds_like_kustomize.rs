//! Overlays build to the bytes that kustomize prints, and what kustomize refuses is refused.
//!
//! `fixtures/kustomize` holds our own cases with what `kustomize` itself said; a folder
//! `../shared/conformance/kustomize` is walked too where it is there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use overlift::rooms::kustomize::{BuildOptions, LoadRestrictor, Reorder, Version, build};
use overlift::rooms::model::RepoPath;

use crate::support::txtar::{Case, cases_below};

#[test]
fn our_cases() {
    let cases = cases_below(&root().join("fixtures/kustomize"));
    assert!(!cases.is_empty());
    check(&cases);
}

#[test]
fn cases_of_kustomize_and_of_public_repositories() {
    let shared = root().join("../shared/conformance/kustomize");
    let scopes = ["krusty", "real", "large", "reports"];
    let cases: Vec<_> = scopes.iter().flat_map(|scope| cases_below(&shared.join(scope))).collect();
    if cases.is_empty() {
        eprintln!("skipped: {} is not here", shared.display());
    }
    check(&cases);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Runs all cases and fails once with everything that differs.
fn check(cases: &[PathBuf]) {
    let mut report = String::new();
    for path in cases {
        let case = Case::read(path);
        if let Err(difference) = run(&case) {
            writeln!(report, "{}: {difference}", case.name).unwrap();
        }
    }
    assert!(report.is_empty(), "{report}");
}

fn run(case: &Case) -> Result<(), String> {
    let dir = RepoPath::parse(case.header("path").unwrap_or(".").trim_start_matches('/')).unwrap();
    let got = build(&case.tree(), &dir, &options(case));
    match (got, case.file("WANT.yaml")) {
        (Ok(build), Some(want)) => same(want, &build.render()),
        (Err(error), Some(_)) => Err(format!("refused: {error}")),
        (Ok(_), None) => Err("built, though kustomize refuses it".to_owned()),
        (Err(_), None) => Ok(()),
    }
}

fn options(case: &Case) -> BuildOptions {
    // Cases of kustomize's own tests follow the newest; recorded ones the version that recorded them.
    let recorded = case.header("engine") == Some("kubectl-5.5.0");
    let version = if recorded { "5.5".parse().unwrap() } else { Version::default() };
    let mut options = BuildOptions { version, ..BuildOptions::default() };
    for option in case.header("options").unwrap_or_default().split([',', ' ']) {
        match option {
            "reorder=none" => options.reorder = Reorder::None,
            "load-restrictor=LoadRestrictionsNone" => {
                options.load_restrictor = LoadRestrictor::None;
            }
            "add-managedby-label=true" => options.managed_by_label = true,
            _ => {}
        }
    }
    options
}

fn same(want: &[u8], got: &str) -> Result<(), String> {
    if want == got.as_bytes() {
        return Ok(());
    }
    let want = String::from_utf8_lossy(want);
    let differs = want.lines().zip(got.lines()).enumerate().find(|(_, (a, b))| a != b);
    Err(differs.map_or_else(
        || format!("{} bytes wanted, {} built", want.len(), got.len()),
        |(at, (want, got))| format!("line {}: wanted `{want}`, built `{got}`", at + 1),
    ))
}

#[test]
fn without_a_repository_the_kustomizations_say_where_their_tree_ends() {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("base/kustomization.yaml", "resources: [a.yaml]\n");
    write("base/a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n");
    write("overlays/production/kustomization.yaml", "resources: [../../base]\n");
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_overlift"))
        .arg("build")
        .current_dir(dir.path().join("overlays/production"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    assert!(String::from_utf8_lossy(&built.stdout).contains("name: a"));
}

#[cfg(unix)]
#[test]
fn an_absolute_link_may_lead_within_the_repository_and_nowhere_else() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("repository");
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(".git/HEAD", "ref: refs/heads/main\n");
    write("base/kustomization.yaml", "resources: [a.yaml]\n");
    write("base/a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n");
    write("over/kustomization.yaml", "resources: [base]\n");
    symlink(root.join("base"), root.join("over/base")).unwrap();
    let built = |over: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_overlift"))
            .args(["build", over])
            .current_dir(&root)
            .output()
            .unwrap()
    };
    let inside = built("over");
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&inside.stderr));
    std::fs::write(
        dir.path().join("b.yaml"),
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}",
    )
    .unwrap();
    write("out/kustomization.yaml", "resources: [b.yaml]\n");
    symlink(dir.path().canonicalize().unwrap().join("b.yaml"), root.join("out/b.yaml")).unwrap();
    let outside = built("out");
    assert_eq!(outside.status.code(), Some(2));
    let said = String::from_utf8_lossy(&outside.stderr).into_owned();
    assert!(said.contains("leads out of the repository"), "{said}");
}
