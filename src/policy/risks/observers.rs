//! Kinds that watch, collect, scrape and tell, and the codes by which it is said that they do less.

use crate::policy::Level;
use crate::policy::change::Changed;
use crate::policy::rule::Code;

/// Less is seen, or it is told later.
pub(super) const WEAKER: Code = Code::sound("observability-weaker", Level::Warning);
/// Only a little less, or nobody misses it.
pub(super) const A_LITTLE: Code = Code::sound("observability-weaker", Level::Info);

/// What a kind does for those who watch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// It has metrics fetched.
    Scrapes,
    /// It carries logs and traces on.
    Collects,
    /// It tells people.
    Tells,
    /// It is what asks the questions.
    Watches,
}

impl Does {
    /// What is so once one is deleted.
    pub(super) const fn deleted(self) -> (&'static str, &'static str) {
        match self {
            Self::Scrapes => (
                "is deleted, so nothing is scraped by it",
                "are deleted, so nothing is scraped by them",
            ),
            Self::Collects => (
                "is deleted, so nothing is collected by it",
                "are deleted, so nothing is collected by them",
            ),
            Self::Tells => {
                ("is deleted, so nobody is told by it", "are deleted, so nobody is told by them")
            }
            Self::Watches => (
                "is deleted, so nothing is watched by it",
                "are deleted, so nothing is watched by them",
            ),
        }
    }
}

/// Kinds that only watch, with the group they are in or the end of it.
const KINDS: [(&str, &[&str], Does); 15] = [
    (
        "monitoring.coreos.com",
        &["ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig"],
        Does::Scrapes,
    ),
    (
        "operator.victoriametrics.com",
        &["VMServiceScrape", "VMPodScrape", "VMProbe", "VMStaticScrape", "VMScrapeConfig"],
        Does::Scrapes,
    ),
    ("monitoring.googleapis.com", &["PodMonitoring", "ClusterPodMonitoring"], Does::Scrapes),
    ("azmonitoring.coreos.com", &["ServiceMonitor", "PodMonitor"], Does::Scrapes),
    ("opentelemetry.io", &["OpenTelemetryCollector", "Instrumentation"], Does::Collects),
    (
        "logging.banzaicloud.io",
        &["Flow", "ClusterFlow", "Output", "ClusterOutput", "Logging"],
        Does::Collects,
    ),
    ("openshift.io", &["ClusterLogForwarder", "ClusterLogging"], Does::Collects),
    ("monitoring.grafana.com", &["PodLogs"], Does::Collects),
    ("toolkit.fluxcd.io", &["Alert", "Provider"], Does::Tells),
    ("monitoring.coreos.com", &["AlertmanagerConfig"], Does::Tells),
    ("operator.victoriametrics.com", &["VMAlertmanagerConfig"], Does::Tells),
    (
        "grafana.integreatly.org",
        &["GrafanaContactPoint", "GrafanaNotificationPolicy", "GrafanaAlertRuleGroup"],
        Does::Tells,
    ),
    (
        "monitoring.coreos.com",
        &["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"],
        Does::Watches,
    ),
    (
        "operator.victoriametrics.com",
        &["VMAgent", "VMAlert", "VMAlertmanager", "VMSingle", "VMCluster"],
        Does::Watches,
    ),
    ("datadoghq.com", &["DatadogMonitor", "DatadogAgent"], Does::Watches),
];

/// What a resource does for those who watch.
pub(super) fn does(changed: &Changed<'_>) -> Option<Does> {
    let kind = changed.kind();
    let fits = |it: &&(&str, &[&str], Does)| it.1.contains(&kind) && changed.is_of(it.0);
    KINDS.iter().find(fits).map(|it| it.2)
}
