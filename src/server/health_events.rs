//! `POST /health-events`: what Flux and Argo CD say, with the answers of `/webhook`.
//!
//! Flux signs its bodies (`generic-hmac`); Argo CD Notifications cannot, and sends the secret itself as a
//! bearer token, over TLS.

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::body;
use super::connection::Guest;
use super::door::Door;
use super::webhook::{Answer, Refusal, is_json, refuse, text};
use crate::app::{HealthEvent, Received};
use crate::github::webhook::{is_secret, is_signature, verify};
use crate::telemetry::metric;

/// The word for it in metrics.
const LABEL: &str = "health-events";

pub(super) async fn health_events(
    State(door): State<Door>,
    Extension(guest): Extension<Guest>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    match take(&door, &guest, &head.headers, body).await {
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

/// What can be said before the body is read.
fn outside(door: &Door, headers: &HeaderMap) -> Result<(), Refusal> {
    let may_be_from_us = match bearer(headers) {
        Some(bearer) => is_secret(&door.secrets, bearer),
        None => signature(headers).is_some_and(is_signature),
    };
    if !may_be_from_us {
        return Err(Refusal::Unsigned);
    }
    if is_json(headers) { Ok(()) } else { Err(Refusal::ContentType) }
}

async fn take(
    door: &Door,
    guest: &Guest,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Answer, Refusal> {
    let declared = text(headers, "content-length").and_then(|length| length.parse().ok());
    let waits = headers.contains_key(header::EXPECT);
    if let (Err(refusal), false) = (outside(door, headers), body::is_too_large(declared)) {
        body::leave(body, waits).await;
        return Err(refusal);
    }
    let body = body::read(body, declared, waits, &door.bodies).await?;
    if !is_from_us(door, headers, &body.bytes) {
        return Err(Refusal::Unsigned);
    }
    let _stays = guest.vouch();
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
    if let Some(bearer) = bearer(headers) {
        return is_secret(&door.secrets, bearer);
    }
    verify(&door.secrets, signature(headers), body).is_ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "))
}

fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    let signature = headers.get("x-signature").or_else(|| headers.get("x-hub-signature-256"));
    signature.map(|value| value.as_bytes())
}
