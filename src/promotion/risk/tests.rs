//! What is said about which change.

use super::*;
use crate::diff::{KnownValues, RenderedDiff};
use crate::kustomize::{Build, Gvk, Resource, ResourceId};
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, parse_stream};

fn build(manifest: &str) -> Build {
    let node = parse_stream(manifest, Dialect::V3).unwrap().pop().unwrap_or_else(Node::null);
    let id = ResourceId {
        gvk: Gvk::from_api_version(
            text(Some(&node), &["apiVersion"]),
            text(Some(&node), &["kind"]),
        ),
        namespace: text(Some(&node), &["metadata", "namespace"]).into(),
        name: text(Some(&node), &["metadata", "name"]).into(),
    };
    if node.is_null() {
        return Build::default();
    }
    let origin = Location::file(RepoPath::parse("x.yaml").unwrap());
    Build {
        resources: vec![Resource { node, original_id: id.clone(), id, origin }],
        ..Build::default()
    }
}

/// What is said about the change from one manifest to another, a `!` before dangers.
fn said(before: &str, after: &str) -> Vec<String> {
    let diff = RenderedDiff::between(&build(before), &build(after), "o", &KnownValues::default());
    let risks = diff.resources().iter().flat_map(risks);
    risks
        .map(
            |risk| {
                if risk.level == RiskLevel::Danger { format!("! {}", risk.says) } else { risk.says }
            },
        )
        .collect()
}

fn manifest(api_version: &str, kind: &str, rest: &str) -> String {
    format!(
        "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n{rest}\n"
    )
}

#[track_caller]
fn check(api_version: &str, kind: &str, before: &str, after: &str, want: &[&str]) {
    let of = |rest: &str| {
        if rest.is_empty() { String::new() } else { manifest(api_version, kind, rest) }
    };
    assert_eq!(said(&of(before), &of(after)), want, "{kind}: {before} -> {after}");
}

#[test]
fn istio() {
    let security = "security.istio.io/v1";
    let network = "networking.istio.io/v1";
    let mode = |mode: &str| format!("spec: {{mtls: {{mode: {mode}}}}}");
    let check_mode = |before: &str, after: &str, want: &[&str]| {
        check(security, "PeerAuthentication", before, after, want);
    };
    check_mode(
        &mode("STRICT"),
        &mode("PERMISSIVE"),
        &["! goes from `STRICT` to `PERMISSIVE`: plain text will be accepted in namespace `shop`"],
    );
    check_mode(&mode("PERMISSIVE"), &mode("STRICT"), &[]);
    check_mode(
        &mode("STRICT"),
        "spec: {}",
        &["! goes from `STRICT` to unset: plain text will be accepted in namespace `shop`"],
    );
    check_mode(
        &mode("STRICT"),
        "",
        &["! is deleted: plain text may be accepted in namespace `shop`"],
    );
    check_mode(
        "",
        &mode("DISABLE"),
        &["! is new with `DISABLE`: plain text will be accepted in namespace `shop`"],
    );
    check_mode(
        "spec: {mtls: {mode: STRICT}, selector: {}}",
        "spec: {mtls: {mode: STRICT}, selector: {}, portLevelMtls: {'8080': {mode: DISABLE}}}",
        &["! accepts plain text on port `8080`"],
    );

    let policy = |spec: &str| format!("spec: {{{spec}}}");
    let check_policy = |before: &str, after: &str, want: &[&str]| {
        let of = |spec: &str| if spec.is_empty() { String::new() } else { policy(spec) };
        check(security, "AuthorizationPolicy", &of(before), &of(after), want);
    };
    check_policy(
        "action: DENY, rules: [{}]",
        "",
        &["! is deleted: what it refused is allowed in namespace `shop`"],
    );
    check_policy(
        "rules: [{from: []}]",
        "rules: [{}]",
        &["! allows every request in namespace `shop`"],
    );
    check_policy(
        "action: DENY",
        "action: ALLOW",
        &["! turns from `DENY` to `ALLOW` in namespace `shop`"],
    );
    check_policy(
        "rules: [{from: []}]",
        "rules: [{to: []}]",
        &["changes who may call what in namespace `shop`"],
    );

    let route = |a: u8, b: u8| {
        format!(
            "spec: {{hosts: [a], http: [{{route: [{{destination: {{host: web, subset: v1}}, weight: {a}}}, {{destination: {{host: web, subset: v2}}, weight: {b}}}]}}]}}"
        )
    };
    check(
        network,
        "VirtualService",
        &route(90, 10),
        &route(50, 50),
        &["moves traffic: `web v1` 90 → 50 %, `web v2` 10 → 50 %"],
    );
    check(
        network,
        "VirtualService",
        "spec: {hosts: [a, b], gateways: [mesh]}",
        "spec: {hosts: [b, c], gateways: [mesh, edge]}",
        &["answers for `c` now, no longer `a`", "is bound to `edge` now"],
    );
    check(
        network,
        "Gateway",
        "spec: {servers: [{port: {number: 443, name: https}, hosts: [a], tls: {mode: MUTUAL}}]}",
        "spec: {servers: [{port: {number: 443, name: https}, hosts: ['*'], tls: {mode: SIMPLE}}]}",
        &[
            "! port `https`: TLS goes from `MUTUAL` to `SIMPLE`",
            "listens for `*` now, no longer `a`",
        ],
    );
    check(
        network,
        "DestinationRule",
        "spec: {subsets: [{name: v1}, {name: v2}], trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}",
        "spec: {subsets: [{name: v1}], trafficPolicy: {tls: {mode: DISABLE}}}",
        &[
            "! TLS to the service goes from `ISTIO_MUTUAL` to `DISABLE`",
            "no longer has subset `v2`: routes to it fail",
        ],
    );
}

#[test]
fn kubernetes() {
    check("v1", "Namespace", "spec: {}", "", &["! is deleted with everything in it"]);
    check(
        "apps/v1",
        "Deployment",
        "spec: {replicas: 3}",
        "spec: {replicas: 0}",
        &["! is scaled from `3` to `0`"],
    );
    check(
        "apps/v1",
        "Deployment",
        "spec: {template: {spec: {containers: [{name: a}]}}}",
        "spec: {template: {spec: {hostNetwork: true, containers: [{name: a, securityContext: {privileged: true}}]}}}",
        &["! gets more of the node: `hostNetwork`, `privileged`"],
    );
    let rbac = "rbac.authorization.k8s.io/v1";
    check(
        rbac,
        "ClusterRole",
        "rules: [{verbs: [get]}]",
        "rules: [{verbs: ['*']}]",
        &["! grants `*`: every verb or every resource"],
    );
    check(
        rbac,
        "ClusterRoleBinding",
        "",
        "roleRef: {name: cluster-admin}",
        &["! grants `cluster-admin`"],
    );
    check(
        "v1",
        "Service",
        "spec: {type: ClusterIP}",
        "spec: {type: LoadBalancer}",
        &["can be reached from outside the cluster: `LoadBalancer`"],
    );
    check(
        "networking.k8s.io/v1",
        "Ingress",
        "spec: {rules: [{host: a}]}",
        "spec: {rules: [{host: b}]}",
        &["answers for `b` now, no longer `a`"],
    );
}

#[test]
fn labels_alone_are_said_of_namespaces_only() {
    let of = |kind: &str, label: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: x\n  labels: {{{label}}}\n")
    };
    let inject = |value: &str| of("Namespace", &format!("istio-injection: {value}"));
    assert_eq!(
        said(&inject("enabled"), &inject("disabled")),
        ["! gets no sidecars any more: its traffic leaves the mesh"]
    );
    let pods =
        |value: &str| of("Namespace", &format!("pod-security.kubernetes.io/enforce: {value}"));
    assert_eq!(
        said(&pods("restricted"), &pods("baseline")),
        ["! enforces `baseline` in place of `restricted`"]
    );
    let policy = |label: &str| {
        manifest("security.istio.io/v1", "AuthorizationPolicy", "spec: {}")
            .replace("name: x", &format!("name: x, labels: {{a: {label}}}"))
    };
    assert!(said(&policy("b"), &policy("c")).is_empty());
}

#[test]
fn hostile_shapes_say_nothing_and_stop_nothing() {
    let kinds = [
        "PeerAuthentication",
        "AuthorizationPolicy",
        "VirtualService",
        "Gateway",
        "DestinationRule",
        "ServiceEntry",
        "IstioOperator",
    ];
    for kind in kinds {
        for (before, after) in [
            ("spec: []", "spec: 1"),
            ("spec: {http: {a: 1}}", "spec: {servers: 5}"),
            ("spec: ", "spec: {hosts: {}}"),
            ("x: 1", "spec: {http: [1, [], {route: 7}]}"),
        ] {
            said(
                &manifest("networking.istio.io/v1", kind, before),
                &manifest("networking.istio.io/v1", kind, after),
            );
            said(
                &manifest("security.istio.io/v1", kind, before),
                &manifest("security.istio.io/v1", kind, after),
            );
        }
    }
    let many = |host: &str| {
        let hosts: Vec<String> = (0..50_000).map(|n| format!("{host}{n}")).collect();
        manifest(
            "networking.istio.io/v1",
            "VirtualService",
            &format!("spec: {{hosts: [{}]}}", hosts.join(", ")),
        )
    };
    assert!(said(&many("a"), &many("b"))[0].contains("and 49,996 more"));
}
