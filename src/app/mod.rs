//! Use cases: fetch, decide, act. The one place where decisions and adapters meet.

pub mod local;

mod clock;
mod job;
mod receive;
mod service;
mod worker;

pub use clock::{Clock, fresh_id};
pub use job::merge_payloads;
pub use receive::{ReceiveError, Received};
pub use service::{App, NotReady};
