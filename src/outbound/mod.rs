//! What leaves the process over HTTP: one client for GitHub, for schemas and for whoever else is asked.
//!
//! Stands apart because a company's network is the same for all of them: the proxies of `HTTPS_PROXY`,
//! `HTTP_PROXY` and `NO_PROXY`, and the authorities of the system or of `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`. Deliberately absent: credentials, redirects, retries; they differ by whom is asked.

mod authorities;
mod connection;
mod error;
mod proxy;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
pub use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connection::Connector;
pub use self::error::OutboundError;
use self::proxy::{Proxies, password_wanted, place};

/// How long an answer may stand still.
const STILL: Duration = Duration::from_secs(30);

/// How long a connection without a request is kept.
const IDLE: Duration = Duration::from_secs(90);

/// The client. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client<Connector, Full<Bytes>>,
    proxies: Arc<Proxies>,
}

impl Outbound {
    /// A client for the network that this process is in, as its environment says. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OutboundError::Variable`] if a variable says what cannot be used.
    pub fn from_environment() -> Result<Self, OutboundError> {
        let proxies = Arc::new(Proxies::from_environment()?);
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        let client = client.build(Connector::new(Arc::clone(&proxies)));
        Ok(Self { client, proxies })
    }

    /// Sends a request to an `http` or `https` address and reads the whole answer, whatever its status.
    ///
    /// How long all of it may take is the caller's to say; an answer that stands still ends here.
    ///
    /// # Errors
    /// [`OutboundError`] if there is no answer, or one with more than `limit_bytes`.
    pub async fn send(
        &self,
        mut request: Request<Bytes>,
        limit_bytes: usize,
    ) -> Result<Response<Bytes>, OutboundError> {
        let length = HeaderValue::from(request.body().len());
        let headers = request.headers_mut();
        headers.insert(CONTENT_LENGTH, length);
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("overlift/", env!("CARGO_PKG_VERSION"))));
        // Through a tunnel the proxy was told when it was opened.
        let to = request.uri().clone();
        let proxy = self.proxies.of_plain(&to);
        if let Some(password) = proxy.as_ref().and_then(|proxy| proxy.basic_auth()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, password.clone());
        }
        // Every request of a promotion ends here: on the heap, the types above it are not as deep as it is.
        let answer = Box::pin(self.client.request(request.map(Full::new))).await;
        let (parts, mut body) = answer.map_err(OutboundError::of_request)?.into_parts();
        if let (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) = (parts.status, &proxy) {
            return Err(password_wanted(proxy, place(&to)));
        }
        let mut content = Vec::new();
        loop {
            let frame = tokio::time::timeout(STILL, body.frame()).await;
            let frame = frame.map_err(|_| OutboundError::Still { seconds: STILL.as_secs() })?;
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(OutboundError::Cut)?.into_data() else { continue };
            if content.len() + data.len() > limit_bytes {
                return Err(OutboundError::TooLarge { limit_bytes });
            }
            content.extend_from_slice(&data);
        }
        Ok(Response::from_parts(parts, Bytes::from(content)))
    }
}
