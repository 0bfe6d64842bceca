//! Expected values are what `kubectl kustomize` (v5.5.0) printed for the same base and patch.

use super::error::MergeError;
use super::{Merged, merge};
use crate::kustomize::schema::Schema;
use crate::kustomize::transform::tests::{node, text};
use crate::yaml::Node;

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: a
        image: x
        ports: [{containerPort: 80}, {containerPort: 8080, protocol: UDP}]
        env: [{name: A, value: \"1\"}, {name: B, value: two}]
";

fn merged(object: &str, patch: &str) -> Node {
    let mut object = node(object);
    merge(&mut object, node(patch), &Schema::default()).unwrap();
    object
}

/// What the pod spec of [`DEPLOYMENT`] is after a patch of it.
fn pod_spec(patch: &str) -> String {
    let patch = format!("{{spec: {{template: {{spec: {patch}}}}}}}");
    text(merged(DEPLOYMENT, &patch).at(&["spec", "template", "spec"]).unwrap())
}

/// What the container of [`DEPLOYMENT`] is after a patch of it, without what no patch here changes.
fn container(patch: &str, field: &str) -> String {
    let patch = format!("{{spec: {{template: {{spec: {{containers: [{patch}]}}}}}}}}");
    let object = merged(DEPLOYMENT, &patch);
    let containers = object.at(&["spec", "template", "spec", "containers"]).unwrap();
    text(containers.as_sequence().unwrap()[0].get(field).unwrap())
}

fn same(actual: &str, expected: &str) {
    assert_eq!(actual, text(&node(expected)));
}

#[test]
fn merges_items_by_key_and_puts_new_ones_first() {
    same(
        &container("{name: a, env: [{name: C, value: c}, {name: B, value: b}]}", "env"),
        "[{name: C, value: c}, {name: B, value: b}, {name: A, value: \"1\"}]",
    );
}

#[test]
fn several_keys_keep_the_order_of_the_object() {
    let patch =
        "{name: a, ports: [{containerPort: 8080, protocol: UDP, name: u}, {containerPort: 9090}]}";
    same(
        &container(patch, "ports"),
        "[{containerPort: 9090}, {containerPort: 80}, {containerPort: 8080, name: u, protocol: UDP}]",
    );
}

#[test]
fn a_number_over_a_quoted_text_is_a_text() {
    same(
        &container(
            "{name: a, env: [{name: A, value: 2}, {name: B, value: null}, {name: C, value: 3}]}",
            "env",
        ),
        "[{name: A, value: \"2\"}, {name: B}, {name: C, value: 3}]",
    );
}

#[test]
fn deletes_items_and_leaves_an_empty_list() {
    let patch = "{name: a, env: [{name: A, $patch: delete}, {name: B, $patch: delete}]}";
    same(&container(patch, "env"), "[]");
}

#[test]
fn replacing_an_item_changes_nothing() {
    same(&container("{name: a, image: y, $patch: replace}", "image"), "x");
}

#[test]
fn an_item_without_its_key_drops_the_others() {
    same(&container("{name: a, env: [{value: q}]}", "env"), "[]");
}

#[test]
fn lists_obey_directives() {
    same(
        &pod_spec("{containers: [{$patch: replace}, {name: z, image: q}]}"),
        "{containers: [{image: q, name: z}]}",
    );
    same(&pod_spec("{containers: [{$patch: delete}]}"), "{}");
}

#[test]
fn other_directives_are_fields() {
    let object = merged(
        "{apiVersion: apps/v1, kind: Deployment}",
        "{spec: {strategy: {$retainKeys: [type], type: Recreate}}}",
    );
    same(&text(object.get("spec").unwrap()), "{strategy: {$retainKeys: [type], type: Recreate}}");
}

#[test]
fn nulls_remove_and_explicit_ones_stay() {
    let object = merged(
        "{data: {a: , b: null, c: ~}, x: {}}",
        "{data: {q: r, e: null}, y: {z: null, w: {u: null}}}",
    );
    same(&text(&object), "{data: {b: null, c: null, q: r}, x: {}, y: {w: {}}}");
}

#[test]
fn lists_without_a_schema_are_replaced_as_they_are() {
    let object = merged(
        "{apiVersion: example.com/v1, kind: Foo, spec: {list: [{name: a}], other: [1]}}",
        "{spec: {list: [{name: b, x: null}, {$patch: delete}]}}",
    );
    same(
        &text(object.get("spec").unwrap()),
        "{list: [{name: b, x: null}, {$patch: delete}], other: [1]}",
    );
}

#[test]
fn objects_inside_objects_merge_by_their_own_kind() {
    let object = merged(
        "{apiVersion: example.com/v1, kind: Foo, spec: {manifest: {apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: x}]}}}}",
        "{spec: {manifest: {spec: {containers: [{name: b}]}}}}",
    );
    same(
        &text(object.at(&["spec", "manifest", "spec"]).unwrap()),
        "{containers: [{name: b}, {image: x, name: a}]}",
    );
}

#[test]
fn whole_objects_are_deleted_and_never_replaced() {
    let mut object = node(DEPLOYMENT);
    let schema = Schema::default();
    assert_eq!(merge(&mut object, node("{$patch: delete}"), &schema), Ok(Merged::Deleted));
    let object = merged(DEPLOYMENT, "{$patch: replace, kind: Deployment, a: {b: null}}");
    same(&text(&object), DEPLOYMENT);
}

#[test]
fn refuses_what_does_not_fit() {
    let mut object = node(DEPLOYMENT);
    let patch = node("{spec: {template: [1]}}");
    let error = merge(&mut object, patch, &Schema::default()).unwrap_err();
    let expected = MergeError::Mismatch {
        field: "spec.template".to_owned(),
        expected: "mapping",
        found: "list",
    };
    assert_eq!(error, expected);
    let error = merge(&mut node(DEPLOYMENT), node("{spec: {$patch: x}}"), &Schema::default());
    assert!(matches!(error, Err(MergeError::UnknownDirective { .. })), "{error:?}");
}
