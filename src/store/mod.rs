//! The durable queue and what was done for whom.
