//! Why a promotion cannot be planned.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::environment::Environment;
use crate::kustomize::BuildError;
use crate::model::{ApplicationName, EnvironmentName, Location, ReadError, RepoPath, nearest};
use crate::traffic::ShiftError;
use crate::yaml::edit::EditError;

/// An error of another process of ours, as far as people hear of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldError {
    /// What is wrong, with its causes.
    pub message: String,
    /// The place a person has to edit, if one is known.
    pub at: Option<Location>,
    /// Whether what was asked for is no promotion of this repository, though nothing is broken.
    pub is_refusal: bool,
}

/// Why a promotion cannot be planned. Every variant names what a person has to change.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// No environment has this name.
    #[error("there is no environment `{name}`{}; there are {}", meant(name.as_str(), .known), list(.known))]
    UnknownEnvironment {
        /// The name.
        name: EnvironmentName,
        /// All names, in promotion order.
        known: Vec<EnvironmentName>,
    },
    /// No application has this name.
    #[error("there is no application `{name}`{}; there are {}", meant(name.as_str(), .known), list(.known))]
    UnknownApplication {
        /// The name.
        name: ApplicationName,
        /// All applications, by name.
        known: Vec<ApplicationName>,
    },
    /// An environment belongs to an application, and none was named.
    #[error("environments belong to applications here; name one of {}", list(.known))]
    WhichApplication {
        /// All applications, by name.
        known: Vec<ApplicationName>,
    },
    /// An application has no such environment.
    #[error("`{application}` has no environment `{name}`")]
    Lacking {
        /// The application.
        application: String,
        /// The environment.
        name: EnvironmentName,
    },
    /// The target may not be promoted from the source.
    #[error("`{target}` is not promoted from `{source_environment}`, {}", only_from(.allowed))]
    NotAllowed {
        /// The source.
        source_environment: EnvironmentName,
        /// The target.
        target: EnvironmentName,
        /// What the target may be promoted from.
        allowed: Vec<EnvironmentName>,
    },
    /// Planning met a limit.
    #[error("{reason}")]
    Stopped {
        /// Which one, in a sentence.
        reason: String,
    },
    /// The process that plans says what is wrong.
    #[error("{}", .0.message)]
    Told(ToldError),
    /// An overlay cannot be built.
    #[error("`{environment}` cannot be built{state}: {source}")]
    Build {
        /// The environment.
        environment: EnvironmentName,
        /// Whether before or after the promotion.
        state: BuildState,
        /// Where, in the files as they are: of what the promotion edits the lines are others.
        at: Option<Box<Location>>,
        /// Why.
        source: Box<BuildError>,
    },
    /// A file exists but cannot be read, or must not be.
    #[error("{at}: {source}")]
    Read {
        /// The file.
        at: Location,
        /// Why it is not read.
        source: ReadError,
    },
    /// A file that the promotion has to understand is not YAML, or cannot be changed in place.
    #[error("{at}: {source}")]
    Edit {
        /// The file and the position.
        at: Location,
        /// What is in the way there.
        source: EditError,
    },
    /// A file that the promotion has to understand is not text.
    #[error("{at}: not UTF-8 text, so its fields cannot be read")]
    NotText {
        /// The file.
        at: Location,
    },
    /// An overlay's directory is reached through a symlink, so that its files are elsewhere.
    #[error("{at}: leads to `{led_to}` through a symlink: name that directory in `environments`")]
    SymlinkedOverlay {
        /// The overlay.
        at: Location,
        /// Where it leads.
        led_to: RepoPath,
    },
    /// An overlay has no kustomization.
    #[error("{at}: no `kustomization.yaml`, `kustomization.yml` or `Kustomization` here")]
    NoKustomization {
        /// The overlay.
        at: Location,
    },
    /// The fields to keep are in a file that is a symlink on one of the sides.
    #[error("{at}: is a symlink, so no field of it can be kept: name the file it leads to")]
    KeepInSymlink {
        /// The symlink.
        at: Location,
    },
    /// A symlink would lead out of the repository from where it is copied to.
    #[error("{at}: this symlink leads out of the repository{there}, so it is not copied")]
    SymlinkOutside {
        /// The source's symlink.
        at: Location,
        /// Whether only from the target's place.
        there: &'static str,
    },
    /// A file is to be written where something else stands.
    #[error("{at}: cannot be written, since `{obstacle}` is a {what}")]
    InTheWay {
        /// The file that would be written.
        at: Location,
        /// What stands there.
        obstacle: RepoPath,
        /// Its kind.
        what: &'static str,
    },
    /// A path such as `*.*` keeps more values than a person means.
    #[error("{at}: more than {limit} values of this file would be kept: exclude the file instead")]
    TooManyKept {
        /// The file and the field path.
        at: Location,
        /// How many are kept at most.
        limit: usize,
    },
    /// An edit would leave the target overlay. Nothing leads here; the last gate says so.
    #[error("{at}: a promotion writes only within the target overlay; this is a bug in Overlift")]
    OutsideTarget {
        /// The file that would be written.
        at: Location,
    },
    /// One environment is a file and the other a folder.
    #[error(
        "{at}: this is a {what}, and `{source_environment}` is a {other}: nothing leads from one to the other"
    )]
    Unlike {
        /// The target.
        at: Location,
        /// What it is.
        what: &'static str,
        /// The source.
        source_environment: EnvironmentName,
        /// What that is.
        other: &'static str,
    },
    /// The target's folder has no file.
    #[error(
        "{at}: there is nothing here yet; `--create` (`overlift promote SOURCE TARGET --create`) begins it as \
         the source is"
    )]
    NoTarget {
        /// The folder.
        at: Location,
    },
    /// The history is needed and cut off.
    #[error(
        "what to promote from `{source_environment}` to `{target}` is told by the history, and that of this \
         clone is cut off: run `git fetch --unshallow`, in a workflow check out with `fetch-depth: 0`, or \
         say `promotion.by: files`, without `prune`"
    )]
    HistoryCutOff {
        /// The source.
        source_environment: EnvironmentName,
        /// The target.
        target: EnvironmentName,
    },
    /// `promotion.since` names no commit.
    #[error("`promotion.since` is `{revision}`, which is no commit and no tag of this repository")]
    UnknownSince {
        /// What it says.
        revision: String,
    },
    /// Traffic cannot be moved.
    #[error(transparent)]
    Traffic(Box<ShiftError>),
    /// The content of these files is not here: fetch them and ask again.
    #[error("{} files have still to be fetched", .0.len())]
    Unknown(BTreeSet<RepoPath>),
}

impl PlanError {
    /// The same error with what another step lacks as well. A fault stands whatever files are missing.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown(mut paths), Self::Unknown(more)) => {
                paths.extend(more);
                Self::Unknown(paths)
            }
            (Self::Unknown(_), fault) | (fault, _) => fault,
        }
    }

    /// The place a person has to edit, if one is known.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Read { at, .. }
            | Self::Edit { at, .. }
            | Self::NotText { at }
            | Self::SymlinkedOverlay { at, .. }
            | Self::NoKustomization { at }
            | Self::KeepInSymlink { at }
            | Self::TooManyKept { at, .. }
            | Self::SymlinkOutside { at, .. }
            | Self::InTheWay { at, .. }
            | Self::Unlike { at, .. }
            | Self::NoTarget { at }
            | Self::OutsideTarget { at } => Some(at),
            Self::Build { at, .. } => at.as_deref(),
            Self::Told(told) => told.at.as_ref(),
            Self::Traffic(error) => error.location(),
            Self::UnknownEnvironment { .. }
            | Self::UnknownApplication { .. }
            | Self::WhichApplication { .. }
            | Self::Lacking { .. }
            | Self::NotAllowed { .. }
            | Self::HistoryCutOff { .. }
            | Self::UnknownSince { .. }
            | Self::Stopped { .. }
            | Self::Unknown(_) => None,
        }
    }

    /// Whether what was asked for is no promotion of this repository, though nothing is broken.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Told(ToldError { is_refusal: true, .. })
                | Self::UnknownEnvironment { .. }
                | Self::UnknownApplication { .. }
                | Self::WhichApplication { .. }
                | Self::Lacking { .. }
                | Self::NotAllowed { .. }
                | Self::Traffic(_)
        )
    }

    /// A build that failed.
    #[must_use]
    pub fn build(environment: &Environment, state: BuildState, source: BuildError) -> Self {
        match source {
            BuildError::Unknown(paths) => Self::Unknown(paths),
            source => {
                let environment = environment.name.clone();
                let at = source.location().map(|at| match state {
                    BuildState::Now => Box::new(at.clone()),
                    BuildState::AfterPromotion => Box::new(Location::file(at.path.clone())),
                });
                Self::Build { environment, state, at, source: Box::new(source) }
            }
        }
    }

    /// An edit that failed in the file of `at`.
    pub(super) fn edit(at: &Location, source: EditError) -> Self {
        let at = match source.position() {
            Some(position) => at.clone().at(position),
            None => at.clone(),
        };
        Self::Edit { at, source }
    }
}

impl From<ShiftError> for PlanError {
    fn from(error: ShiftError) -> Self {
        match error {
            ShiftError::Unknown(paths) => Self::Unknown(paths),
            error => Self::Traffic(Box::new(error)),
        }
    }
}

/// Which of the builds of a plan failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildState {
    /// As the files are.
    Now,
    /// With the edits of the promotion.
    AfterPromotion,
}

impl fmt::Display for BuildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now => "",
            Self::AfterPromotion => " after the promotion",
        })
    }
}

/// More names than this are no help in a message.
const MOST_NAMES: usize = 30;

/// The name that somebody may have meant, in words.
fn meant<T: fmt::Display>(name: &str, known: &[T]) -> String {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    nearest(name, &known).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
}

fn list<T: fmt::Display>(names: &[T]) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let names: Vec<String> =
        names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        _ if more > 0 => format!("{} and {more} more", names.join(", ")),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

fn only_from(names: &[EnvironmentName]) -> String {
    if names.is_empty() {
        return "nor from any other environment: it is the first".to_owned();
    }
    format!("only from {}", list(names))
}
