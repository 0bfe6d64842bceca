//! What a promotion is while it runs, and how it ends.

use super::super::causes::chain;
use super::super::given_configuration::GivenConfiguration;
use super::super::snapshot::Snapshot;
use super::records::Records;
use crate::github::{PullRequest, Repository};
use crate::model::{BranchName, CommitSha, Location, PullRequestNumber};
use crate::promotion::{Intent, Key, Plan, PlanError, Request, Stepping, Undoing};
use crate::store::PromotionRecord;

/// How a promotion ended.
#[derive(Debug)]
pub(in super::super) enum Ended {
    /// A pull request was opened.
    Created(Shown),
    /// The open one was brought up to date.
    Updated(Shown),
    /// The open one shows this plan already.
    Unchanged(Shown),
    /// The open one was closed, since nothing is left.
    Closed(Shown),
    /// There is nothing to promote.
    Nothing,
    /// A person closed exactly this.
    Declined,
    /// Somebody else's commits are on the branch; the pull request, if one is open.
    Foreign(Option<Shown>),
    /// It stands for several, each of an application.
    Several(Vec<Key>),
    /// It cannot be asked for like that: environments that do not exist, or not in this direction.
    Refused(String),
    /// The configuration or an overlay is broken.
    Broken { because: String, at: Option<Location> },
}

/// A pull request that shows a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Shown {
    pub(super) number: PullRequestNumber,
    /// Its page; `None` if only our notes tell of it.
    pub(super) url: Option<String>,
    /// The last commit of its branch.
    pub(super) head: Option<CommitSha>,
}

impl Shown {
    pub(in super::super) fn of(pull_request: &PullRequest) -> Self {
        let PullRequest { number, url, head, .. } = pull_request;
        Self { number: *number, url: Some(url.clone()), head: Some(head.clone()) }
    }

    /// Its number.
    pub(in super::super) const fn number(&self) -> PullRequestNumber {
        self.number
    }

    pub(in super::super) fn with_head(self, head: &CommitSha) -> Self {
        Self { head: Some(head.clone()), ..self }
    }
}

impl Ended {
    /// Whether an open pull request shows it.
    pub(in super::super) const fn shows(&self) -> bool {
        matches!(self, Self::Created(_) | Self::Updated(_) | Self::Unchanged(_))
    }

    pub(in super::super) const fn outcome(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Updated(_) => "updated",
            Self::Unchanged(_) => "unchanged",
            Self::Closed(_) => "closed",
            Self::Nothing | Self::Declined => "none",
            Self::Foreign(_) => "foreign",
            Self::Several(_) => "several",
            Self::Refused(_) => "refused",
            Self::Broken { .. } => "failed",
        }
    }

    pub(in super::super) const fn shown(&self) -> Option<&Shown> {
        match self {
            Self::Created(shown)
            | Self::Updated(shown)
            | Self::Unchanged(shown)
            | Self::Closed(shown) => Some(shown),
            Self::Foreign(shown) => shown.as_ref(),
            Self::Nothing
            | Self::Declined
            | Self::Several(_)
            | Self::Refused(_)
            | Self::Broken { .. } => None,
        }
    }
}

/// What is asked for, whoever asks.
pub(in super::super) struct Wanted<'a> {
    pub(super) key: &'a Key,
    pub(super) request: Request,
    /// Whether what we remember of the branch may be wrong, so that GitHub is asked.
    pub(super) asks_github: bool,
    /// Whether everything that differs is to come over.
    pub(super) all: bool,
    /// A configuration in place of the repository's own.
    pub(super) given: Option<&'a GivenConfiguration>,
}

/// A promotion with all that is needed to decide and carry it out.
pub(in super::super) struct Promotion<'a> {
    pub(super) records: Records<'a>,
    pub(super) repository: &'a Repository,
    /// The default branch.
    pub(super) base: &'a BranchName,
    pub(super) snapshot: Snapshot,
    pub(super) given: Option<&'a GivenConfiguration>,
    pub(super) plan: Plan,
    /// What the edited files are now.
    pub(super) base_digest: String,
    /// The head branch.
    pub(super) branch: BranchName,
    pub(super) request: Request,
    /// Whether what we remember of the branch may be wrong, so that GitHub is asked.
    pub(super) asks_github: bool,
    /// Whether everything that differs comes over.
    pub(super) all: bool,
    /// Whether exactly this plan was undone.
    pub(super) undone: bool,
    /// What it is for.
    pub(super) intent: Intent,
    /// The promotion that it takes back, of one that undoes.
    pub(super) undoing: Option<Undoing>,
    /// The step that it takes, of one that does that.
    pub(super) stepping: Option<Stepping>,
    /// The body as it was written last, if it was.
    pub(super) body: Option<String>,
    /// What we did last for this pair.
    pub(super) record: Option<PromotionRecord>,
}

pub(in super::super) fn unplannable(error: &PlanError) -> Ended {
    match error.is_refusal() {
        true => Ended::Refused(error.to_string()),
        false => broken(error, error.location()),
    }
}

/// The promotion's own branch is the one it is to be merged into.
pub(in super::super) fn would_be_pushed_to(base: &BranchName) -> Ended {
    let because = format!(
        "`pullRequest.branch` is `{base}`, the default branch, which is never pushed to; give promotions a \
         branch of their own, such as `promote/{{{{ source }}}}-to-{{{{ target }}}}`"
    );
    Ended::Broken { because, at: None }
}

pub(in super::super) fn broken(error: &dyn std::error::Error, at: Option<&Location>) -> Ended {
    Ended::Broken { because: chain(error), at: at.cloned() }
}
