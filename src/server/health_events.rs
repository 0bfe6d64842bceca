//! `POST /health-events`: what Flux and Argo CD say, with the answers of `/webhook`.
//!
//! Flux signs its bodies (`generic-hmac`); Argo CD Notifications cannot, and sends the secret itself as a
//! bearer token, over TLS.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Door;
use super::body;
use super::webhook::{Answer, Refusal, is_json, refuse, text};
use crate::app::{HealthEvent, Received};
use crate::github::webhook::{is_secret, verify};
use crate::telemetry::metric;

/// The word for it in metrics.
const LABEL: &str = "health-events";

pub(super) async fn health_events(State(door): State<Door>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match take(&door, &head.headers, body).await {
        Ok(answer) => {
            metric::delivery(LABEL, answer.outcome);
            answer.into_response()
        }
        Err(refusal) => {
            metric::delivery(LABEL, refusal.outcome());
            tracing::warn!(outcome = refusal.outcome(), "a health event was turned away");
            refuse(refusal)
        }
    }
}

async fn take(door: &Door, headers: &HeaderMap, body: axum::body::Body) -> Result<Answer, Refusal> {
    let declared = text(headers, "content-length").and_then(|length| length.parse().ok());
    let waits = headers.contains_key(header::EXPECT);
    let body = body::read(body, declared, waits, &door.large_bodies).await?;
    if !is_from_us(door, headers, &body.bytes) {
        return Err(Refusal::Unsigned);
    }
    if !is_json(headers) {
        return Err(Refusal::ContentType);
    }
    let event = HealthEvent::parse(&body.bytes).map_err(|error| {
        tracing::warn!(%error, "a signed health event makes no sense");
        Refusal::Malformed
    })?;
    let answer = |status, outcome| Answer { status, outcome, delivery: String::new() };
    match door.app.receive_health(&body.bytes, event).await {
        Ok(received @ Received::Duplicate) => Ok(answer(StatusCode::OK, received.as_str())),
        Ok(received) => Ok(answer(StatusCode::ACCEPTED, received.as_str())),
        Err(error) => {
            tracing::error!(%error, "a health event was not stored");
            Err(Refusal::NotStored)
        }
    }
}

/// Whether whoever posts knows the secret.
fn is_from_us(door: &Door, headers: &HeaderMap, body: &[u8]) -> bool {
    let bearer = text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    if let Some(bearer) = bearer {
        return is_secret(&door.secrets, bearer);
    }
    let signature = headers.get("x-signature").or_else(|| headers.get("x-hub-signature-256"));
    verify(&door.secrets, signature.map(|value| value.as_bytes()), body).is_ok()
}
