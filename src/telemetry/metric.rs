//! The metrics: every name and every label, once.
//!
//! A label takes few values, whoever sends what: event names come from the wire and are matched
//! against a list.

use std::sync::OnceLock;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static REGISTRY: OnceLock<PrometheusHandle> = OnceLock::new();

const BUILD: &str = "overlift_build_info";
const DELIVERIES: &str = "overlift_deliveries_total";
const JOBS: &str = "overlift_jobs";
const QUEUE_AGE: &str = "overlift_queue_age_seconds";
const JOB_SECONDS: &str = "overlift_job_duration_seconds";
const JOB_ATTEMPTS: &str = "overlift_job_attempts_total";
const PROMOTIONS: &str = "overlift_promotions_total";
const NOTICES: &str = "overlift_notices_total";
const REFUSALS: &str = "overlift_commands_refused_total";
const GITHUB_REQUESTS: &str = "overlift_github_requests_total";
const GITHUB_RATE: &str = "overlift_github_rate_remaining";

/// Upper bounds of the buckets of durations: webhooks take milliseconds, promotions seconds.
const SECONDS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// Starts counting. Counts before the first call are lost; later calls change nothing.
pub fn start() {
    REGISTRY.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&SECONDS)
            .expect("the list of buckets is constant and not empty")
            .build_recorder();
        let handle = recorder.handle();
        // Fails only where something else in the process counts already; then ours stays empty.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        begin();
        handle
    });
}

/// What came of deliveries, as the door for webhooks says it.
const DELIVERY_OUTCOMES: [&str; 13] = [
    "queued",
    "ignored",
    "duplicate",
    "ping",
    "too_large",
    "cut",
    "too_slow",
    "busy",
    "unsigned",
    "content_type",
    "no_header",
    "malformed",
    "not_stored",
];

/// How promotions end.
const PROMOTION_OUTCOMES: [&str; 10] = [
    "created",
    "updated",
    "unchanged",
    "closed",
    "none",
    "foreign",
    "several",
    "refused",
    "unreached",
    "failed",
];

/// Everything that alerts count is there from the start, at zero: Prometheus sees no increase in a counter
/// that begins with its first event.
fn begin() {
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for outcome in DELIVERY_OUTCOMES {
        for event in ["push", "unknown"] {
            counter!(DELIVERIES, "event" => event, "outcome" => outcome).absolute(0);
        }
    }
    for outcome in PROMOTION_OUTCOMES {
        counter!(PROMOTIONS, "outcome" => outcome).absolute(0);
    }
    counter!(REFUSALS).absolute(0);
    for outcome in ["sent", "failed"] {
        counter!(NOTICES, "outcome" => outcome).absolute(0);
    }
    for state in ["queued", "running", "parked"] {
        gauge!(JOBS, "state" => state).set(0.0);
    }
    gauge!(QUEUE_AGE).set(0.0);
}

fn describe() {
    describe_gauge!(BUILD, "The version that runs; always 1.");
    describe_counter!(DELIVERIES, "Webhook deliveries by event and outcome.");
    describe_gauge!(JOBS, "Jobs by state.");
    describe_gauge!(QUEUE_AGE, "Age of the oldest job that waits, in seconds.");
    describe_histogram!(JOB_SECONDS, "Duration of one attempt of a job, in seconds.");
    describe_counter!(JOB_ATTEMPTS, "Attempts of jobs by kind and outcome.");
    describe_counter!(PROMOTIONS, "Promotions by outcome.");
    describe_counter!(REFUSALS, "Commands of people who may not give them.");
    describe_counter!(NOTICES, "Attempts to send a notice, by outcome.");
    describe_counter!(GITHUB_REQUESTS, "Requests to GitHub by verb and status; 0 is no answer.");
    describe_gauge!(GITHUB_RATE, "Requests that GitHub leaves in the window, by installation.");
}

/// All metrics in Prometheus' text form; empty before [`start`].
#[must_use]
pub fn render() -> String {
    REGISTRY.get().map_or_else(String::new, |registry| {
        registry.run_upkeep();
        registry.render()
    })
}

/// One delivery was answered. Labels are words of ours: what others send would be a series each.
pub fn delivery(event: &'static str, outcome: &'static str) {
    counter!(DELIVERIES, "event" => event, "outcome" => outcome).increment(1);
}

/// One attempt of a job ended.
pub fn job_attempt(kind: &'static str, outcome: &'static str, seconds: f64) {
    counter!(JOB_ATTEMPTS, "kind" => kind, "outcome" => outcome).increment(1);
    histogram!(JOB_SECONDS, "kind" => kind).record(seconds);
}

/// One promotion ended as `created`, `updated`, `unchanged`, `closed`, `none`, `refused`, `unreached`
/// or `failed`.
pub fn promotion(outcome: &'static str) {
    counter!(PROMOTIONS, "outcome" => outcome).increment(1);
}

/// Somebody asked who may not.
pub fn refusal() {
    counter!(REFUSALS).increment(1);
}

/// One attempt to send a notice ended as `sent` or `failed`.
pub fn notice(outcome: &'static str) {
    counter!(NOTICES, "outcome" => outcome).increment(1);
}

/// How many jobs are in a state.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 jobs")]
pub fn jobs(state: &'static str, count: u64) {
    gauge!(JOBS, "state" => state).set(count as f64);
}

/// How long the oldest waiting job waits.
pub fn queue_age(seconds: f64) {
    gauge!(QUEUE_AGE).set(seconds);
}

/// How often GitHub answered a verb with a status, since the start.
pub fn github_requests(verb: &'static str, status: u16, count: u64) {
    counter!(GITHUB_REQUESTS, "verb" => verb, "status" => status.to_string()).absolute(count);
}

/// How many requests GitHub leaves to an installation (`token` for a plain token).
#[expect(clippy::cast_precision_loss, reason = "GitHub's limits are small numbers")]
pub fn github_rate(installation: String, remaining: u64) {
    gauge!(GITHUB_RATE, "installation" => installation).set(remaining as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_take_few_values_and_names_are_prometheus() {
        start();
        for line in [
            r#"overlift_deliveries_total{event="unknown",outcome="unsigned"} 0"#,
            r#"overlift_promotions_total{outcome="failed"} 0"#,
            r#"overlift_jobs{state="parked"} 0"#,
            concat!(r#"overlift_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        ] {
            assert!(render().contains(line), "{line} is not in\n{}", render());
        }
        delivery("push", "queued");
        delivery("push", "queued");
        job_attempt("promote", "done", 0.2);
        jobs("queued", 3);
        let text = render();
        for line in [
            r#"overlift_deliveries_total{event="push",outcome="queued"} 2"#,
            r#"overlift_job_duration_seconds_bucket{kind="promote",le="0.5"} 1"#,
            r#"overlift_jobs{state="queued"} 3"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
