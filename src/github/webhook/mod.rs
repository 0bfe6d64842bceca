//! What GitHub sends us: is it from GitHub, what happened, and what does a comment ask for.
//!
//! Three steps that do not know each other. [`verify`] looks at raw bytes, before anything is
//! parsed. [`Event::parse`] turns a body into one of the events we use. [`parse_command`] reads a
//! comment. None of them knows about HTTP, so that a delivery that was fetched from GitHub's list of
//! deliveries takes the same way as one that was posted.

mod command;
pub mod event;
mod markdown;
mod signature;

pub use command::{PromoteCommand, parse_command};
pub use event::Event;
pub use signature::{is_secret, is_signature, sign, verify};
