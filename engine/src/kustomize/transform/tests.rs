//! Transformers that need little to be tested. Expected values are what `kubectl kustomize` (v5.5.0)
//! printed.

use super::namespace::{Namespace, Subjects};
use super::replicas::Replica;
use super::transformer::Transformer;
use super::{labels, name_affix, replicas, strategic_merge};
use crate::kustomize::Gvk;
use crate::kustomize::Version;
use crate::kustomize::decode::TextEntry;
use crate::kustomize::field_spec::FieldSpec;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::schema::Schema;
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, Mark, Node, parse_stream, write_document};

fn place() -> Location {
    Location::file(RepoPath::parse("a.yaml").unwrap())
}

pub(super) fn node(text: &str) -> Node {
    parse_stream(text, Dialect::V3).unwrap().remove(0)
}

fn set(text: &str) -> ResourceSet {
    let nodes = parse_stream(text, Dialect::V3).unwrap();
    let drafts = nodes.into_iter().map(|node| Draft::new(node, place(), &Schema::default()));
    ResourceSet::from_drafts(drafts.collect())
}

pub(super) fn text(node: &Node) -> String {
    let mut out = String::new();
    write_document(node, &mut out);
    out
}

fn same(actual: Option<&Node>, expected: &str) {
    assert_eq!(text(actual.unwrap()), text(&node(expected)));
}

fn field(path: &str) -> Vec<FieldSpec> {
    vec![FieldSpec { gvk: Gvk::default(), path: path.to_owned(), create: true }]
}

const DEPLOYMENT: &str =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {}}}}";

#[test]
fn a_label_is_one_value_in_all_its_places() {
    let mut set = set(DEPLOYMENT);
    let (key, value) = ("app".to_owned(), "one".to_owned());
    let entries = [TextEntry { key, value, mark: Mark::NONE }];
    labels::apply(&mut set, &entries, &labels::fields::COMMON.builtin(Version::default())).unwrap();
    let draft = set.iter_mut().next().unwrap();
    same(draft.node.at(&["spec", "selector"]), "{matchLabels: {app: one}}");
    let patch = node("{metadata: {labels: {app: two}}}");
    strategic_merge::merge(&mut draft.node, patch, &Schema::default()).unwrap();
    same(draft.node.at(&["spec", "selector"]), "{matchLabels: {app: two}}");
    same(draft.node.at(&["spec", "template", "metadata"]), "{labels: {app: two}}");
}

#[test]
fn affixes_go_to_names_and_are_noted() {
    let mut set = set(
        "{apiVersion: v1, kind: Foo, metadata: {name: x}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: x}}",
    );
    let fields = field("metadata/name");
    let schema = Schema::default();
    name_affix::apply(&mut set, name_affix::End::Prefix, "1", &fields, &schema).unwrap();
    name_affix::apply(&mut set, name_affix::End::Suffix, "e", &fields, &schema).unwrap();
    let names: Vec<&str> = set.iter().map(|draft| draft.id.name.as_str()).collect();
    assert_eq!(names, ["1xe", "x"]);
    let draft = set.get(0).unwrap();
    assert_eq!((draft.original_name(), draft.prefixes.len(), draft.previous.len()), ("x", 1, 2));
}

fn in_namespace(set: &mut ResourceSet, subjects: Subjects) -> Result<(), String> {
    let namespace = Namespace {
        name: "foo".to_owned(),
        fields: super::namespace::FIELDS.builtin(Version::default()),
        unset_only: false,
        subjects,
        at: place(),
        mark: Mark::NONE,
    };
    namespace.run(set, &Schema::default()).map_err(|error| error.to_string())
}

#[test]
fn namespaces_go_where_they_can_be() {
    let mut set = set(
        "{apiVersion: v1, kind: Namespace, metadata: {name: x}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: x}}\n---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: x}}",
    );
    in_namespace(&mut set, Subjects::NamedDefault).unwrap();
    same(set.get(0).unwrap().node.get("metadata"), "{name: foo}");
    same(set.get(1).unwrap().node.get("metadata"), "{name: x, namespace: foo}");
    same(set.get(2).unwrap().node.get("metadata"), "{name: x}");
}

#[test]
fn subjects_get_the_namespace_by_mode() {
    let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: e}, subjects: [{kind: ServiceAccount, name: default}, {kind: ServiceAccount, name: other, namespace: q}]}";
    let mut first = set(binding);
    in_namespace(&mut first, Subjects::NamedDefault).unwrap();
    let subjects = "[{kind: ServiceAccount, name: default, namespace: foo}, {kind: ServiceAccount, name: other, namespace: q}]";
    same(first.get(0).unwrap().node.get("subjects"), subjects);
    let mut second = set(binding);
    in_namespace(&mut second, Subjects::ServiceAccounts).unwrap();
    same(second.get(0).unwrap().node.get("subjects"), &subjects.replace(": q", ": foo"));
}

#[test]
fn two_resources_that_become_one_are_refused() {
    let mut set = set(
        "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: b}}",
    );
    let error = in_namespace(&mut set, Subjects::NamedDefault).unwrap_err();
    assert!(error.contains("two resources one: `Pod foo/x`"), "{error}");
}

#[test]
fn a_replica_count_in_quotes_stays_in_quotes() {
    let mut set =
        set("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: '3'}}");
    let replica =
        |name: &str| Replica { name: name.to_owned(), count: 5, mark: Mark::NONE, at: place() };
    let fields = &replicas::FIELDS.builtin(Version::default());
    replicas::apply(&mut set, &[replica("d")], fields).unwrap();
    same(set.get(0).unwrap().node.get("spec"), "{replicas: '5'}");
    assert!(replicas::apply(&mut set, &[replica("e")], fields).is_err());
}
