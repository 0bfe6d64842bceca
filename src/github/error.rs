//! What can go wrong between us and GitHub, and whether trying again may help.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{BranchName, RepoName};
use crate::outbound::OutboundError;

/// Why a request to GitHub did not do what it should. `request` is our verb for it, such as
/// `create the branch`, so that a message reads *could not create the branch: …*.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GithubError {
    /// The connection failed or was cut. A write may have happened all the same.
    #[error("could not {request}: no answer from GitHub")]
    NoAnswer {
        /// What we asked for.
        request: &'static str,
        /// The transport's words.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time. A write may have happened all the same.
    #[error("could not {request}: no answer from GitHub in {seconds} s")]
    TooSlow {
        /// What we asked for.
        request: &'static str,
        /// How long we waited.
        seconds: u64,
    },
    /// GitHub has a fault (5xx), or refuses without one of the reasons we know.
    #[error("could not {request}: GitHub answers {status}{}", text_of(message))]
    Unavailable {
        /// What we asked for.
        request: &'static str,
        /// The HTTP status.
        status: u16,
        /// GitHub's words, cut and scrubbed.
        message: String,
        /// How long GitHub asks us to wait.
        after: Option<Duration>,
    },
    /// A rate limit, primary or secondary; also when we know of one and did not even ask.
    #[error("could not {request}: GitHub's rate limit is used up")]
    RateLimited {
        /// What we asked for.
        request: &'static str,
        /// How long to wait, if GitHub says so.
        after: Option<Duration>,
    },
    /// The credential is wrong, expired or revoked.
    #[error("could not {request}: GitHub does not accept the credential{}", text_of(message))]
    Unauthorized {
        /// What we asked for.
        request: &'static str,
        /// GitHub's words, cut and scrubbed.
        message: String,
    },
    /// The credential is good but lacks a permission.
    #[error("could not {request}: the credential lacks the permission{}", text_of(message))]
    Forbidden {
        /// What we asked for.
        request: &'static str,
        /// GitHub's words, cut and scrubbed.
        message: String,
    },
    /// There is no such thing, or we may not know of it.
    #[error("could not {request}: GitHub knows no such thing, or hides it from this credential")]
    NotFound {
        /// What we asked for.
        request: &'static str,
    },
    /// The request contradicts the state of the repository (409, 422).
    #[error("could not {request}: GitHub refuses{}", text_of(message))]
    Refused {
        /// What we asked for.
        request: &'static str,
        /// The HTTP status.
        status: u16,
        /// GitHub's words, cut and scrubbed.
        message: String,
    },
    /// An answer that is not what GitHub documents: a proxy's page, or content with another hash.
    #[error("could not {request}: the answer makes no sense: {reason}")]
    BadAnswer {
        /// What we asked for.
        request: &'static str,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// An answer larger than we are ready to hold.
    #[error("could not {request}: the answer has more than {limit_bytes} bytes")]
    TooLarge {
        /// What we asked for.
        request: &'static str,
        /// What we hold at most.
        limit_bytes: usize,
    },
    /// A list or a history that goes on for longer than we read.
    #[error("could not {request}: it goes on for too long")]
    TooLong {
        /// What we asked for.
        request: &'static str,
    },
    /// The branch is not where we left it: somebody else moved it.
    #[error("the branch `{branch}` was moved by somebody else")]
    BranchMoved {
        /// The branch.
        branch: BranchName,
    },
    /// The App is not installed on this repository.
    #[error("the App is not installed on `{repository}`")]
    NotInstalled {
        /// The repository.
        repository: RepoName,
    },
    /// The settings cannot be used.
    #[error("{reason}")]
    Settings {
        /// What is wrong, without the value.
        reason: String,
    },
}

fn text_of(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

/// Whether and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It will be the same next time.
    Never,
    /// Soon, and later each time.
    Backoff,
    /// Not before this has passed; GitHub said so.
    After(Duration),
}

impl GithubError {
    /// Whether and when to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        let or_backoff = |after: &Option<Duration>| after.map_or(Retry::Backoff, Retry::After);
        match self {
            Self::Unavailable { after, .. } | Self::RateLimited { after, .. } => or_backoff(after),
            Self::NoAnswer { .. }
            | Self::TooSlow { .. }
            | Self::BadAnswer { .. }
            | Self::BranchMoved { .. }
            | Self::Refused { status: 409, .. } => Retry::Backoff,
            Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::NotInstalled { .. }
            | Self::Settings { .. } => Retry::Never,
        }
    }

    /// Whether a person has to change something about the network first. A service tries again all the
    /// same, since whoever does that does not think of starting it anew; a person who waits is told at once.
    #[must_use]
    pub fn wants_a_person(&self) -> bool {
        let Self::NoAnswer { source, .. } = self else { return false };
        source.downcast_ref::<OutboundError>().is_some_and(OutboundError::wants_a_person)
    }

    /// Whether a write may have happened although it failed for us: the way to know is to ask.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::TooSlow { .. } | Self::BadAnswer { .. } => true,
            Self::Unavailable { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Whether GitHub's refusal has these words in it.
    pub(super) fn says(&self, words: &str) -> bool {
        matches!(self, Self::Refused { message, .. } if message.contains(words))
    }
}

/// Turns *no such thing* into `None`.
pub(super) fn found<T>(result: Result<T, GithubError>) -> Result<Option<T>, GithubError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(GithubError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Turns what the credential may not see, or nobody has, into `None`.
pub(super) fn visible<T>(result: Result<T, GithubError>) -> Result<Option<T>, GithubError> {
    match result {
        Err(GithubError::Forbidden { .. }) => Ok(None),
        result => found(result),
    }
}

/// An answer that GitHub does not give.
pub(super) fn bad(request: &'static str, reason: &dyn std::fmt::Display) -> GithubError {
    GithubError::BadAnswer { request, reason: reason.to_string() }
}
