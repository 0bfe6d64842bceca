//! Expected values are what `kubectl kustomize` (v5.5.0) printed or refused; fields inside JSON are
//! those of kustomize's own tests of August 2026, since 5.5.0 has no such fields yet.

use super::apply;
use super::value::{FieldOptions, Replacement, ReplacementSource, ReplacementTarget};
use crate::kustomize::Gvk;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::schema::Schema;
use crate::kustomize::selector::Selector;
use crate::kustomize::transform::tests::{node, text};
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};

const RESOURCES: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: src, annotations: {a.b/c: dotted}}
data: {host: 'a:b:c', num: '8080', plain: x}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: t}
spec:
  replicas: 1
  flag: true
  nul: null
  list: [x, 'y']
  containers:
  - {name: one, image: 'img:1', port: 80}
  - {name: \"two\", image: 'img:2', env: [{name: A, value: q}]}
  json: '{\"b\": 1, \"a\": \"<\"}'
";

fn place() -> Location {
    Location::file(RepoPath::parse("k.yaml").unwrap())
}

fn kind(kind: &str) -> Gvk {
    Gvk { kind: kind.into(), ..Gvk::default() }
}

fn replaced(from: &str, to: &str, options: FieldOptions) -> Result<Node, String> {
    let schema = Schema::default();
    let nodes = parse_stream(RESOURCES, Dialect::V3).unwrap();
    let drafts = nodes.into_iter().map(|node| Draft::new(node, place(), &schema)).collect();
    let mut set = ResourceSet::from_drafts(drafts);
    let replacement = Replacement {
        source: Some(ReplacementSource {
            gvk: kind("ConfigMap"),
            field_path: from.to_owned(),
            ..ReplacementSource::default()
        }),
        source_value: None,
        targets: Some(vec![ReplacementTarget {
            select: Some(Selector { gvk: kind("Deployment"), ..Selector::default() }),
            reject: Vec::new(),
            field_paths: vec![to.to_owned()],
            options: Some(options),
            at: place(),
        }]),
        at: place(),
    };
    apply(&mut set, &[replacement], &schema).map_err(|error| error.to_string())?;
    Ok(set.get(1).unwrap().node.clone())
}

/// What `spec` has at `field` after a value was copied.
fn spec(from: &str, to: &str, options: FieldOptions, field: &str) -> String {
    text(replaced(from, to, options).unwrap().at(&["spec", field]).unwrap())
}

fn create() -> FieldOptions {
    FieldOptions { create: true, ..FieldOptions::default() }
}

fn part(index: i64) -> FieldOptions {
    FieldOptions { delimiter: ":".to_owned(), index, ..FieldOptions::default() }
}

fn same(actual: &str, expected: &str) {
    assert_eq!(actual, text(&node(expected)));
}

#[test]
fn a_field_keeps_its_type_and_a_new_one_reads_its_text() {
    same(&spec("data.num", "spec.replicas", FieldOptions::default(), "replicas"), "8080");
    same(&spec("data.num", "spec.new", create(), "new"), "8080");
    for field in ["replicas", "flag", "nul"] {
        let to = format!("spec.{field}");
        assert!(replaced("data.plain", &to, FieldOptions::default()).is_err(), "{field}");
    }
}

#[test]
fn trees_take_the_place_of_trees() {
    let containers = spec("data", "spec.containers", FieldOptions::default(), "containers");
    same(&containers, "{host: 'a:b:c', num: '8080', plain: x}");
    assert!(replaced("data", "spec.flag", FieldOptions::default()).is_err());
}

#[test]
fn parts_are_replaced_and_added_at_both_ends() {
    let images = |to, index| {
        let containers = replaced("data.plain", to, part(index)).unwrap();
        let containers =
            containers.at(&["spec", "containers"]).unwrap().as_sequence().unwrap().to_vec();
        containers
            .iter()
            .map(|c| c.get("image").unwrap().text().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(images("spec.containers.[name=^o].image", 1), ["img:x", "img:2"]);
    assert_eq!(images("spec.containers.*.image", -1), ["x:img:1", "x:img:2"]);
    assert_eq!(images("spec.containers.1.image", 9), ["img:1", "img:2:x"]);
}

#[test]
fn patterns_meet_values_with_their_quotes() {
    let error =
        replaced("data.plain", "spec.containers.[name=^two$].image", FieldOptions::default());
    assert!(error.unwrap_err().contains("no such field"));
}

#[test]
fn makes_items_of_lists() {
    let containers =
        spec("data.plain", "spec.containers.[name=two].env.[name=B].value", create(), "containers");
    let env = node(&containers).as_sequence().unwrap()[1].get("env").map(text).unwrap();
    same(&env, "[{name: A, value: q}, {name: B, value: x}]");
    same(&spec("data.plain", "spec.list.2", create(), "list"), "[x, 'y', x]");
    same(&spec("data.plain", "spec.list.[=z]", create(), "list"), "[x, 'y', x]");
    assert!(replaced("data.plain", "spec.list.3", create()).is_err());
}

#[test]
fn names_with_dots_stand_in_brackets() {
    let object = replaced("metadata.annotations.[a.b/c]", "metadata.annotations.[x.y/z]", create());
    let annotations = object.unwrap().at(&["metadata", "annotations"]).map(text).unwrap();
    same(&annotations, "{x.y/z: dotted}");
}

#[test]
fn writes_into_json() {
    let json = spec("data.num", "spec.json.b", FieldOptions::default(), "json");
    assert_eq!(node(&json).text(), Some(r#"{"a":"\u003c","b":8080}"#));
}

#[test]
fn refuses_what_is_not_there() {
    for (from, to) in [
        ("data.nope", "spec.flag"),
        ("data.plain", "spec.nope"),
        ("data.plain", "spec.replicas.x"),
        ("data.plain", "spec.list.x"),
        ("data.plain", "spec.list.0.x"),
    ] {
        assert!(replaced(from, to, FieldOptions::default()).is_err(), "{from} {to}");
    }
}
