//! Why a text is not YAML that can be read.

use crate::model::Position;

/// A fault in a YAML text, at a position of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SyntaxError {
    /// Where; `None` if the whole text is meant.
    pub position: Option<Position>,
    /// What, in lower case, without the text itself.
    pub reason: String,
}
