//! "My overlay does not build: say which file, which line, and what to write instead."

use overlift::rooms::kustomize::{BuildError, BuildOptions, build};
use overlift::rooms::model::{FileTree, RepoPath};

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

#[track_caller]
fn refused(files: &[(&str, &str)], message: &str) {
    let error = build(
        &FileTree::of(files.iter().copied()).unwrap(),
        &path("over"),
        &BuildOptions::default(),
    )
    .unwrap_err();
    assert!(error.to_string().starts_with(message), "{error}\nlacks\n{message}");
}

#[test]
fn fields() {
    let misspelt = "resources: [a.yaml]\nnamePrefx: a-\n";
    refused(
        &[("over/kustomization.yaml", misspelt), ("over/a.yaml", SERVICE)],
        "over/kustomization.yaml:2:1 (namePrefx): there is no field `namePrefx`; \
         did you mean `namePrefix`?",
    );
    let number = "resources: [a.yaml]\ncommonLabels:\n  a: 1\n";
    refused(
        &[("over/kustomization.yaml", number), ("over/a.yaml", SERVICE)],
        "over/kustomization.yaml:3:6 (commonLabels.a): expected a text, found a number",
    );
    refused(
        &[("over/kustomization.yaml", "helmCharts:\n- name: x\n")],
        "over/kustomization.yaml:2:1 (helmCharts): helm charts are not rendered here",
    );
    let merge = "configMapGenerator:\n- name: a\n  behavior: merge\n  literals: [x=y]\n";
    refused(
        &[("over/kustomization.yaml", merge)],
        "over/kustomization.yaml:2:3 (configMapGenerator[0]): there is no `ConfigMap a` to merge",
    );
}

#[test]
fn paths() {
    let one = |entry: &str| format!("resources:\n- {entry}\n");
    let (missing, outside) = (one("servce.yaml"), one("../service.yaml"));
    refused(
        &[("over/kustomization.yaml", &missing), ("over/service.yaml", SERVICE)],
        "over/kustomization.yaml:2:3 (resources[0]): there is no `servce.yaml`; \
         did you mean `service.yaml`?",
    );
    refused(
        &[("over/kustomization.yaml", &outside), ("service.yaml", SERVICE)],
        "over/kustomization.yaml:2:3 (resources[0]): `service.yaml` is not in or below `over`",
    );
    refused(
        &[
            ("over/kustomization.yaml", &one("../base")),
            ("base/kustomization.yaml", &one("../over")),
        ],
        "base/kustomization.yaml:2:3 (resources[0]): `over` contains this kustomization",
    );
    refused(
        &[("over/kustomization.yaml", &one("github.com/org/repo//deploy?ref=v1"))],
        "over/kustomization.yaml:2:3 (resources[0]): `github.com/org/repo//deploy?ref=v1` is remote",
    );
    refused(
        &[
            ("over/kustomization.yaml", &one("../extra")),
            ("extra/kustomization.yaml", "kind: Component\nnamePrefix: a-\n"),
        ],
        "over/kustomization.yaml:2:3 (resources[0]): `extra` is a component; \
         list it under `components`",
    );
}

/// A file is no place to write what its entry lacks, and has no line if it is empty.
#[test]
fn entries_and_empty_files() {
    let entry = "resources: [a.yaml]\npatches:\n- path: p.yaml\n";
    let operations = "- {op: remove, path: /spec}\n";
    refused(
        &[
            ("over/kustomization.yaml", entry),
            ("over/a.yaml", SERVICE),
            ("over/p.yaml", operations),
        ],
        "over/kustomization.yaml:3:3 (patches[0]): a JSON 6902 patch needs a `target`",
    );
    refused(
        &[("over/kustomization.yaml", "# nothing yet\n")],
        "over/kustomization.yaml:1:1: the kustomization is empty",
    );
}

#[test]
fn resources() {
    let two = "resources: [a.yaml, b.yaml]\n";
    refused(
        &[("over/kustomization.yaml", two), ("over/a.yaml", SERVICE), ("over/b.yaml", SERVICE)],
        "over/b.yaml:1:1: `Service web` is there already, from over/a.yaml:1:1",
    );
    let plugin = "apiVersion: example.com/v1\nkind: Maker\nmetadata: {name: m}\n";
    refused(
        &[("over/kustomization.yaml", "generators: [g.yaml]\n"), ("over/g.yaml", plugin)],
        "over/g.yaml:1:1: `Maker` is no built-in plugin",
    );
}

#[test]
fn files_that_are_not_here_are_named_together() {
    let kustomization =
        "resources: [a.yaml, b.yaml, ../base]\nconfigMapGenerator: [{name: c, files: [c.txt]}]\n";
    let mut files = FileTree::of([("over/kustomization.yaml", kustomization)]).unwrap();
    for unknown in ["over/a.yaml", "over/b.yaml", "over/c.txt", "base/kustomization.yaml"] {
        files.insert_unknown(path(unknown));
    }
    let error = build(&files, &path("over"), &BuildOptions::default()).unwrap_err();
    let BuildError::Unknown(unknown) = error else { panic!("{error}") };
    let names: Vec<&str> = unknown.iter().map(RepoPath::as_str).collect();
    assert_eq!(names, ["base/kustomization.yaml", "over/a.yaml", "over/b.yaml", "over/c.txt"]);
}

#[test]
fn a_build_says_what_it_read_and_where_resources_come_from() {
    let config = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n---\n# second\nkind: \
                  ConfigMap\napiVersion: v1\nmetadata: {name: b}\n";
    let files = FileTree::of([
        ("over/kustomization.yaml", "resources: [c.yaml]\nnamePrefix: x-\n"),
        ("over/c.yaml", config),
        ("over/unused.yaml", ""),
    ])
    .unwrap();
    let build = build(&files, &path("over"), &BuildOptions::default()).unwrap();
    let inputs: Vec<&str> = build.inputs.iter().map(RepoPath::as_str).collect();
    assert_eq!(inputs, ["over/c.yaml", "over/kustomization.yaml"]);
    let told = build.resources.iter().map(|r| format!("{}, {}, {}", r.id, r.original_id, r.origin));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "ConfigMap x-a, ConfigMap a, over/c.yaml:1:1",
            "ConfigMap x-b, ConfigMap b, over/c.yaml:6:1"
        ]
    );
}
