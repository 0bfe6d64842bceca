//! Why no answer came, in words that name what a person can change.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;

/// Why a request has no answer. No variant shows an address with a password in it.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// A variable of the environment that cannot be used.
    #[error("{name} {reason}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it, without its value.
        reason: String,
    },
    /// No connection to whom we asked.
    #[error("no connection to {to}")]
    Connect {
        /// Host and port.
        to: String,
        /// The system's words.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No connection to the proxy.
    #[error("no connection to the proxy {proxy}, which the environment names")]
    ConnectToProxy {
        /// Host and port.
        proxy: String,
        /// The system's words.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The proxy does not let us through.
    #[error("the proxy {proxy} does not connect to {to}: {reason}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// Host and port of whom we asked.
        to: String,
        /// Its answer.
        reason: String,
    },
    /// A certificate that nobody we trust has signed.
    #[error(
        "the certificate of {to} is signed by no authority that this system knows: SSL_CERT_FILE can name a file with your company's"
    )]
    UnknownAuthority {
        /// Host and port.
        to: String,
    },
    /// Another fault of the encrypted connection.
    #[error("no safe connection to {to}")]
    Tls {
        /// Host and port.
        to: String,
        /// What is wrong.
        source: io::Error,
    },
    /// There are no authorities to trust.
    #[error("no certificate authorities: {0}")]
    Authorities(String),
    /// The connection could not be made in time.
    #[error("no connection to {to} in {seconds} s")]
    TooSlow {
        /// Host and port.
        to: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The answer began and stood still.
    #[error("the answer stood still for {seconds} s")]
    Still {
        /// How long we waited.
        seconds: u64,
    },
    /// The connection was cut while the request or the answer was on its way.
    #[error("the connection was cut")]
    Cut(#[source] hyper::Error),
    /// An answer larger than the caller is ready to hold.
    #[error("the answer has more than {limit_bytes} bytes")]
    TooLarge {
        /// What the caller holds at most.
        limit_bytes: usize,
    },
    /// The client's own words for the rest.
    #[error(transparent)]
    Request(legacy::Error),
}

impl OutboundError {
    /// Whether trying again is in vain until a person changes the environment, the proxy or the authorities.
    #[must_use]
    pub const fn wants_a_person(&self) -> bool {
        match self {
            Self::Variable { .. }
            | Self::ConnectToProxy { .. }
            | Self::Proxy { .. }
            | Self::UnknownAuthority { .. }
            | Self::Authorities(_) => true,
            Self::Connect { .. }
            | Self::Tls { .. }
            | Self::TooSlow { .. }
            | Self::Still { .. }
            | Self::Cut(_)
            | Self::TooLarge { .. }
            | Self::Request(_) => false,
        }
    }

    /// Our own error where the connector made one: the client wraps it in words that say less.
    pub(super) fn of_request(error: legacy::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(one) = cause {
            if let Some(ours) = one.downcast_ref::<Shared>() {
                return ours.take().unwrap_or(Self::Request(error));
            }
            cause = one.source();
        }
        Self::Request(error)
    }
}

/// An error that passes through the client by reference, to be taken out of its chain again.
#[derive(Debug, thiserror::Error)]
#[error("no connection")]
pub(super) struct Shared(std::sync::Mutex<Option<OutboundError>>);

impl Shared {
    fn take(&self) -> Option<OutboundError> {
        self.0.lock().ok()?.take()
    }
}

impl From<OutboundError> for Shared {
    fn from(error: OutboundError) -> Self {
        Self(std::sync::Mutex::new(Some(error)))
    }
}
