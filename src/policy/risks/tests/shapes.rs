//! What no rule may stumble over: masked values, other folders, hostile shapes.

use super::{found, ids, manifest, table};
use crate::diff::{MASKED, MASKED_CHANGED};
use crate::kustomize::Build;
use crate::model::{EnvironmentName, FileTree, Location, RepoPath};
use crate::policy::{Changes, Day, Gates, OwnValue};

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
        ("telemetry.istio.io/v1", "Telemetry"),
        ("monitoring.coreos.com/v1", "PrometheusRule"),
        ("projectcontour.io/v1", "HTTPProxy"),
        ("argoproj.io/v1alpha1", "Rollout"),
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
    assert!(found(&many("a"), &many("b"))[0].message.contains("and 49998 more"));
}

/// A label that every Pod gets anew is another one in the selectors, too.
#[test]
fn what_is_relabelled_together_lets_nothing_more_through() {
    let set = |stage: &str, app: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: shop}}\n\
             spec: {{podSelector: {{matchLabels: {{app: {app}, stage: {stage}}}}}, policyTypes: [Ingress], ingress: [{{from: [{{podSelector: {{matchLabels: {{app: b, stage: {stage}}}}}}}]}}]}}\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop}}\n\
             spec: {{template: {{metadata: {{labels: {{app: a, stage: {stage}}}}}, spec: {{containers: [{{name: a, image: 'a:1'}}]}}}}}}\n---\n\
             apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: a, namespace: shop}}\n\
             spec: {{template: {{metadata: {{name: a}}}}}}\n"
        )
    };
    assert_eq!(ids(&found(&set("prod", "a"), &set("dev", "a"))), "");
    assert_eq!(ids(&found(&set("prod", "a"), &set("dev", "c"))), "authorization-wider");
}

#[test]
fn a_policy_that_only_let_in_is_missed_by_nobody() {
    let policy = |name: &str, selector: &str, rest: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{podSelector: {selector}, policyTypes: [Ingress]{rest}}}\n---\n"
        )
    };
    let deny = policy("deny", "{}", "");
    let lets_in =
        policy("a", "{matchLabels: {app: a}}", ", ingress: [{from: [{podSelector: {}}]}]");
    let both = format!("{deny}{lets_in}");
    assert_eq!(ids(&found(&both, &deny)), "(resource-deleted)");
    assert_eq!(ids(&found(&both, &lets_in)), "authorization-wider (resource-deleted)");
    let other = policy("other", "{matchLabels: {app: b}}", "");
    let with_other = format!("{other}{lets_in}");
    assert_eq!(ids(&found(&with_other, &other)), "authorization-wider (resource-deleted)");
}

#[test]
fn an_empty_class_is_none_to_a_chart() {
    let values = |rest: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec: {{values: {{persistence: {{size: 1Gi{rest}}}}}}}\n"
        )
    };
    assert_eq!(ids(&found(&values(", storageClass: ''"), &values(""))), "");
    let claim = |rest: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: a}}\nspec: {{volumeName: a{rest}}}\n"
        )
    };
    let told = found(&claim(", storageClassName: ''"), &claim(""));
    assert_eq!(told[0].message, "changes its storage class: none → unset");
}

#[test]
fn an_image_that_an_operator_puts_in_is_none() {
    let of = |image: &str| {
        format!(
            "apiVersion: broker.amq.io/v1beta1\nkind: ActiveMQArtemis\nmetadata: {{name: a}}\nspec: {{deploymentPlan: {{image: {image}}}}}\n"
        )
    };
    assert_eq!(ids(&found(&of("'a:1'"), &of("placeholder"))), "");
}
