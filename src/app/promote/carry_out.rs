//! Carrying a decision out.

use crate::github::{
    Ancestry, BranchCreation, Commit, GithubError, NewCommit, NewPullRequest, Opened, PullRequest,
    PullRequestChange, PullRequestState, Search,
};
use crate::model::{CommitSha, FileEdit, PullRequestNumber};
use crate::promotion::{Intent, Plan, Proposal};
use crate::store::{PromotionRecord, PromotionState};

use super::super::comment::{Topic, write_comment};
use super::super::fresh_id;
use super::super::work::Stop;
use super::records::Records;
use super::values::{Ended, Promotion, Shown};
use super::verdict;

/// How opening a pull request went.
pub(super) enum OpenAttempt {
    /// It is done, or cannot be.
    Ended(Ended),
    /// One is open that we did not know of.
    OneIsOpen(Box<PullRequest>),
}

impl Promotion<'_> {
    /// Makes commit and branch and opens a pull request.
    pub(super) async fn open(&mut self) -> Result<OpenAttempt, Stop> {
        let proposal = match self.proposal(None) {
            Ok(proposal) => proposal,
            Err(ended) => return Ok(OpenAttempt::Ended(ended)),
        };
        let before = self.record.clone();
        let commit = self.commit(&proposal).await?;
        self.note(&commit, None, PromotionState::Opening).await?;
        if !self.moved_from_last(before.as_ref(), &commit.sha).await? {
            self.records.hold().await?;
            match self.repository.create_branch(&self.branch, &commit.sha).await? {
                BranchCreation::Created => {}
                BranchCreation::Exists(tip) => {
                    if let Some(open) = self.find_open().await? {
                        return Ok(OpenAttempt::OneIsOpen(Box::new(open)));
                    }
                    if !self.may_take(&tip).await? {
                        return Ok(OpenAttempt::Ended(Ended::Foreign(None)));
                    }
                    self.move_branch(&tip, &commit.sha).await?;
                }
            }
        }
        self.records.progressed();
        self.records.hold().await?;
        let new = NewPullRequest {
            title: &proposal.title,
            body: &proposal.body,
            head: &self.branch,
            base: self.base,
            draft: proposal.draft,
        };
        match self.repository.open_pull_request(&new).await? {
            Opened::Created(opened) => {
                self.records.progressed();
                self.note(&commit, Some(opened.number), PromotionState::Opening).await?;
                self.body = Some(proposal.body.clone());
                self.publish_verdict(&commit.sha).await?;
                self.fill_in(&opened, &proposal, Newness::New).await?;
                self.note(&commit, Some(opened.number), PromotionState::Open).await?;
                let shown = Shown::of(&opened).with_head(&commit.sha);
                Ok(OpenAttempt::Ended(Ended::Created(shown)))
            }
            Opened::Exists(open) => Ok(OpenAttempt::OneIsOpen(Box::new(open))),
        }
    }

    /// Makes the commit anew, moves the branch, renews the texts.
    pub(super) async fn renew(&mut self, open: &PullRequest) -> Result<Ended, Stop> {
        let proposal = match self.proposal(Some(&open.body)) {
            Ok(proposal) => proposal,
            Err(ended) => return Ok(ended),
        };
        let commit = self.commit(&proposal).await?;
        self.note(&commit, Some(open.number), PromotionState::Opening).await?;
        self.move_branch(&open.head, &commit.sha).await?;
        self.records.progressed();
        self.publish_verdict(&commit.sha).await?;
        self.fill_in(open, &proposal, Newness::Old).await?;
        self.body = Some(proposal.body.clone());
        self.note(&commit, Some(open.number), PromotionState::Open).await?;
        Ok(Ended::Updated(Shown::of(open).with_head(&commit.sha)))
    }

    /// Sees to texts, labels and reviewers of a pull request whose commit is right.
    ///
    /// The texts name the commit that its plan was made on: that the default branch moved on since and left
    /// the plan as it is, is no reason to write.
    pub(super) async fn complete(
        &mut self,
        open: &PullRequest,
        made_on: Option<&CommitSha>,
    ) -> Result<Ended, Stop> {
        let commit = made_on.or(self.plan.commit.as_ref()).cloned();
        let plan = Plan { commit, ..self.plan.clone() };
        let proposal = match self.proposal_of(&plan, Some(&open.body)) {
            Ok(proposal) => proposal,
            Err(ended) => return Ok(ended),
        };
        if self.record.as_ref().is_some_and(|record| record.state == PromotionState::Opening) {
            self.publish_verdict(&open.head).await?;
        }
        let changed = self.fill_in(open, &proposal, Newness::Old).await?;
        self.body = Some(proposal.body.clone());
        self.remember_as_open(open).await?;
        let shown = Shown::of(open);
        Ok(if changed { Ended::Updated(shown) } else { Ended::Unchanged(shown) })
    }

    /// Closes the pull request with one comment that says why.
    pub(super) async fn close(&mut self, open: &PullRequest, foreign: bool) -> Result<Ended, Stop> {
        // Noted first: GitHub tells us of the closing too, and that would look like a person's.
        if let Some(record) = &self.record {
            let record =
                PromotionRecord { closed_because: Some("empty".to_owned()), ..record.clone() };
            self.write_down(record).await?;
        }
        self.records.hold().await?;
        let text = self.nothing_left();
        write_comment(self.records.github(), self.repository, open.number, Topic::Empty, &text)
            .await?;
        self.records.hold().await?;
        let change = PullRequestChange { close: true, ..PullRequestChange::default() };
        self.repository.change_pull_request(open.number, &change).await?;
        self.records.progressed();
        if !foreign {
            self.repository.delete_branch(&self.branch, &open.head).await?;
        }
        if let Some(record) = self.record.clone() {
            let record = PromotionRecord { state: PromotionState::Closed, ..record };
            self.write_down(record).await?;
        }
        Ok(Ended::Closed(Shown::of(open)))
    }

    /// Why the pull request is closed.
    fn nothing_left(&self) -> String {
        let (source, target) = (&self.plan.source.name, &self.plan.target.name);
        let (commit, closing) = (self.snapshot.commit.short(), "Closing this pull request.");
        match self.intent {
            Intent::Promote => format!(
                "Nothing is left to promote from `{source}` to `{target}`: as of {commit} the target has all of \
                 it. {closing}"
            ),
            Intent::Undo => {
                format!("Nothing is left to take back from `{target}` as of {commit}. {closing}")
            }
            Intent::Step => format!(
                "Nothing is left to move in `{target}`: as of {commit} its traffic is where this leads. {closing}"
            ),
        }
    }

    /// Says, once, that somebody else's commits are on the branch.
    pub(super) async fn tell_foreign(&self, open: &PullRequest) -> Result<Ended, Stop> {
        self.records.hold().await?;
        let text = "The branch of this pull request has commits that are not Overlift's, so it is left as it is: \
             newer changes of the source are not added.\n\n\
             `/promote` here makes the branch anew from the source and drops those commits.";
        write_comment(self.records.github(), self.repository, open.number, Topic::Foreign, text)
            .await?;
        Ok(Ended::Foreign(Some(Shown::of(open))))
    }

    async fn commit(&self, proposal: &Proposal) -> Result<Commit, Stop> {
        self.records.hold().await?;
        let edits: Vec<FileEdit> = self.plan.file_edits().cloned().collect();
        let new = NewCommit {
            parent: &self.snapshot.commit,
            tree: &self.snapshot.tree,
            edits: &edits,
            message: &proposal.commit_message,
        };
        Ok(self.repository.create_commit(&new).await?)
    }

    async fn move_branch(&self, from: &CommitSha, to: &CommitSha) -> Result<(), Stop> {
        self.records.hold().await?;
        Ok(self.repository.move_branch(&self.branch, from, to).await?)
    }

    async fn find_open(&self) -> Result<Option<PullRequest>, Stop> {
        let found =
            self.repository.find_pull_requests(&self.branch, self.base, Search::Open).await?;
        Ok(found.into_iter().next())
    }

    /// Moves the branch from where the last promotion left it; false if it is not there any more. Many
    /// repositories keep the branches of merged pull requests.
    async fn moved_from_last(
        &self,
        last: Option<&PromotionRecord>,
        to: &CommitSha,
    ) -> Result<bool, Stop> {
        let Some(last) = last.filter(|last| last.branch == self.branch) else { return Ok(false) };
        match self.move_branch(&last.head_commit, to).await {
            Ok(()) => Ok(true),
            Err(Stop::Github(GithubError::BranchMoved { .. })) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    /// Whether a branch without a pull request may be moved: what is on it is ours, or was merged.
    async fn may_take(&mut self, tip: &CommitSha) -> Result<bool, Stop> {
        if self.commit_of_ours(tip).await?.is_some() {
            return Ok(true);
        }
        let past = self.repository.find_pull_requests(&self.branch, self.base, Search::All).await?;
        let merged = |past: &PullRequest| matches!(past.state, PullRequestState::Merged(_));
        if past.iter().any(|past| merged(past) && past.head == *tip) {
            return Ok(true);
        }
        let ancestry = self.repository.compare(tip, &self.snapshot.commit).await?;
        Ok(matches!(ancestry, Ancestry::Identical | Ancestry::Ahead))
    }

    /// The command and the Action tell of findings themselves.
    async fn publish_verdict(&self, head: &CommitSha) -> Result<(), Stop> {
        if let Records::InStore(work) = &self.records {
            work.hold().await?;
            verdict::publish(self.repository, &self.plan, head).await?;
        }
        Ok(())
    }

    /// Texts, labels, reviewers, assignees: what is not so yet. Returns whether anything was missing.
    async fn fill_in(
        &self,
        open: &PullRequest,
        proposal: &Proposal,
        newness: Newness,
    ) -> Result<bool, Stop> {
        self.records.hold().await?;
        if let Some(record) = &self.record {
            self.records.keep_text(&record.id, &proposal.title, &proposal.body).await?;
        }
        let other_texts =
            open.title != proposal.title || !open.body.lines().eq(proposal.body.lines());
        if other_texts {
            let change = PullRequestChange {
                title: Some(&proposal.title),
                body: Some(&proposal.body),
                close: false,
            };
            self.repository.change_pull_request(open.number, &change).await?;
        }
        let missing: Vec<String> = proposal
            .labels
            .iter()
            .filter(|label| !open.labels.iter().any(|there| there.eq_ignore_ascii_case(label)))
            .cloned()
            .collect();
        if !missing.is_empty() {
            tolerate(self.repository.add_labels(open.number, &missing).await)?;
        }
        let is_bare = newness == Newness::New || self.was_cut_off(open, proposal);
        if is_bare {
            self.ask_people(open.number, proposal).await?;
        }
        Ok(other_texts || !missing.is_empty() || is_bare)
    }

    /// Whether an earlier attempt opened the pull request and did not get to the people, who come after the
    /// labels. Without a note of it, only missing labels tell.
    fn was_cut_off(&self, open: &PullRequest, proposal: &Proposal) -> bool {
        match &self.record {
            Some(record) => {
                record.state == PromotionState::Opening
                    && (proposal.labels.is_empty() || open.labels.is_empty())
            }
            None => !proposal.labels.is_empty() && open.labels.is_empty(),
        }
    }

    async fn ask_people(&self, number: PullRequestNumber, proposal: &Proposal) -> Result<(), Stop> {
        let Proposal { reviewers, team_reviewers, assignees, .. } = proposal;
        if !reviewers.is_empty() || !team_reviewers.is_empty() {
            let asked = self.repository.request_reviewers(number, reviewers, team_reviewers).await;
            tolerate(asked)?;
        }
        if !assignees.is_empty() {
            tolerate(self.repository.add_assignees(number, assignees).await)?;
        }
        Ok(())
    }

    /// Remembers that the open pull request shows this plan and is complete.
    pub(super) async fn remember_as_open(&mut self, open: &PullRequest) -> Result<(), Stop> {
        let known = self.record.as_ref().is_some_and(|record| {
            record.state == PromotionState::Open
                && record.pull_request == Some(open.number)
                && record.plan_id == self.plan.id.as_str()
                && record.base_digest == self.base_digest
                && record.head_commit == open.head
        });
        if known {
            return Ok(());
        }
        let tree = self.snapshot.tree.sha.to_string();
        let record = self.draft(&open.head, &tree, Some(open.number), PromotionState::Open);
        self.write_down(record).await
    }

    async fn note(
        &mut self,
        commit: &Commit,
        number: Option<PullRequestNumber>,
        state: PromotionState,
    ) -> Result<(), Stop> {
        let record = self.draft(&commit.sha, commit.tree.as_str(), number, state);
        self.write_down(record).await
    }

    /// The note of this plan. A promotion that ended is followed by a new one.
    fn draft(
        &self,
        head: &CommitSha,
        tree: &str,
        number: Option<PullRequestNumber>,
        state: PromotionState,
    ) -> PromotionRecord {
        let now = self.records.now();
        let current = self.record.as_ref().filter(|record| {
            matches!(record.state, PromotionState::Opening | PromotionState::Open)
        });
        PromotionRecord {
            id: current.map_or_else(|| fresh_id(now), |record| record.id.clone()),
            repository: self.repository.name().key(),
            application: self.plan.key().application().to_owned(),
            source: self.plan.source.name.as_str().to_owned(),
            target: self.plan.target.name.as_str().to_owned(),
            intent: self.intent.as_str().to_owned(),
            undoes: self.undoing.as_ref().map(|it| it.plan.as_str().to_owned()),
            branch: self.branch.clone(),
            plan_id: self.plan.id.as_str().to_owned(),
            base_digest: self.base_digest.clone(),
            base_commit: Some(self.snapshot.commit.clone()),
            head_commit: head.clone(),
            tree: tree.to_owned(),
            pull_request: number,
            state,
            closed_because: None,
            merged_as: None,
            merged_at: None,
            merged_by: None,
            undone_at: None,
            // Later than the last one, whatever the clocks of several machines say: the newest counts.
            created_at: match (current, &self.record) {
                (Some(record), _) => record.created_at,
                (None, Some(last)) => now.max(last.created_at + 1),
                (None, None) => now,
            },
        }
    }

    async fn write_down(&mut self, record: PromotionRecord) -> Result<(), Stop> {
        self.records.write_down(&record).await?;
        self.record = Some(record);
        Ok(())
    }
}

/// Whether a pull request was opened just now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newness {
    New,
    Old,
}

/// A label or a reviewer that GitHub refuses is no reason to leave the promotion undone.
fn tolerate(result: Result<(), GithubError>) -> Result<(), Stop> {
    match result {
        Err(
            error @ (GithubError::Refused { .. }
            | GithubError::Forbidden { .. }
            | GithubError::NotFound { .. }),
        ) => {
            tracing::warn!(%error, "the pull request lacks a label or a reviewer");
            Ok(())
        }
        result => Ok(result?),
    }
}
