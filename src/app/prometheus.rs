//! Asking Prometheus what a repository's health queries say. Where it is, is the operator's to say and
//! never a repository's.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::Value;

use crate::clearance::{Health, Query, SourceKind, State};
use crate::outbound::{Bytes, Outbound, OutboundError};
use crate::redact::Credential;
use crate::store::{EnvironmentKey, Evidence, Millis};

use super::App;
use super::environments::{MOST_CHARS, cut};
use super::perform::{Stop, Work};

/// How long a query may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The answer to an instant query that makes sense is small.
const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// How often a query is asked again while somebody waits for it.
pub(super) const PERIOD_MS: Millis = 60_000;

/// Where health queries go.
#[derive(Clone, Debug)]
pub struct Prometheus {
    outbound: Outbound,
    url: Arc<str>,
    token: Option<Credential>,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: Value,
}

#[derive(Deserialize)]
struct Sample {
    value: (f64, String),
}

impl Prometheus {
    /// The server at a base address, such as `http://prometheus.monitoring:9090`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OutboundError`] if the proxy's variables cannot be used.
    pub fn new(url: &str, token: Option<Credential>) -> Result<Self, OutboundError> {
        let url = url.trim_end_matches('/').into();
        Ok(Self { outbound: Outbound::from_environment()?, url, token })
    }

    /// The values of an instant query, or why there are none.
    async fn ask(&self, query: &str) -> Result<Vec<f64>, String> {
        let url = format!("{}/api/v1/query?timeout=8s&query={}", self.url, encoded(query));
        let mut request = Request::get(url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request.body(Bytes::new()).map_err(|_| "the query is too odd".to_owned())?;
        let answered = self.outbound.send(request, ANSWER_LIMIT_BYTES);
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        let answer = answered
            .map_err(|_| "Prometheus does not answer in time".to_owned())?
            .map_err(|_| "Prometheus does not answer".to_owned())?;
        read(answer.status().as_u16(), answer.body())
    }
}

fn read(status: u16, body: &[u8]) -> Result<Vec<f64>, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| format!("Prometheus answers {status}, and nothing that makes sense"))?;
    if answer.status != "success" {
        return Err(answer.error.unwrap_or_else(|| format!("Prometheus answers {status}")));
    }
    let odd = |_| "the result is not what Prometheus documents".to_owned();
    let texts: Vec<String> = match answer.data {
        Some(Data { kind, result }) if kind == "vector" => {
            let samples: Vec<Sample> = serde_json::from_value(result).map_err(odd)?;
            samples.into_iter().map(|sample| sample.value.1).collect()
        }
        Some(Data { kind, result }) if kind == "scalar" => {
            let (_, value): (f64, String) = serde_json::from_value(result).map_err(odd)?;
            vec![value]
        }
        _ => return Err("the query makes no instant values".to_owned()),
    };
    if texts.is_empty() {
        return Err("the query has no result".to_owned());
    }
    // Prometheus writes `+Inf` and `NaN`, as Rust reads them.
    let numbers =
        texts.iter().map(|text| text.parse().map_err(|_| format!("`{text}` is no number")));
    numbers.collect()
}

/// What the values make of a query: each has to be as expected.
fn judge(query: &Query, values: Result<Vec<f64>, String>) -> (State, String) {
    match values {
        Err(because) => (State::Unknown, because),
        Ok(values) => {
            let bad: Vec<String> = values
                .iter()
                .filter(|value| !query.expect.holds(**value))
                .take(3)
                .map(ToString::to_string)
                .collect();
            match bad.is_empty() {
                true => (State::Healthy, format!("{}", query.expect)),
                false => {
                    (State::Degraded, format!("{} instead of {}", bad.join(", "), query.expect))
                }
            }
        }
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Asks the queries of an environment that were not asked lately, and notes what they say of its commit.
pub(super) async fn ask(work: &Work, of: &EnvironmentKey, health: &Health) -> Result<(), Stop> {
    if health.queries.is_empty() {
        return Ok(());
    }
    let (app, now) = (&work.app, work.app.clock.now());
    let known = app.store.environments(&of.repository).await?;
    let Some(known) = known.into_iter().find(|known| known.key == *of) else { return Ok(()) };
    let heard = app.store.evidence_of(of).await?;
    let is_fresh = |query: &Query| {
        heard.iter().any(|it| {
            it.newest.kind == SourceKind::Query.as_str()
                && it.newest.name == query.name
                && it.newest.commit == known.commit
                && now - it.newest.heard < PERIOD_MS
        })
    };
    let mut evidence = Vec::new();
    for query in health.queries.iter().filter(|query| !is_fresh(query)) {
        let (state, message) = match &app.prometheus {
            Some(prometheus) => judge(query, prometheus.ask(&query.query).await),
            None => (State::Unknown, "whoever runs Overlift names no Prometheus".to_owned()),
        };
        evidence.push(Evidence {
            repository: of.repository.clone(),
            kind: SourceKind::Query.as_str().to_owned(),
            name: query.name.clone(),
            commit: known.commit.clone(),
            application: of.application.clone(),
            environment: of.environment.clone(),
            state: state.as_str().to_owned(),
            message: cut(&message, MOST_CHARS),
            url: None,
            at: now,
            heard: now,
        });
    }
    Ok(app.store.note_evidence(&evidence).await?)
}

impl App {
    /// The same with a Prometheus that health queries go to.
    #[must_use]
    pub fn with_prometheus(mut self, prometheus: Option<Prometheus>) -> Self {
        self.prometheus = prometheus;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clearance::Expectation;

    #[test]
    fn answers_are_read_and_judged() {
        let query = Query {
            name: "errors".to_owned(),
            query: "x".to_owned(),
            expect: Expectation::parse("result < 0.01").unwrap(),
        };
        let vector = |values: &str| {
            format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":[{values}]}}}}"#
            )
        };
        let sample = |value: &str| format!(r#"{{"metric":{{}},"value":[1.5,"{value}"]}}"#);
        for (status, body, state, words) in [
            (200, vector(&sample("0.001")), State::Healthy, "result < 0.01"),
            (200, vector(&sample("0.5")), State::Degraded, "0.5 instead of result < 0.01"),
            (
                200,
                vector(&format!("{},{}", sample("0"), sample("1"))),
                State::Degraded,
                "1 instead",
            ),
            (200, vector(&sample("NaN")), State::Degraded, "NaN instead"),
            (200, vector(""), State::Unknown, "the query has no result"),
            (
                200,
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}"#
                    .to_owned(),
                State::Healthy,
                "result",
            ),
            (
                200,
                r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.to_owned(),
                State::Unknown,
                "no instant values",
            ),
            (
                400,
                r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#.to_owned(),
                State::Unknown,
                "parse error",
            ),
            (502, "<html>".to_owned(), State::Unknown, "502"),
        ] {
            let (found, told) = judge(&query, read(status, body.as_bytes()));
            assert_eq!(found, state, "{body}");
            assert!(told.contains(words), "{told}");
        }
        assert_eq!(encoded("a{b=\"5..\"}"), "a%7Bb%3D%225..%22%7D");
    }
}
