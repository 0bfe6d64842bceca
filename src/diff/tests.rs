//! Builds compared: pairing, hunks, fields, and the cost of many resources.

use super::field::field_changes;
use super::*;
use crate::kustomize::{Build, Gvk, Resource, ResourceId};
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};

/// A build; an annotation `was` is the name a resource has in its file.
fn build(manifests: &str) -> Build {
    let resource = |mut node: Node| {
        let text = |keys: &[&str]| node.text_at(keys).to_owned();
        let id = ResourceId {
            gvk: Gvk::from_api_version(&text(&["apiVersion"]), &text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: text(&["metadata", "name"]).into(),
        };
        let mut original_id = id.clone();
        if let Some(was) = node.get_mut("metadata").and_then(|m| m.as_mapping_mut()?.remove("was"))
        {
            original_id.name = was.text().unwrap().into();
            original_id.namespace = "".into();
        }
        let origin = Location::file(RepoPath::parse("x.yaml").unwrap());
        Resource { node, original_id, id, origin }
    };
    let nodes = parse_stream(manifests, Dialect::V3).unwrap();
    Build { resources: nodes.into_iter().map(resource).collect(), ..Build::default() }
}

fn config(name: &str, was: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, was: {was}}}\ndata: {{a: {value}}}\n"
    )
}

fn told(diff: &RenderedDiff) -> Vec<(Change, String, Option<String>)> {
    let told = diff.resources().iter();
    told.map(|d| (d.change, d.id.to_string(), d.id_before.as_ref().map(ToString::to_string)))
        .collect()
}

#[test]
fn a_new_hash_suffix_is_a_new_name_and_not_two_resources() {
    let before =
        build(&(config("app-2bcdf24567", "app", "1") + "---\n" + &config("other", "other", "1")));
    let after =
        build(&(config("app-ghkmt24567", "app", "2") + "---\n" + &config("other", "other", "1")));
    let diff = RenderedDiff::between(&before, &after, "o", &KnownValues::default());
    assert_eq!(
        told(&diff),
        [(
            Change::Changed,
            "ConfigMap app-ghkmt24567".to_owned(),
            Some("ConfigMap app-2bcdf24567".to_owned())
        )]
    );
    assert_eq!(diff.unchanged(), 1);
    let paths: Vec<String> =
        diff.resources()[0].fields().into_iter().map(|field| field.path).collect();
    assert_eq!(paths, ["metadata.name", "data.a"]);
}

#[test]
fn what_cannot_be_told_apart_is_not_paired() {
    let twice = |one: &str, two: &str| {
        build(&(config(one, "app", "1") + "---\n" + &config(two, "app", "1")))
    };
    let before = twice("app-2bcdf24567", "app-2bcdf24568");
    let after = twice("app-2bcdf24569", "app-2bcdf24562");
    let diff = RenderedDiff::between(&before, &after, "o", &KnownValues::default());
    let changes: Vec<Change> = diff.resources().iter().map(|d| d.change).collect();
    assert_eq!(changes.iter().filter(|c| **c == Change::Added).count(), 2);
    assert_eq!(changes.iter().filter(|c| **c == Change::Deleted).count(), 2);
}

#[test]
fn under_another_name_one_goes_and_one_comes() {
    let (before, after) = (build(&config("db", "db", "1")), build(&config("v2-db", "db", "1")));
    let diff = RenderedDiff::between(&before, &after, "o", &KnownValues::default());
    let told = told(&diff);
    assert_eq!(told.iter().map(|(c, ..)| *c).collect::<Vec<_>>(), [Change::Added, Change::Deleted]);
}

#[test]
fn a_new_api_version_is_a_change() {
    let before =
        build("apiVersion: networking.istio.io/v1beta1\nkind: Gateway\nmetadata: {name: g}\n");
    let after = build("apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\n");
    let diff = RenderedDiff::between(&before, &after, "o", &KnownValues::default());
    assert_eq!(diff.resources()[0].change, Change::Changed);
    assert!(diff.resources()[0].id_before.is_some());
}

#[test]
fn another_place_is_no_change_of_a_resource() {
    let all = |names: [&str; 4]| build(&names.map(|name| config(name, name, "1")).join("---\n"));
    let diff = RenderedDiff::between(
        &all(["a", "b", "c", "d"]),
        &all(["d", "a", "b", "c"]),
        "o",
        &KnownValues::default(),
    );
    assert!(diff.resources().is_empty());
    assert_eq!((diff.moved(), diff.unchanged()), (1, 4));
    assert!(!diff.text().is_empty());
}

#[test]
fn drift_pairs_what_is_one_in_the_files() {
    let of = |prefix: &str, namespace: &str, value: &str| {
        build(&format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {prefix}app, namespace: {namespace}, was: app}}\ndata: {{a: {value}}}\n"
        ))
    };
    let drift = DriftDiff::between(
        &of("s-", "staging", "1"),
        &of("p-", "prod", "2"),
        ("o/staging", "o/prod"),
        &KnownValues::default(),
    );
    insta::assert_snapshot!(drift.text(), @r##"
    --- o/staging/ConfigMap staging/s-app
    +++ o/prod/ConfigMap prod/p-app
    @@ -1,7 +1,7 @@
     apiVersion: v1
     data:
    -  a: 1
    +  a: 2
     kind: ConfigMap
     metadata:
    -  name: s-app
    -  namespace: staging
    +  name: p-app
    +  namespace: prod
    "##);
}

#[test]
fn fields_are_told_by_their_way() {
    let node = |text: &str| parse_stream(text, Dialect::V3).unwrap().pop().unwrap();
    let before = node(
        "a: 1\nl: [x, {n: 1}, y]\nm: {a.b: {c: d}, gone: [1, 2]}\nt: '1'\nsame: [1]\nlong: [1, 2, 3, 4]\n",
    );
    let after = node(
        "a: 2\nl: [x, {n: 2}, y]\nm: {a.b: {c: e}}\nt: 1\nsame: [1]\nlong: [1, 9, 8, 7, 4]\nnew: {k: v}\n",
    );
    let told: Vec<String> = field_changes(&before, &after)
        .into_iter()
        .map(|field| format!("{} {:?} {:?}", field.path, field.before, field.after))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    a Scalar("1") Scalar("2")
    l[1].n Scalar("1") Scalar("2")
    m["a.b"].c Scalar("d") Scalar("e")
    m.gone Items(2) Absent
    t Scalar("\"1\"") Scalar("1")
    long Items(4) Items(5)
    new Absent Keys(1)
    "##);
}

#[test]
fn no_resource_tells_more_than_two_hundred_fields() {
    let node = |value: usize| {
        let text: String = (0..1000).map(|n| format!("k{n}: {value}\n")).collect();
        parse_stream(&text, Dialect::V3).unwrap().pop().unwrap()
    };
    assert_eq!(field_changes(&node(1), &node(2)).len(), 200);
}

/// A quadratic step anywhere would take minutes here, and seconds in a release build.
#[test]
fn twenty_thousand_resources_cost_in_proportion() {
    let all = |value: &dyn Fn(usize) -> usize| {
        let texts = (0..20_000).map(|n| {
            let hash = ["2bcdf24567", "ghkmt24567"][value(n) - 1];
            config(&format!("c{n}-{hash}"), &format!("c{n}"), &value(n).to_string())
        });
        build(&texts.collect::<Vec<_>>().join("---\n"))
    };
    let diff =
        RenderedDiff::between(&all(&|_| 1), &all(&|n| 1 + n % 2), "o", &KnownValues::default());
    assert_eq!(diff.resources().len(), 10_000);
}

/// As many keys as fit a few megabytes, compared, told and masked.
#[test]
fn a_mapping_of_many_keys_costs_in_proportion() {
    let node = |value: &str, order: &dyn Fn(usize) -> usize| {
        let keys: String = (0..50_000).map(|n| format!("  k{}: {value}\n", order(n))).collect();
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData:\n{keys}")
    };
    let before = node("a", &|n| n);
    let reordered = node("a", &|n| 49_999 - n);
    assert_eq!(
        parse_stream(&before, Dialect::V3).unwrap(),
        parse_stream(&reordered, Dialect::V3).unwrap()
    );
    let after = node("b", &|n| 49_999 - n);
    let diff = RenderedDiff::between(&build(&before), &build(&after), "o", &KnownValues::default());
    assert_eq!(diff.resources()[0].hunks.added_lines, 50_000);
    let edit = crate::model::FileEdit {
        path: RepoPath::parse("a.yaml").unwrap(),
        before: Some(crate::model::File::regular(before.as_bytes())),
        after: Some(crate::model::File::regular(after.as_bytes())),
    };
    assert!(FilesDiff::of([&edit], &SecretInputs::default()).files()[0].masked);
    let many: String = (0..3_000).map(|n| format!("k{n}: 'kind: Secret'\n")).collect();
    let edit = crate::model::FileEdit {
        after: Some(crate::model::File::regular(many.as_bytes())),
        before: None,
        ..edit
    };
    assert!(
        FilesDiff::of([&edit], &SecretInputs::default())
            .text()
            .ends_with("@@ -0,0 +1 @@\n+<masked>\n")
    );
}

#[test]
fn values_that_are_copied_from_a_secret_are_hidden_where_they_arrive() {
    let manifests = |value: &str| {
        build(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {value}}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{url: 'https://u:{value}@db', b: x}}\n"
        ))
    };
    let (before, after) = (manifests("hunter"), manifests("opensesame"));
    let known = SecretInputs::default().known_values(&[&before, &after]);
    let diff = RenderedDiff::between(&before, &after, "o", &known);
    let drift = DriftDiff::between(&before, &after, ("a", "b"), &known);
    for text in [diff.text().to_owned(), drift.text()] {
        assert!(!text.contains("hunter") && !text.contains("opensesame"), "{text}");
        assert!(text.contains("+  url: <masked, changed>") && text.contains("   b: x"), "{text}");
    }
}
