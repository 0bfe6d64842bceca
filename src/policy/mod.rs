//! Rules over a proposed change and what they say: findings.

mod finding;

pub use finding::{Finding, Level};
