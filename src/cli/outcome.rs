//! How a command ends.

use super::report::Failure;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All is done.
    Done,
    /// There are findings that count, or differences of which the caller asked to be told.
    Differences,
}

/// What a command returns.
pub(super) type Result = std::result::Result<Outcome, Failure>;
