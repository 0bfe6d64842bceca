//! What runs, what is kept, and what goes.

use super::{build, found, found_between, ids, manifest, table};

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
        // What an environment's own tag names moves as well.
        ("image: 'r/x:stg'", "image: 'r/x:dev'", ""),
        ("image: 'r/x:release'", "image: 'r/x:latest'", ""),
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
        ("resources: {limits: {memory: 1Gi}}", "resources: {}", "availability-weaker"),
        ("resources: {}", "resources: {limits: {memory: 1Gi}}", ""),
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
fn whom_it_runs_as() {
    let pod = |inside: &str| {
        format!("spec: {{template: {{spec: {{{inside}containers: [{{name: a}}]}}}}}}")
    };
    let cases: Vec<(String, String, &str)> = [
        ("serviceAccountName: a, ", "serviceAccountName: b, ", "service-account-changes"),
        ("serviceAccountName: a, ", "", "service-account-changes"),
        ("", "serviceAccountName: a, ", "service-account-changes"),
        ("serviceAccount: a, ", "serviceAccountName: a, serviceAccount: a, ", ""),
        ("serviceAccountName: default, ", "hostname: x, ", ""),
        ("automountServiceAccountToken: false, ", "", "security-context-weaker"),
        ("", "automountServiceAccountToken: false, ", ""),
        ("automountServiceAccountToken: true, ", "", ""),
    ]
    .map(|(before, after, want)| (pod(before), pod(after), want))
    .into();
    let cases: Vec<(&str, &str, &str)> =
        cases.iter().map(|(before, after, want)| (&**before, &**after, *want)).collect();
    table(("apps/v1", "Deployment"), &cases);
    table(
        ("v1", "ServiceAccount"),
        &[
            (
                "annotations eks.amazonaws.com/role-arn: 'arn:a'",
                "annotations eks.amazonaws.com/role-arn: 'arn:b'",
                "service-account-changes",
            ),
            ("annotations owner: a", "annotations owner: b", ""),
            ("automountServiceAccountToken: false", "x: 1", "service-account-changes"),
        ],
    );
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[
            ("spec: {x: 1, serviceAccountName: a}", "spec: {x: 1}", "service-account-changes"),
            (
                "spec: {x: 1, serviceAccountName: a}",
                "spec: {x: 1, serviceAccountName: b}",
                "service-account-changes",
            ),
            (
                "spec: {values: {serviceAccount: {name: a}, x: 1}}",
                "spec: {values: {serviceAccount: {name: b}, x: 1}}",
                "service-account-changes",
            ),
            ("spec: {x: 1}", "spec: {x: 1, serviceAccountName: a}", ""),
        ],
    );
    let account = |name: &str| {
        manifest(("v1", "ServiceAccount"), "").replace("name: x", &format!("name: {name}"))
    };
    let deployment = |account: &str| {
        manifest(("apps/v1", "Deployment"), &pod(&format!("serviceAccountName: {account}, ")))
    };
    let both = |name: &str| format!("{}---\n{}", deployment(name), account(name));
    let told: Vec<_> =
        found(&deployment("a"), &deployment("b")).into_iter().map(|it| it.message).collect();
    assert_eq!(told, ["runs as another service account: `a` → `b`"]);
    // What gets another prefix is the same account.
    let prefixed = |prefix: &str| {
        let mut built = build(&both(&format!("{prefix}-a")));
        built.resources.iter_mut().for_each(|it| it.original_id.name = "a".into());
        built
    };
    let told = found_between(&prefixed("stg"), &prefixed("prd"));
    assert!(!ids(&told).contains("service-account-changes"), "{told:?}");
}

/// What Argo CD and Flux put somewhere, what of it, and whose word they take for it.
#[test]
fn what_deploys_is_told() {
    table(
        ("argoproj.io/v1alpha1", "Application"),
        &[
            (
                "spec: {destination: {name: a, namespace: x}}",
                "spec: {destination: {name: b, namespace: x}}",
                "resource-deleted",
            ),
            ("spec: {source: {path: a}}", "spec: {source: {path: b}}", "resource-deleted"),
            ("spec: {source: {path: ./a/}}", "spec: {source: {path: a}}", ""),
            (
                "spec: {source: {path: a, targetRevision: release}}",
                "spec: {source: {path: a, targetRevision: staging}}",
                "image-floating",
            ),
            (
                "spec: {source: {path: a, targetRevision: HEAD}}",
                "spec: {source: {path: a, targetRevision: main}}",
                "",
            ),
        ],
    );
    table(
        ("argoproj.io/v1alpha1", "AppProject"),
        &[
            (
                "spec: {destinations: [{namespace: shop, server: a}]}",
                "spec: {destinations: [{namespace: '*', server: '*'}]}",
                "authorization-wider",
            ),
            ("spec: {sourceRepos: ['*']}", "spec: {sourceRepos: [a]}", ""),
            (
                "spec: {namespaceResourceWhitelist: [{group: '', kind: Pod}]}",
                "spec: {x: 1}",
                "authorization-wider",
            ),
            ("spec: {x: 1}", "spec: {namespaceResourceWhitelist: [{group: '', kind: Pod}]}", ""),
        ],
    );
    table(
        ("source.toolkit.fluxcd.io/v1", "GitRepository"),
        &[
            ("spec: {verify: {mode: HEAD}}", "spec: {url: a}", "policy-not-enforced"),
            ("spec: {ref: {tag: v1.2.0}}", "spec: {ref: {branch: main}}", "image-floating"),
            ("spec: {ref: {tag: v1.2.0}}", "spec: {ref: {tag: v1.1.0}}", "image-older"),
            ("spec: {ref: {branch: main}}", "spec: {ref: {branch: main, tag: v1.1.0}}", ""),
        ],
    );
    table(
        ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
        &[
            ("-", "spec: {from: [{namespace: a}], to: [{kind: Service}]}", "authorization-wider"),
            (
                "spec: {from: [{namespace: a}, {namespace: b}], to: [{kind: Service}]}",
                "spec: {from: [{namespace: a}], to: [{kind: Service}]}",
                "",
            ),
        ],
    );
    let secret = |key: &str, mac: &str| {
        format!(
            "stringData: {{a: 'ENC[x]'}}\nsops: {{age: [{{recipient: {key}, enc: y}}], mac: {mac}}}"
        )
    };
    let (a, b, c) = (secret("age1a", "m"), secret("age1b", "n"), secret("age1a", "n"));
    let cases = [(a.as_str(), b.as_str(), "secret-source-changes"), (a.as_str(), c.as_str(), "")];
    table(("v1", "Secret"), &cases);
    let told = found(&manifest(("v1", "Secret"), &a), &manifest(("v1", "Secret"), &b));
    assert_eq!(told[0].message, "is encrypted for other keys: `age1a` → `age1b`");
}

#[test]
fn settings_that_protect() {
    let environment = |variables: &[(&str, &str)]| {
        let each = |(name, value): &(&str, &str)| format!("{{name: {name}, value: '{value}'}}");
        let all: Vec<String> = variables.iter().map(each).collect();
        format!(
            "spec: {{template: {{spec: {{containers: [{{name: a, env: [{}]}}]}}}}}}",
            all.join(", ")
        )
    };
    for (name, then, now, want) in [
        ("SECURE_COOKIE", None, "false", "tls-weaker"),
        ("SESSION_COOKIE_SECURE", Some("True"), "False", "tls-weaker"),
        ("SESSION_COOKIE_SECURE", Some("False"), "True", ""),
        ("NODE_TLS_REJECT_UNAUTHORIZED", None, "0", "tls-weaker"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", Some("0"), "1", ""),
        ("VAULT_SKIP_VERIFY", Some("false"), "true", "tls-weaker"),
        ("VAULT_SKIP_VERIFY", Some("true"), "false", ""),
        ("DB_SSL_VERIFY", Some("1"), "0", "tls-weaker"),
        ("PGSSLMODE", Some("verify-full"), "require", "tls-weaker"),
        ("PGSSLMODE", Some("require"), "verify-full", ""),
        ("PGSSLMODE", None, "disable", "tls-weaker"),
        (
            "DATABASE_URL",
            Some("postgres://db/a?sslmode=require"),
            "postgres://db/a?sslmode=disable&x=1",
            "tls-weaker",
        ),
        ("DATABASE_URL", Some("postgres://db/a"), "postgres://db/b", ""),
        ("DISABLE_AUTH", None, "true", "authentication-changes"),
        ("AUTH_ENABLED", Some("true"), "false", "authentication-changes"),
        ("AUTH_ENABLED", Some("false"), "true", ""),
        ("GF_AUTH_ANONYMOUS_ENABLED", None, "true", "authentication-changes"),
        ("AUTHORITY", Some("1"), "0", ""),
        ("SECURE_COOKIE_NAME", Some("true"), "false", ""),
    ] {
        let before: Vec<(&str, &str)> = then.map(|then| (name, then)).into_iter().collect();
        table(
            ("apps/v1", "Deployment"),
            &[(&*environment(&before), &*environment(&[(name, now)]), want)],
        );
    }
    table(
        ("v1", "ConfigMap"),
        &[
            ("data: {ssl.verify: 'true'}", "data: {ssl.verify: 'false'}", "tls-weaker"),
            ("data: {a: '1'}", "data: {a: '1', REQUIRE_AUTH: 'no'}", "authentication-changes"),
        ],
    );
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[
            (
                "spec: {values: {redis: {auth: {enabled: true}}}}",
                "spec: {values: {redis: {auth: {enabled: false}}}}",
                "authentication-changes",
            ),
            (
                "spec: {values: {metrics: {enabled: false}}}",
                "spec: {values: {metrics: {enabled: true}}}",
                "",
            ),
        ],
    );
}
