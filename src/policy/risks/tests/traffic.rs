//! Where requests go: routes, gateways, addresses.

use super::{build, found, found_between, ids, manifest, table};

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
