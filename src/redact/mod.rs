//! Credentials that cannot be printed, and the scrubber for text that leaves the process.
//!
//! Two lines of defence: a [`Credential`] has no way into a text but [`Credential::expose`], and a
//! [`Scrubber`] looks over logs, comments and errors for what slipped through all the same, since
//! answers and causes of errors are written by others.

mod credential;
mod scrubber;

pub use credential::{Credential, WebhookSecrets};
pub use scrubber::Scrubber;
