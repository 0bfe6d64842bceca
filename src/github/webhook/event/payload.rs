//! The body of a delivery, read as one of several shapes, and why it is none.
//!
//! Fields that nobody names are skipped without being built, so a payload costs no memory beyond its own bytes,
//! and how deep it is nested does not matter (serde_json skips with a loop, and stops recursion at 128).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::{CommitSha, PullRequestNumber};

/// Why a body is no event. All of them are a 400; none holds anything of the body but names.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The body is no JSON object.
    #[error("the payload of `{event}` is no JSON object")]
    NoObject {
        /// The event.
        event: String,
    },
    /// The body is no JSON, or a field that we need is missing or of another type.
    #[error("the payload of `{event}` is not what GitHub sends")]
    Shape {
        /// The event.
        event: String,
        /// serde's words with line and column.
        source: serde_json::Error,
    },
    /// A field has a value that GitHub does not send.
    #[error("the payload of `{event}` has no usable `{field}`")]
    Field {
        /// The event.
        event: String,
        /// The field.
        field: &'static str,
    },
}

/// What any event may have.
#[derive(Deserialize)]
struct Common {
    action: Option<String>,
}

/// One body, by the event that its header names.
pub(super) struct Payload<'a> {
    pub(super) event: &'a str,
    pub(super) body: &'a [u8],
}

impl Payload<'_> {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        serde_json::from_slice(self.body)
            .map_err(|source| PayloadError::Shape { event: self.event_name(), source })
    }

    pub(super) fn action(&self) -> Result<String, PayloadError> {
        self.read::<Common>()?.action.ok_or_else(|| self.unusable("action"))
    }

    /// The name comes from a header, so it may be anything of any length.
    pub(super) fn event_name(&self) -> String {
        self.event.chars().take(60).collect()
    }

    pub(super) fn unusable(&self, field: &'static str) -> PayloadError {
        PayloadError::Field { event: self.event_name(), field }
    }

    pub(super) fn commit(
        &self,
        field: &'static str,
        text: &str,
    ) -> Result<CommitSha, PayloadError> {
        CommitSha::parse(text).map_err(|_| self.unusable(field))
    }

    pub(super) fn number(
        &self,
        field: &'static str,
        number: u64,
    ) -> Result<PullRequestNumber, PayloadError> {
        PullRequestNumber::new(number).ok_or_else(|| self.unusable(field))
    }
}
