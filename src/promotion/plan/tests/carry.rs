//! How fields of the source's kustomization reach the target's.

use super::*;

fn carried(source: &str, target: &str, fields: &[&str]) -> (String, Vec<Cause>) {
    let got = decided(
        &format!("-- S/kustomization.yaml --\n{source}\n-- T/kustomization.yaml --\n{target}"),
        carrying(fields),
    );
    let text = match got.files.get("kustomization.yaml") {
        Some(_) => got.text("kustomization.yaml").trim_end_matches('\n').to_owned(),
        None => target.to_owned(),
    };
    (text, got.causes.get("kustomization.yaml").cloned().unwrap_or_default())
}

#[test]
fn images_are_matched_by_name_and_only_what_differs_is_touched() {
    let (text, causes) = carried(
        "images:\n- name: a\n  newTag: \"2\"\n- name: b\n  newTag: v2\n- name: c\n  digest: sha256:x\n",
        "images:\n  # pinned\n  - newTag: '1' # was 0\n    name: a\n  - name: own\n    newTag: v9\n  - name: c\n    newTag: old\n",
        &["images"],
    );
    assert_eq!(
        text,
        "images:\n  # pinned\n  - newTag: \"2\" # was 0\n    name: a\n  - name: b\n    newTag: v2\n  - name: own\n    newTag: v9\n  - name: c\n    digest: sha256:x"
    );
    let keys = ["a", "b", "c"].map(str::to_owned).to_vec();
    assert_eq!(causes, [Cause::Carried { field: "images", keys }]);
}

#[test]
fn what_is_equal_is_no_edit() {
    let (text, causes) = carried(
        "images:\n- name: a\n  newTag: '1'\n",
        "images: [{newTag: \"1\", name: a}]",
        &["images"],
    );
    assert_eq!((text.as_str(), causes.len()), ("images: [{newTag: \"1\", name: a}]", 0));
}

#[test]
fn fields_that_are_absent_begin() {
    let (text, _) = carried(
        "replicas:\n- name: d\n  count: 3\nnamespace: n\ncommonLabels: {a: b}\nbuildMetadata: [originAnnotations]\n",
        "resources: [x]",
        &["replicas", "namespace", "commonLabels", "buildMetadata", "namePrefix"],
    );
    assert_eq!(
        text,
        "resources: [x]\nreplicas: [{name: d, count: 3}]\nnamespace: n\ncommonLabels: {a: b}\nbuildMetadata: [originAnnotations]"
    );
}

#[test]
fn mappings_and_single_values_are_carried_by_key() {
    let (text, _) = carried(
        "commonAnnotations:\n  a: '1'\n  b: '2'\nnamePrefix: x-\n",
        "namePrefix: y- # mine\ncommonAnnotations:\n  own: z\n  a: '0'\n",
        &["commonAnnotations", "namePrefix"],
    );
    assert_eq!(text, "namePrefix: x- # mine\ncommonAnnotations:\n  own: z\n  a: '1'\n  b: '2'");
}

#[test]
fn labels_are_told_apart_by_their_name() {
    let (text, _) = carried(
        "labels:\n- pairs:\n    team: a\n    tier: web\n- pairs: {x: '1', y: '2'}\n  includeSelectors: true\n",
        "labels:\n- includeTemplates: true\n  pairs: {team: b, x: '0'}\n- pairs:\n    own: c\n",
        &["labels"],
    );
    assert_eq!(
        text,
        "labels:\n- includeTemplates: true\n  pairs: {team: a, x: '1'}\n- pairs:\n    own: c\n    tier: web\n- pairs: {y: '2'}\n  includeSelectors: true"
    );
}
