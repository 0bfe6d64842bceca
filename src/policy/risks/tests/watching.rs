//! What people no longer see: records that are switched off, alerts that go or come later, notices to nobody.

use super::{found, ids, table};

#[test]
fn records_that_are_switched_off() {
    let logs = "spec: {accessLogging: [{providers: [{name: otel}]}]}";
    let off = "spec: {accessLogging: [{disabled: true}]}";
    let traces = "spec: {tracing: [{randomSamplingPercentage: 10}]}";
    table(
        ("telemetry.istio.io/v1", "Telemetry"),
        &[
            (logs, off, "observability-weaker"),
            (off, logs, ""),
            ("-", off, "observability-weaker"),
            ("-", logs, ""),
            (logs, "-", "observability-weaker (resource-deleted)"),
            (off, "-", "(resource-deleted)"),
            (logs, "spec: {}", "observability-weaker"),
            (off, "spec: {}", ""),
            (logs, "spec: {accessLogging: [{providers: [{name: otel}, {name: file}]}]}", ""),
            (
                logs,
                "spec: {accessLogging: [{providers: [{name: otel}], filter: {expression: 'response.code >= 400'}}]}",
                "(observability-weaker)",
            ),
            (traces, "spec: {tracing: [{disableSpanReporting: true}]}", "observability-weaker"),
            (traces, "spec: {tracing: [{randomSamplingPercentage: 1}]}", "observability-weaker"),
            (traces, "spec: {tracing: [{randomSamplingPercentage: 9}]}", "(observability-weaker)"),
            (traces, "spec: {tracing: [{randomSamplingPercentage: 100}]}", ""),
            (
                "spec: {metrics: [{providers: [{name: prometheus}]}]}",
                "spec: {metrics: [{providers: [{name: prometheus}], overrides: [{match: {metric: ALL_METRICS}, disabled: true}]}]}",
                "observability-weaker",
            ),
        ],
    );
    table(
        ("v1", "Service"),
        &[(
            "annotations prometheus.io/scrape: 'true'",
            "annotations prometheus.io/scrape: 'false'",
            "observability-weaker",
        )],
    );
    let mesh = |value: &str| {
        found(
            &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio}}\ndata: {{mesh: '{value}'}}"
            ),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata: {mesh: 'enableTracing: false'}",
        )
    };
    assert_eq!(ids(&mesh("accessLogFile: /dev/stdout")), "observability-weaker");
    assert_eq!(ids(&mesh("accessLogFile: \"\"")), "");
}

fn rule(rules: &str) -> String {
    format!("spec: {{groups: [{{name: g, rules: [{rules}]}}]}}")
}

#[test]
fn alerts_that_go_come_later_or_ask_for_more() {
    let alert = |rest: &str| rule(&format!("{{alert: Down, {rest}}}"));
    let base = alert("expr: 'errors > 5', for: 5m, labels: {severity: critical}");
    for kind in [
        ("monitoring.coreos.com/v1", "PrometheusRule"),
        ("operator.victoriametrics.com/v1beta1", "VMRule"),
    ] {
        table(
            kind,
            &[
                (&base, "-", "observability-weaker (resource-deleted)"),
                (&base, "spec: {groups: []}", "observability-weaker"),
                (&base, &base, ""),
                (
                    &base,
                    &alert("expr: 'errors > 50', for: 5m, labels: {severity: critical}"),
                    "observability-weaker",
                ),
                (&base, &alert("expr: 'errors > 1', for: 5m, labels: {severity: critical}"), ""),
                (
                    &base,
                    &alert("expr: 'errors > 5', for: 1h, labels: {severity: critical}"),
                    "observability-weaker",
                ),
                (&base, &alert("expr: 'errors > 5', labels: {severity: critical}"), ""),
                (
                    &base,
                    &alert("expr: 'errors > 5', for: 300s, labels: {severity: warning}"),
                    "observability-weaker",
                ),
                (&base, &alert("expr: 'errors > 5', for: 5m"), "observability-weaker"),
                (
                    &base,
                    &alert("expr: 'other > 5', for: 5m, labels: {severity: critical}"),
                    "(observability-weaker)",
                ),
                (
                    &base,
                    &rule(
                        "{alert: ItIsDown, expr: 'errors > 5', for: 5m, labels: {severity: critical}}",
                    ),
                    "",
                ),
                (&rule("{record: a, expr: b}"), "-", "(resource-deleted)"),
            ],
        );
    }
    let in_text = |text: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: rules}}\ndata:\n  a.yaml: |\n    groups: [{{name: g, rules: [{text}]}}]\n"
        )
    };
    let told = found(&in_text("{alert: Down, expr: up == 0, for: 1m}"), &in_text(""));
    assert_eq!(ids(&told), "observability-weaker", "{told:?}");
}

#[test]
fn an_alert_that_moves_is_not_lost() {
    let of = |name: &str, rules: &str| {
        format!(
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: {name}}}\n{}\n---\n",
            rule(rules)
        )
    };
    let alert = "{alert: Down, expr: up < 1, for: 5m}";
    let moved = found(&of("a", alert), &of("b", alert));
    assert_eq!(ids(&moved), "(resource-deleted)", "{moved:?}");
    let weaker = found(&of("a", alert), &of("b", "{alert: Down, expr: up < 1, for: 2h}"));
    assert_eq!(ids(&weaker), "observability-weaker (resource-deleted)", "{weaker:?}");
}

#[test]
fn what_goes_with_all_that_it_watched_is_no_warning() {
    let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a, namespace: a}\n\
                   spec: {selector: {matchLabels: {app: a}}}\n---\n";
    let app = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: a, labels: {{app: {name}}}}}\n\
             spec: {{template: {{spec: {{containers: [{{name: a, image: 'x:1'}}]}}}}}}\n---\n"
        )
    };
    let (a, b) = (app("a"), app("b"));
    let with = |rest: &str| format!("{monitor}{rest}");
    let gone = found(&with(&format!("{a}{b}")), &b);
    assert_eq!(ids(&gone), "(observability-weaker) (resource-deleted) (resource-deleted)");
    let all = found(&with(&a), "");
    assert_eq!(ids(&all), "(observability-weaker) (resource-deleted) (resource-deleted)");
    let stays = found(&with(&a), &a);
    assert_eq!(ids(&stays), "observability-weaker (resource-deleted)");
    let other = monitor.replace("name: a, n", "name: c, n");
    let replaced = found(&with(&a), &format!("{other}{a}"));
    assert_eq!(ids(&replaced), "(resource-deleted)");
}

#[test]
fn monitors_and_those_who_tell() {
    let port = "spec: {selector: {matchLabels: {app: a}}, endpoints: [{port: a}, {port: b}]}";
    table(
        ("monitoring.coreos.com/v1", "PodMonitor"),
        &[
            (port, "-", "observability-weaker (resource-deleted)"),
            (
                port,
                "spec: {selector: {matchLabels: {app: a}}, endpoints: [{port: a}]}",
                "observability-weaker",
            ),
            (
                port,
                "spec: {selector: {matchLabels: {app: a, b: c}}, endpoints: [{port: a}, {port: b}]}",
                "observability-weaker",
            ),
            (port, "spec: {selector: {}, endpoints: [{port: a}, {port: b}]}", ""),
        ],
    );
    table(
        ("monitoring.coreos.com/v1", "Prometheus"),
        &[
            (
                "spec: {ruleSelector: {}}",
                "spec: {ruleSelector: {matchLabels: {a: b}}}",
                "observability-weaker",
            ),
            ("spec: {ruleSelector: {matchLabels: {a: b}}}", "spec: {ruleSelector: {}}", ""),
        ],
    );
    let sources = "spec: {eventSeverity: info, eventSources: [{kind: HelmRelease, name: '*'}, {kind: Kustomization, name: a}]}";
    table(
        ("notification.toolkit.fluxcd.io/v1beta3", "Alert"),
        &[
            (sources, "-", "observability-weaker (resource-deleted)"),
            ("spec: {x: 1}", "spec: {x: 1, suspend: true}", "observability-weaker"),
            (
                sources,
                "spec: {eventSeverity: info, eventSources: [{kind: HelmRelease, name: '*'}]}",
                "observability-weaker",
            ),
            (
                sources,
                "spec: {eventSeverity: info, eventSources: [{kind: HelmRelease, name: '*'}, {kind: Kustomization, name: '*'}]}",
                "",
            ),
            (sources, &sources.replace("info", "error"), "(observability-weaker)"),
        ],
    );
    table(
        ("notification.toolkit.fluxcd.io/v1beta3", "Provider"),
        &[
            ("spec: {type: slack}", "-", "observability-weaker (resource-deleted)"),
            ("spec: {channel: ops}", "spec: {channel: dev}", "(observability-weaker)"),
        ],
    );
    table(
        ("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig"),
        &[(
            "spec: {route: {receiver: ops}, receivers: [{name: ops}, {name: x}]}",
            "spec: {route: {receiver: x}, receivers: [{name: x}]}",
            "observability-weaker observability-weaker",
        )],
    );
    table(
        ("argoproj.io/v1alpha1", "Application"),
        &[
            (
                "annotations notifications.argoproj.io/subscribe.on-sync-failed.slack: ops",
                "annotations a: b",
                "observability-weaker",
            ),
            (
                "annotations notifications.argoproj.io/subscribe.on-sync-failed.slack: ops",
                "annotations notifications.argoproj.io/subscribe.on-sync-failed.teams: ops",
                "",
            ),
            (
                "annotations notifications.argoproj.io/subscribe.on-sync-failed.slack: ops",
                "annotations notifications.argoproj.io/subscribe.on-sync-failed.slack: ''",
                "observability-weaker",
            ),
        ],
    );
    table(
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        &[
            (
                "spec: {values: {metrics: {serviceMonitor: {enabled: true}}}}",
                "spec: {values: {metrics: {serviceMonitor: {enabled: false}}}}",
                "observability-weaker",
            ),
            (
                "spec: {values: {metrics: {serviceMonitor: {enabled: false}}}}",
                "spec: {values: {metrics: {serviceMonitor: {enabled: true}}}}",
                "",
            ),
        ],
    );
}

#[test]
fn what_is_suspended_says_what_is_so_then() {
    let told = |api: &str, kind: &str| {
        let of = |suspend: bool| {
            format!(
                "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{suspend: {suspend}}}\n"
            )
        };
        found(&of(false), &of(true)).pop().map(|it| it.message).unwrap_or_default()
    };
    for (api, kind, want) in [
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "is suspended, so nothing is applied"),
        ("source.toolkit.fluxcd.io/v1", "GitRepository", "is suspended, so nothing new is fetched"),
        (
            "image.toolkit.fluxcd.io/v1",
            "ImageUpdateAutomation",
            "is suspended, so images stay as they are",
        ),
        ("notification.toolkit.fluxcd.io/v1beta3", "Provider", "is suspended, so nobody is told"),
    ] {
        assert_eq!(told(api, kind), want);
    }
}
