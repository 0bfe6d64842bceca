//! What is said about which change: one line for each, `before` to `after`, and the ids of the rules.

use crate::diff::{KnownValues, MASKED, MASKED_CHANGED, RenderedDiff};
use crate::kustomize::{Build, Gvk, Resource, ResourceId};
use crate::model::{EnvironmentName, FileTree, Location, RepoPath};
use crate::policy::risks::{Changes, OwnValue};
use crate::policy::{Day, Finding, Gates, Level};
use crate::yaml::{Dialect, Node, parse_stream};

fn build(manifests: &str) -> Build {
    let resource = |node: Node| {
        let text =
            |keys: &[&str]| node.at(keys).and_then(Node::text).unwrap_or_default().to_owned();
        let id = ResourceId {
            gvk: Gvk::from_api_version(&text(&["apiVersion"]), &text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: text(&["metadata", "name"]).into(),
        };
        let origin = Location::file(RepoPath::parse("x.yaml").unwrap());
        Resource { node, original_id: id.clone(), id, origin }
    };
    let nodes = parse_stream(manifests, Dialect::V3).unwrap();
    let nodes = nodes.into_iter().filter(|node| !node.is_null());
    Build { resources: nodes.map(resource).collect(), ..Build::default() }
}

fn found(before: &str, after: &str) -> Vec<Finding> {
    found_between(&build(before), &build(after))
}

fn found_between(before: &Build, after: &Build) -> Vec<Finding> {
    let diff = RenderedDiff::between(before, after, "o", &KnownValues::default());
    let path = RepoPath::parse("overlays/production").unwrap();
    let changes = Changes {
        resources: diff.resources(),
        before,
        after,
        files: &FileTree::new(),
        path: &path,
        others: &[],
        own_values: &[],
        at_once: &[],
    };
    crate::policy::check::check_all(&changes, &Gates::default(), Day::MIN).findings
}

/// The ids of what is found, those that only inform in brackets.
fn ids(findings: &[Finding]) -> String {
    let id = |finding: &Finding| match finding.level {
        Level::Info => format!("({})", finding.rule),
        _ => finding.rule.to_owned(),
    };
    findings.iter().map(id).collect::<Vec<_>>().join(" ")
}

fn manifest((api_version, kind): (&str, &str), rest: &str) -> String {
    match rest.strip_prefix("annotations ").or(rest.strip_prefix("labels ")) {
        _ if rest == "-" => String::new(),
        Some(pairs) => {
            let key = rest.split(' ').next().unwrap();
            format!(
                "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop, {key}: {{{pairs}}}}}\n"
            )
        }
        None => format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n{rest}\n"
        ),
    }
}

/// Each case: before, after (`-` for none), and what is found.
fn table(kind: (&str, &str), cases: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (before, after, want) in cases {
        let findings = found(&manifest(kind, before), &manifest(kind, after));
        let got = ids(&findings);
        if got != *want {
            let said: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
            wrong.push(format!(
                "{kind:?}\n  {before}\n  {after}\n  {got:?} and not {want:?}: {said:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn members_of_what_an_operator_runs() {
    table(
        ("postgresql.cnpg.io/v1", "Cluster"),
        &[
            ("spec: {instances: 3}", "spec: {instances: 1}", "fewer-replicas"),
            ("spec: {instances: 3}", "spec: {instances: 2}", "(fewer-replicas)"),
            ("spec: {instances: 1}", "spec: {instances: 3}", ""),
            ("spec: {kafka: {replicas: 3}}", "spec: {kafka: {replicas: 1}}", "fewer-replicas"),
            (
                "spec: {instances: [{name: a, replicas: 1}, {name: b, replicas: 1}]}",
                "spec: {instances: [{name: a, replicas: 1}]}",
                "fewer-replicas",
            ),
            (
                "spec: {instances: [{name: a, replicas: 1, x: y}]}",
                "spec: {instances: [{name: a, x: y}]}",
                "",
            ),
            ("spec: {storage: {size: 9Gi}}", "spec: {storage: {size: 3Gi}}", "storage-changes"),
        ],
    );
}

#[test]
fn backups() {
    let schedule = "spec: {schedule: '0 1 * * *'}";
    table(
        ("velero.io/v1", "Schedule"),
        &[
            (schedule, "-", "resource-deleted"),
            (schedule, "spec: {schedule: '0 1 * * *', paused: true}", "fewer-replicas"),
        ],
    );
    table(
        ("postgres-operator.crunchydata.com/v1beta1", "PostgresCluster"),
        &[
            (
                "spec: {backups: {pgbackrest: {global: {repo1-retention-full: '4'}}}}",
                "spec: {backups: {pgbackrest: {global: {repo1-retention-full: '2'}}}}",
                "storage-changes",
            ),
            ("spec: {retention: 30d}", "spec: {retention: 1w}", "storage-changes"),
            ("spec: {retention: 720h0m0s}", "spec: {retention: 30d}", ""),
            ("spec: {retention: 7}", "spec: {retention: 30d}", ""),
            ("spec: {retentionPolicy: Delete}", "spec: {retentionPolicy: Retain}", ""),
        ],
    );
    table(
        ("postgresql.cnpg.io/v1", "ScheduledBackup"),
        &[(schedule, "spec: {schedule: '0 1 * * *', suspend: true}", "fewer-replicas")],
    );
}

#[test]
fn what_keeps_it_answering() {
    let pod = |rest: &str, own: &str| {
        format!(
            "spec: {{template: {{spec: {{{rest}containers: [{{name: a{own}}}, {{name: b}}]}}}}}}"
        )
    };
    let probe = |key: &str| format!(", {key}: {{tcpSocket: {{port: 80}}}}");
    let (ready, live) = (pod("", &probe("readinessProbe")), pod("", &probe("livenessProbe")));
    let spread = pod("topologySpreadConstraints: [{maxSkew: 1}], ", "");
    let plain = pod("", "");
    table(
        ("apps/v1", "Deployment"),
        &[
            (&ready, &plain, "availability-weaker"),
            (&live, &plain, "availability-weaker"),
            (&live, &ready, "availability-weaker"),
            (&plain, &ready, ""),
            (&ready, "spec: {template: {spec: {containers: [{name: b}]}}}", ""),
            (&spread, &plain, "(availability-weaker)"),
            (&plain, &spread, ""),
            ("spec: {}", "spec: {strategy: {type: Recreate}}", "availability-weaker"),
            ("spec: {strategy: {type: Recreate}}", "spec: {}", ""),
            (
                "spec: {strategy: {rollingUpdate: {maxUnavailable: 25%}}}",
                "spec: {strategy: {rollingUpdate: {maxUnavailable: 100%}}}",
                "availability-weaker",
            ),
        ],
    );
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[(
            "spec: {values: {livenessProbe: {enabled: true}}}",
            "spec: {values: {livenessProbe: {enabled: false}}}",
            "availability-weaker",
        )],
    );
}

#[test]
fn charts_values_wherever_they_stand() {
    let text = |text: &str| format!("spec: {{source: {{helm: {{values: \"{text}\"}}}}}}");
    let (four, one) = (text("web: {replicaCount: 4}"), text("web: {replicaCount: 1}"));
    let parameter = |value: &str| {
        format!(
            "spec: {{source: {{helm: {{parameters: [{{name: image.tag, value: \"{value}\"}}]}}}}}}"
        )
    };
    let (newer, older) = (parameter("1.5"), parameter("1.4"));
    table(
        ("argoproj.io/v1alpha1", "Application"),
        &[
            (&four, &one, "fewer-replicas"),
            (&one, &four, ""),
            (&newer, &older, "image-older"),
            (&text("just a text"), &text("another one"), ""),
        ],
    );
    table(
        ("v1", "ConfigMap"),
        &[
            (
                "data: {values.yaml: 'web: {replicas: 4}'}",
                "data: {values.yaml: 'web: {replicas: 1}'}",
                "fewer-replicas",
            ),
            ("data: {a.yaml: 'web: {replicas: 4}'}", "data: {a.yaml: 'web: {replicas: 1}'}", ""),
        ],
    );
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[
            (
                "spec: {values: {ingress: {hosts: [{host: a.example.com}]}}}",
                "spec: {values: {ingress: {hosts: [{host: b.example.com}]}}}",
                "hosts-change",
            ),
            (
                "spec: {values: {ingress: {enabled: true, hosts: [a.example.com]}}}",
                "spec: {values: {ingress: {enabled: true, hosts: [a.example.com, b.example.com]}}}",
                "exposure-wider",
            ),
            (
                "spec: {values: {database: {host: a.example.com}}}",
                "spec: {values: {database: {host: b.example.com}}}",
                "",
            ),
            (
                "spec: {values: {ingress: {enabled: false}, service: {type: ClusterIP}}}",
                "spec: {values: {ingress: {enabled: true}, service: {type: NodePort}}}",
                "exposure-wider exposure-wider",
            ),
            (
                "spec: {values: {persistence: {enabled: true}}}",
                "spec: {values: {persistence: {enabled: false}}}",
                "storage-changes",
            ),
        ],
    );
}

#[test]
fn mutual_tls() {
    table(
        ("security.istio.io/v1", "PeerAuthentication"),
        &[
            ("spec: {mtls: {mode: STRICT}}", "spec: {mtls: {mode: PERMISSIVE}}", "mtls-weaker"),
            ("spec: {mtls: {mode: STRICT}}", "spec: {}", "mtls-weaker"),
            ("spec: {mtls: {mode: PERMISSIVE}}", "spec: {mtls: {mode: STRICT}}", ""),
            ("spec: {mtls: {mode: PERMISSIVE}}", "spec: {mtls: {mode: DISABLE}}", "mtls-weaker"),
            ("spec: {mtls: {mode: STRICT}}", "-", "mtls-weaker (resource-deleted)"),
            ("spec: {mtls: {mode: DISABLE}}", "-", "(resource-deleted)"),
            ("-", "spec: {mtls: {mode: DISABLE}}", "mtls-weaker"),
            ("-", "spec: {mtls: {mode: STRICT}}", ""),
            (
                "spec: {mtls: {mode: STRICT}, selector: {matchLabels: {a: b}}}",
                "spec: {mtls: {mode: STRICT}, selector: {matchLabels: {a: b}}, portLevelMtls: {\"80\": {mode: DISABLE}}}",
                "mtls-weaker",
            ),
            (
                "spec: {selector: {matchLabels: {a: b}}, portLevelMtls: {\"80\": {mode: STRICT}}}",
                "spec: {selector: {matchLabels: {a: b}}}",
                "mtls-weaker",
            ),
            (
                "spec: {mtls: {mode: STRICT}, portLevelMtls: {\"80\": {mode: PERMISSIVE}}}",
                "spec: {mtls: {mode: STRICT}}",
                "",
            ),
            (
                "spec: {mtls: {mode: STRICT}}",
                "spec: {mtls: {mode: STRICT}, selector: {matchLabels: {a: b}}}",
                "mtls-weaker",
            ),
            (
                "spec: {mtls: {mode: STRICT}, selector: {matchLabels: {a: b}}}",
                "spec: {mtls: {mode: STRICT}}",
                "",
            ),
        ],
    );
    table(
        ("networking.istio.io/v1", "DestinationRule"),
        &[
            (
                "spec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}",
                "spec: {trafficPolicy: {tls: {mode: DISABLE}}}",
                "mtls-weaker",
            ),
            (
                "spec: {trafficPolicy: {tls: {mode: MUTUAL}}}",
                "spec: {trafficPolicy: {tls: {mode: SIMPLE}}}",
                "mtls-weaker",
            ),
            ("spec: {trafficPolicy: {tls: {mode: SIMPLE}}}", "spec: {}", "mtls-weaker"),
            ("spec: {}", "spec: {trafficPolicy: {tls: {mode: DISABLE}}}", "mtls-weaker"),
            (
                "spec: {trafficPolicy: {tls: {mode: DISABLE}}}",
                "spec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}",
                "",
            ),
            (
                "spec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: a}]}",
                "spec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: a, trafficPolicy: {tls: {mode: DISABLE}}}]}",
                "mtls-weaker",
            ),
            (
                "spec: {trafficPolicy: {tls: {mode: SIMPLE}}}",
                "spec: {trafficPolicy: {tls: {mode: SIMPLE}, portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}}",
                "mtls-weaker",
            ),
            (
                "spec: {trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: false}}}",
                "spec: {trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}",
                "tls-weaker",
            ),
            (
                "spec: {trafficPolicy: {tls: {mode: SIMPLE, caCertificates: a}}}",
                "spec: {trafficPolicy: {tls: {mode: SIMPLE}}}",
                "tls-weaker",
            ),
            (
                "spec: {subsets: [{name: v1}, {name: v2}]}",
                "spec: {subsets: [{name: v1}]}",
                "traffic-moves",
            ),
        ],
    );
    table(
        ("v1", "Namespace"),
        &[
            ("labels istio-injection: enabled", "labels istio-injection: disabled", "mtls-weaker"),
            ("labels istio-injection: enabled", "labels istio.io/rev: canary", ""),
            ("labels a: b", "labels istio-injection: enabled", ""),
        ],
    );
    table(
        ("apps/v1", "Deployment"),
        &[
            (
                "spec: {template: {metadata: {labels: {a: b}}}}",
                "spec: {template: {metadata: {labels: {a: b, sidecar.istio.io/inject: \"false\"}}}}",
                "mtls-weaker",
            ),
            (
                "spec: {template: {metadata: {annotations: {a: b}}}}",
                "spec: {template: {metadata: {annotations: {a: b, traffic.sidecar.istio.io/excludeInboundPorts: \"80\"}}}}",
                "mtls-weaker",
            ),
        ],
    );
}

#[test]
fn authorization() {
    table(
        ("security.istio.io/v1", "AuthorizationPolicy"),
        &[
            (
                "spec: {rules: [{from: [{source: {principals: [a]}}], to: [{operation: {methods: [GET]}}]}]}",
                "spec: {rules: [{to: [{operation: {methods: [GET]}}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {rules: [{from: [{source: {principals: [a]}}]}]}",
                "spec: {rules: [{}]}",
                "authorization-wider",
            ),
            (
                "spec: {rules: [{from: [{source: {principals: [a]}}]}]}",
                "spec: {rules: [{from: [{source: {principals: [a, b]}}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {rules: [{from: [{source: {principals: [a, b]}}]}]}",
                "spec: {rules: [{from: [{source: {principals: [a]}}]}]}",
                "(authorization-wider)",
            ),
            (
                "spec: {rules: [{from: [{source: {notPrincipals: [a, b]}}]}]}",
                "spec: {rules: [{from: [{source: {notPrincipals: [a]}}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {rules: [{when: [{key: k, values: [a]}]}]}",
                "spec: {rules: [{when: []}]}",
                "authorization-wider",
            ),
            (
                "spec: {rules: [{when: [{key: k, notValues: [a]}]}]}",
                "spec: {rules: [{when: [{key: k, notValues: [a, b]}]}]}",
                "(authorization-wider)",
            ),
            (
                "spec: {rules: [{from: [{source: {ipBlocks: [10.0.0.0/16]}}]}]}",
                "spec: {rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}",
                "authorization-wider",
            ),
            ("spec: {rules: []}", "spec: {rules: [{}]}", "authorization-wider"),
            (
                "spec: {action: DENY, rules: [{}]}",
                "spec: {action: ALLOW, rules: [{}]}",
                "authorization-wider",
            ),
            ("spec: {action: DENY, rules: [{}]}", "spec: {rules: [{}]}", "authorization-wider"),
            ("spec: {action: ALLOW, rules: [{}]}", "spec: {rules: [{}]}", ""),
            ("spec: {action: DENY, rules: [{}]}", "-", "authorization-wider (resource-deleted)"),
            (
                "spec: {rules: [{from: [{source: {principals: [a]}}]}]}",
                "-",
                "authorization-wider (resource-deleted)",
            ),
            ("spec: {rules: [{}]}", "-", "(resource-deleted)"),
            ("-", "spec: {action: DENY, rules: [{}]}", ""),
            ("-", "spec: {}", ""),
            ("-", "spec: {rules: [{}]}", "authorization-wider"),
            (
                "spec: {action: DENY, rules: [{to: [{operation: {paths: [/a]}}]}]}",
                "spec: {action: DENY, rules: [{to: [{operation: {paths: [/a, /b]}}]}]}",
                "(authorization-wider)",
            ),
            (
                "spec: {action: DENY, rules: [{to: [{operation: {paths: [/a, /b]}}]}]}",
                "spec: {action: DENY, rules: [{to: [{operation: {paths: [/a]}}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {action: DENY, rules: [{}]}",
                "spec: {action: DENY, selector: {matchLabels: {a: b}}, rules: [{}]}",
                "authorization-wider",
            ),
            ("annotations a: b", "annotations istio.io/dry-run: \"true\"", "policy-not-enforced"),
            ("annotations a: b", "annotations a: c", ""),
        ],
    );
    table(
        ("networking.k8s.io/v1", "NetworkPolicy"),
        &[
            ("spec: {podSelector: {}}", "-", "authorization-wider (resource-deleted)"),
            ("-", "spec: {podSelector: {}}", ""),
            (
                "spec: {podSelector: {}}",
                "spec: {podSelector: {}, ingress: [{}]}",
                "authorization-wider",
            ),
            ("spec: {podSelector: {}, ingress: [{}]}", "spec: {podSelector: {}}", ""),
            (
                "spec: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]}",
                "spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}",
                "spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}",
                "spec: {podSelector: {}, policyTypes: [Ingress]}",
                "authorization-wider",
            ),
            (
                "spec: {podSelector: {}, policyTypes: [Ingress]}",
                "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}",
                "",
            ),
            (
                "spec: {podSelector: {}}",
                "spec: {podSelector: {matchLabels: {a: b}}}",
                "authorization-wider",
            ),
            ("spec: {podSelector: {matchLabels: {a: b}}}", "spec: {podSelector: {}}", ""),
            (
                "spec: {podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}], policyTypes: [Egress]}",
                "spec: {podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}], policyTypes: [Egress]}",
                "authorization-wider",
            ),
        ],
    );
    table(
        ("cilium.io/v2", "CiliumNetworkPolicy"),
        &[
            (
                "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {a: b}}]}]}",
                "spec: {endpointSelector: {}, ingress: [{fromEntities: [all]}]}",
                "authorization-wider",
            ),
            (
                "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster, host]}]}",
                "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}",
                "",
            ),
            (
                "spec: {endpointSelector: {}, ingressDeny: [{fromEntities: [world]}]}",
                "spec: {endpointSelector: {}}",
                "authorization-wider",
            ),
            (
                "spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchName: a}]}]}",
                "spec: {endpointSelector: {}}",
                "authorization-wider",
            ),
            ("spec: {endpointSelector: {}}", "-", "authorization-wider (resource-deleted)"),
        ],
    );
    table(
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        &[
            (
                "rules: [{apiGroups: [''], verbs: [get], resources: [pods]}]",
                "rules: [{apiGroups: [''], verbs: [get, list], resources: [pods]}]",
                "authorization-wider",
            ),
            (
                "rules: [{apiGroups: [''], verbs: [get, list], resources: [pods]}]",
                "rules: [{apiGroups: [''], verbs: [get], resources: [pods]}]",
                "",
            ),
            (
                "rules: [{apiGroups: [''], verbs: [get], resources: [pods], resourceNames: [a]}]",
                "rules: [{apiGroups: [''], verbs: [get], resources: [pods]}]",
                "authorization-wider",
            ),
            (
                "-",
                "rules: [{apiGroups: ['*'], verbs: ['*'], resources: ['*']}]",
                "authorization-wider",
            ),
        ],
    );
    table(
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
        &[
            ("-", "roleRef: {name: cluster-admin}", "authorization-wider"),
            ("-", "roleRef: {name: view}\nsubjects: [{kind: ServiceAccount, name: a}]", ""),
            (
                "-",
                "roleRef: {name: view}\nsubjects: [{kind: Group, name: 'system:unauthenticated'}]",
                "authorization-wider",
            ),
            (
                "roleRef: {name: view}\nsubjects: [{kind: User, name: a}]",
                "roleRef: {name: view}\nsubjects: [{kind: User, name: a}, {kind: User, name: b}]",
                "authorization-wider",
            ),
            (
                "roleRef: {name: view}\nsubjects: [{kind: User, name: a}, {kind: User, name: b}]",
                "roleRef: {name: view}\nsubjects: [{kind: User, name: a}]",
                "",
            ),
        ],
    );
    table(
        ("security.istio.io/v1", "RequestAuthentication"),
        &[
            (
                "spec: {jwtRules: [{issuer: a, jwksUri: u}]}",
                "spec: {jwtRules: [{issuer: b, jwksUri: u}]}",
                "authentication-changes",
            ),
            (
                "spec: {jwtRules: [{issuer: a, jwksUri: u}]}",
                "spec: {jwtRules: [{issuer: a, jwksUri: v}]}",
                "authentication-changes",
            ),
            (
                "spec: {jwtRules: [{issuer: a, audiences: [x]}]}",
                "spec: {jwtRules: [{issuer: a}]}",
                "authentication-changes",
            ),
            (
                "spec: {jwtRules: [{issuer: a}]}",
                "spec: {jwtRules: [{issuer: a, audiences: [x]}]}",
                "",
            ),
            (
                "spec: {jwtRules: [{issuer: a}, {issuer: b}]}",
                "spec: {jwtRules: [{issuer: a}]}",
                "(authentication-changes)",
            ),
            ("spec: {jwtRules: [{issuer: a}]}", "-", "authentication-changes (resource-deleted)"),
            ("-", "spec: {jwtRules: [{issuer: a}]}", ""),
        ],
    );
}

#[test]
fn routes() {
    let api = ("networking.istio.io/v1", "VirtualService");
    table(
        api,
        &[
            (
                "spec: {http: [{route: [{destination: {host: w, subset: v1}, weight: 90}, {destination: {host: w, subset: v2}, weight: 10}]}]}",
                "spec: {http: [{route: [{destination: {host: w, subset: v1}, weight: 50}, {destination: {host: w, subset: v2}, weight: 50}]}]}",
                "traffic-moves",
            ),
            (
                "spec: {http: [{route: [{destination: {host: w}, weight: 9}, {destination: {host: v}, weight: 1}]}]}",
                "spec: {http: [{route: [{destination: {host: v}, weight: 10}, {destination: {host: w}, weight: 90}]}]}",
                "",
            ),
            (
                "spec: {http: [{route: [{destination: {host: w}}]}]}",
                "spec: {http: [{match: [{uri: {prefix: /d}}], route: [{destination: {host: d}}]}, {route: [{destination: {host: w}}]}]}",
                "",
            ),
            (
                "spec: {http: [{match: [{uri: {prefix: /d}}], route: [{destination: {host: d}}]}, {route: [{destination: {host: w}}]}]}",
                "spec: {http: [{route: [{destination: {host: w}}]}, {match: [{uri: {prefix: /d}}], route: [{destination: {host: d}}]}]}",
                "traffic-moves",
            ),
            (
                "spec: {http: [{name: a, match: [{uri: {prefix: /a}}], directResponse: {status: 403}}, {route: [{destination: {host: w}}]}]}",
                "spec: {http: [{route: [{destination: {host: w}}]}]}",
                "route-gone",
            ),
            (
                "spec: {http: [{name: a, match: [{uri: {prefix: /a}}], redirect: {uri: /b}}, {route: [{destination: {host: w}}]}]}",
                "spec: {http: [{name: a, match: [{uri: {prefix: /a}}], route: [{destination: {host: w}}]}, {route: [{destination: {host: w}}]}]}",
                "route-gone traffic-moves",
            ),
            (
                "spec: {http: [{match: [{uri: {prefix: /d}}], route: [{destination: {host: d}}]}, {route: [{destination: {host: w}}]}]}",
                "spec: {http: [{route: [{destination: {host: w}}]}]}",
                "traffic-moves",
            ),
            (
                "spec: {http: [{route: [{destination: {host: w}}]}]}",
                "spec: {http: [{fault: {delay: {}}, route: [{destination: {host: w}}]}]}",
                "traffic-moves",
            ),
            (
                "spec: {http: [{timeout: 5s, route: [{destination: {host: w}}]}]}",
                "spec: {http: [{timeout: 9s, route: [{destination: {host: w}}]}]}",
                "",
            ),
            (
                "spec: {http: [{corsPolicy: {allowOrigins: [{exact: a}]}, route: [{destination: {host: w}}]}]}",
                "spec: {http: [{corsPolicy: {allowOrigins: [{regex: '.*'}]}, route: [{destination: {host: w}}]}]}",
                "cors-wider",
            ),
            (
                "spec: {http: [{corsPolicy: {allowOrigins: [{exact: a}, {exact: b}]}, route: [{destination: {host: w}}]}]}",
                "spec: {http: [{corsPolicy: {allowOrigins: [{exact: a}]}, route: [{destination: {host: w}}]}]}",
                "",
            ),
            (
                "spec: {http: [{corsPolicy: {allowOrigins: [{exact: a}]}, route: [{destination: {host: w}}]}]}",
                "spec: {http: [{corsPolicy: {allowOrigins: [{exact: a}], allowCredentials: true}, route: [{destination: {host: w}}]}]}",
                "cors-wider",
            ),
            ("spec: {hosts: [a, b]}", "spec: {hosts: [a]}", "hosts-change"),
            (
                "spec: {hosts: [a], gateways: [e]}",
                "spec: {hosts: [a, c], gateways: [e]}",
                "exposure-wider",
            ),
            ("spec: {hosts: [a]}", "spec: {hosts: [a, c]}", "(exposure-wider)"),
            (
                "spec: {hosts: [a], gateways: [mesh]}",
                "spec: {hosts: [a], gateways: [mesh, edge]}",
                "exposure-wider",
            ),
            (
                "spec: {hosts: [a], gateways: [mesh, edge]}",
                "spec: {hosts: [a], gateways: [mesh]}",
                "",
            ),
        ],
    );
    table(
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        &[
            (
                "spec: {rules: [{backendRefs: [{name: a}]}]}",
                "spec: {rules: [{backendRefs: [{name: a, weight: 9}, {name: b, weight: 1}]}]}",
                "traffic-moves",
            ),
            ("spec: {hostnames: [a]}", "spec: {hostnames: [b]}", "hosts-change"),
            ("spec: {hostnames: [a]}", "spec: {hostnames: [a, b]}", "exposure-wider"),
            (
                "spec: {rules: [{filters: [{type: RequestRedirect}]}]}",
                "spec: {rules: [{backendRefs: [{name: a}]}]}",
                "route-gone traffic-moves",
            ),
        ],
    );
    table(
        ("networking.k8s.io/v1", "Ingress"),
        &[
            (
                "spec: {rules: [{host: a, http: {paths: [{path: /, backend: {service: {name: x}}}]}}]}",
                "spec: {rules: [{host: a, http: {paths: [{path: /, backend: {service: {name: y}}}]}}]}",
                "traffic-moves",
            ),
            ("spec: {rules: [{host: a}, {host: b}]}", "spec: {rules: [{host: a}]}", "hosts-change"),
            (
                "spec: {rules: [{host: a}]}",
                "spec: {rules: [{host: a}, {host: b}]}",
                "exposure-wider",
            ),
            (
                "spec: {rules: [{host: a}]}",
                "spec: {rules: [{host: '*.a'}]}",
                "exposure-wider hosts-change",
            ),
            ("spec: {rules: [{host: '*.a'}]}", "spec: {rules: [{host: a}]}", "hosts-change"),
            ("-", "spec: {rules: [{host: a}]}", "exposure-wider"),
            ("spec: {rules: [{host: a}]}", "-", "hosts-change (resource-deleted)"),
            (
                "spec: {tls: [{hosts: [a]}], rules: [{host: a}]}",
                "spec: {rules: [{host: a}]}",
                "tls-weaker",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8",
                "annotations a: b",
                "exposure-wider",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8",
                "annotations nginx.ingress.kubernetes.io/whitelist-source-range: 0.0.0.0/0",
                "exposure-wider",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8",
                "annotations nginx.ingress.kubernetes.io/whitelist-source-range: 10.1.0.0/16",
                "",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/auth-url: u",
                "annotations a: b",
                "exposure-wider",
            ),
            ("annotations a: b", "annotations nginx.ingress.kubernetes.io/auth-url: u", ""),
            (
                "annotations nginx.ingress.kubernetes.io/ssl-redirect: \"true\"",
                "annotations nginx.ingress.kubernetes.io/ssl-redirect: \"false\"",
                "exposure-wider",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/force-ssl-redirect: \"true\"",
                "annotations a: b",
                "exposure-wider",
            ),
            (
                "annotations alb.ingress.kubernetes.io/scheme: internal",
                "annotations alb.ingress.kubernetes.io/scheme: internet-facing",
                "exposure-wider",
            ),
            (
                "annotations alb.ingress.kubernetes.io/scheme: internet-facing",
                "annotations alb.ingress.kubernetes.io/scheme: internal",
                "",
            ),
            (
                "annotations traefik.ingress.kubernetes.io/router.middlewares: a@x",
                "annotations traefik.ingress.kubernetes.io/router.middlewares: b@x",
                "exposure-wider",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/canary-weight: \"10\"",
                "annotations nginx.ingress.kubernetes.io/canary-weight: \"50\"",
                "traffic-moves",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/cors-allow-origin: https://a",
                "annotations nginx.ingress.kubernetes.io/cors-allow-origin: '*'",
                "cors-wider",
            ),
            (
                "annotations nginx.ingress.kubernetes.io/backend-protocol: HTTPS",
                "annotations nginx.ingress.kubernetes.io/backend-protocol: HTTP",
                "tls-weaker",
            ),
            (
                "annotations alb.ingress.kubernetes.io/ssl-policy: ELBSecurityPolicy-TLS13-1-2-2021-06",
                "annotations alb.ingress.kubernetes.io/ssl-policy: ELBSecurityPolicy-2016-08",
                "tls-weaker",
            ),
            (
                "annotations external-dns.alpha.kubernetes.io/hostname: a",
                "annotations external-dns.alpha.kubernetes.io/hostname: b",
                "hosts-change",
            ),
            (
                "annotations a: b",
                "annotations nginx.ingress.kubernetes.io/server-snippet: x",
                "proxy-configuration-changes",
            ),
        ],
    );
    table(
        ("v1", "Service"),
        &[
            ("spec: {type: ClusterIP}", "spec: {type: LoadBalancer}", "exposure-wider"),
            ("spec: {}", "spec: {type: NodePort}", "exposure-wider"),
            ("spec: {type: LoadBalancer}", "spec: {type: ClusterIP}", ""),
            ("-", "spec: {type: LoadBalancer}", "exposure-wider"),
            ("-", "spec: {}", ""),
            (
                "spec: {loadBalancerSourceRanges: [10.0.0.0/8]}",
                "spec: {loadBalancerSourceRanges: [0.0.0.0/0]}",
                "exposure-wider",
            ),
            ("spec: {loadBalancerSourceRanges: [10.0.0.0/8]}", "spec: {}", "exposure-wider"),
            (
                "annotations service.beta.kubernetes.io/aws-load-balancer-internal: \"true\"",
                "annotations a: b",
                "exposure-wider",
            ),
            ("spec: {selector: {a: b}}", "spec: {selector: {a: c}}", "traffic-moves"),
        ],
    );
}

#[test]
fn gateways() {
    table(
        ("networking.istio.io/v1", "Gateway"),
        &[
            (
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: MUTUAL}}]}",
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE}}]}",
                "tls-weaker",
            ),
            (
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE}}]}",
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: MUTUAL}}]}",
                "",
            ),
            (
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE}}]}",
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: PASSTHROUGH}}]}",
                "tls-weaker",
            ),
            (
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE, minProtocolVersion: TLSV1_3}}]}",
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE, minProtocolVersion: TLSV1_0}}]}",
                "tls-weaker",
            ),
            (
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE, minProtocolVersion: TLSV1_2}}]}",
                "spec: {servers: [{port: {number: 443, name: h}, hosts: [a], tls: {mode: SIMPLE, minProtocolVersion: TLSV1_3}}]}",
                "",
            ),
            (
                "spec: {servers: [{port: {number: 80, name: h}, hosts: [a], tls: {httpsRedirect: true}}]}",
                "spec: {servers: [{port: {number: 80, name: h}, hosts: [a]}]}",
                "exposure-wider",
            ),
            (
                "spec: {servers: [{port: {number: 80, name: h}, hosts: [a]}]}",
                "spec: {servers: [{port: {number: 80, name: h}, hosts: [a, b]}]}",
                "exposure-wider",
            ),
        ],
    );
    table(
        ("gateway.networking.k8s.io/v1", "Gateway"),
        &[
            (
                "spec: {listeners: [{name: a, hostname: x, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}]}",
                "spec: {listeners: [{name: a, hostname: x, protocol: HTTP}]}",
                "tls-weaker",
            ),
            (
                "spec: {listeners: [{name: a, hostname: x, allowedRoutes: {namespaces: {from: Same}}}]}",
                "spec: {listeners: [{name: a, hostname: x, allowedRoutes: {namespaces: {from: All}}}]}",
                "exposure-wider",
            ),
        ],
    );
    table(
        ("traefik.io/v1alpha1", "TLSOption"),
        &[("spec: {minVersion: VersionTLS13}", "spec: {minVersion: VersionTLS12}", "tls-weaker")],
    );
    table(
        ("projectcontour.io/v1", "HTTPProxy"),
        &[
            (
                "spec: {virtualhost: {fqdn: a, tls: {secretName: s, minimumProtocolVersion: '1.3'}}}",
                "spec: {virtualhost: {fqdn: a, tls: {secretName: s, minimumProtocolVersion: '1.2'}}}",
                "tls-weaker",
            ),
            ("spec: {virtualhost: {fqdn: a}}", "spec: {virtualhost: {fqdn: b}}", "hosts-change"),
            (
                "spec: {routes: [{services: [{name: a, weight: 1}, {name: b, weight: 0}]}]}",
                "spec: {routes: [{services: [{name: a, weight: 0}, {name: b, weight: 1}]}]}",
                "traffic-moves",
            ),
        ],
    );
    table(
        ("traefik.io/v1alpha1", "Middleware"),
        &[
            (
                "spec: {ipAllowList: {sourceRange: [10.0.0.0/8]}}",
                "spec: {ipAllowList: {sourceRange: [0.0.0.0/0]}}",
                "exposure-wider",
            ),
            ("spec: {basicAuth: {secret: a}}", "spec: {compress: {}}", "exposure-wider"),
        ],
    );
}

#[test]
fn what_enforces() {
    table(
        ("kyverno.io/v1", "ClusterPolicy"),
        &[
            (
                "spec: {validationFailureAction: Enforce}",
                "spec: {validationFailureAction: Audit}",
                "policy-not-enforced",
            ),
            ("spec: {validationFailureAction: enforce}", "spec: {}", "policy-not-enforced"),
            (
                "spec: {validationFailureAction: Audit}",
                "spec: {validationFailureAction: Enforce}",
                "",
            ),
            (
                "spec: {rules: [{name: a, validate: {failureAction: Enforce}}]}",
                "spec: {rules: [{name: a, validate: {failureAction: Audit}}]}",
                "policy-not-enforced",
            ),
            (
                "spec: {rules: [{name: a}, {name: b}]}",
                "spec: {rules: [{name: a}]}",
                "policy-not-enforced",
            ),
            (
                "spec: {validationFailureAction: Enforce}",
                "-",
                "policy-not-enforced (resource-deleted)",
            ),
        ],
    );
    table(
        ("constraints.gatekeeper.sh/v1beta1", "K8sRequiredLabels"),
        &[
            (
                "spec: {enforcementAction: deny}",
                "spec: {enforcementAction: dryrun}",
                "policy-not-enforced",
            ),
            ("spec: {}", "spec: {enforcementAction: warn}", "policy-not-enforced"),
            ("spec: {enforcementAction: warn}", "spec: {}", ""),
            ("spec: {}", "-", "policy-not-enforced (resource-deleted)"),
        ],
    );
    table(
        ("v1", "Namespace"),
        &[
            (
                "labels pod-security.kubernetes.io/enforce: restricted",
                "labels team: a",
                "policy-not-enforced",
            ),
            (
                "labels pod-security.kubernetes.io/enforce: restricted",
                "labels pod-security.kubernetes.io/enforce: baseline",
                "policy-not-enforced",
            ),
            (
                "labels pod-security.kubernetes.io/enforce: baseline",
                "labels pod-security.kubernetes.io/enforce: restricted",
                "",
            ),
            ("spec: {}", "-", "resource-deleted"),
        ],
    );
    table(
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
        &[
            (
                "webhooks: [{name: a, failurePolicy: Fail}]",
                "webhooks: [{name: a, failurePolicy: Ignore}]",
                "policy-not-enforced",
            ),
            ("webhooks: [{name: a}, {name: b}]", "webhooks: [{name: a}]", "policy-not-enforced"),
        ],
    );
    table(
        ("networking.istio.io/v1alpha3", "EnvoyFilter"),
        &[
            (
                "spec: {configPatches: [{patch: {value: {typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {action: DENY, policies: {a: {x: 1}}}}}}}]}",
                "spec: {configPatches: [{patch: {value: {typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC, shadow_rules: {action: DENY, policies: {a: {x: 1}}}}}}}]}",
                "policy-not-enforced proxy-configuration-changes",
            ),
            (
                "spec: {configPatches: []}",
                "spec: {configPatches: [{}]}",
                "proxy-configuration-changes",
            ),
            ("labels a: b", "labels a: c", ""),
        ],
    );
    table(
        ("argoproj.io/v1alpha1", "Application"),
        &[
            (
                "spec: {syncPolicy: {automated: {selfHeal: true}}}",
                "spec: {syncPolicy: {automated: {selfHeal: false}}}",
                "policy-not-enforced",
            ),
            (
                "spec: {syncPolicy: {automated: {}}}",
                "spec: {syncPolicy: {}}",
                "policy-not-enforced",
            ),
            (
                "spec: {syncPolicy: {automated: {prune: false}}}",
                "spec: {syncPolicy: {automated: {prune: true}}}",
                "resource-deleted",
            ),
            (
                "spec: {source: {targetRevision: v2.0.0}}",
                "spec: {source: {targetRevision: v1.0.0}}",
                "image-older",
            ),
            (
                "spec: {source: {targetRevision: v2.0.0}}",
                "spec: {source: {targetRevision: HEAD}}",
                "image-floating",
            ),
            (
                "spec: {source: {targetRevision: v1.0.0}}",
                "spec: {source: {targetRevision: v2.0.0}}",
                "",
            ),
        ],
    );
    table(
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
        &[
            ("spec: {suspend: false}", "spec: {suspend: true}", "policy-not-enforced"),
            ("spec: {prune: true}", "spec: {prune: false}", "policy-not-enforced"),
            ("spec: {suspend: true}", "spec: {}", ""),
        ],
    );
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[
            (
                "spec: {chart: {spec: {chart: c, version: 2.0.0}}}",
                "spec: {chart: {spec: {chart: c, version: 1.9.0}}}",
                "image-older",
            ),
            (
                "spec: {values: {replicaCount: 10}}",
                "spec: {values: {replicaCount: 2}}",
                "fewer-replicas",
            ),
            (
                "spec: {values: {image: {tag: '2.0'}}}",
                "spec: {values: {image: {tag: latest}}}",
                "image-floating",
            ),
            (
                "spec: {values: {image: {tag: '2.0'}}}",
                "spec: {values: {image: {tag: '1.0'}}}",
                "image-older",
            ),
            (
                "spec: {values: {resources: {limits: {memory: 4Gi}}}}",
                "spec: {values: {resources: {limits: {memory: 1Gi}}}}",
                "fewer-resources",
            ),
            (
                "spec: {values: {securityContext: {runAsNonRoot: true}}}",
                "spec: {values: {securityContext: {runAsNonRoot: false}}}",
                "security-context-weaker",
            ),
            (
                "spec: {values: {persistence: {size: 10Gi}}}",
                "spec: {values: {persistence: {size: 1Gi}}}",
                "storage-changes",
            ),
            ("spec: {suspend: false}", "spec: {suspend: true}", "policy-not-enforced"),
        ],
    );
}

#[test]
fn what_runs() {
    let container = |inside: &str| {
        format!("spec: {{template: {{spec: {{containers: [{{name: a, {inside}}}]}}}}}}")
    };
    let cases: Vec<(String, String, &str)> = [
        ("image: 'r/x:3.0'", "image: 'r/x:2.0'", "image-older"),
        ("image: 'r/x:2.0'", "image: 'r/x:3.0'", ""),
        ("image: 'r/x:1.9'", "image: 'r/x:1.10'", ""),
        ("image: 'r/x:1.9'", "image: 'r/x:latest'", "image-floating"),
        ("image: 'r/x:1.9'", "image: 'r/x'", "image-floating"),
        ("image: 'r/x:latest'", "image: 'r/x:latest'\nx: 1", ""),
        ("image: 'r/x:1@sha256:a'", "image: 'r/x:1'", "(image-floating)"),
        (
            "resources: {limits: {memory: 8Gi}}",
            "resources: {limits: {memory: 2Gi}}",
            "fewer-resources",
        ),
        ("resources: {limits: {memory: 1024Mi}}", "resources: {limits: {memory: 1Gi}}", ""),
        (
            "resources: {requests: {cpu: '1'}}",
            "resources: {requests: {cpu: 900m}}",
            "(fewer-resources)",
        ),
        ("resources: {requests: {cpu: '1'}}", "resources: {}", "fewer-resources"),
        ("resources: {limits: {cpu: '1'}}", "resources: {}", ""),
        (
            "securityContext: {readOnlyRootFilesystem: true}",
            "securityContext: {readOnlyRootFilesystem: false}",
            "security-context-weaker",
        ),
        ("securityContext: {readOnlyRootFilesystem: true}", "x: 1", "security-context-weaker"),
        ("x: 1", "securityContext: {readOnlyRootFilesystem: true}", ""),
        ("x: 1", "securityContext: {privileged: true}", "security-context-weaker"),
        (
            "securityContext: {capabilities: {drop: [ALL]}}",
            "securityContext: {capabilities: {add: [SYS_ADMIN]}}",
            "security-context-weaker",
        ),
        (
            "securityContext: {runAsUser: 1000}",
            "securityContext: {runAsUser: 0}",
            "security-context-weaker",
        ),
        ("securityContext: {runAsUser: 1000}", "securityContext: {runAsUser: 2000}", ""),
        (
            "securityContext: {seccompProfile: {type: RuntimeDefault}}",
            "securityContext: {seccompProfile: {type: Unconfined}}",
            "security-context-weaker",
        ),
        (
            "ports: [{containerPort: 80}]",
            "ports: [{containerPort: 80, hostPort: 80}]",
            "security-context-weaker",
        ),
        (
            "env: [{name: P, valueFrom: {secretKeyRef: {name: s, key: a}}}]",
            "env: [{name: P, valueFrom: {secretKeyRef: {name: t, key: a}}}]",
            "secret-source-changes",
        ),
        (
            "env: [{name: P, valueFrom: {secretKeyRef: {name: s, key: a}}}]",
            "env: [{name: P, value: x}]",
            "secret-source-changes",
        ),
        (
            "env: [{name: P, valueFrom: {secretKeyRef: {name: s-2bcdf24567, key: a}}}]",
            "env: [{name: P, valueFrom: {secretKeyRef: {name: s-ghkmt24567, key: a}}}]",
            "",
        ),
        (
            "envFrom: [{secretRef: {name: s}}]",
            "envFrom: [{secretRef: {name: t}}]",
            "secret-source-changes",
        ),
        (
            "env: [{name: OIDC_ISSUER, value: a}]",
            "env: [{name: OIDC_ISSUER, value: b}]",
            "authentication-changes",
        ),
        ("env: [{name: A, value: a}]", "env: [{name: A, value: b}]", ""),
        (
            "args: ['--oidc-issuer-url=a']",
            "args: ['--oidc-issuer-url=b']",
            "authentication-changes",
        ),
    ]
    .into_iter()
    .map(|(before, after, want)| (container(before), container(&after.replace('\n', ", ")), want))
    .collect();
    let cases: Vec<(&str, &str, &str)> =
        cases.iter().map(|(b, a, w)| (b.as_str(), a.as_str(), *w)).collect();
    for kind in
        [("apps/v1", "Deployment"), ("apps/v1", "DaemonSet"), ("argoproj.io/v1alpha1", "Rollout")]
    {
        table(kind, &cases);
    }
    table(
        ("apps/v1", "Deployment"),
        &[
            ("spec: {replicas: 80}", "spec: {replicas: 5}", "fewer-replicas"),
            ("spec: {replicas: 10}", "spec: {replicas: 9}", "(fewer-replicas)"),
            ("spec: {replicas: 5}", "spec: {replicas: 80}", ""),
            ("spec: {replicas: 3}", "spec: {}", "fewer-replicas"),
            ("spec: {replicas: 3}", "spec: {replicas: 0}", "fewer-replicas"),
            (
                "spec: {template: {spec: {containers: [{name: a}]}}}",
                "spec: {template: {spec: {hostNetwork: true, containers: [{name: a}]}}}",
                "security-context-weaker",
            ),
            (
                "spec: {template: {spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a}]}}}",
                "spec: {template: {spec: {containers: [{name: a}]}}}",
                "security-context-weaker",
            ),
            (
                "spec: {template: {spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a}]}}}",
                "spec: {template: {spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}}}",
                "",
            ),
            (
                "-",
                "spec: {template: {spec: {containers: [{name: a, image: x, securityContext: {privileged: true}}]}}}",
                "image-floating security-context-weaker",
            ),
            ("spec: {replicas: 1}", "-", "(resource-deleted)"),
        ],
    );
    table(
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        &[
            (
                "spec: {minReplicas: 10, maxReplicas: 80}",
                "spec: {minReplicas: 10, maxReplicas: 3}",
                "fewer-replicas",
            ),
            ("spec: {minReplicas: 10}", "spec: {}", "fewer-replicas"),
            (
                "spec: {minReplicas: 1, maxReplicas: 3}",
                "spec: {minReplicas: 10, maxReplicas: 80}",
                "",
            ),
        ],
    );
    table(
        ("policy/v1", "PodDisruptionBudget"),
        &[
            ("spec: {minAvailable: 3}", "spec: {minAvailable: 1}", "fewer-replicas"),
            ("spec: {maxUnavailable: 1}", "spec: {maxUnavailable: 50}", "fewer-replicas"),
            ("spec: {minAvailable: 50%}", "spec: {minAvailable: 80%}", ""),
            ("spec: {minAvailable: 3}", "-", "fewer-replicas (resource-deleted)"),
        ],
    );
    table(
        ("batch/v1", "CronJob"),
        &[
            ("spec: {suspend: false}", "spec: {suspend: true}", "fewer-replicas"),
            (
                "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: 'x:2'}]}}}}}",
                "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}}}",
                "image-older",
            ),
        ],
    );
}

#[test]
fn what_is_kept() {
    table(
        ("v1", "PersistentVolumeClaim"),
        &[
            (
                "spec: {resources: {requests: {storage: 100Gi}}}",
                "spec: {resources: {requests: {storage: 5Gi}}}",
                "storage-changes",
            ),
            (
                "spec: {resources: {requests: {storage: 5Gi}}}",
                "spec: {resources: {requests: {storage: 100Gi}}}",
                "",
            ),
            ("spec: {storageClassName: a}", "spec: {storageClassName: b}", "storage-changes"),
            ("spec: {}", "-", "resource-deleted storage-changes"),
        ],
    );
    table(
        ("apps/v1", "StatefulSet"),
        &[
            (
                "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 10Gi}}}}]}",
                "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}]}",
                "storage-changes",
            ),
            (
                "spec: {volumeClaimTemplates: [{metadata: {name: d}}]}",
                "spec: {}",
                "storage-changes",
            ),
            ("spec: {}", "-", "resource-deleted"),
        ],
    );
    table(
        ("external-secrets.io/v1", "ExternalSecret"),
        &[
            (
                "spec: {dataFrom: [{extract: {key: a}}]}",
                "spec: {dataFrom: [{extract: {key: b}}]}",
                "secret-source-changes",
            ),
            (
                "spec: {data: [{secretKey: k, remoteRef: {key: a}}]}",
                "spec: {data: [{secretKey: k, remoteRef: {key: b}}]}",
                "secret-source-changes",
            ),
            (
                "spec: {secretStoreRef: {name: a}}",
                "spec: {secretStoreRef: {name: b}}",
                "secret-source-changes",
            ),
            ("spec: {refreshInterval: 1h, x: 1}", "spec: {refreshInterval: 2h, x: 1}", ""),
        ],
    );
    table(
        ("bitnami.com/v1alpha1", "SealedSecret"),
        &[(
            "spec: {encryptedData: {a: AgA}}",
            "spec: {encryptedData: {a: AgB}}",
            "secret-source-changes",
        )],
    );
}

#[test]
fn what_goes_is_worse_where_others_need_it() {
    let workload = manifest(
        ("apps/v1", "Deployment"),
        "spec: {template: {metadata: {labels: {app: x}}, spec: {containers: [{name: a}]}}}",
    );
    let service = manifest(("v1", "Service"), "spec: {selector: {app: x}}");
    let both = format!("{workload}---\n{service}");
    assert_eq!(ids(&found(&both, &service)), "resource-deleted");
    assert_eq!(ids(&found(&both, &workload)), "(resource-deleted)");
    let route = manifest(
        ("networking.istio.io/v1", "VirtualService"),
        "spec: {http: [{route: [{destination: {host: x}}]}]}",
    );
    let routed = format!("{both}---\n{route}");
    assert_eq!(ids(&found(&routed, &format!("{workload}---\n{route}"))), "resource-deleted");
    let claim = manifest(("v1", "PersistentVolumeClaim"), "spec: {}");
    let renamed = claim.replace("name: x", "name: v2-x");
    let findings = found(&claim, &renamed);
    assert_eq!(ids(&findings), "resource-deleted storage-changes");
}

#[test]
fn addresses_that_lose_their_tls() {
    table(
        ("v1", "ConfigMap"),
        &[
            ("data: {a: 'https://a.b/c'}", "data: {a: 'http://a.b/c'}", "tls-weaker"),
            (
                "data: {a: 'x = \"https://a.b:82\", y'}",
                "data: {a: 'x = \"http://a.b:82\", y'}",
                "tls-weaker",
            ),
            ("data: {a: 'http://a.b/c'}", "data: {a: 'https://a.b/c'}", ""),
            ("data: {a: 'https://a.b/c'}", "data: {a: 'http://other/c'}", ""),
        ],
    );
}

/// Under another prefix everything is renamed, and nothing goes elsewhere for it.
#[test]
fn what_is_renamed_together_moves_no_traffic() {
    let all = |prefix: &str| {
        let service =
            manifest(("v1", "Service"), &format!("spec: {{selector: {{app: x, of: {prefix}}}}}"));
        let workload = manifest(
            ("apps/v1", "Deployment"),
            &format!(
                "spec: {{template: {{metadata: {{labels: {{app: x, of: {prefix}}}}}, spec: {{containers: [{{name: a}}]}}}}}}"
            ),
        );
        let ingress = manifest(
            ("networking.k8s.io/v1", "Ingress"),
            &format!(
                "spec: {{rules: [{{http: {{paths: [{{path: /, backend: {{service: {{name: {prefix}-x, port: {{number: 80}}}}}}}}]}}}}]}}"
            ),
        );
        let binding = manifest(
            ("rbac.authorization.k8s.io/v1", "RoleBinding"),
            &format!("roleRef: {{kind: Role, name: {prefix}-x}}"),
        );
        let role = manifest(("rbac.authorization.k8s.io/v1", "Role"), "rules: []");
        [service, workload, ingress, binding, role].join("---\n")
    };
    let named = |prefix: &str| {
        let mut built = build(&all(prefix));
        for resource in &mut built.resources {
            resource.id.name = format!("{prefix}-x").into();
        }
        built
    };
    let findings = found_between(&named("a"), &named("b"));
    assert!(findings.iter().all(|it| it.rule == "resource-deleted"), "{findings:#?}");
}

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
fn what_moves_is_compared_with_what_it_was() {
    let pod =
        "spec: {template: {spec: {hostNetwork: true, containers: [{name: a, image: 'x:1'}]}}}";
    let daemon = |namespace: &str, pod: &str| {
        manifest(("apps/v1", "DaemonSet"), pod).replace("shop", namespace)
    };
    let (here, there) = (daemon("old", pod), daemon("new", pod));
    assert_eq!(ids(&found(&here, &there)), "(resource-deleted)");
    let weaker = pod.replace("hostNetwork", "hostPID: true, hostNetwork");
    let found_of = ids(&found(&here, &daemon("new", &weaker)));
    assert_eq!(found_of, "(resource-deleted) security-context-weaker");
    // A name in another namespace is another one's, and an Ingress names Services.
    let account = |namespace: &str| {
        let binding = format!(
            "roleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{{kind: ServiceAccount, name: x, namespace: {namespace}}}]"
        );
        let binding = manifest(("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"), &binding);
        let account = manifest(("v1", "ServiceAccount"), "x: y").replace("shop", namespace);
        format!("{account}---\n{binding}")
    };
    assert_eq!(ids(&found(&account("old"), &account("new"))), "(resource-deleted)");
    let ingress = manifest(
        ("networking.k8s.io/v1", "Ingress"),
        "spec: {rules: [{http: {paths: [{backend: {service: {name: x, port: {number: 80}}}}]}}]}",
    );
    let (service, workload) =
        (manifest(("v1", "Service"), "spec: {}"), manifest(("apps/v1", "Deployment"), "spec: {}"));
    let all = format!("{ingress}---\n{service}---\n{workload}");
    assert_eq!(ids(&found(&all, &format!("{ingress}---\n{service}"))), "(resource-deleted)");
    assert_eq!(ids(&found(&all, &format!("{ingress}---\n{workload}"))), "resource-deleted");
    // A Secret that something else makes from now on is not missed.
    let user = manifest(
        ("apps/v1", "Deployment"),
        "spec: {template: {spec: {containers: [{name: a, envFrom: [{secretRef: {name: x}}]}]}}}",
    );
    let secret = manifest(("v1", "Secret"), "stringData: {a: b}");
    let external = manifest(
        ("external-secrets.io/v1", "ExternalSecret"),
        "spec: {target: {name: x}, data: [{secretKey: a, remoteRef: {key: k}}]}",
    );
    let before = format!("{user}---\n{secret}");
    assert_eq!(ids(&found(&before, &user)), "resource-deleted");
    assert_eq!(ids(&found(&before, &format!("{user}---\n{external}"))), "(resource-deleted)");
    // A policy that moves away from its workloads is missed.
    let policy = |namespace: &str| {
        manifest(("networking.k8s.io/v1", "NetworkPolicy"), "spec: {podSelector: {}}")
            .replace("shop", namespace)
    };
    let stays = daemon("old", pod);
    let (before, after) =
        (format!("{stays}---\n{}", policy("old")), format!("{stays}---\n{}", policy("new")));
    assert_eq!(ids(&found(&before, &after)), "authorization-wider (resource-deleted)");
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
