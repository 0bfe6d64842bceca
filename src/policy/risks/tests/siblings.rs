//! Weakenings of kinds that each have a way of their own.

use super::faults;

#[test]
fn policies_that_look_at_less() {
    let mut wrong = Vec::new();
    wrong.extend(faults(
        ("kyverno.io/v1", "ClusterPolicy"),
        &[(
            "spec: {validationFailureAction: Enforce, rules: [{name: a, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: x}}]}",
            "spec: {validationFailureAction: Enforce, rules: [{name: a, match: {any: [{resources: {kinds: [Pod], namespaces: [a]}}]}, validate: {message: x}}]}",
            "policy-not-enforced",
        )],
    ));
    wrong.extend(faults(
        ("constraints.gatekeeper.sh/v1beta1", "K8sAllowedRepos"),
        &[
            (
                "spec: {match: {kinds: [{kinds: [Pod]}]}, parameters: {repos: [a/]}}",
                "spec: {match: {kinds: [{kinds: [Pod]}], namespaces: [a]}, parameters: {repos: [a/]}}",
                "policy-not-enforced",
            ),
            (
                "spec: {parameters: {repos: [a/]}}",
                "spec: {parameters: {repos: [a/, docker.io/]}}",
                "(policy-not-enforced)",
            ),
        ],
    ));
    wrong.extend(faults(
        ("cilium.io/v2", "CiliumNetworkPolicy"),
        &[
            (
                "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {a: b}}]}]}",
                "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {a: b}}]}, {fromEntities: [world]}]}",
                "authorization-wider",
            ),
            (
                "spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchName: a.com}]}]}",
                "spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: '*'}]}]}",
                "authorization-wider",
            ),
            (
                "spec: {endpointSelector: {}, ingressDeny: [{fromEntities: [world]}]}",
                "spec: {endpointSelector: {}}",
                "authorization-wider",
            ),
            (
                "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}",
                "spec: {endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{}]}]}",
                "authorization-wider",
            ),
        ],
    ));
    wrong.extend(faults(
        ("networking.k8s.io/v1", "NetworkPolicy"),
        &[
            (
                "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}",
                "spec: {podSelector: {}, policyTypes: [Ingress]}",
                "authorization-wider",
            ),
            (
                "spec: {podSelector: {}, policyTypes: [Ingress]}",
                "spec: {podSelector: {matchLabels: {a: b}}, policyTypes: [Ingress]}",
                "authorization-wider",
            ),
        ],
    ));
    wrong.extend(faults(
        ("v1", "Namespace"),
        &[
            ("labels istio-injection: enabled", "labels istio-injection: disabled", "mtls-weaker"),
            (
                "labels pod-security.kubernetes.io/enforce-version: v1.30",
                "labels pod-security.kubernetes.io/enforce-version: v1.20",
                "policy-not-enforced",
            ),
        ],
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn doors_that_ask_for_less() {
    let mut wrong = Vec::new();
    wrong.extend(faults(
        ("projectcontour.io/v1", "HTTPProxy"),
        &[
            (
                "spec: {virtualhost: {fqdn: a, tls: {secretName: a, minimumProtocolVersion: '1.3'}}}",
                "spec: {virtualhost: {fqdn: a, tls: {secretName: a, minimumProtocolVersion: '1.2'}}}",
                "tls-weaker",
            ),
            (
                "spec: {virtualhost: {fqdn: a, tls: {secretName: a, clientValidation: {caSecret: b}}}}",
                "spec: {virtualhost: {fqdn: a, tls: {secretName: a}}}",
                "tls-weaker",
            ),
            (
                "spec: {virtualhost: {fqdn: a}, routes: [{conditions: [{prefix: /}], ipAllowPolicy: [{source: Peer, cidr: 10.0.0.0/8}], services: [{name: a, port: 80}]}]}",
                "spec: {virtualhost: {fqdn: a}, routes: [{conditions: [{prefix: /}], services: [{name: a, port: 80}]}]}",
                "exposure-wider",
            ),
            (
                "spec: {virtualhost: {fqdn: a, jwtProviders: [{name: p, issuer: x}]}}",
                "spec: {virtualhost: {fqdn: a}}",
                "authentication-changes",
            ),
            (
                "spec: {virtualhost: {fqdn: a, rateLimitPolicy: {local: {requests: 10}}}}",
                "spec: {virtualhost: {fqdn: a}}",
                "exposure-wider",
            ),
        ],
    ));
    wrong.extend(faults(
        ("traefik.io/v1alpha1", "Middleware"),
        &[
            (
                "spec: {ipAllowList: {sourceRange: [10.0.0.0/8]}}",
                "spec: {ipAllowList: {sourceRange: [0.0.0.0/0]}}",
                "exposure-wider",
            ),
            (
                "spec: {rateLimit: {average: 10}}",
                "spec: {rateLimit: {average: 1000}}",
                "exposure-wider",
            ),
        ],
    ));
    wrong.extend(faults(
        ("traefik.io/v1alpha1", "TLSOption"),
        &[
            ("spec: {minVersion: VersionTLS13}", "spec: {minVersion: VersionTLS12}", "tls-weaker"),
            (
                "spec: {clientAuth: {clientAuthType: RequireAndVerifyClientCert}}",
                "spec: {clientAuth: {clientAuthType: NoClientCert}}",
                "tls-weaker",
            ),
        ],
    ));
    wrong.extend(faults(
        ("traefik.io/v1alpha1", "ServersTransport"),
        &[(
            "spec: {serverName: a}",
            "spec: {serverName: a, insecureSkipVerify: true}",
            "tls-weaker",
        )],
    ));
    wrong.extend(faults(
        ("networking.k8s.io/v1", "Ingress"),
        &[
            (
                "annotations alb.ingress.kubernetes.io/ssl-policy: ELBSecurityPolicy-TLS13-1-2-2021-06",
                "annotations alb.ingress.kubernetes.io/ssl-policy: ELBSecurityPolicy-2016-08",
                "tls-weaker",
            ),
            (
                "annotations alb.ingress.kubernetes.io/ssl-redirect: '443'",
                "annotations a: b",
                "exposure-wider",
            ),
            (
                "annotations alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 443}]'",
                "annotations alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 80}, {\"HTTPS\": 443}]'",
                "exposure-wider",
            ),
            (
                "annotations alb.ingress.kubernetes.io/auth-on-unauthenticated-request: authenticate",
                "annotations alb.ingress.kubernetes.io/auth-on-unauthenticated-request: allow",
                "exposure-wider",
            ),
        ],
    ));
    wrong.extend(faults(
        ("gateway.networking.k8s.io/v1", "Gateway"),
        &[
            (
                "spec: {listeners: [{name: a, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: Same}}}]}",
                "spec: {listeners: [{name: a, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}}]}",
                "exposure-wider",
            ),
            (
                "spec: {listeners: [{name: a, port: 443, protocol: HTTPS, hostname: a.com}]}",
                "spec: {listeners: [{name: a, port: 443, protocol: HTTP, hostname: a.com}]}",
                "tls-weaker",
            ),
        ],
    ));
    wrong.extend(faults(
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        &[(
            "spec: {rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]}",
            "spec: {rules: [{backendRefs: [{name: a, port: 80}]}]}",
            "route-gone traffic-moves",
        )],
    ));
    wrong.extend(faults(
        ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"),
        &[("spec: {validation: {hostname: a}}", "-", "(resource-deleted) tls-weaker")],
    ));
    wrong.extend(faults(
        ("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy"),
        &[
            (
                "spec: {jwt: {providers: [{name: a}]}}",
                "-",
                "authorization-wider (resource-deleted)",
            ),
            ("spec: {jwt: {providers: [{name: a}]}}", "spec: {}", "authorization-wider"),
            (
                "spec: {authorization: {defaultAction: Deny}}",
                "spec: {authorization: {defaultAction: Allow}}",
                "authorization-wider",
            ),
        ],
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn secrets_of_others() {
    let mut wrong = Vec::new();
    wrong.extend(faults(
        ("bitnami.com/v1alpha1", "SealedSecret"),
        &[(
            "annotations a: b",
            "annotations sealedsecrets.bitnami.com/cluster-wide: 'true'",
            "secret-source-changes",
        )],
    ));
    wrong.extend(faults(
        ("external-secrets.io/v1", "SecretStore"),
        &[(
            "spec: {provider: {vault: {server: 'https://a', path: a}}}",
            "spec: {provider: {vault: {server: 'https://b', path: a}}}",
            "secret-source-changes",
        )],
    ));
    wrong.extend(faults(
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        &[(
            "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
            "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
            "authorization-wider",
        )],
    ));
    wrong.extend(faults(
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
        &[(
            "subjects: [{kind: Group, name: a}]",
            "subjects: [{kind: Group, name: a}, {kind: Group, name: 'system:unauthenticated'}]",
            "authorization-wider",
        )],
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn deployers_that_check_less() {
    let mut wrong = Vec::new();
    wrong.extend(faults(
        ("argoproj.io/v1alpha1", "Application"),
        &[
            (
                "spec: {project: a, syncPolicy: {syncOptions: [CreateNamespace=true]}}",
                "spec: {project: a, syncPolicy: {syncOptions: [CreateNamespace=true, Validate=false]}}",
                "policy-not-enforced",
            ),
            (
                "spec: {project: a}",
                "spec: {project: a, ignoreDifferences: [{kind: Deployment, jsonPointers: [/spec]}]}",
                "policy-not-enforced",
            ),
            ("spec: {project: a}", "spec: {project: default}", "authorization-wider"),
        ],
    ));
    wrong.extend(faults(
        ("argoproj.io/v1alpha1", "AppProject"),
        &[
            ("spec: {signatureKeys: [{keyID: a}]}", "spec: {}", "authorization-wider"),
            (
                "spec: {syncWindows: [{kind: deny, schedule: '0 22 * * *'}]}",
                "spec: {}",
                "policy-not-enforced",
            ),
        ],
    ));
    wrong.extend(faults(
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
        &[
            ("spec: {wait: true}", "spec: {wait: false}", "availability-weaker"),
            ("spec: {healthChecks: [{kind: A, name: a}]}", "spec: {}", "availability-weaker"),
            ("spec: {x: 1}", "spec: {x: 1, force: true}", "availability-weaker"),
        ],
    ));
    wrong.extend(faults(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[
            (
                "spec: {driftDetection: {mode: enabled}}",
                "spec: {driftDetection: {mode: disabled}}",
                "policy-not-enforced",
            ),
            (
                "spec: {upgrade: {remediation: {retries: 3}}}",
                "spec: {upgrade: {}}",
                "(availability-weaker)",
            ),
        ],
    ));
    wrong.extend(faults(
        ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
        &[(
            "spec: {url: 'https://a.com'}",
            "spec: {url: 'https://a.com', insecure: true}",
            "tls-weaker",
        )],
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rollouts_that_are_judged_less() {
    let mut wrong = Vec::new();
    wrong.extend(faults(
        ("argoproj.io/v1alpha1", "Rollout"),
        &[
            (
                "spec: {strategy: {canary: {steps: [{setWeight: 10}, {analysis: {templates: [{templateName: a}]}}]}}}",
                "spec: {strategy: {canary: {steps: [{setWeight: 10}]}}}",
                "availability-weaker",
            ),
            (
                "spec: {strategy: {canary: {steps: [{setWeight: 10}, {pause: {}}]}}}",
                "spec: {strategy: {canary: {steps: [{setWeight: 10}]}}}",
                "availability-weaker",
            ),
            (
                "spec: {strategy: {blueGreen: {autoPromotionEnabled: false}}}",
                "spec: {strategy: {blueGreen: {autoPromotionEnabled: true}}}",
                "availability-weaker",
            ),
        ],
    ));
    wrong.extend(faults(
        ("argoproj.io/v1alpha1", "AnalysisTemplate"),
        &[
            (
                "spec: {metrics: [{name: a, failureLimit: 1, successCondition: 'result > 0.9'}]}",
                "spec: {metrics: [{name: a, failureLimit: 10, successCondition: 'result > 0.9'}]}",
                "availability-weaker",
            ),
            (
                "spec: {metrics: [{name: a, successCondition: 'result[0] > 0.9'}]}",
                "spec: {metrics: [{name: a, successCondition: 'result[0] > 0.1'}]}",
                "availability-weaker",
            ),
            (
                "spec: {metrics: [{name: a}, {name: b}]}",
                "spec: {metrics: [{name: a}]}",
                "availability-weaker",
            ),
        ],
    ));
    wrong.extend(faults(
        ("flagger.app/v1beta1", "Canary"),
        &[
            (
                "spec: {analysis: {threshold: 5}}",
                "spec: {analysis: {threshold: 50}}",
                "availability-weaker",
            ),
            ("spec: {x: 1}", "spec: {x: 1, skipAnalysis: true}", "availability-weaker"),
            (
                "spec: {analysis: {metrics: [{name: a}, {name: b}]}}",
                "spec: {analysis: {metrics: [{name: a}]}}",
                "availability-weaker",
            ),
        ],
    ));
    wrong.extend(faults(
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        &[(
            "spec: {behavior: {scaleUp: {selectPolicy: Max}}}",
            "spec: {behavior: {scaleUp: {selectPolicy: Disabled}}}",
            "fewer-replicas",
        )],
    ));
    wrong.extend(faults(
        ("keda.sh/v1alpha1", "ScaledObject"),
        &[
            (
                "annotations a: b",
                "annotations autoscaling.keda.sh/paused-replicas: '0'",
                "fewer-replicas",
            ),
            (
                "spec: {triggers: [{type: cpu}, {type: kafka}]}",
                "spec: {triggers: [{type: cpu}]}",
                "fewer-replicas",
            ),
        ],
    ));
    let pod = |rest: &str| format!("spec: {{template: {{spec: {{{rest}}}}}}}");
    let cases = [
        (
            pod("containers: [{name: a, lifecycle: {preStop: {sleep: {seconds: 5}}}}]"),
            pod("containers: [{name: a}]"),
            "(availability-weaker)",
        ),
        (
            pod("terminationGracePeriodSeconds: 60, containers: [{name: a}]"),
            pod("terminationGracePeriodSeconds: 0, containers: [{name: a}]"),
            "availability-weaker",
        ),
        (
            pod("runtimeClassName: gvisor, containers: [{name: a}]"),
            pod("containers: [{name: a}]"),
            "security-context-weaker",
        ),
        (
            pod(
                "securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a}]",
            ),
            pod("securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: a}]"),
            "security-context-weaker",
        ),
        (
            pod("containers: [{name: a}]"),
            pod("shareProcessNamespace: true, containers: [{name: a}]"),
            "security-context-weaker",
        ),
    ];
    let cases: Vec<(&str, &str, &str)> =
        cases.iter().map(|(b, a, w)| (b.as_str(), a.as_str(), *w)).collect();
    wrong.extend(faults(("apps/v1", "Deployment"), &cases));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
