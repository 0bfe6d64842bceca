//! A repository's policies are used, and what `opa` would refuse is refused with its place.

use overlift::rooms::model::{FileTree, RepoPath};
use overlift::rooms::policy::Level;
use overlift::rooms::policy::rego::Policies;
use overlift::rooms::yaml::{Dialect, parse_stream};

use crate::support::Repo;

const REFUSED: &str = include_str!("../fixtures/policies/refused.rego");
const USED: &str = include_str!("../fixtures/istio-config/policies/rego/mesh.rego");

fn policies(text: &str) -> Policies {
    let files = FileTree::of([("policies/rego/mesh.rego", text)]).unwrap();
    Policies::read(&files, &[RepoPath::parse("policies").unwrap()]).unwrap()
}

fn fields(input: &str) -> Vec<String> {
    let policies = policies(USED);
    assert_eq!(policies.faults, []);
    let nodes = parse_stream(input, Dialect::V3).unwrap();
    let (verdicts, faults) = policies.judge(nodes.iter());
    assert_eq!(faults, []);
    let word = |level| if level == Level::Error { "deny" } else { "warn" };
    verdicts.into_iter().map(|(_, v)| format!("{} {}", word(v.level), v.field)).collect()
}

/// The two rules with `_` under `not` are what OPA 1.14 names; with them it refuses the module.
#[test]
fn a_module_that_opa_refuses_is_refused_where_it_is_wrong() {
    let policies = policies(REFUSED);
    let places: Vec<String> = policies.faults.iter().map(|fault| fault.at.to_string()).collect();
    assert_eq!(places, ["policies/rego/mesh.rego:8:22", "policies/rego/mesh.rego:15:22"]);
    assert!(policies.faults.iter().all(|fault| fault.message.contains("rego_unsafe_var_error")));
    assert!(policies.is_empty(), "no rule of the module is asked");
}

#[test]
fn every_route_needs_a_timeout_and_retries_of_its_own() {
    let route = |rules: &str| {
        format!("{{kind: VirtualService, metadata: {{name: a}}, spec: {{http: [{rules}]}}}}")
    };
    let good = "{timeout: 2s, retries: {attempts: 2}, route: []}";
    assert_eq!(fields(&route(good)), [""; 0]);
    assert_eq!(
        fields(&route(&format!("{good}, {{retries: {{attempts: 1}}}}"))),
        ["deny spec.http[1].timeout"]
    );
    assert_eq!(
        fields(&route("{timeout: 0s, retries: {attempts: 1}}")),
        ["deny spec.http[0].timeout"]
    );
    assert_eq!(
        fields(&route("{timeout: 1s, retries: {attempts: 0}}")),
        ["deny spec.http[0].retries"]
    );
    assert_eq!(fields(&route("{redirect: {uri: /}}, {directResponse: {status: 404}}")), [""; 0]);
    assert_eq!(
        fields("{kind: VirtualService, metadata: {name: a}, spec: {tcp: [{route: []}]}}"),
        [""; 0]
    );
}

#[test]
fn production_encrypts_everywhere() {
    let rule = |environment: &str, policy: &str| {
        format!(
            "{{kind: DestinationRule, metadata: {{name: a, labels: {{environment: {environment}}}}}, spec: {{host: a, {policy}}}}}"
        )
    };
    assert_eq!(fields(&rule("production", "")), ["deny spec.trafficPolicy.tls"]);
    assert_eq!(fields(&rule("staging", "")), [""; 0]);
    assert_eq!(
        fields(&rule("production", "trafficPolicy: {tls: {mode: DISABLE}}")),
        ["deny spec.trafficPolicy.tls"]
    );
    assert_eq!(fields(&rule("production", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")), [""; 0]);
    let port =
        "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{tls: {mode: DISABLE}}]}";
    assert_eq!(
        fields(&rule("production", port)),
        ["deny spec.trafficPolicy.portLevelSettings[0].tls"]
    );
    let subset = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: a}, {trafficPolicy: {tls: {mode: DISABLE}}}]";
    assert_eq!(fields(&rule("production", subset)), ["deny spec.subsets[1].trafficPolicy.tls"]);
}

#[test]
fn nobody_is_let_in_by_an_empty_rule() {
    let policy = |spec: &str| {
        format!("{{kind: AuthorizationPolicy, metadata: {{name: a}}, spec: {{{spec}}}}}")
    };
    assert_eq!(fields(&policy("rules: [{}]")), ["deny spec.rules[0]"]);
    assert_eq!(fields(&policy("rules: [{from: []}]")), ["deny spec.rules[0]"]);
    assert_eq!(fields(&policy("action: DENY, rules: [{}]")), [""; 0]);
    assert_eq!(fields(&policy("action: ALLOW")), [""; 0]);
    assert_eq!(fields(&policy("rules: [{to: [{operation: {methods: [GET]}}]}]")), [""; 0]);
}

#[test]
fn external_hosts_and_public_routes_are_limited() {
    let rule = |host: &str| {
        format!("{{kind: DestinationRule, metadata: {{name: a}}, spec: {{host: {host}}}}}")
    };
    assert_eq!(fields(&rule("external.example.com")), ["deny spec.trafficPolicy.outlierDetection"]);
    assert_eq!(
        fields(&rule("a.external.example.com")),
        ["deny spec.trafficPolicy.outlierDetection"]
    );
    assert_eq!(fields(&rule("cart")), [""; 0]);
    let route = |spec: &str| {
        format!(
            "{{kind: VirtualService, metadata: {{name: a}}, spec: {{{spec}, http: [{{timeout: 1s, retries: {{attempts: 1}}}}]}}}}"
        )
    };
    assert_eq!(fields(&route("gateways: [mesh, public]")), ["warn spec.http[0].headers"]);
    assert_eq!(fields(&route("gateways: [mesh]")), [""; 0]);
    assert_eq!(fields(&route("hosts: [a]")), [""; 0]);
}

/// Whoever writes a manifest cannot silence what a policy denies or a Secret in plain text.
#[test]
fn an_annotation_silences_no_policy() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations: {galley.istio.io/analyze-suppress: '*'}\n\
                  stringData: {password: long-enough-to-be-one}\n";
    let repository = Repo::new(&[
        (
            ".github/overlift.yaml",
            "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\n\
             gates: {policies: [policies]}\n",
        ),
        (
            "policies/a.rego",
            "package main\n\nimport rego.v1\n\ndeny contains msg if {\n\tinput.kind == \"Secret\"\n\tmsg := \"no secrets here\"\n}\n",
        ),
        ("staging/kustomization.yaml", "resources: [all.yaml]\n"),
        ("staging/all.yaml", secret),
        ("production/kustomization.yaml", "resources: []\n"),
    ]);
    let run = repository.overlift(&["validate", "staging", "--format", "json"]);
    assert_eq!(run.code, 1, "{run:#?}");
    for code in ["policy-deny", "plain-secret"] {
        assert!(run.stdout.contains(code), "{run:#?}");
    }
}
