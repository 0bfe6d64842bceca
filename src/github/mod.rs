//! GitHub behind our verbs.

pub mod webhook;
