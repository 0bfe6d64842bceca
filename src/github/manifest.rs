//! The end of the manifest flow: a code that GitHub gave a browser becomes an App's credentials.
//!
//! <https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest>. The one
//! request that needs no credential: whoever has the code, which lasts an hour, may ask once.

use serde::Deserialize;

use super::GithubError;
use super::error::bad;
use crate::outbound::{Bytes, Outbound};
use crate::redact::Credential;

const REQUEST: &str = "exchange the code for the App's credentials";

/// An answer has some kilobytes.
const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// An App that was made a moment ago.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its id.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// Its page.
    pub page: String,
    /// Its private key in PEM.
    pub private_key: Credential,
    /// What GitHub signs deliveries with.
    pub webhook_secret: Credential,
    /// What people sign in with: the client id and its secret, where GitHub gave them.
    pub sign_in: Option<(String, Credential)>,
}

#[derive(Deserialize)]
struct Wire {
    id: u64,
    slug: String,
    html_url: String,
    pem: String,
    webhook_secret: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Exchanges the code that GitHub sent a browser back with.
///
/// # Errors
/// [`GithubError::NotFound`] if the code is none, was used or is older than an hour; any failure of asking.
pub async fn exchange_code(api_url: &str, code: &str) -> Result<NewApp, GithubError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if code.is_empty() || !code.bytes().all(plain) {
        return Err(GithubError::NotFound { request: REQUEST });
    }
    let settings =
        |error: &dyn std::fmt::Display| GithubError::Settings { reason: error.to_string() };
    let outbound = Outbound::from_environment().map_err(|error| settings(&error))?;
    let url = format!("{}/app-manifests/{code}/conversions", api_url.trim_end_matches('/'));
    let request = http::Request::post(url)
        .header(http::header::ACCEPT, "application/vnd.github+json")
        .body(Bytes::new())
        .map_err(|error| settings(&error))?;
    let answer = outbound.send(request, ANSWER_LIMIT_BYTES).await.map_err(|error| {
        GithubError::NoAnswer { request: REQUEST, source: std::sync::Arc::new(error) }
    })?;
    match answer.status().as_u16() {
        200 | 201 => {}
        404 | 410 | 422 => return Err(GithubError::NotFound { request: REQUEST }),
        status => {
            let message = String::new();
            return Err(GithubError::Unavailable {
                request: REQUEST,
                status,
                message,
                after: None,
            });
        }
    }
    let wire: Wire = serde_json::from_slice(answer.body()).map_err(|error| bad(REQUEST, &error))?;
    let credential =
        |what, text: &str| Credential::new(what, text).map_err(|error| bad(REQUEST, &error));
    let sign_in = match (wire.client_id, wire.client_secret) {
        (Some(id), Some(secret)) => Some((id, credential("client secret", &secret)?)),
        _ => None,
    };
    Ok(NewApp {
        sign_in,
        id: wire.id,
        slug: wire.slug,
        page: wire.html_url,
        private_key: credential("private key", &wire.pem)?,
        webhook_secret: credential("webhook secret", &wire.webhook_secret.unwrap_or_default())?,
    })
}
