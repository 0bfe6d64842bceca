//! Findings about a build point at the line where the value was written.
//!
//! Each value of these overlays is a word of its own, `q1`, `q2` and so on, written once. Whatever of the build
//! holds one has to be placed at the line that has it.

use std::collections::BTreeMap;

use super::*;
use crate::kustomize::{Build, BuildOptions, build};
use crate::model::{FileTree, Position};
use crate::policy::{Finding, Level, Overlay};
use crate::yaml::Value;

const APP: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  annotations:
    note: q1
spec:
  replicas: 1001
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}, annotations: {inside: q2}}
    spec:
      serviceAccountName: q3
      containers:
      - name: app
        image: registry/app:q4
        args:
        - q5
        - q6
        env:
        - name: A
          value: q7
        - name: B
          value: q8
      - name: side
        image: registry/side:q9
";
const ROUTE: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: route
spec:
  hosts:
  - q10
  - q11
  http:
  - name: first
    timeout: q12
    route:
    - destination: {host: q13}
  - name: second
    timeout: q14
    route:
    - destination:
        host: q15
        subset: q16
";
const SETTINGS: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  a: of-many q17
  b: q18
  c: q19
";
const BASE: &str = "resources: [app.yaml, route.yaml, settings.yaml]\n";

/// The places of all words of a build that are not where they are written.
fn misplaced(own: &[(&str, &str)]) -> Vec<String> {
    let base = [
        ("base/kustomization.yaml", BASE),
        ("base/app.yaml", APP),
        ("base/route.yaml", ROUTE),
        ("base/settings.yaml", SETTINGS),
    ];
    let files: Vec<(&str, &str)> = base.into_iter().chain(own.iter().copied()).collect();
    let tree = FileTree::of(files.iter().copied()).unwrap();
    let path = RepoPath::parse("over").unwrap();
    let built = build(&tree, &path, &BuildOptions::default()).unwrap();
    let reading = Reading::new(Overlay { files: &tree, path: &path, build: &built });
    let (wanted, findings) = (words_of(&files), all_fields(&built));
    let mut found = Findings { findings, ..Findings::default() };
    let before = found.findings.clone();
    place_in_build(&mut found, &reading);
    let mut wrong = Vec::new();
    for (was, now) in before.iter().zip(&found.findings) {
        let at = now.location.as_ref().unwrap();
        let line = at.position.map_or(0, |position| position.line);
        let place = format!("{}:{line}", at.path);
        let words = words(&was.message);
        if !words.iter().any(|word| wanted.get(word) == Some(&place)) {
            let wanted: Vec<_> = words.iter().map(|word| wanted.get(word)).collect();
            wrong.push(format!("{} = {}: {place}, not {wanted:?}", at.field, was.message));
        }
    }
    wrong
}

/// The words of a text: `q` or `100` and a number.
fn words(text: &str) -> Vec<String> {
    let is_word = |word: &&str| {
        let number = word.strip_prefix('q').or_else(|| word.strip_prefix("100"));
        number.is_some_and(|number| !number.is_empty() && number.parse::<u32>().is_ok())
    };
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    parts.filter(is_word).map(str::to_owned).collect()
}

/// Where each word is written.
fn words_of(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (path, text) in files {
        for (line, text) in text.lines().enumerate() {
            for word in words(text) {
                found.insert(word, format!("{path}:{}", line + 1));
            }
        }
    }
    found
}

/// A finding about each field that holds a word, which is its message.
fn all_fields(build: &Build) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &build.resources {
        fields(&resource.node, String::new(), &mut |field, text| {
            found.push(Finding {
                code: String::new(),
                rule: "x",
                level: Level::Error,
                message: text.to_owned(),
                help: None,
                resource: Some(resource.id.clone()),
                location: Some(resource.origin.clone().in_field(field)),
                new: true,
                alike: None,
            });
        });
    }
    found
}

fn fields(node: &Node, at: String, note: &mut dyn FnMut(&str, &str)) {
    match &node.value {
        Value::Scalar(scalar) if words(&scalar.text).is_empty() => {}
        Value::Scalar(scalar) => note(&at, &scalar.text),
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                fields(item, format!("{at}[{index}]"), note);
            }
        }
        Value::Mapping(mapping) => {
            for pair in mapping {
                let key = &pair.key.text;
                let key =
                    if key.contains(['.', '/']) { format!("[{key}]") } else { key.to_string() };
                let dot = if at.is_empty() { "" } else { "." };
                fields(&pair.value, format!("{at}{dot}{key}"), note);
            }
        }
    }
}

#[track_caller]
fn check_overlay_of(kustomization: &str, more: &[(&str, &str)]) {
    let base = if kustomization.contains("resources:") { "" } else { "resources: [../base]\n" };
    let text = format!("{base}{kustomization}");
    let own = [("over/kustomization.yaml", text.as_str())];
    let own: Vec<(&str, &str)> = own.into_iter().chain(more.iter().copied()).collect();
    assert_eq!(misplaced(&own), [""; 0], "{kustomization}");
}

#[test]
fn what_is_not_changed_is_in_its_file() {
    check_overlay_of("", &[]);
    check_overlay_of("namespace: q100\nnamePrefix: pre-\nnameSuffix: -post\n", &[]);
}

#[test]
fn fields_of_the_kustomization_are_places() {
    check_overlay_of(
        "images:\n- name: registry/app\n  newTag: q100\n- name: registry/side\n  newName: other/q101\n",
        &[],
    );
    check_overlay_of("images:\n- name: registry/app\n  newName: other/app\n  newTag: q100\n", &[]);
    check_overlay_of("images:\n- {name: registry/app, digest: 'sha256:q100'}\n", &[]);
    check_overlay_of("replicas:\n- {name: app, count: 10077}\n", &[]);
    check_overlay_of("commonAnnotations:\n  note: q100\n  other/one: q101\n", &[]);
    check_overlay_of("commonLabels:\n  app: q100\n  more: q101\n", &[]);
    check_overlay_of(
        "labels:\n- pairs:\n    tier: q100\n- pairs:\n    kept: q101\n  includeTemplates: true\n",
        &[],
    );
}

#[test]
fn patches_in_place_are_places() {
    check_overlay_of(
        "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: app\n      annotations:\n        note: q100\n    spec:\n      template:\n        spec:\n          containers:\n          - name: side\n            image: registry/side:q101\n",
        &[],
    );
    check_overlay_of(
        "patches:\n- target: {kind: Deployment}\n  patch: |\n    - op: replace\n      path: /metadata/annotations/note\n      value: q100\n    - op: add\n      path: /spec/template/spec/containers/0/args/-\n      value: q101\n    - op: add\n      path: /spec/template/spec/containers/1/env\n      value:\n      - name: C\n        value: q102\n",
        &[],
    );
    check_overlay_of(
        "patches:\n- target: {kind: VirtualService}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/http/0/timeout\", \"value\": \"q100\"}]'\n",
        &[],
    );
    check_overlay_of(
        "patchesJson6902:\n- target: {group: networking.istio.io, version: v1, kind: VirtualService, name: route}\n  patch: |-\n    [\n      {\"op\": \"replace\", \"path\": \"/spec/http/1/route/0/destination/subset\", \"value\": \"q100\"}\n    ]\n",
        &[],
    );
    check_overlay_of(
        "patchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: settings}\n  data:\n    b: q100\n",
        &[],
    );
    check_overlay_of(
        "patches:\n- target: {kind: ConfigMap}\n  patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: any}\n    data:\n      b: q100\n      d: q101\n",
        &[],
    );
    check_overlay_of(
        "patches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {b: q100}}'\n",
        &[],
    );
}

#[test]
fn patches_in_files_are_places() {
    check_overlay_of(
        "patches:\n- path: p.yaml\n- {path: ops.yaml, target: {kind: VirtualService}}\n- {path: ops.json, target: {kind: ConfigMap}}\n",
        &[
            (
                "over/p.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  template:\n    spec:\n      containers:\n      - name: side\n        env:\n        - name: X\n          value: q100\n      - name: app\n        env:\n        - name: B\n          value: q101\n        args: [q102, q103]\n",
            ),
            (
                "over/ops.yaml",
                "- op: replace\n  path: /spec/http/1/timeout\n  value: q104\n- op: add\n  path: /spec/hosts/-\n  value: q105\n- op: add\n  path: /metadata/annotations\n  value:\n    a/b: q106\n    c: q107\n",
            ),
            (
                "over/ops.json",
                "[\n  {\"op\": \"replace\", \"path\": \"/data/b\", \"value\": \"q108\"},\n  {\"op\": \"add\", \"path\": \"/data/e\", \"value\": \"q109\"}\n]\n",
            ),
        ],
    );
}

/// What is inserted before others moves their numbers.
#[test]
fn items_that_moved_are_where_they_were_written() {
    check_overlay_of(
        "patches:\n- target: {kind: VirtualService}\n  patch: |-\n    - op: add\n      path: /spec/http/0\n      value:\n        name: new\n        timeout: q100\n        route:\n        - destination:\n            host: q101\n    - op: add\n      path: /spec/hosts/0\n      value: q102\n",
        &[],
    );
}

#[test]
fn the_last_word_counts() {
    check_overlay_of(
        "components: [../comp]\npatches:\n- path: p.yaml\ncommonAnnotations:\n  note: q100\nimages:\n- name: registry/app\n  newTag: q101\n",
        &[
            (
                "over/p.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\n  annotations: {note: q102}\nspec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: registry/app:q103\n      serviceAccountName: q104\n",
            ),
            (
                "comp/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: app}\n    spec:\n      template:\n        spec:\n          serviceAccountName: q105\n          containers:\n          - name: app\n            env:\n            - {name: A, value: q106}\n",
            ),
        ],
    );
}

#[test]
fn what_generators_make_is_in_their_lines() {
    check_overlay_of(
        "configMapGenerator:\n- name: made\n  literals:\n  - x=q100\n  - y=q101\n- name: more\n  envs: [a.env]\n- name: settings\n  behavior: merge\n  literals:\n  - b=q102\n- name: whole\n  files: [a.conf, named=sub/b.conf]\nsecretGenerator:\n- name: hidden\n  literals: [k=v]\n",
        &[
            ("over/a.env", "L=q103\n# comment\nM=q104\n"),
            ("over/a.conf", "q105 = {\n"),
            ("over/sub/b.conf", "q106\n"),
        ],
    );
}

/// A base in a base, each with a patch, and an overlay that patches what they patched.
#[test]
fn of_several_layers_the_outermost_that_says_it_counts() {
    check_overlay_of(
        "resources: [../mid]\npatches:\n- patch: '- {op: replace, path: /data/a, value: q100}'\n  target: {kind: ConfigMap}\n",
        &[(
            "mid/kustomization.yaml",
            "resources: [../base]\nnamePrefix: mid-\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n    - op: replace\n      path: /data/a\n      value: q101\n    - op: replace\n      path: /data/b\n      value: q102\nimages:\n- name: registry/side\n  newTag: q103\n",
        )],
    );
}

#[test]
fn what_replacements_and_plugins_write_is_where_it_is_from() {
    check_overlay_of(
        "replacements:\n- source: {kind: ConfigMap, name: settings, fieldPath: data.a}\n  targets:\n  - select: {kind: VirtualService}\n    fieldPaths: [spec.http.0.timeout]\n",
        &[],
    );
    check_overlay_of(
        "transformers:\n- t.yaml\n",
        &[(
            "over/t.yaml",
            "apiVersion: builtin\nkind: ValueAddTransformer\nmetadata: {name: any}\nvalue: q100\ntargets:\n- selector: {kind: VirtualService}\n  fieldPath: metadata/annotations/mesh\n- selector: {kind: Deployment}\n  fieldPath: spec/template/spec/serviceAccountName\n",
        )],
    );
    check_overlay_of(
        "transformers:\n- t.yaml\n",
        &[(
            "over/t.yaml",
            "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {name: any}\nannotations:\n  note: q100\nfieldSpecs:\n- {path: metadata/annotations, create: true}\n",
        )],
    );
}

/// What a var puts into a text stands where the var's field does, as with replacements.
#[test]
fn what_vars_write_is_where_their_fields_are() {
    check_overlay_of(
        "resources: [../base, more.yaml]\nvars:\n- name: ROUTE\n  objref: {apiVersion: networking.istio.io/v1, kind: VirtualService, name: route}\n  fieldref: {fieldPath: 'spec.http[0].timeout'}\n",
        &[(
            "over/more.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: more}\nspec:\n  containers:\n  - name: a\n    image: none\n    args:\n    - $(ROUTE)\n    - --timeout=$(ROUTE)\n    - $(OTHER) q100\n    env:\n    - {name: T, value: $(ROUTE)}\n",
        )],
    );
}

/// The place of one field of the only resource of a kind.
fn place_of(files: &[(&str, &str)], kind: &str, field: &str) -> String {
    let tree = FileTree::of(files.iter().copied()).unwrap();
    place_in(&tree, &tree, kind, field)
}

/// The same in files of which others were built.
fn place_in(tree: &FileTree, built: &FileTree, kind: &str, field: &str) -> String {
    let path = RepoPath::parse("over").unwrap();
    let built = build(built, &path, &BuildOptions::default()).unwrap();
    let reading = Reading::new(Overlay { files: tree, path: &path, build: &built });
    let resource = built.resources.iter().find(|it| it.id.gvk.kind == kind).unwrap();
    let finding = Finding {
        code: String::new(),
        rule: "x",
        level: Level::Error,
        message: String::new(),
        help: None,
        resource: Some(resource.id.clone()),
        location: Some(resource.origin.clone().in_field(field)),
        new: true,
        alike: None,
    };
    let mut found = Findings { findings: vec![finding], ..Findings::default() };
    place_in_build(&mut found, &reading);
    let at = found.findings.remove(0).location.unwrap();
    let Position { line, column } = at.position.unwrap();
    format!("{}:{line}:{column}", at.path)
}

const SMALL: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: small
data:
  a: 'on'
  b: 'on'
";

#[track_caller]
fn check_small(kustomization: &str, more: &[(&str, &str)], expected: &[(&str, &str)]) {
    let base = [
        ("base/kustomization.yaml", "resources: [small.yaml]\n"),
        ("base/small.yaml", SMALL),
        ("over/kustomization.yaml", kustomization),
    ];
    let files: Vec<(&str, &str)> = base.into_iter().chain(more.iter().copied()).collect();
    for (field, line) in expected {
        assert_eq!(place_of(&files, "ConfigMap", field), *line, "{field}");
    }
}

/// What is written in several places is told by what happened, not by what it looks like.
#[test]
fn of_equal_values_the_one_that_came_last_counts() {
    check_small(
        "resources: [../mid]\npatches:\n- path: p.yaml\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: small}\n    data:\n      b: 'on'\n",
        &[
            ("mid/kustomization.yaml", "resources: [../base]\npatches: [{path: p.yaml}]\n"),
            ("mid/p.yaml", &SMALL.replace("  b: 'on'\n", "  c: 'on'\n")),
            ("over/p.yaml", &SMALL.replace("  a: 'on'\n", "")),
        ],
        &[
            ("data.a", "mid/p.yaml:6:3"),
            ("data.b", "over/kustomization.yaml:9:7"),
            ("data.c", "mid/p.yaml:7:3"),
            ("data.d", "base/small.yaml:5:1"),
        ],
    );
}

#[test]
fn a_label_is_where_it_was_set_last() {
    let app = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  template:\n    spec: {}\n";
    let files = [
        (
            "base/kustomization.yaml",
            "resources: [app.yaml]\nlabels:\n- pairs:\n    one: a\n    two: b\n  includeTemplates: true\n",
        ),
        ("base/app.yaml", app),
        (
            "over/kustomization.yaml",
            "resources: [../base]\nlabels:\n- pairs:\n    two: b\n  includeTemplates: true\n",
        ),
    ];
    let place = |field| place_of(&files, "Deployment", field);
    assert_eq!(place("metadata.labels.one"), "base/kustomization.yaml:4:10");
    assert_eq!(place("spec.template.metadata.labels.one"), "base/kustomization.yaml:4:10");
    assert_eq!(place("metadata.labels.two"), "over/kustomization.yaml:4:10");
    assert_eq!(place("spec.template.metadata.labels.two"), "over/kustomization.yaml:4:10");
}

#[test]
fn lines_are_counted_in_what_is_written() {
    check_small(
        "resources: [../base]\r\npatches:\r\n- patch: |\r\n\r\n    # why\r\n    apiVersion: v1\r\n    kind: ConfigMap\r\n    metadata: {name: small}\r\n    data:\r\n      a: x\r\n- target: {kind: ConfigMap}\r\n  patch: '[{\"op\": \"add\",\r\n    \"path\": \"/data/b\", \"value\": \"x\"}]'\r\nconfigMapGenerator:\r\n- name: small\r\n  behavior: merge\r\n  options: {disableNameSuffixHash: true}\r\n  envs: [e.env]\r\n",
        &[("over/e.env", "\r\n# c\r\nE=1\r\nF=2\r\n")],
        &[
            ("data.a", "over/kustomization.yaml:10:7"),
            ("data.b", "over/kustomization.yaml:12:10"),
            ("data.E", "over/e.env:3:1"),
            ("data.F", "over/e.env:4:1"),
        ],
    );
}

#[test]
fn short_values_that_replacements_copy_are_told() {
    check_small(
        "resources: [../base]\nreplacements:\n- source: {kind: ConfigMap, fieldPath: data.b}\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.a]\n",
        &[],
        &[("data.a", "base/small.yaml:7:6"), ("data.b", "base/small.yaml:7:3")],
    );
}

#[test]
fn the_namespace_is_where_it_is_set() {
    check_small(
        "resources: [../base]\nnamespace: there\n",
        &[],
        &[
            ("metadata.namespace", "over/kustomization.yaml:2:12"),
            ("metadata.name", "base/small.yaml:4:3"),
        ],
    );
}

/// Argo CD and Flux write into a kustomization before they build it.
#[test]
fn what_a_deployer_adds_is_in_no_line_and_moves_none() {
    let own = "resources: [../base]\ncommonAnnotations:\n  ours: x\nnamespace: here\n";
    let theirs = own
        .replace("  ours: x\n", "  ours: x\n  theirs: z\n")
        .replace("namespace: here", "# more\nnamespace: there\nnameSuffix: -eu");
    let tree = |kustomization| {
        FileTree::of([
            ("base/kustomization.yaml", "resources: [small.yaml]\n"),
            ("base/small.yaml", SMALL),
            ("over/kustomization.yaml", kustomization),
        ])
        .unwrap()
    };
    let place = |field| place_in(&tree(own), &tree(&theirs), "ConfigMap", field);
    assert_eq!(place("metadata.annotations.ours"), "over/kustomization.yaml:3:9");
    assert_eq!(place("metadata.annotations.theirs"), "base/small.yaml:3:1");
    assert_eq!(place("metadata.namespace"), "base/small.yaml:3:1");
    assert_eq!(place("data.a"), "base/small.yaml:6:3");
}
