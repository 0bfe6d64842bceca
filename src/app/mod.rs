//! Use cases: fetch, decide, act. The one place where decisions and adapters meet.

pub mod local;
