//! Who may talk to whom: mutual TLS, policies, what enforces them.

use super::table;

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
                "spec: {values: {replicaCount: {api: 3, worker: 2}}}",
                "spec: {values: {replicaCount: {api: 1, worker: 2}}}",
                "fewer-replicas",
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
