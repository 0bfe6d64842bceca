//! What operators and charts run: members of a set, backups, probes, values wherever they stand.

use super::table;

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
