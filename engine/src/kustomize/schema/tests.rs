//! Samples; `scripts/probe-merge-keys` compares the whole table with `kubectl kustomize`.

use super::Schema;
use crate::kustomize::Gvk;
use crate::kustomize::Version;
use crate::yaml::{Dialect, parse_stream};

fn keys(schema: &Schema, api_version: &str, kind: &str, path: &str) -> Option<Vec<String>> {
    let mut known = schema.of_type(api_version, kind)?;
    for step in path.split('.') {
        known = if step == "[]" { known.item()? } else { known.field(step)? };
    }
    Some(known.merge_keys()?.iter().map(|key| (*key).to_owned()).collect())
}

#[test]
fn knows_the_lists_of_kubernetes() {
    let schema = Schema::default();
    let keys = |api_version, kind, path| keys(&schema, api_version, kind, path);
    let containers = "spec.jobTemplate.spec.template.spec.containers";
    assert_eq!(keys("batch/v1", "CronJob", containers).unwrap(), ["name"]);
    let ports = format!("{containers}.[].ports");
    assert_eq!(keys("batch/v1beta1", "CronJob", &ports).unwrap(), ["containerPort", "protocol"]);
    assert_eq!(keys("v1", "ConfigMap", "metadata.finalizers").unwrap(), Vec::<String>::new());
    assert_eq!(keys("apps/v1beta1", "Deployment", "spec.template.spec.containers"), None);
    assert_eq!(keys("v1", "ServiceAccount", "imagePullSecrets"), None);
}

#[test]
fn knows_kinds_without_namespace() {
    let schema = Schema::default();
    let is = |api_version: &str, kind| {
        schema.is_cluster_scoped(&Gvk::from_api_version(api_version, kind))
    };
    assert!(is("v1", "Namespace") && is("rbac.authorization.k8s.io/v1", "ClusterRole"));
    assert!(!is("example.com/v1", "Namespace") && !is("v1", "Pod"));
}

#[test]
fn reads_schemas_of_users() {
    let text = r##"{"definitions": {
        "v1.Foo": {"properties": {"spec": {"$ref": "#/definitions/v1.FooSpec"}},
            "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Foo"}]},
        "v1.FooSpec": {"properties": {"parts": {"type": "array", "items": {"type": "object"},
            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "id"}}}},
        "paths": {"/apis/example.com/v1/foos": {"get":
            {"x-kubernetes-group-version-kind": {"group": "example.com", "version": "v1", "kind": "Foo"}}}}}"##;
    let file = parse_stream(text, Dialect::V2).unwrap().remove(0);
    let schema = Schema::custom(file, Version::default());
    assert_eq!(keys(&schema, "example.com/v1", "Foo", "spec.parts").unwrap(), ["id"]);
    assert_eq!(keys(&schema, "v1", "Pod", "spec.containers"), None);
    assert!(schema.is_cluster_scoped(&Gvk::from_api_version("example.com/v1", "Foo")));
}
