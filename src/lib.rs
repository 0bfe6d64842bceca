//! Overlift lifts configuration from one environment to the next.
//!
//! Rooms, in reading order; `docs/architecture.md` says what each owns and which may see which,
//! `tests/architecture.rs` holds it.

pub mod action;
pub mod app;
pub mod clearance;
pub mod cli;
pub mod config;
pub mod deployer;
pub mod diff;
pub mod github;
pub mod kustomize;
pub mod lineage;
pub mod model;
pub mod notices;
pub mod outbound;
pub mod policy;
pub mod promotion;
pub mod redact;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod traffic;
pub mod workdir;
pub mod yaml;
