//! The addresses that whoever runs the service gave, and posting to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::NotSent;
use super::form::signature;
use super::notice::Notice;
use crate::model::{NoticeFormat, ReceiverName};
use crate::outbound::{Bytes, Outbound, OutboundError};
use crate::redact::Credential;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What receivers answer is not read but has to be taken in; more than this is no answer.
const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// One address.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Where; a credential, since whoever knows an address of Slack can write there.
    pub url: Credential,
    /// What bodies are signed with.
    pub secret: Option<Credential>,
}

/// All addresses by name. Cloning shares them and their connections.
#[derive(Clone, Debug, Default)]
pub struct Receivers(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    outbound: Outbound,
    known: BTreeMap<ReceiverName, Receiver>,
}

impl Receivers {
    /// Receivers at these addresses. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OutboundError`] if the proxy's variables cannot be used.
    pub fn new(known: BTreeMap<ReceiverName, Receiver>) -> Result<Self, OutboundError> {
        if known.is_empty() {
            return Ok(Self(None));
        }
        let outbound = Outbound::from_environment()?;
        Ok(Self(Some(Arc::new(Inner { outbound, known }))))
    }

    /// Whether there is an address for this name.
    #[must_use]
    pub fn knows(&self, name: &ReceiverName) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.known.contains_key(name))
    }

    /// Posts a notice; 2xx says that it arrived.
    ///
    /// # Errors
    /// [`NotSent`] for anything else.
    pub async fn send(
        &self,
        to: &ReceiverName,
        format: NoticeFormat,
        notice: &Notice,
    ) -> Result<(), NotSent> {
        let found = self.0.as_ref().and_then(|inner| Some((inner, inner.known.get(to)?)));
        let Some((inner, receiver)) = found else {
            return Err(NotSent::Unknown { to: to.clone() });
        };
        let body = notice.render(format);
        let mut request =
            Request::post(receiver.url.expose()).header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &receiver.secret {
            request = request.header("x-signature", signature(secret, body.as_bytes()));
        }
        // Addresses were checked at start.
        let Ok(request) = request.body(Bytes::from(body)) else {
            return Err(NotSent::Unknown { to: to.clone() });
        };
        let answer =
            tokio::time::timeout(PATIENCE, inner.outbound.send(request, ANSWER_LIMIT_BYTES));
        let answer = match answer.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(source)) => return Err(NotSent::Unreached { to: to.clone(), source }),
            Err(_) => return Err(NotSent::TooSlow { to: to.clone(), seconds: PATIENCE.as_secs() }),
        };
        if answer.status().is_success() {
            return Ok(());
        }
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        Err(NotSent::Refused { to: to.clone(), status: answer.status().as_u16(), after })
    }
}
