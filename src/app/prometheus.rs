//! Asking Prometheus for the values of one query.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::Value;

use crate::outbound::{Bytes, Outbound, OutboundError};
use crate::redact::Credential;

/// How long a query may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The answer to an instant query that makes sense is small.
pub(super) const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// Where health queries go.
#[derive(Clone, Debug)]
pub struct Prometheus {
    outbound: Outbound,
    url: Arc<str>,
    token: Option<Credential>,
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
    pub(super) async fn ask(&self, query: &str) -> Result<Vec<f64>, String> {
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

pub(super) fn read(status: u16, body: &[u8]) -> Result<Vec<f64>, String> {
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

pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[derive(Deserialize)]
pub(super) struct Answer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
pub(super) struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: Value,
}

#[derive(Deserialize)]
pub(super) struct Sample {
    value: (f64, String),
}
