//! What no rule may stumble over: masked values, other folders, hostile shapes.

use super::{found, manifest, table};
use crate::diff::{MASKED, MASKED_CHANGED};
use crate::kustomize::Build;
use crate::model::{EnvironmentName, FileTree, Location, RepoPath};
use crate::policy::risks::{Changes, OwnValue};
use crate::policy::{Day, Gates};

/// What is not shown is no value that one could say something of.
#[test]
fn masked_values_are_no_values() {
    let map = |value: &str| format!("data: {{CORS_ALLOWED_ORIGINS: '{value}', url: '{value}'}}");
    table(("v1", "ConfigMap"), &[(&map(MASKED), &map(MASKED_CHANGED), "")]);
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[(
            "spec: {values: {kafka: {resources: {limits: {cpu: 2}}}}}",
            "spec: {values: {kafka: {resources: {limits: {cpu: 1}}}}}",
            "fewer-resources",
        )],
    );
}

#[test]
fn values_of_its_own_and_other_folders_are_told() {
    let path = |text: &str| RepoPath::parse(text).unwrap();
    let own = OwnValue {
        at: Location::file(path("overlays/production/a.yaml")).in_field("spec.x"),
        value: Some("6".to_owned()),
        since: None,
    };
    let before = Build::default();
    let after = Build { inputs: [path("overlays/staging/x.yaml")].into(), ..Build::default() };
    let changes = Changes {
        resources: &[],
        before: &before,
        after: &after,
        files: &FileTree::new(),
        path: &path("overlays/production"),
        others: &[(EnvironmentName::parse("staging").unwrap(), path("overlays/staging"))],
        own_values: &[own],
        at_once: &[],
    };
    let found = crate::policy::check::check_all(&changes, &Gates::default(), Day::MIN).findings;
    let said: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "the environment loses a value that it alone had: `spec.x` `6`",
            "the environment begins to read the folder of `staging`: `overlays/staging/x.yaml`",
        ]
    );
}

#[test]
fn hostile_shapes_say_nothing_and_stop_nothing() {
    let kinds = [
        ("security.istio.io/v1", "PeerAuthentication"),
        ("security.istio.io/v1", "AuthorizationPolicy"),
        ("security.istio.io/v1", "RequestAuthentication"),
        ("networking.istio.io/v1", "VirtualService"),
        ("networking.istio.io/v1", "Gateway"),
        ("networking.istio.io/v1", "DestinationRule"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("networking.k8s.io/v1", "Ingress"),
        ("apps/v1", "Deployment"),
        ("kyverno.io/v1", "ClusterPolicy"),
        ("external-secrets.io/v1", "ExternalSecret"),
    ];
    let bodies = [
        "spec: []",
        "spec: 1",
        "spec: {http: {a: 1}}",
        "spec: {servers: 5}",
        "spec: ",
        "spec: {hosts: {}}",
        "x: 1",
        "spec: {http: [1, [], {route: 7}]}",
        "spec: {rules: [1, [], {from: {a: b}}]}",
        "spec: {ingress: [null, 5]}",
        "spec: {template: {spec: {containers: [{name: a}, {name: a}, 5]}}}",
        "spec: {replicas: -9e99}",
        "spec: {replicas: x}",
    ];
    for kind in kinds {
        for before in bodies {
            for after in bodies {
                found(&manifest(kind, before), &manifest(kind, after));
            }
        }
    }
    let many = |host: &str| {
        let hosts: Vec<String> = (0..50_000).map(|n| format!("{host}{n}")).collect();
        manifest(
            ("networking.istio.io/v1", "VirtualService"),
            &format!("spec: {{hosts: [{}]}}", hosts.join(", ")),
        )
    };
    assert!(found(&many("a"), &many("b"))[0].message.contains("and 49996 more"));
}
