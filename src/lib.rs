//! Overlift lifts configuration from one environment to the next.
//!
//! Rooms, in reading order; `docs/architecture.md` says what each owns and which may see which,
//! `tests/architecture.rs` holds it.

// Windows has none of the limits that a plan is put within elsewhere, so nothing there asks what was met.
#![cfg_attr(not(unix), allow(dead_code, unused_imports))]

pub(crate) mod action;
pub(crate) mod app;
pub(crate) mod clearance;
pub(crate) mod cli;
pub(crate) mod config;
pub(crate) mod deployer;
pub(crate) mod diff;
pub(crate) mod github;
pub(crate) mod kustomize;
pub(crate) mod lineage;
pub(crate) mod model;
pub(crate) mod notices;
pub(crate) mod outbound;
pub(crate) mod policy;
pub(crate) mod promotion;
pub(crate) mod redact;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod telemetry;
pub(crate) mod traffic;
pub(crate) mod workdir;
pub(crate) mod yaml;

pub use cli::run;

#[doc(hidden)]
pub mod rooms;
