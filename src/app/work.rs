//! What a job is done with: the application, the attempt it is, and why it stops.

use super::App;
use super::job::{Job, RepositoryAddress};
use super::worker::{Attempt, LEASE_MS};
use crate::github::{GithubError, Repository, TreeSha};
use crate::model::{BranchName, CommitSha, InstallationId, RepoName};
use crate::store::{Millis, NewJob, PromotionRecord, StoreError};

/// Why a job stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// GitHub did not do what it should.
    #[error(transparent)]
    Github(#[from] GithubError),
    /// The store did not, or somebody else has the job.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One attempt at a job, with all it needs.
pub(super) struct Work {
    pub(super) app: App,
    pub(super) attempt: Attempt,
}

impl Work {
    /// Has to be called before each write on GitHub: proves that the job is still ours, and keeps it so for as
    /// long as a request can take.
    pub(super) async fn hold(&self) -> Result<(), Stop> {
        let until = self.app.clock.now() + LEASE_MS;
        Ok(self.app.store.extend_before_writing(self.attempt.lease(), until).await?)
    }

    /// Where the job plays, if in one repository.
    pub(super) fn place(&self) -> Option<RepositoryAddress> {
        Job::parse(&self.attempt.claim.payload).as_ref().and_then(Job::place).cloned()
    }

    /// A job that follows from this one.
    pub(super) fn follow_up(&self, job: &Job) -> NewJob {
        job.queue_for(self.app.clock.now(), self.attempt.claim.delivery.as_deref())
    }

    /// The same for later.
    pub(super) fn later(&self, job: &Job, at: Millis) -> NewJob {
        NewJob { run_at: at.max(self.app.clock.now()), ..self.follow_up(job) }
    }

    /// Writes a promotion down while the job is ours.
    pub(super) async fn write_down(&self, record: &PromotionRecord) -> Result<(), Stop> {
        let (lease, now) = (self.attempt.lease(), self.app.clock.now());
        Ok(self.app.store.record_promotion(lease, record, now).await?)
    }

    pub(super) async fn repository(&self, place: &RepositoryAddress) -> Result<Repository, Stop> {
        let name = RepoName::parse(&place.repository).map_err(|error| GithubError::BadAnswer {
            request: "find the repository",
            reason: error.to_string(),
        })?;
        let installation = place.installation.map(InstallationId);
        Ok(self.app.github.repository(&name, installation).await?)
    }

    /// The newest head of the default branch as it was looked at; GitHub is asked only if nobody looked yet.
    pub(super) async fn newest_head(
        &self,
        repository: &Repository,
        place: &RepositoryAddress,
        base: &BranchName,
    ) -> Result<Option<(CommitSha, TreeSha)>, Stop> {
        let known = self.app.store.repository(&place.key()).await?;
        if let Some(known) = known
            && let (Some(commit), Some(tree)) = (known.looked_at, known.looked_tree)
            && let (Ok(commit), Ok(tree)) = (CommitSha::parse(&commit), TreeSha::parse(&tree))
        {
            return Ok(Some((commit, tree)));
        }
        let head = repository.fetch_head(base).await?;
        Ok(head.map(|head| (head.sha, head.tree)))
    }

    /// The default branch: what the event said, else what we know, else what GitHub says.
    pub(super) async fn default_branch(
        &self,
        repository: &Repository,
        place: &RepositoryAddress,
    ) -> Result<BranchName, Stop> {
        let told = place.default_branch.as_deref().and_then(|name| BranchName::parse(name).ok());
        if let Some(told) = told {
            return Ok(told);
        }
        let known = self.app.store.repository(&place.key()).await?;
        let known = known.and_then(|known| known.default_branch);
        match known.and_then(|name| BranchName::parse(&name).ok()) {
            Some(known) => Ok(known),
            None => Ok(repository.fetch_default_branch().await?),
        }
    }
}
