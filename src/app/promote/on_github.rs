//! A promotion on GitHub that somebody runs once, with a token and without a queue: the command's and the
//! Action's way to a pull request. What is decided and in which order it is written is the service's.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{CONFIG_PATH, RepositoryConfig};
use crate::github::{
    Authentication, Github, GithubError, GithubSettings, PullRequest, Retry, Search,
};
use crate::model::{BranchName, CommitSha, Location, PullRequestNumber, RepoName, RepoPath};
use crate::promotion::{Intent, Key, Plan, Request, Wanted as Asked, step_branch};
use crate::redact::Credential;

use super::super::causes::chain;
use super::super::given_configuration::GivenConfiguration;
use super::super::holds_check::{ShownHold, read_check};
use super::super::local::Workspace;
use super::super::snapshot::Snapshot;
use super::super::standing::check_of;
use super::super::work::Stop;
use super::super::{Clock, worker};
use super::records::Records;
use super::values::{Ended, Promotion, Shown, Wanted};
use super::without_store::OnGithub;

/// What is kept of trees and files meanwhile.
const CACHE_BYTES: u64 = 256 << 20;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whoever runs us waits: after so many failures of GitHub's, or for longer than this, it is not tried again.
const MOST_ATTEMPTS: u32 = 6;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What promotions of a repository on GitHub follow.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The default branch.
    pub branch: BranchName,
    /// The text of its `.github/overlift.yaml`, if it has one.
    pub configuration: Option<Arc<[u8]>>,
}

/// What is to be promoted.
#[derive(Clone, Debug)]
pub struct PromoteRequest {
    /// Which promotion.
    pub key: Key,
    /// A configuration in place of the repository's own.
    pub configuration: Option<GivenConfiguration>,
    /// Why: a push respects what a person closed, somebody who asks gets it again.
    pub request: Request,
    /// Whether to stop before the first write.
    pub dry_run: bool,
}

impl PromoteRequest {
    /// What somebody asks for: it is carried out even if a person closed the same before.
    #[must_use]
    pub const fn asked(key: Key) -> Self {
        Self { key, configuration: None, request: Request::Asked, dry_run: false }
    }
}

/// What became of a promotion.
#[derive(Debug)]
pub struct Promoted {
    /// What was done to the pull request.
    pub operation: Operation,
    /// Its number, if there is one.
    pub number: Option<PullRequestNumber>,
    /// Its page, if there is one.
    pub url: Option<String>,
    /// Its head branch, there or not.
    pub branch: BranchName,
    /// That branch's last commit, if there is a pull request.
    pub head_sha: Option<CommitSha>,
    /// The plan, made on the default branch's head.
    pub plan: Plan,
}

/// What was done to a promotion's pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It was opened.
    Created,
    /// It was brought up to date.
    Updated,
    /// It shows this plan already.
    Unchanged,
    /// It was closed, since nothing is left to promote.
    Closed,
    /// Nothing: nothing to promote, closed by a person before, or a dry run.
    None,
}

impl Operation {
    /// The word that the Action puts out.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Closed => "closed",
            Self::None => "none",
        }
    }

    /// What was done, and the pull request that shows it; how else it ended.
    pub(super) fn of(ended: Ended) -> Result<(Self, Option<Shown>), Ended> {
        Ok(match ended {
            Ended::Created(shown) => (Self::Created, Some(shown)),
            Ended::Updated(shown) => (Self::Updated, Some(shown)),
            Ended::Unchanged(shown) => (Self::Unchanged, Some(shown)),
            Ended::Closed(shown) => (Self::Closed, Some(shown)),
            Ended::Nothing | Ended::Declined => (Self::None, None),
            other => return Err(other),
        })
    }
}

/// A promotion's pull request that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPromotion {
    /// Which promotion.
    pub key: Key,
    /// Its number.
    pub number: PullRequestNumber,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What holds it, as its check says; `None` if nobody shows it.
    pub holds: Option<Vec<ShownHold>>,
}

/// Why a promotion on GitHub fails.
#[derive(Debug, thiserror::Error)]
pub enum OnGithubError {
    /// GitHub does not do what it should.
    #[error(transparent)]
    Github(#[from] GithubError),
    /// There is no such branch as the default branch.
    #[error("`{repository}` has no commit on its default branch `{branch}`")]
    NoCommit {
        /// The repository.
        repository: RepoName,
        /// The branch.
        branch: BranchName,
    },
    /// It cannot be asked for like that: environments that do not exist, or not in this direction.
    #[error("{0}")]
    Refused(String),
    /// The configuration or an overlay is broken.
    #[error("{because}")]
    Broken {
        /// What is wrong, with its place.
        because: String,
        /// The place.
        at: Option<Location>,
    },
    /// Somebody else's commits are on the promotion's branch.
    #[error(
        "the branch `{branch}` has commits that are not Overlift's{}; it was left alone",
        of_pull_request(*.pull_request)
    )]
    Foreign {
        /// The branch.
        branch: BranchName,
        /// The pull request that is open from it.
        pull_request: Option<PullRequestNumber>,
    },
}

fn of_pull_request(number: Option<PullRequestNumber>) -> String {
    number.map_or(String::new(), |number| format!(" (pull request {number})"))
}

impl OnGithub {
    /// Checks address and token; nothing is sent yet. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`OnGithubError::Github`] if one of them cannot be used.
    pub async fn open(
        api_url: &str,
        token: &Credential,
        repository: &RepoName,
    ) -> Result<Self, OnGithubError> {
        let github = Github::new(&GithubSettings {
            api_url: api_url.to_owned(),
            authentication: Authentication::Token(token.clone()),
            cache_directory: None,
            cache_bytes: CACHE_BYTES,
            now: Clock::time_of_day,
            timeout: PATIENCE,
        })?;
        let repository = github.repository(repository, None).await?;
        Ok(Self { github, clock: Clock::system(), repository, local: None })
    }

    /// The same with a checkout at hand: files that it has are not fetched.
    #[must_use]
    pub fn with_checkout(self, local: Arc<Workspace>) -> Self {
        Self { local: Some(local), ..self }
    }

    /// Asks for the branch that promotions are planned on and proposed to.
    ///
    /// # Errors
    /// [`OnGithubError::Github`]; what GitHub may do later was tried several times.
    pub async fn fetch_default_branch(&self) -> Result<BranchName, OnGithubError> {
        patiently(async || Ok(self.repository.fetch_default_branch().await?)).await
    }

    /// The default branch, and the configuration that its head has: what promotions follow.
    ///
    /// # Errors
    /// [`OnGithubError`]; what GitHub may do later was tried several times.
    pub async fn fetch_basis(&self) -> Result<Basis, OnGithubError> {
        patiently(async || {
            let branch = self.repository.fetch_default_branch().await?;
            let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
            let configuration = self.snapshot(&branch).await?.text(&path).await?;
            Ok(Basis { branch, configuration })
        })
        .await
    }

    /// The promotions that are asked for, by the configuration of the default branch's head.
    ///
    /// # Errors
    /// [`OnGithubError`] if one of them is none.
    pub async fn keys(
        &self,
        wanted: &Asked,
        given: Option<&GivenConfiguration>,
    ) -> Result<Vec<Key>, OnGithubError> {
        patiently(async || {
            let base = self.repository.fetch_default_branch().await?;
            let mut snapshot = self.snapshot(&base).await?;
            let configuration = snapshot.configuration(given).await?;
            let configuration = configuration.map_err(|error| OnGithubError::Broken {
                because: chain(&error),
                at: error.location().cloned(),
            })?;
            let keys = configuration.pipeline.wanted(wanted);
            keys.map_err(|error| OnGithubError::Refused(error.to_string()))
        })
        .await
    }

    /// Plans a promotion on the default branch's head and carries it out.
    ///
    /// Running it twice, or cut off at any point and run again, leads to the same one pull request.
    ///
    /// # Errors
    /// [`OnGithubError`]; what GitHub may do later was tried several times.
    pub async fn promote(&self, request: &PromoteRequest) -> Result<Promoted, OnGithubError> {
        patiently(async || Box::pin(self.attempt(request)).await).await
    }

    async fn attempt(&self, request: &PromoteRequest) -> Result<Promoted, OnGithubError> {
        let wanted = Wanted {
            key: &request.key,
            request: request.request,
            asks_github: false,
            all: false,
            given: request.configuration.as_ref(),
        };
        let base = self.repository.fetch_default_branch().await?;
        let snapshot = self.snapshot(&base).await?;
        let records = Records::Nowhere(self);
        let prepared =
            Promotion::prepare(records, &self.repository, &base, snapshot, &wanted).await;
        let mut promotion = match prepared.map_err(only_github)? {
            Ok(promotion) => promotion,
            Err(ended) => return Err(error_of(ended, base.clone())),
        };
        let ended = if request.dry_run {
            Ended::Nothing
        } else {
            promotion.settle().await.map_err(only_github)?
        };
        let (operation, shown) = match Operation::of(ended) {
            Ok(done) => done,
            Err(ended) => return Err(error_of(ended, promotion.branch)),
        };
        let Promotion { branch, plan, .. } = promotion;
        let (number, url, head_sha) = match shown {
            Some(Shown { number, url, head }) => (Some(number), url, head),
            None => (None, None, None),
        };
        Ok(Promoted { operation, number, url, branch, head_sha, plan })
    }

    pub(super) async fn snapshot(&self, base: &BranchName) -> Result<Snapshot, OnGithubError> {
        let head = self.repository.fetch_head(base).await?;
        let head = head.ok_or_else(|| OnGithubError::NoCommit {
            repository: self.repository.name().clone(),
            branch: base.clone(),
        })?;
        let snapshot = Snapshot::open(&self.repository, &head.sha, &head.tree).await?;
        Ok(snapshot.with_local(self.local.clone()))
    }

    /// The promotions that are open, in the order of the pipeline.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn open_promotions(
        &self,
        configuration: &RepositoryConfig,
    ) -> Result<Vec<OpenPromotion>, OnGithubError> {
        let base = self.repository.fetch_default_branch().await?;
        let mut promotions = Vec::new();
        for (source, target) in configuration.pipeline.pairs() {
            let key = target.key_from(&source.name);
            let mut branches = vec![(key.clone(), target.pull_request.branch(&key))];
            if !target.rollouts.is_empty() {
                branches.push((key.clone().with(Intent::Step), step_branch(&key)));
            }
            for (key, branch) in branches {
                let Ok(branch) = branch else { continue };
                promotions.extend(self.open_from(&branch, &base, key).await?);
            }
        }
        // Several sources may lead to one target, whose steps are the same.
        promotions.dedup_by(|a, b| a.number == b.number);
        Ok(promotions)
    }

    /// The open pull request of a branch, with what holds it.
    async fn open_from(
        &self,
        branch: &BranchName,
        base: &BranchName,
        key: Key,
    ) -> Result<Option<OpenPromotion>, OnGithubError> {
        let found = self.repository.find_pull_requests(branch, base, Search::Open).await?;
        let Some(PullRequest { number, url, title, head, .. }) = found.into_iter().next() else {
            return Ok(None);
        };
        let name = check_of(key.target.as_str());
        let check = self.repository.fetch_check(&head, &name).await?;
        let holds = check.and_then(|(title, summary)| read_check(&title, &summary));
        Ok(Some(OpenPromotion { key, number, url, title, holds }))
    }
}

/// Tries again what GitHub may do later.
pub(super) async fn patiently<T>(
    mut attempt: impl AsyncFnMut() -> Result<T, OnGithubError>,
) -> Result<T, OnGithubError> {
    let mut attempts = 1;
    loop {
        let error = match attempt().await {
            Err(OnGithubError::Github(error)) => error,
            result => return result,
        };
        let prescribed = match error.retry() {
            Retry::Never => return Err(error.into()),
            _ if error.wants_a_person() => return Err(error.into()),
            Retry::Backoff => None,
            Retry::After(pause) => Some(pause),
        };
        if attempts >= MOST_ATTEMPTS || prescribed.is_some_and(|pause| pause > LONGEST_PAUSE) {
            return Err(error.into());
        }
        tracing::warn!(error = %chain(&error), attempts, "trying again");
        tokio::time::sleep(worker::pause(attempts, prescribed)).await;
        attempts += 1;
    }
}

pub(super) fn only_github(stop: Stop) -> OnGithubError {
    match stop {
        Stop::Github(error) => error.into(),
        Stop::Store(error) => unreachable!("without a store: {error}"),
    }
}

/// Why there is no pull request that takes a step or something back.
pub(super) fn error_of_edits(ended: Ended) -> OnGithubError {
    match ended {
        Ended::Refused(because) => OnGithubError::Refused(because),
        Ended::Broken { because, at } => OnGithubError::Broken { because, at },
        _ => {
            let because = "the branch has commits that are not Overlift's; it was left alone";
            OnGithubError::Refused(because.to_owned())
        }
    }
}

fn error_of(ended: Ended, branch: BranchName) -> OnGithubError {
    match ended {
        Ended::Refused(because) => OnGithubError::Refused(because),
        Ended::Several(keys) => {
            let names: Vec<&str> = keys.iter().map(Key::application).collect();
            let names = names.join("`, `");
            OnGithubError::Refused(format!(
                "environments belong to applications; name one of `{names}`"
            ))
        }
        Ended::Broken { because, at } => OnGithubError::Broken { because, at },
        Ended::Foreign(shown) => {
            OnGithubError::Foreign { branch, pull_request: shown.map(|shown| shown.number) }
        }
        other => unreachable!("no error: {other:?}"),
    }
}
