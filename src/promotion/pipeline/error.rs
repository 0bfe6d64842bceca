//! Why environments do not make a pipeline.

use super::super::environment::Trigger;
use crate::model::{EnvironmentName, RepoPath};

/// Why environments do not make a pipeline. `index` counts them in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// There is no environment at all.
    #[error("there is no environment to promote")]
    Empty,
    /// Two environments have one name.
    #[error("two environments are named `{name}`")]
    DuplicateName {
        /// The second of them.
        index: usize,
        /// Their name.
        name: EnvironmentName,
    },
    /// Two environments have one folder.
    #[error("`{name}` and `{other}` have the same path `{path}`")]
    SharedPath {
        /// The second of them.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// The first one's name.
        other: EnvironmentName,
        /// Their path.
        path: RepoPath,
    },
    /// One environment's overlay lies in another's, so that promoting one would write the other.
    #[error(
        "the path `{path}` of `{name}` and the path `{other_path}` of `{other}` lie in one another"
    )]
    NestedPath {
        /// The second of them.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// Its path.
        path: RepoPath,
        /// The first one's name.
        other: EnvironmentName,
        /// The first one's path.
        other_path: RepoPath,
    },
    /// An environment is to be promoted from one that does not exist.
    #[error("`{name}` is promoted from `{from}`, which is no environment")]
    UnknownFrom {
        /// The environment.
        index: usize,
        /// Which of its sources.
        from_index: usize,
        /// Its name.
        name: EnvironmentName,
        /// The name that nobody has.
        from: EnvironmentName,
    },
    /// The same source is named twice, or an environment names itself.
    #[error("`{name}` is promoted from `{from}`, {reason}")]
    UselessFrom {
        /// The environment.
        index: usize,
        /// Which of its sources.
        from_index: usize,
        /// Its name.
        name: EnvironmentName,
        /// The source.
        from: EnvironmentName,
        /// Why not.
        reason: &'static str,
    },
    /// Promotions lead in a circle.
    #[error("promotions lead in a circle: {}", circle(.names))]
    Cycle {
        /// An environment on the circle.
        index: usize,
        /// The names on the circle, each promoted into the next.
        names: Vec<EnvironmentName>,
    },
    /// A trigger without a source that could be meant.
    #[error(
        "`{name}` has `trigger: {}` and is promoted from no other environment", .trigger.as_str()
    )]
    TriggerWithoutSource {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// Its trigger.
        trigger: Trigger,
    },
    /// Steps after promotions that there cannot be.
    #[error(
        "`{name}` has `steps`, which follow promotions, and is promoted from no other environment"
    )]
    StepsWithoutSource {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
    },
    /// `trigger: healthy` where nothing says that the source is healthy.
    #[error(
        "`{name}` has `trigger: healthy`, and nothing says when `{from}` is healthy: give `{from}` a \
         `health`"
    )]
    TriggerWithoutHealth {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// Its source.
        from: EnvironmentName,
    },
}

impl PipelineError {
    /// The environment a person has to edit, counted in the order of the file.
    #[must_use]
    pub const fn index(&self) -> Option<usize> {
        match self {
            Self::Empty => None,
            Self::DuplicateName { index, .. }
            | Self::SharedPath { index, .. }
            | Self::NestedPath { index, .. }
            | Self::UnknownFrom { index, .. }
            | Self::UselessFrom { index, .. }
            | Self::Cycle { index, .. }
            | Self::TriggerWithoutSource { index, .. }
            | Self::StepsWithoutSource { index, .. }
            | Self::TriggerWithoutHealth { index, .. } => Some(*index),
        }
    }
}

fn circle(names: &[EnvironmentName]) -> String {
    let mut text: Vec<&str> = names.iter().map(EnvironmentName::as_str).collect();
    text.extend(names.first().map(EnvironmentName::as_str));
    text.join(" -> ")
}
