//! `POST /webhook`: headers, body, signature, JSON, store; an answer only when all of that is done.

use std::borrow::Cow;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::body::{self, BodyError};
use super::connection::Guest;
use super::door::Door;
use crate::app::Received;
use crate::github::webhook::{Event, is_signature, verify};
use crate::model::DeliveryId;
use crate::telemetry::metric;

/// How long GitHub, or whoever sends again, should wait when we cannot store.
const RETRY_AFTER_SECONDS: &str = "10";

/// Why a delivery is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TooLarge,
    Cut,
    TooSlow,
    Busy,
    Unsigned,
    ContentType,
    Header(&'static str),
    Malformed,
    NotStored,
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut | Self::Header(_) | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy | Self::NotStored => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unsigned => StatusCode::UNAUTHORIZED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// What the caller learns, who may be anybody.
    const fn text(self) -> &'static str {
        match self {
            Self::TooLarge => "the body has more than 25 MB",
            Self::Cut => "the body is not whole",
            Self::TooSlow => "the body did not arrive in time",
            Self::Busy => "too much is being sent at a time",
            Self::Unsigned => "the signature is missing or wrong",
            Self::ContentType => "the content type is neither application/json nor a form",
            Self::Header(name) => name,
            Self::Malformed => "the body is not what GitHub sends with this event",
            Self::NotStored => "the delivery could not be stored",
        }
    }

    /// The word for it in metrics.
    pub(super) const fn outcome(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Cut => "cut",
            Self::TooSlow => "too_slow",
            Self::Busy => "busy",
            Self::Unsigned => "unsigned",
            Self::ContentType => "content_type",
            Self::Header(_) => "no_header",
            Self::Malformed => "malformed",
            Self::NotStored => "not_stored",
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::Cut => Self::Cut,
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Busy => Self::Busy,
        }
    }
}

/// The event of a delivery that is not known to be GitHub's.
const UNKNOWN: &str = "unknown";

/// The word for an event in metrics.
fn label(event: &str) -> &'static str {
    Event::known_name(event).unwrap_or(if event == UNKNOWN { UNKNOWN } else { "other" })
}

pub(super) async fn webhook(
    State(door): State<Door>,
    Extension(guest): Extension<Guest>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    // Nobody vouches for the header before the signature is verified: it becomes a label then.
    let mut event = UNKNOWN;
    let answer = take(&door, &guest, &head.headers, body, &mut event).await;
    match answer {
        Ok(answer) => {
            metric::delivery(label(event), answer.outcome);
            answer.into_response()
        }
        Err(refusal) => {
            metric::delivery(label(event), refusal.outcome());
            tracing::warn!(outcome = refusal.outcome(), event, "a delivery was turned away");
            refuse(refusal)
        }
    }
}

pub(super) fn refuse(refusal: Refusal) -> Response {
    let mut response = (refusal.status(), format!("{}\n", refusal.text())).into_response();
    let headers = response.headers_mut();
    if refusal.status() == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.parse().expect("digits"));
    }
    if matches!(refusal, Refusal::TooLarge | Refusal::Cut | Refusal::TooSlow | Refusal::Busy) {
        // What is left of the body is not worth reading.
        headers.insert(header::CONNECTION, "close".parse().expect("a word"));
    }
    response
}

/// A delivery that was taken.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) outcome: &'static str,
    pub(super) delivery: String,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self { status, outcome, delivery } = self;
        let body = serde_json::json!({ "delivery": delivery, "outcome": outcome });
        (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

/// What the headers of a delivery say.
struct Outside<'a> {
    signature: &'a [u8],
    name: &'a str,
    delivery: DeliveryId,
}

/// Whether the headers look like a delivery's. Whoever has others is not listened to.
fn outside(headers: &HeaderMap) -> Result<Outside<'_>, Refusal> {
    let signature = headers.get("x-hub-signature-256").map(|value| value.as_bytes());
    let signature = signature.filter(|it| is_signature(it)).ok_or(Refusal::Unsigned)?;
    if !is_json(headers) && !is_form(headers) {
        return Err(Refusal::ContentType);
    }
    let name = text(headers, "x-github-event").filter(|name| !name.is_empty());
    let name = name.ok_or(Refusal::Header("there is no X-GitHub-Event"))?;
    let delivery = text(headers, "x-github-delivery").and_then(|id| DeliveryId::parse(id).ok());
    let delivery = delivery.ok_or(Refusal::Header("there is no usable X-GitHub-Delivery"))?;
    Ok(Outside { signature, name, delivery })
}

async fn take<'a>(
    door: &Door,
    guest: &Guest,
    headers: &'a HeaderMap,
    body: axum::body::Body,
    label: &mut &'a str,
) -> Result<Answer, Refusal> {
    let declared = text(headers, "content-length").and_then(|length| length.parse().ok());
    let waits = headers.contains_key(header::EXPECT);
    let outside = outside(headers);
    if let (Err(refusal), false) = (&outside, body::is_too_large(declared)) {
        body::leave(body, waits).await;
        return Err(*refusal);
    }
    let body = body::read(body, declared, waits, &door.bodies).await?;
    let Outside { signature, name, delivery } = outside?;
    verify(&door.secrets, Some(signature), &body.bytes).map_err(|_| Refusal::Unsigned)?;
    let _stays = guest.vouch();
    *label = name;
    let payload = payload(headers, &body.bytes)?;
    let event = Event::parse(name, &payload).map_err(|error| {
        tracing::warn!(delivery.id = %delivery, %error, "a signed delivery makes no sense");
        Refusal::Malformed
    })?;
    drop(payload);
    drop(body);
    let answer = |status, outcome| Answer { status, outcome, delivery: delivery.to_string() };
    if event == Event::Ping {
        return Ok(answer(StatusCode::OK, "ping"));
    }
    match door.app.receive(&delivery, name, &event).await {
        Ok(received @ Received::Duplicate) => Ok(answer(StatusCode::OK, received.as_str())),
        Ok(received) => Ok(answer(StatusCode::ACCEPTED, received.as_str())),
        Err(error) => {
            tracing::error!(delivery.id = %delivery, %error, "a delivery was not stored");
            Err(Refusal::NotStored)
        }
    }
}

/// The event's JSON: the body, or the field `payload` of a form, which is GitHub's other way to send it.
fn payload<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Cow<'b, [u8]>, Refusal> {
    if is_json(headers) {
        return Ok(Cow::Borrowed(body));
    }
    let mut fields = form_urlencoded::parse(body);
    let found = fields.find(|(name, _)| name == "payload");
    let (_, value) = found.ok_or(Refusal::ContentType)?;
    Ok(Cow::Owned(value.into_owned().into_bytes()))
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    is_kind(headers, "application/json")
}

fn is_form(headers: &HeaderMap) -> bool {
    is_kind(headers, "application/x-www-form-urlencoded")
}

fn is_kind(headers: &HeaderMap, wanted: &str) -> bool {
    let kind = text(headers, "content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_are_read_have_labels_of_their_own() {
        for event in ["push", "pull_request_review", "deployment_status", "merge_group", UNKNOWN] {
            assert_eq!(label(event), event);
        }
        assert_eq!(label("an event\" of an attacker"), "other");
    }
}
