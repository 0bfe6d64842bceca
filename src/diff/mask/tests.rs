//! What a reader of a diff may see of Secrets: that they change, and nothing else.

use super::*;
use crate::diff::FilesDiff;
use crate::model::{File, FileEdit, FileTree, RepoPath};
use crate::yaml::{Dialect, parse_stream};

/// No output may hold any of these.
const VALUES: [&str; 4] = ["hunter", "aHVudGVy", "opensesame", "s3cr3t"];

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn edit(at: &str, before: Option<&str>, after: Option<&str>) -> FileEdit {
    let file = |text: &str| File::regular(text.as_bytes());
    FileEdit { path: path(at), before: before.map(file), after: after.map(file) }
}

#[track_caller]
fn files(edits: &[FileEdit], secrets: &SecretInputs) -> String {
    let text = FilesDiff::of(edits, secrets).text();
    for value in VALUES {
        assert!(!text.contains(value), "{text}");
    }
    text
}

#[track_caller]
fn one(before: &str, after: &str) -> String {
    files(&[edit("patches/a.yaml", Some(before), Some(after))], &SecretInputs::default())
}

#[test]
fn a_secret_shows_its_keys_and_what_changed() {
    let before = "# the database\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  \
                  user: hunter\n  password: opensesame # or hunter2\n  same: s3cr3t\ntype: Opaque\n";
    let after = before
        .replace("user: hunter", "user: hunter3")
        .replace("opensesame #", "|\n    opensesame\n    two\n  #");
    insta::assert_snapshot!(one(before, &after), @r"
    diff --git a/patches/a.yaml b/patches/a.yaml
    --- a/patches/a.yaml
    +++ b/patches/a.yaml
    @@ -4,7 +4,7 @@
     metadata:
       name: db
     stringData:
    -  user: <masked>
    -  password: <masked>
    +  user: <masked, changed>
    +  password: <masked, changed>
       same: <masked>
     type: Opaque
    ");
}

#[test]
fn length_and_style_of_a_value_do_not_show() {
    let head = "kind: Secret\nmetadata: {name: a}\ndata:\n  a: ";
    let tail = "\n  b: eA==\ntype: Opaque\n";
    let styles = [
        "aHVudGVy",
        "'aHVudGVy'",
        "\"aHVudGVy\\\n    aHVudGVy\"",
        "|\n    aHVudGVy\n\n    aHVudGVy",
        ">-\n    aHVudGVy\n    aHVudGVy",
        "!!str aHVudGVy",
        "aHVudGVy # aHVudGVy",
        "\n    aHVudGVy\n    # aHVudGVy",
        "{nested: aHVudGVy}",
        "[aHVudGVy,\n   aHVudGVy]",
    ];
    let texts: Vec<String> = styles.iter().map(|value| format!("{head}{value}{tail}")).collect();
    let before = format!("{head}opensesame{tail}");
    let shown: Vec<String> = texts.iter().map(|after| one(&before, after)).collect();
    for diff in &shown {
        assert_eq!(diff, &shown[0]);
        assert!(diff.contains("+  a: <masked, changed>\n   b: <masked>\n type: Opaque"), "{diff}");
    }
}

#[test]
fn flow_style_json_and_anchors_are_hidden_as_a_whole() {
    let texts = [
        "{kind: Secret, data: {a: aHVudGVy}, metadata: {name: x}}\n",
        "{\"kind\": \"Secret\",\n \"data\": {\"a\": \"aHVudGVy\"},\n \"metadata\": {\"name\": \"x\"}}\n",
        "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Secret\",\n  \"stringData\": {\n    \"a\": \"hunter\",\n    \"b\": \"hunter\"\n  }\n}\n",
        "x: &v hunter\nkind: Secret\nstringData:\n  a: *v\n",
        "x: &v\n  a: hunter\nkind: Secret\nstringData:\n  <<: *v\n",
        "kind: Secret\ndata: {a: aHVudGVy,\n  b: aHVudGVy}\nmetadata: {}\n",
        "? kind\n: Secret\n? stringData\n: a: hunter\n",
        "- kind: Secret\n  data: {a: aHVudGVy}\n- {kind: Secret, stringData: {a: hunter}}\n",
        "kind: \"\\u0053ecret\"\nstringData:\n  a: hunter\n",
        "kind: Secret\nstringData: hunter\n",
        "kind: Secret\nstringData:\n- hunter\n",
        "kind: Secret\nstringData:\n  \"key: hunter\\n\": s3cr3t\n"
            .replace("key: hunter", "key: x")
            .leak(),
        "kind: Secret\r\nstringData:\r\n  a: hunter\r\n  b: |\r\n    hunter\r\n",
        "kind: Secret\nstringData:\n  a: hunter",
        "\u{feff}kind: Secret\nstringData:\n  a: hunter\n",
        "# ä€😀\nkind: Secret # ä€😀\nstringData:\n  ä: hunter\n  b: hunter\n",
    ];
    for text in texts {
        let shown = files(&[edit("a.yaml", None, Some(text))], &SecretInputs::default());
        assert!(shown.contains(MASKED), "{text}\n{shown}");
        let changed = text.replace("hunter", "opensesame").replace("aHVudGVy", "c2VzYW1l");
        let changed = changed.replace("s3cr3t", "opensesame");
        assert!(one(text, &changed).contains(MASKED_CHANGED), "{text}\n{}", one(text, &changed));
    }
}

#[test]
fn secrets_are_found_inside_other_things() {
    let texts = [
        "kind: List\nitems:\n- kind: Secret\n  stringData:\n    a: hunter\n  metadata:\n    name: x\n- kind: ConfigMap\n",
        "kind: Secret\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"stringData\":{\"a\":\"hunter\"}}\n",
        "kind: ConfigMap\ndata:\n  manifest.yaml: |\n    kind: Secret\n    stringData:\n      a: hunter\n",
        "kind: ConfigMap\nmetadata:\n  annotations:\n    x: '{\"kind\": \"Secret\", \"data\": {\"a\": \"aHVudGVy\"}}'\n",
        "secretGenerator:\n- name: x\n  literals:\n  - a=hunter\n  - 'b=hunter'\n  - \"hunter with no key\"\n  envs: [a.env]\n",
        "secretGenerator: [{name: x, literals: [a=hunter]}]\n",
        "secretGenerator:\n- literals: hunter\n",
        "kind: SecretGenerator\nliterals:\n- a=hunter\n",
        "patches:\n- patch: |-\n    kind: Secret\n    stringData:\n      a: hunter\n",
        "patches:\n- target: {kind: Secret}\n  patch: |-\n    - op: replace\n      path: /stringData/a\n      value: hunter\n",
        "patches:\n- target: {kind: S.*t}\n  patch: '[{\"op\": \"add\", \"path\": \"/data/a\", \"value\": \"aHVudGVy\"}]'\n",
        "patches:\n- target: {name: db}\n  patch: '[{\"op\": \"add\", \"path\": \"/data/a\", \"value\": \"aHVudGVy\"}]'\n",
        "patchesStrategicMerge:\n- |-\n  kind: Secret\n  stringData:\n    a: hunter\n",
        "patchesJson6902:\n- target: {kind: Secret, version: v1, name: x}\n  patch: |-\n    - {op: add, path: /data/a, value: aHVudGVy}\n",
    ];
    for text in texts {
        let changed = text.replace("hunter", "opensesame").replace("aHVudGVy", "c2VzYW1l");
        let shown = one(text, &changed);
        assert!(shown.contains(MASKED_CHANGED), "{text}\n{shown}");
    }
}

#[test]
fn what_is_no_secret_stays_readable() {
    let text = "kind: ConfigMap\ndata:\n  a: plain\n---\nkind: Secret\nstringData:\n  a: hunter\n---\n# why\nkind: \
                Deployment\nspec:\n  replicas: 1\n";
    let shown = one(text, &text.replace("plain", "other").replace("replicas: 1", "replicas: 2"));
    assert!(shown.contains("-  a: plain\n+  a: other\n"), "{shown}");
    assert!(
        shown.contains(" # why\n kind: Deployment\n spec:\n-  replicas: 1\n+  replicas: 2\n"),
        "{shown}"
    );
    let reference = "certificateRefs:\n- kind: Secret\n  name: tls\n";
    assert!(one(reference, &reference.replace("tls", "tls2")).contains("+  name: tls2"));
    let patch = "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 3\n";
    assert!(one(patch, &patch.replace('3', "4")).contains("+      value: 4"));
}

#[test]
fn a_broken_file_that_may_hold_a_secret_is_hidden() {
    let broken = "kind: Secret\nstringData:\n  a: hunter\n b: [\n";
    assert!(
        one(broken, &broken.replace("hunter", "s3cr3t"))
            .contains("-<masked>\n+<masked, changed>\n")
    );
    let helm = "kind: Secret\nstringData:\n  a: {{ .Values.x }} hunter\n";
    assert!(one(helm, "").contains("-<masked>"));
    let harmless = "spec: [\n";
    assert!(one(harmless, "spec: [a\n").contains("+spec: [a"));
}

#[test]
fn other_texts_are_hidden_only_if_they_quote_a_secret() {
    let diff =
        |at: &str, text: &str| files(&[edit(at, None, Some(text))], &SecretInputs::default());
    assert!(
        diff("README.md", "# How secrets work\n- [x: they are: [secret\n")
            .contains("+# How secrets")
    );
    assert!(
        diff("setup.sh", "cat <<EOF\nkind: Secret\nstringData:\n  a: hunter\nEOF\n")
            .contains("+<masked>")
    );
    assert!(diff("notes", "{kind: Secret, data: {a: aHVudGVy}}").contains("+<masked>"));
    assert!(diff("Kustomization", "secretGenerator: [{literals: [a=hunter]}]").contains(MASKED));
    assert!(diff("a.YAML", "secret: [hunter").contains(MASKED));
}

#[test]
fn only_a_comment_that_changed_is_seen_as_a_change() {
    let before = "kind: Secret\nstringData:\n  # hunter\n  a: s3cr3t\n";
    assert!(one(before, &before.replace("# hunter", "# opensesame")).contains(MASKED_CHANGED));
    let before = "kind: Secret # hunter\n# opensesame\ntype: Opaque\nstringData:\n  a: s3cr3t\n";
    assert!(
        one(before, &before.replace("# hunter", "# s3cr3t"))
            .contains("+kind: Secret # <masked, changed>")
    );
}

#[test]
fn inputs_of_generators_and_patches_of_secrets_are_known_by_their_use() {
    let kustomization = "secretGenerator:\n- name: db\n  envs: [db.env]\n  files: [key=keys/tls.key, ca.crt]\n\
                         patches:\n- path: patches/db.yaml\n  target: {kind: Secret}\n\
                         - path: patches/any.yaml\n  target: {name: x}\n";
    let tree = FileTree::of([
        ("o/staging/kustomization.yaml", kustomization),
        ("o/prod/kustomization.yaml", "resources: []\n"),
    ])
    .unwrap();
    let overlays = [&path("o/staging"), &path("o/prod")];
    let secrets = SecretInputs::find(&tree, &overlays, []).mirrored(overlays[0], overlays[1]);
    let edits = [
        edit(
            "o/prod/db.env",
            Some("# hunter\nA=hunter\nB=s3cr3t\n\naHVudGVy==\n"),
            Some("# hunter\nA=opensesame\nB=s3cr3t\n\naHVudGVy==\n"),
        ),
        edit(
            "o/prod/keys/tls.key",
            Some("-----BEGIN hunter\n"),
            Some("-----BEGIN opensesame\nmore\n"),
        ),
        edit("o/prod/ca.crt", None, Some("hunter")),
        edit(
            "o/prod/patches/db.yaml",
            None,
            Some(
                "- op: replace\n  path: /data/a\n  value: aHVudGVy\n- op: remove\n  path: /data/b\n",
            ),
        ),
        edit(
            "o/prod/patches/any.yaml",
            None,
            Some("kind: any\nstringData:\n  a: hunter\nspec: 1\n"),
        ),
    ];
    insta::assert_snapshot!(files(&edits, &secrets), @r##"
    diff --git a/o/prod/db.env b/o/prod/db.env
    --- a/o/prod/db.env
    +++ b/o/prod/db.env
    @@ -1,5 +1,5 @@
     # <masked>
    -A=<masked>
    +A=<masked, changed>
     B=<masked>
     
     <masked>
    diff --git a/o/prod/keys/tls.key b/o/prod/keys/tls.key
    --- a/o/prod/keys/tls.key
    +++ b/o/prod/keys/tls.key
    @@ -1 +1 @@
    -<masked>
    +<masked, changed>
    diff --git a/o/prod/ca.crt b/o/prod/ca.crt
    new file mode 100644
    --- /dev/null
    +++ b/o/prod/ca.crt
    @@ -0,0 +1 @@
    +<masked>
    diff --git a/o/prod/patches/db.yaml b/o/prod/patches/db.yaml
    new file mode 100644
    --- /dev/null
    +++ b/o/prod/patches/db.yaml
    @@ -0,0 +1,5 @@
    +- op: replace
    +  path: /data/a
    +  value: <masked>
    +- op: remove
    +  path: /data/b
    diff --git a/o/prod/patches/any.yaml b/o/prod/patches/any.yaml
    new file mode 100644
    --- /dev/null
    +++ b/o/prod/patches/any.yaml
    @@ -0,0 +1,4 @@
    +kind: any
    +stringData:
    +  a: <masked>
    +spec: 1
    "##);
}

#[test]
fn rendered_secrets_are_masked_in_the_tree() {
    let node = |text: &str| parse_stream(text, Dialect::V3).unwrap().pop().unwrap();
    let before = node("kind: Secret\ndata: {a: aHVudGVy, b: eA==, gone: eA==}\n");
    let after = node("kind: Secret\ndata: {a: aHVudGVz, b: eA==, new: eA==}\n");
    let (before, after) = mask_resources(Some(&before), Some(&after), &KnownValues::default());
    let write = |node: Option<crate::yaml::Node>| {
        let mut out = String::new();
        crate::yaml::write_document(&node.unwrap(), &mut out);
        out
    };
    assert_eq!(
        write(before),
        "data:\n  a: <masked>\n  b: <masked>\n  gone: <masked>\nkind: Secret\n"
    );
    assert_eq!(
        write(after),
        "data:\n  a: <masked, changed>\n  b: <masked>\n  new: <masked>\nkind: Secret\n"
    );
    let plain = node("kind: ConfigMap\ndata: {a: b}\n");
    assert!(mask_resources(Some(&plain), Some(&plain), &KnownValues::default()).0.is_none());
}

#[test]
fn what_goes_into_a_secret_beside_what_is_encrypted_is_hidden() {
    let text = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec:\n  \
                encryptedData: {p: AgBhunter}\n  template:\n    metadata: {labels: {tier: x}}\n    \
                data:\n      url: pg://opensesame@db\n    stringData: {q: s3cr3t}\n";
    let shown = one(text, &text.replace("tier: x", "tier: y").replace("pg://", "my://"));
    assert!(shown.contains("tier: y") && shown.contains("url: <masked, changed>"), "{shown}");
}

#[test]
fn a_key_that_is_none_may_be_a_value() {
    let node = |key: &str| {
        let text = format!("kind: Secret\ndata:\n  a.key-1_b: x\n  '{key}': ''\n");
        parse_stream(&text, Dialect::V3).unwrap().remove(0)
    };
    let (_, masked) =
        mask_resources(None, Some(&node("MIIhunter+s3cr3t/x")), &KnownValues::default());
    let shown = format!("{masked:?}");
    assert!(shown.contains("a.key-1_b") && !shown.contains("hunter"), "{shown}");
}
