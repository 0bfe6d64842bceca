//! What stands in place of a value.

/// Stands for a value that did not change, or that has nothing to be compared with.
pub const MASKED: &str = "<masked>";

/// Stands for a value that differs from the one before.
pub const MASKED_CHANGED: &str = "<masked, changed>";
