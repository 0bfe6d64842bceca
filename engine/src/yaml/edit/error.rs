//! Why a file is not changed in place.

use crate::model::Position;
use crate::yaml::SyntaxError;

/// Why a file is not changed in place. The file stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not YAML.
    #[error("{0}")]
    Syntax(SyntaxError),
    /// What is to be changed is not there, or not of the shape the change needs.
    #[error("{what} is not here")]
    Missing {
        /// Where it was looked for.
        position: Position,
        /// What was looked for.
        what: &'static str,
    },
    /// The change would touch an anchor or an alias, whose meaning lies elsewhere in the file.
    #[error(
        "this has an anchor, alias or tag, which cannot be edited in place: write it out first"
    )]
    Anchored {
        /// The anchor, alias or tag.
        position: Position,
    },
    /// The text is written in a way that the change cannot follow.
    #[error("{reason}")]
    Layout {
        /// Where.
        position: Position,
        /// What is in the way, and what to write instead.
        reason: &'static str,
    },
    /// The changed text does not read back as what was meant. It is thrown away.
    #[error("this cannot be edited in place without changing something else: edit it by hand")]
    Unfaithful {
        /// Where the change was tried.
        position: Position,
    },
}

impl EditError {
    /// Where a person has to look.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax(error) => error.position,
            Self::Missing { position, .. }
            | Self::Anchored { position }
            | Self::Layout { position, .. }
            | Self::Unfaithful { position } => Some(*position),
        }
    }
}
