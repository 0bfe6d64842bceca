//! Answers of any page: a text, a message, a way elsewhere; and what a form said.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::super::asked::Unanswerable;
use super::template::page;

pub(super) fn html(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    html(status, page("message", title, true, context! { text }))
}

pub(super) fn not_understood(fault: &Unanswerable) -> Response {
    message(StatusCode::BAD_REQUEST, "Not understood", &fault.0)
}

pub(super) fn unavailable() -> Response {
    let text = "The database does not answer at the moment. The promotions go on once it does.";
    message(StatusCode::SERVICE_UNAVAILABLE, "Not now", text)
}

pub(super) fn see(address: &str) -> Response {
    let value = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response()
}

/// An address of ours, else the first page: a form must not lead elsewhere.
pub(super) fn local(address: &str) -> &str {
    let is_ours = address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains(['\\', '\r', '\n'])
        && address.parse::<Uri>().is_ok();
    if is_ours { address } else { "/" }
}

/// A field of a form or query; empty if it is missing.
pub(super) fn field(form: &[u8], name: &str) -> String {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_to_no_other_site() {
        for ours in ["/", "/promotions?state=open", "/promotions/x"] {
            assert_eq!(local(ours), ours);
        }
        for other in ["//evil.example", "https://evil.example", "/\\evil", "", "x", "/a\r\nb"] {
            assert_eq!(local(other), "/", "{other}");
        }
    }
}
