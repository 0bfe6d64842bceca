//! What stays the target's own in a file that is copied.

use super::*;

fn kept(source: &str, target: &str, fields: &[&str]) -> (String, Vec<String>) {
    let files = format!(
        "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\n{source}\n-- T/patches/p.yaml --\n{target}"
    );
    let got = decided(&files, keeping("patches/p.yaml", fields));
    let text = match got.files.get("patches/p.yaml") {
        Some(_) => got.text("patches/p.yaml").trim_end_matches('\n').to_owned(),
        None => target.to_owned(),
    };
    (text, got.warnings)
}

#[test]
fn the_target_keeps_its_value_and_the_rest_comes_with_its_layout() {
    let (text, warnings) = kept(
        "# new\nkind: D\nspec:\n    # scale\n    replicas: 1   # dev\n    image: b\n    env: {a: 1}\n",
        "kind: D\nspec:\n  replicas: '5' # prod\n  env:\n  - x\n  image: a\n",
        &["spec.replicas", "spec.env"],
    );
    assert_eq!(
        text,
        "# new\nkind: D\nspec:\n    # scale\n    replicas: '5' # prod\n    image: b\n    env:\n    - x"
    );
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn list_items_are_picked_by_field_index_and_text() {
    let source = "c:\n- name: a\n  v: 1\n- name: b\n  v: 2\nl: [x, y]\nm:\n  k.d: 1\n";
    let target = "c:\n- name: b\n  v: 20\n- name: a\n  v: 10\nl: [p, q]\nm:\n  k.d: 9\n";
    let (text, _) = kept(source, target, &["c.[name=b].v", "l.1", "m.[k.d]"]);
    assert_eq!(text, "c:\n- name: a\n  v: 1\n- name: b\n  v: 20\nl: [x, q]\nm:\n  k.d: 9");
    let (text, _) = kept(source, target, &["c.*.v", "m.k\\.d"]);
    assert_eq!(text, "c:\n- name: a\n  v: 20\n- name: b\n  v: 10\nl: [x, y]\nm:\n  k.d: 9");
}

#[test]
fn a_field_that_the_source_lacks_follows_the_nearest_earlier_key() {
    let (text, _) = kept(
        "a: 1\nb:\n  x: 1\nd: 4\n",
        "a: 0\nc: # why\n    k: v\nb:\n  deep:\n    y: 2\n",
        &["c", "b.deep.y"],
    );
    assert_eq!(text, "a: 1\nc:\n    k: v\nb:\n  x: 1\n  deep:\n    y: 2\nd: 4");
}

#[test]
fn a_field_that_the_target_lacks_stays_absent() {
    let (text, warnings) = kept(
        "a: 1\nb: 2 # gone\nc: {d: 3}\nl:\n- x\n- y\n",
        "a: 0\nc: {}\nl: []\n",
        &["b", "c.d", "l.[=x]"],
    );
    assert_eq!(text, "a: 1\nc: {}\nl:\n- y");
    assert!(warnings.is_empty());
}

#[test]
fn a_new_list_item_comes_whole() {
    let (text, _) = kept(
        "c:\n- name: a\n  image: a:2\n- name: new\n  image: n:1\n",
        "c:\n- name: a\n  image: a:1\n",
        &["c.[name=a].image", "c.[name=new].image"],
    );
    assert_eq!(text, "c:\n- name: a\n  image: a:1\n- name: new\n  image: n:1");
}

#[test]
fn documents_pair_by_identity() {
    let doc = |version: &str, name: &str, v: u8| {
        format!("apiVersion: g/{version}\nkind: K\nmetadata:\n  name: {name}\nv: {v}\n")
    };
    let (text, _) = kept(
        &format!("{}---\n{}", doc("v2", "a", 1), doc("v1", "b", 2)),
        &format!(
            "{}---\n{}---\n{}",
            doc("v1", "b", 20),
            doc("v1", "other", 30),
            doc("v1", "a", 10)
        ),
        &["v"],
    );
    assert_eq!(text, format!("{}---\n{}", doc("v2", "a", 10), doc("v1", "b", 20)).trim_end());
}

#[test]
fn a_path_that_matches_nothing_is_a_warning() {
    let (_, warnings) = kept("a: 1\n", "a: 2\n", &["spec.replica"]);
    assert_eq!(warnings, ["`promotion.keep` names a field that neither side has"]);
    let got = decided(
        "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n",
        keeping("patches/none.yaml", &["a"]),
    );
    assert_eq!(got.warnings, ["`promotion.keep` names a file that neither side has"]);
}

#[test]
fn without_the_file_in_the_target_it_is_a_plain_copy() {
    let got = decided(
        "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\na: 1",
        keeping("patches/p.yaml", &["a"]),
    );
    assert_eq!(got.text("patches/p.yaml"), "a: 1\n");
    assert_eq!(got.causes["patches/p.yaml"].len(), 1);
}

#[test]
fn a_file_that_differs_only_in_kept_fields_is_no_edit() {
    let (text, _) = kept("a: 1\nb:\n  c: 1\n", "a: 1\nb:\n  c: 2\n", &["b.c"]);
    assert_eq!(text, "a: 1\nb:\n  c: 2\n");
}

#[test]
fn nobody_keeps_hundreds_of_values() {
    let list = |value: &str| (0..220).map(|i| format!("k{i}: {value}\n")).collect::<String>();
    let files = tree(&format!(
        "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\n{}-- T/patches/p.yaml --\n{}",
        list("1"),
        list("2")
    ));
    let error = try_decide(&files, &keeping("patches/p.yaml", &["*"]), &LastPromotion::NotLooked);
    assert!(matches!(error.err().unwrap(), PlanError::TooManyKept { .. }));
}

#[test]
fn anchors_are_refused_with_their_place() {
    let files = tree(
        "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\na: &x 1\nb: *x\n-- T/patches/p.yaml --\na: 2",
    );
    let error = try_decide(&files, &keeping("patches/p.yaml", &["a"]), &LastPromotion::NotLooked);
    let text = error.err().unwrap().to_string();
    assert!(text.starts_with("o/dev/patches/p.yaml:1:4 (a): this has an anchor"), "{text}");
}

#[test]
fn a_resource_under_another_name_keeps_its_own_name() {
    let (text, warnings) = kept(
        "kind: Gateway\nmetadata:\n  name: shop-staging\nspec:\n  tls: new\n",
        "kind: Gateway\nmetadata:\n  name: shop-production\nspec:\n  tls: old\n",
        &["metadata.name"],
    );
    assert_eq!(text, "kind: Gateway\nmetadata:\n  name: shop-production\nspec:\n  tls: new");
    assert!(warnings.is_empty(), "{warnings:?}");
    // Of two of a kind nobody knows which is which.
    let (text, _) = kept(
        "kind: A\nmetadata: {name: x}\n---\nkind: A\nmetadata: {name: y}\n",
        "kind: A\nmetadata: {name: z}\n",
        &["metadata.name"],
    );
    assert!(!text.contains('z'), "{text}");
}

#[test]
fn a_field_of_a_carried_entry_stays_with_its_comment() {
    let rules = Rules {
        keep: keeping("kustomization.yaml", &["images.[name=shop].newName"]).keep,
        ..carrying(&["images"])
    };
    let got = decided(
        "-- S/kustomization.yaml --\nimages:\n- name: shop\n  newName: staging/shop # theirs\n  newTag: v2\n\
         -- T/kustomization.yaml --\nimages:\n- name: shop\n  newName: prod/shop # ours\n  newTag: v1\n",
        rules,
    );
    assert_eq!(
        got.text("kustomization.yaml").trim_end_matches('\n'),
        "images:\n- name: shop\n  newName: prod/shop # ours\n  newTag: v2"
    );
    assert!(got.warnings.is_empty(), "{:?}", got.warnings);
}
