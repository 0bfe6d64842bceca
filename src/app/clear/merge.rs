//! Merging a promotion that nothing holds, once.

use crate::clearance::{Holds, MergeDecision, MergeMethod, MergeSituation, Release, may_merge};
use crate::github::{GithubError, Merged, NewMerge, PullRequest, PullRequestState, Queued};
use crate::model::CommitSha;
use crate::store::{End, Millis, NewJob, PromotionState};

use super::super::job::{After, Job, Look};
use super::super::standing::Standing;
use super::super::work::Stop;
use super::clearing::Clearing;

/// How soon we look again after the default branch moved.
const SOON_MS: Millis = 5_000;

/// How soon we try again where GitHub's rules do not allow a merge; what makes them allow it nearly always
/// tells us of itself.
const REFUSED_MS: Millis = 10 * 60_000;

impl Clearing<'_> {
    /// Merges, if everything that is there right now allows it; returns what follows.
    pub(super) async fn merge(
        &mut self,
        standing: &mut Standing,
        holds: &Holds,
    ) -> Result<Vec<NewJob>, Stop> {
        let Some(found) = self.repository.fetch_pull_request(self.number).await? else {
            return Ok(Vec::new());
        };
        match &found.state {
            PullRequestState::Open => {}
            // An answer that was lost, or somebody was faster.
            PullRequestState::Merged(commit) => return self.merged(commit.as_ref()).await,
            PullRequestState::Closed => return Ok(Vec::new()),
        }
        let tip = self.repository.fetch_tip(self.base).await?;
        let situation = MergeSituation {
            merge: self.who_merges(standing),
            holds,
            is_the_judged_one: found.head == self.record.head_commit
                && found.base_branch == self.base.as_str(),
            is_base_unmoved: tip.as_ref() == Some(&self.commit),
            is_draft: found.draft,
            changes_requested: self.repository.are_changes_requested(self.number).await?,
            conflicts: found.mergeable == Some(false),
        };
        match may_merge(&situation) {
            MergeDecision::Merge => self.merge_now(standing, &found).await,
            MergeDecision::LeaveToPeople => Ok(Vec::new()),
            MergeDecision::Wait(because) => {
                tracing::info!(pull_request = self.number.get(), because, "not merged yet");
                if situation.is_base_unmoved {
                    return Ok(Vec::new());
                }
                // Whatever moved there is looked at first; then it is planned again, or not.
                let look = Look { place: self.job.place.clone(), moved: None, pushed: false };
                let soon = self.work.app.clock.now() + SOON_MS;
                Ok(vec![self.work.follow_up(&Job::Look(look)), self.again(soon)])
            }
        }
    }

    async fn merge_now(
        &mut self,
        standing: &mut Standing,
        found: &PullRequest,
    ) -> Result<Vec<NewJob>, Stop> {
        let head = self.record.head_commit.clone();
        // Whoever may pass by the queue does not do so for that.
        if self.repository.fetch_branch_rules(self.base).await?.merge_queue {
            return self.enter_queue(standing, &head, "the merge queue cannot be reached").await;
        }
        let (title, message) = self.message(standing, found).await?;
        let new = NewMerge {
            number: self.number,
            head: &head,
            method: self.target.pull_request.merge_method.as_str(),
            title: title.as_deref(),
            message: message.as_deref(),
        };
        self.work.hold().await?;
        match self.repository.merge_pull_request(&new).await {
            Ok(Merged::Yes(commit)) => {
                self.work.attempt.progressed();
                self.merged(commit.as_ref()).await
            }
            Ok(Merged::HeadMoved) => Ok(Vec::new()),
            // A queue of the older protection says so in words alone.
            Ok(Merged::NotAllowed(words)) => self.enter_queue(standing, &head, &words).await,
            Err(GithubError::Forbidden { message, .. }) => self.refused(standing, message).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Puts it into the branch's merge queue; without one, GitHub does not merge it for the reason given.
    async fn enter_queue(
        &self,
        standing: &mut Standing,
        head: &CommitSha,
        otherwise: &str,
    ) -> Result<Vec<NewJob>, Stop> {
        self.work.hold().await?;
        let was_there = standing.queued.as_deref() == Some(head.as_str());
        match self.repository.enter_merge_queue(self.number, head, was_there).await? {
            Queued::Yes => {
                tracing::info!(pull_request = self.number.get(), "it is in the merge queue");
                standing.queued = Some(head.as_str().to_owned());
                standing.refused = None;
                self.work.app.note_standing(&self.record.id, standing).await?;
                // It may leave the queue without a word to us.
                Ok(vec![self.again(self.work.app.clock.now() + REFUSED_MS)])
            }
            Queued::NoQueue => self.refused(standing, otherwise.to_owned()).await,
            Queued::Left => {
                let words = "it left the merge queue; a person can put it in again";
                self.refused(standing, words.to_owned()).await
            }
            Queued::Refused(words) => self.refused(standing, words).await,
        }
    }

    /// What is held leaves the queue that we put it into.
    pub(super) async fn leave_queue(&self, standing: &mut Standing) -> Result<(), Stop> {
        if standing.queued.is_none() {
            return Ok(());
        }
        self.work.hold().await?;
        self.repository.leave_merge_queue(self.number).await?;
        standing.queued = None;
        Ok(self.work.app.note_standing(&self.record.id, standing).await?)
    }

    /// GitHub's rules do not allow it: that is told, and tried again when something changes.
    async fn refused(&self, standing: &mut Standing, words: String) -> Result<Vec<NewJob>, Stop> {
        tracing::info!(pull_request = self.number.get(), because = words, "GitHub does not merge");
        standing.refused = Some((self.record.head_commit.to_string(), words));
        self.work.app.note_standing(&self.record.id, standing).await?;
        Ok(vec![self.again(self.work.app.clock.now() + REFUSED_MS)])
    }

    /// Notes the merge; the next environment begins with a look at the default branch.
    async fn merged(&self, commit: Option<&CommitSha>) -> Result<Vec<NewJob>, Stop> {
        let now = self.work.app.clock.now();
        let end = End {
            state: PromotionState::Merged,
            because: None,
            merged_as: commit,
            merged_by: Some("Overlift"),
        };
        let place = &self.job.place;
        let store = &self.work.app.store;
        store.end_promotion(&place.key(), self.number, &end, now).await?;
        if let Some(plan) = &self.record.undoes {
            store.note_undone(&place.key(), plan, now).await?;
        }
        tracing::info!(pull_request = self.number.get(), target = %self.target.name, "merged");
        let look = Look { place: place.clone(), moved: None, pushed: true };
        let after = After { place: place.clone(), number: self.number.get() };
        Ok(vec![self.work.follow_up(&Job::Look(look)), self.work.follow_up(&Job::After(after))])
    }

    /// Title and message of the commit, where GitHub's own would lose something: the trailers in a squash,
    /// and who released the promotion.
    async fn message(
        &self,
        standing: &Standing,
        found: &PullRequest,
    ) -> Result<(Option<String>, Option<String>), Stop> {
        let release = standing.released(self.record.head_commit.as_str());
        let released = release.as_ref().map(record_of);
        match self.target.pull_request.merge_method {
            MergeMethod::Rebase => Ok((None, None)),
            MergeMethod::Merge => {
                let message = released.map(|released| format!("{}\n\n{released}", found.title));
                Ok((None, message))
            }
            MergeMethod::Squash => {
                let commit = self.repository.fetch_commit(&found.head).await?;
                let message = commit.map_or(String::new(), |commit| commit.message);
                let rest = message.split_once('\n').map_or("", |(_, rest)| rest);
                let rest = rest.trim_matches('\n');
                let message = match released {
                    // Before the trailers, which are the last paragraph.
                    Some(released) => format!("{released}\n\n{rest}"),
                    None => rest.to_owned(),
                };
                Ok((Some(format!("{} ({})", found.title, self.number)), Some(message)))
            }
        }
    }
}

/// A release as a commit message keeps it; a name in it mentions nobody.
fn record_of(release: &Release) -> String {
    let reason: String = release.reason.replace(['\n', '\r'], " ");
    format!("Released by {}: {}", release.by, reason.replace('@', "@\u{200b}"))
}
