//! The durable queue, and what was done for whom.
//!
//! Deliveries that were taken, jobs that wait, run or are parked, promotions that were opened, and the
//! repositories we know, in SQLite or PostgreSQL. Payloads are opaque text here; `now` and fresh ids come in as
//! arguments. Nothing here spawns, sleeps or reads a clock.
//!
//! The promises: a delivery is on disk before it is answered; two waiting jobs with one key are one job; at most
//! one job of a lane runs, whatever the number of processes (a partial unique index, not hope); what a worker
//! writes after its lease lapsed is refused.

mod claim;
mod database;
mod delivery;
mod environment_note;
mod error;
mod evidence;
mod handle;
mod job;
mod migration;
mod notice;
mod overview;
mod page_session;
mod park;
mod promotion;
mod refusal;
mod repository;
mod standing;
mod statement;

pub use claim::{Claim, Kinds, Lease, Retry};
pub use delivery::{Delivery, Inbox, InboxWriter, Receipt};
pub use environment_note::EnvironmentNote;
pub use error::StoreError;
pub use evidence::{EnvironmentKey, Evidence, KnownEnvironment, KnownEvidence};
pub use handle::{Millis, Store};
pub use job::NewJob;
pub use notice::{NewNotice, WaitingNotice};
pub use overview::{Listed, PromotionText, Stretch, Wanted};
pub use page_session::NewPageSession;
pub use park::QueuedJob;
pub use promotion::{End, Pair, PromotionRecord, PromotionState};
pub use refusal::Refusal;
pub use repository::KnownRepository;

#[cfg(test)]
mod tests;
