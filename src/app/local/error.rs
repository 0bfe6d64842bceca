//! Why a promotion in a checkout fails.

use crate::config::ConfigError;
use crate::model::Location;
use crate::promotion::{PlanError, TemplateError};
use crate::workdir::WorkdirError;

/// Why a promotion in a checkout fails.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The checkout cannot be read or written.
    #[error(transparent)]
    Workdir(#[from] WorkdirError),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The promotion cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is a configuration already.
    #[error("there is a `.github/overlift.yaml` already; it was not changed")]
    Configured,
    /// A text of the pull request cannot be made.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// There is no step of the traffic like that.
    #[error("{0}")]
    NoStep(String),
    /// The source is asked for as of a commit that the history does not lead to.
    #[error(
        "`{revision}` is not in the history of what is promoted: name a commit of this branch that has `{source_environment}`"
    )]
    NotInHistory {
        /// As somebody wrote it.
        revision: String,
        /// The source.
        source_environment: String,
    },
}

impl LocalError {
    /// The place a person has to look at.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Config(error) => error.location(),
            Self::Plan(error) => error.location(),
            Self::Workdir(_)
            | Self::Template(_)
            | Self::Configured
            | Self::NoStep(_)
            | Self::NotInHistory { .. } => None,
        }
    }

    /// Whether a checkout with more history, or a checkout at all, would have the answer.
    #[must_use]
    pub const fn is_about_history(&self) -> bool {
        matches!(
            self,
            Self::Plan(PlanError::HistoryCutOff { .. })
                | Self::Workdir(WorkdirError::Shallow | WorkdirError::NothingToPlan(_))
        )
    }
}
