//! Why a notice did not arrive, in words that show no address: an address of Slack is a credential.

use std::time::Duration;

use crate::model::ReceiverName;
use crate::outbound::OutboundError;

/// Why a notice did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// Nobody gave an address for this name.
    #[error(
        "no address is known for `{to}`: whoever runs the service gives it as OVERLIFT_NOTICES_{}_URL",
        to.as_str()
    )]
    Unknown {
        /// The name.
        to: ReceiverName,
    },
    /// The receiver did not take it.
    #[error("`{to}` answers {status}")]
    Refused {
        /// The name.
        to: ReceiverName,
        /// The answer's status.
        status: u16,
        /// When to try again, if the answer says so.
        after: Option<Duration>,
    },
    /// The answer did not come in time.
    #[error("`{to}` does not answer in {seconds} s")]
    TooSlow {
        /// The name.
        to: ReceiverName,
        /// How long we waited.
        seconds: u64,
    },
    /// There was no answer.
    #[error("`{to}` cannot be reached")]
    Unreached {
        /// The name.
        to: ReceiverName,
        /// Why not.
        source: OutboundError,
    },
}

impl NotSent {
    /// When the receiver wants to be asked again, if it said so.
    #[must_use]
    pub const fn after(&self) -> Option<Duration> {
        match self {
            Self::Refused { after, .. } => *after,
            Self::Unknown { .. } | Self::TooSlow { .. } | Self::Unreached { .. } => None,
        }
    }

    /// Whether sending it again is in vain until whoever runs the service changes something.
    #[must_use]
    pub const fn wants_the_operator(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}
