//! The HTTP door: webhook, health, metrics.
