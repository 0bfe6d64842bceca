//! A patch is promoted into a target whose kustomization is written in whatever style: it has its
//! effect, no other line is touched, and a second promotion finds nothing to do.

use std::path::Path;
use std::process::Command;

use crate::support::{Repo, kubectl_kustomize, run};

const BASE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  \
    template:\n    spec:\n      containers:\n      - name: app\n        image: app:1\n";
const SCALE: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 5\n";
const LABEL: &str = "- op: add\n  path: /metadata/labels\n  value: {tier: front}\n";
const SOURCE: &str = "resources:\n- ../../base\npatches:\n- path: patches/scale.yaml\n- path: patches/label.yaml\n  \
    target:\n    kind: Deployment\n    name: web\n";

/// Target kustomizations, and whether the promotion has to change a line that is there.
const STYLES: &[(&str, Touch)] = &[
    ("resources:\n- ../../base\n", Touch::Nothing),
    ("resources:\n  - ../../base\n", Touch::Nothing),
    ("resources:\n    -   ../../base\n", Touch::Nothing),
    ("# first\n---\nresources: # the base\n- ../../base # why\n\n# last\n", Touch::Nothing),
    (
        "# tab\there\nresources:\n- ../../base\n# patches:\n#   - path: old.yaml\n\n\n",
        Touch::Nothing,
    ),
    ("resources:\r\n- ../../base\r\n# crlf\r\n", Touch::Nothing),
    ("\u{feff}resources:\n- ../../base\n", Touch::Nothing),
    ("resources:\n- ../../base", Touch::LastLine),
    ("resources: [../../base]\n", Touch::Nothing),
    ("resources: ['../../base']\npatches: []\n", Touch::OneLine),
    ("resources:\n- \"../../base\"\npatches: [] # none yet\nnamePrefix: p-\n", Touch::OneLine),
    ("resources:\n- ../../base\npatches:\n", Touch::Nothing),
    ("resources:\n- ../../base\npatches: # soon\nnamePrefix: p-\n", Touch::Nothing),
    ("resources:\n- ../../base\npatches: ~\n", Touch::OneLine),
    ("resources:\n- ../../base\npatches: null # c\n", Touch::OneLine),
    ("{resources: [../../base]}\n", Touch::OneLine),
    ("{\n  \"resources\": [\n    \"../../base\"\n  ]\n}\n", Touch::OneLine),
    (
        "resources:\n- ../../base\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: \
      /metadata/annotations\n      value: {a: b}\n",
        Touch::Nothing,
    ),
    (
        "patches:\n  # inline\n  - patch: |\n      {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, annotations: {a: b}}}\n\
      resources:\n  - ../../base\n",
        Touch::Nothing,
    ),
    (
        "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, annotations: {a: b}}}'}]\n\
      resources: [../../base]\n",
        Touch::OneLine,
    ),
    ("x: &anchor [../../base]\n", Touch::Unbuildable),
    (
        "commonLabels: &l {team: a}\ncommonAnnotations: *l\nresources:\n- ../../base\n",
        Touch::Nothing,
    ),
    ("resources:\n- ../../base\n...\n", Touch::Nothing),
];

/// Target kustomizations, and the lines that the promotion of one patch adds.
const LAYOUTS: &[(&str, &[&str])] = &[
    ("resources:\n- ../../base\n", &["patches:", "- path: patches/scale.yaml"]),
    (
        "resources:\n  - ../../base\npatches:\n  - path: patches/own.yaml\n",
        &["  - path: patches/scale.yaml"],
    ),
    (
        "resources:\n    - ../../base\npatches:\n    -   path: patches/own.yaml\n",
        &["    -   path: patches/scale.yaml"],
    ),
    (
        "# ours\nresources: # all\n- ../../base # the base\n\npatches:\n# first\n- path: patches/own.yaml # mine\n\n# the end\n",
        &["- path: patches/scale.yaml"],
    ),
    ("resources:\n- ../../base\npatches: []\n", &["patches:", "- path: patches/scale.yaml"]),
    ("resources:\n- ../../base\npatches:\n", &["- path: patches/scale.yaml"]),
    (
        "resources: [../../base]\npatches: [{path: patches/own.yaml}]\n",
        &["patches: [{path: patches/own.yaml}, {path: patches/scale.yaml}]"],
    ),
    (
        "resources:\r\n- ../../base\r\npatches:\r\n- path: patches/own.yaml\r\n",
        &["- path: patches/scale.yaml\r"],
    ),
    (
        "resources:\n- ../../base\npatches:\n- path: patches/own.yaml",
        &["- path: patches/scale.yaml"],
    ),
    (
        "\"resources\":\n- \"../../base\"\n'patches':\n- 'path': \"patches/own.yaml\"\n",
        &["- path: patches/scale.yaml"],
    ),
    (
        "---\nresources:\n- ../../base\npatches:\n- path: patches/own.yaml\n...\n",
        &["- path: patches/scale.yaml"],
    ),
];

const ONE_PATCH: &str = "resources:\n- ../../base\npatches:\n- path: patches/scale.yaml\n";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Touch {
    /// Every line stays.
    Nothing,
    /// The last line gets an end.
    LastLine,
    /// The line with the list itself has to change.
    OneLine,
    /// It is no kustomization at all.
    Unbuildable,
}

fn repository(target: &str) -> Repo {
    let repo = Repo::new(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("overlays/dev/kustomization.yaml", SOURCE),
        ("overlays/dev/patches/scale.yaml", SCALE),
        ("overlays/dev/patches/label.yaml", LABEL),
        ("overlays/prod/kustomization.yaml", target),
    ]);
    // What is committed is what was written, whatever its line ends.
    repo.git(&["config", "core.autocrlf", "false"]);
    repo
}

fn patch(dir: &Path, arguments: &[&str], input: &str) {
    std::fs::write(dir.join("input.diff"), input).unwrap();
    let mut command = Command::new("patch");
    run(command.current_dir(dir).args(arguments).args(["-i", "input.diff"])).ok();
}

/// Whether all of `few` are among `many` in their order.
fn is_among(few: &str, many: &str) -> bool {
    let mut rest = many.split('\n');
    few.split('\n').all(|line| rest.any(|other| other == line))
}

#[test]
fn a_patch_has_its_effect_and_no_other_line_is_touched() {
    for (target, touch) in STYLES {
        if *touch == Touch::Unbuildable {
            continue;
        }
        let repo = repository(target);
        let prod = repo.path("overlays/prod");
        let before = repo.overlift(&["build", "overlays/prod"]).ok();
        let files = repo.overlift(&["plan", "dev", "prod", "--diff", "files"]).ok();
        let rendered = repo.overlift(&["plan", "dev", "prod", "--diff", "rendered"]).ok();
        repo.overlift(&["promote", "dev", "prod"]).ok();
        let after = repo.overlift(&["build", "overlays/prod"]).ok();
        let now = repo.read("overlays/prod/kustomization.yaml");

        assert!(after.contains("replicas: 5"), "{target:?}\n{now}");
        assert!(after.contains("tier: front"), "{target:?}\n{now}");
        if let Some(kubectl) = kubectl_kustomize(&prod) {
            assert_eq!(after, kubectl, "{target:?}");
        }
        match touch {
            Touch::Nothing => assert!(is_among(target, &now), "{target:?}\n{now:?}"),
            Touch::LastLine => assert!(now.starts_with(target), "{target:?}\n{now:?}"),
            Touch::OneLine | Touch::Unbuildable => {
                let lines: Vec<&str> = target.split('\n').collect();
                let gone = lines.iter().filter(|line| !now.split('\n').any(|now| now == **line));
                assert!(gone.count() <= 1, "{target:?}\n{now:?}");
            }
        }
        assert_eq!(target.ends_with('\n'), now.ends_with('\n'), "{target:?}");
        assert_eq!(target.contains('\r'), now.contains('\r'), "{target:?}");

        let again = repo.overlift(&["plan", "dev", "prod", "--diff", "files"]).ok();
        assert_eq!(again, "", "a second promotion of {target:?}");

        let promoted = tree_of(&repo);
        repo.git(&["checkout", "-q", "--", "."]);
        repo.git(&["clean", "-fdq"]);
        let diff = repo.root().with_file_name("files.diff");
        std::fs::write(&diff, files).unwrap();
        repo.git(&["apply", diff.to_str().unwrap()]);
        assert_eq!(tree_of(&repo), promoted, "git apply for {target:?}");

        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("out.yaml"), &before).unwrap();
        patch(scratch.path(), &["-s", "out.yaml"], &rendered);
        let patched = std::fs::read_to_string(scratch.path().join("out.yaml")).unwrap();
        assert_eq!(patched, after, "patch for {target:?}");
    }
}

/// The name git gives to the working tree as it is.
fn tree_of(repo: &Repo) -> String {
    repo.git(&["add", "-A"]);
    let tree = repo.git(&["write-tree"]);
    repo.git(&["reset", "-q"]);
    tree
}

#[test]
fn a_target_that_cannot_be_built_is_an_error_with_its_place() {
    for target in
        ["", "# only a comment\n", "x: &anchor [../../base]\n", "resources:\n- ../../base\n\tx"]
    {
        let refused = repository(target).overlift(&["plan", "dev", "prod"]);
        assert_eq!(refused.code, 2, "{target:?} {refused:?}");
        assert!(refused.stderr.contains("overlays/prod/kustomization.yaml"), "{}", refused.stderr);
    }
}

#[test]
fn the_source_may_be_written_in_any_style_too() {
    for source in [
        "patches: [{path: patches/scale.yaml}, {path: patches/label.yaml, target: {kind: Deployment}}]\nresources: [../../base]\n",
        "resources:\r\n  - ../../base\r\npatches:\r\n  - path: ./patches/scale.yaml\r\n  - path: \"patches/label.yaml\"\r\n    target:\r\n      kind: Deployment\r\n",
        "resources:\n- ../../base\npatches:\n  -\n    path: patches/scale.yaml # why\n\n  - {\n      path: patches/label.yaml,\n      target: {kind: Deployment}\n    }",
        "{\"resources\": [\"../../base\"], \"patches\": [{\"path\": \"patches/scale.yaml\"}, {\"path\": \"patches/label.yaml\", \"target\": {\"kind\": \"Deployment\"}}]}",
    ] {
        let styles = STYLES.iter().filter(|(_, touch)| *touch != Touch::Unbuildable);
        for (target, touch) in styles.step_by(5) {
            let repo = repository(target);
            repo.write("overlays/dev/kustomization.yaml", source);
            repo.overlift(&["promote", "dev", "prod"]).ok();
            let built = repo.overlift(&["build", "overlays/prod"]).ok();
            let now = repo.read("overlays/prod/kustomization.yaml");
            assert!(built.contains("replicas: 5"), "{source:?} {target:?}\n{now}");
            assert!(built.contains("tier: front"), "{source:?} {target:?}\n{now}");
            assert_eq!(repo.overlift(&["plan", "dev", "prod", "--diff", "files"]).ok(), "");
            if *touch == Touch::Nothing {
                assert!(is_among(target, &now), "{source:?} {target:?}\n{now:?}");
            }
        }
    }
}

#[test]
fn a_new_entry_is_laid_out_like_its_neighbours() {
    for (target, added) in LAYOUTS {
        let repo = repository(target);
        repo.write("overlays/dev/kustomization.yaml", ONE_PATCH);
        repo.git(&["rm", "-q", "-f", "overlays/dev/patches/label.yaml"]);
        repo.write("overlays/prod/patches/own.yaml", &SCALE.replace("replicas: 5", "paused: true"));
        repo.overlift(&["promote", "dev", "prod"]).ok();
        let now = repo.read("overlays/prod/kustomization.yaml");
        let fresh: Vec<&str> =
            now.split('\n').filter(|line| !target.split('\n').any(|old| old == *line)).collect();
        assert_eq!(fresh, *added, "{target:?}\n{now}");
    }
}

/// A chart's values reach the cluster, though nothing here renders them: it was "no resource changes", and the files
/// "have no effect".
#[test]
fn charts_below_an_environment_are_not_said_to_change_nothing() {
    let application = |environment: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: web-{environment}\nspec:\n  source:\n    repoURL: https://github.com/acme/config\n    path: clusters/{environment}/web\n    helm:\n      valueFiles: [../versions.yaml, values.yaml]\n"
        )
    };
    for listed in [false, true] {
        let mut files = Vec::new();
        for environment in ["staging", "production"] {
            let at = |file: &str| format!("clusters/{environment}/{file}");
            files.push((at("web.yaml"), application(environment)));
            files
                .push((at("web/Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n".into()));
            files.push((at("web/values.yaml"), "image:\n  tag: 1.0.0\n".into()));
            files.push((at("versions.yaml"), "api:\n  tag: 1.0.0\n".into()));
            if listed {
                files.push((at("kustomization.yaml"), "resources: [web.yaml]\n".into()));
            }
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let repo = Repo::new(&files);
        repo.write("clusters/staging/web/values.yaml", "image:\n  tag: 1.1.0\n");
        repo.write("clusters/staging/versions.yaml", "api:\n  tag: 1.1.0\n");
        repo.commit("newer versions");
        let plan = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        assert_eq!(plan["edits"].as_array().unwrap().len(), 2, "{plan:#}");
        assert_eq!(plan["summary"], "2 files of charts change, which nothing renders here");
        let codes: Vec<&str> = plan["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|it| it["code"].as_str())
            .collect();
        assert!(
            !codes.iter().any(|code| code.contains("unreferenced") || code.contains("nothing")),
            "{codes:?}"
        );
    }
}

/// The last manifest that goes is a resource that is deleted, and the first that comes is one that is added: both were
/// "not rendered".
#[test]
fn the_last_manifest_goes_and_the_first_comes() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata: {rate: \"5\"}\n";
    let configuration = "version: 1\nenvironments:\n- {name: staging, path: envs/staging}\n- {name: production, path: envs/production}\n";
    let repo = Repo::new(&[
        (".github/overlift.yaml", configuration),
        ("envs/staging/limits.yaml", map),
        ("envs/staging/.gitkeep", ""),
        ("envs/production/limits.yaml", map),
        ("envs/production/.gitkeep", ""),
    ]);
    let plan = || {
        let plan = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
        serde_json::from_str::<serde_json::Value>(&plan).unwrap()
    };
    std::fs::remove_file(repo.path("envs/staging/limits.yaml")).unwrap();
    repo.commit("no limits");
    let gone = plan();
    assert_eq!(gone["summary"], "1 resource is deleted");
    let findings = gone["findings"].as_array().unwrap();
    assert!(findings.iter().any(|it| it["rule"] == "resource-deleted"), "{findings:#?}");
    assert!(gone["rendered"].as_str().unwrap().contains("-kind: ConfigMap"));
    repo.overlift(&["promote", "staging", "production", "--local"]).ok();
    repo.commit("promoted");
    repo.write("envs/staging/limits.yaml", map);
    repo.commit("limits again");
    assert_eq!(plan()["summary"], "1 resource is added, none is deleted");
}
