//! What is on GitHub for a promotion, and whose commits they are.

use std::collections::BTreeMap;

use crate::github::{Ancestry, Commit, PullRequest, PullRequestState, RepoTree, Search};
use crate::model::{CommitSha, FileEdit, RepoPath};
use crate::promotion::{GivenEdit, Intent, PlanId, Presence, StepTrailer, Tip, Trailers};
use crate::store::{End, PromotionRecord, PromotionState};
use crate::traffic::Rollout;

use super::super::comment::{Topic, has_comment};
use super::super::recollect::Recollection;
use super::super::snapshot::{Snapshot, digest};
use super::super::work::Stop;
use super::records::Records;
use super::undone::is_undone;
use super::values::Promotion;

/// What exists for a promotion, in the words of the decision and as GitHub has it.
pub(super) struct Existing {
    pub(super) presence: Presence,
    /// The open one.
    pub(super) pull_request: Option<PullRequest>,
    /// The commit that the plan of the open one was made on, if its branch is ours.
    pub(super) made_on: Option<CommitSha>,
}

impl Existing {
    const fn nothing() -> Self {
        Self::without_pull_request(Presence::None)
    }

    const fn without_pull_request(presence: Presence) -> Self {
        Self { presence, pull_request: None, made_on: None }
    }

    pub(super) const fn is_foreign(&self) -> bool {
        matches!(self.presence, Presence::Open { tip: Tip::Foreign, .. })
    }
}

/// A commit of ours: what it carried out, and on what.
pub(super) struct OurCommit {
    plan: PlanId,
    base: String,
    made_on: Option<CommitSha>,
}

impl Promotion<'_> {
    /// Finds what exists, with as few requests as what we remember allows.
    pub(super) async fn find_existing(&mut self) -> Result<Existing, Stop> {
        let Some(record) = self.record.clone() else { return self.search().await };
        match (record.state, record.pull_request) {
            // GitHub may have a newer one than that.
            (PromotionState::Merged, _) if record.is_recollected() => self.search().await,
            (PromotionState::Merged, _) => Ok(Existing::nothing()),
            (PromotionState::Closed, _) => Ok(Existing::without_pull_request(ended(&record))),
            (PromotionState::Opening | PromotionState::Open, None) => self.search().await,
            (PromotionState::Opening | PromotionState::Open, Some(number)) => {
                match self.repository.fetch_pull_request(number).await? {
                    Some(found) => self.there(found).await,
                    None => Ok(Existing::nothing()),
                }
            }
        }
    }

    /// Searches GitHub for a pair that we do not remember, once.
    async fn search(&mut self) -> Result<Existing, Stop> {
        let repository = self.repository.name().key();
        let key = self.plan.key().with(self.intent);
        if self.record.is_none()
            && self.intent == Intent::Promote
            && self.records.was_surveyed(&repository, &key).await?
        {
            return Ok(Existing::nothing());
        }
        let found =
            self.repository.find_pull_requests(&self.branch, self.base, Search::All).await?;
        let open = found.iter().find(|found| found.state == PullRequestState::Open);
        let newest = open.or_else(|| found.first());
        if newest.is_some_and(|newest| matches!(newest.state, PullRequestState::Merged(_))) {
            self.recollect().await?;
        }
        let there = match newest {
            Some(found) => self.there(found.clone()).await?,
            None => Existing::nothing(),
        };
        if self.intent == Intent::Promote {
            self.records.note_survey(&repository, &key).await?;
        }
        Ok(there)
    }

    /// Notes what was merged before the store was lost: the plan may be what was undone then.
    async fn recollect(&mut self) -> Result<(), Stop> {
        let Records::InStore(work) = &self.records else { return Ok(()) };
        if self.record.is_some() || self.intent != Intent::Promote {
            return Ok(());
        }
        let Some(place) = work.place() else { return Ok(()) };
        let Ok(configuration) = self.snapshot.configuration(None).await? else { return Ok(()) };
        let of = Recollection::new(work, self.repository, self.base, &place, &configuration);
        of.merged_into(&self.plan.target).await?;
        self.undone = is_undone(&self.records, self.repository, &self.plan).await?;
        Ok(())
    }

    /// What a pull request that was found means.
    async fn there(&mut self, found: PullRequest) -> Result<Existing, Stop> {
        match found.state {
            PullRequestState::Open => self.open_there(found).await,
            PullRequestState::Merged(_) => {
                self.note_end(&found, PromotionState::Merged).await?;
                Ok(Existing::nothing())
            }
            PullRequestState::Closed => {
                self.note_end(&found, PromotionState::Closed).await?;
                let remembered = self.record.as_ref().filter(|record| {
                    record.head_commit == found.head || record.closed_because.is_some()
                });
                let presence = match remembered {
                    Some(record) => ended(record),
                    // Without a note of it, our own words tell.
                    None if self.was_closed_by_us(&found).await? => Presence::None,
                    None => Presence::ClosedByPerson(self.trailers(&found.head).await?),
                };
                Ok(Existing::without_pull_request(presence))
            }
        }
    }

    /// An open pull request: is its branch ours?
    pub(super) async fn open_there(&mut self, open: PullRequest) -> Result<Existing, Stop> {
        let record = self.record.as_ref().filter(|record| {
            record.state == PromotionState::Open && record.pull_request == Some(open.number)
        });
        let complete = record.is_some();
        let (tip, made_on) = match self.commit_of_ours(&open.head).await? {
            Some(OurCommit { plan, base, made_on }) => (Tip::Ours { plan, base }, made_on),
            None => (Tip::Foreign, None),
        };
        let conflicts = open.mergeable == Some(false);
        let presence = Presence::Open { tip, complete, conflicts };
        Ok(Existing { presence, pull_request: Some(open), made_on })
    }

    async fn was_closed_by_us(&self, found: &PullRequest) -> Result<bool, Stop> {
        let topics = [Topic::Empty, Topic::Retired];
        Ok(has_comment(self.records.github(), self.repository, found.number, &topics).await?)
    }

    async fn note_end(&self, found: &PullRequest, state: PromotionState) -> Result<(), Stop> {
        let repository = self.repository.name().key();
        let because = (state == PromotionState::Closed).then_some("person");
        let merged_as = match &found.state {
            PullRequestState::Merged(commit) => commit.as_ref(),
            _ => None,
        };
        let end = End { state, because, merged_as, merged_by: None };
        self.records.end(&repository, found.number, &end).await
    }

    /// The plan that a commit says it carries out, if it is of this pair.
    async fn trailers(&self, commit: &CommitSha) -> Result<Option<PlanId>, Stop> {
        let commit = self.repository.fetch_commit(commit).await?;
        Ok(commit.and_then(|commit| self.trailers_of(&commit)).map(|trailers| trailers.plan))
    }

    fn trailers_of(&self, commit: &Commit) -> Option<Trailers> {
        let undoes = self.undoing.as_ref().map(|undoing| &undoing.plan);
        let steps = self.intent == Intent::Step;
        Trailers::parse(&commit.message).filter(|trailers| {
            trailers.is_between(&self.plan.key())
                && trailers.undoes.as_ref() == undoes
                && trailers.step.is_some() == steps
        })
    }

    /// Whether a commit is ours, and if so what it carried out.
    ///
    /// Ours is the commit that we remember, or one with our trailers that is exactly what its plan makes of
    /// its parent. Ours too is a merge of the default branch into ours that adds nothing.
    pub(super) async fn commit_of_ours(
        &mut self,
        tip: &CommitSha,
    ) -> Result<Option<OurCommit>, Stop> {
        let mut merges = Vec::new();
        let mut at = tip.clone();
        loop {
            if let Some(record) = self.record.as_ref().filter(|it| it.head_commit == at) {
                let Some(plan) = PlanId::parse(&record.plan_id) else { return Ok(None) };
                let made_on = record.base_commit.clone();
                let ours = OurCommit { plan, base: record.base_digest.clone(), made_on };
                return self.through_merges(ours, &merges).await;
            }
            let Some(commit) = self.repository.fetch_commit(&at).await? else { return Ok(None) };
            match commit.parents.as_slice() {
                [_] => {
                    let Some(ours) = self.carried_out(&commit).await? else { return Ok(None) };
                    return self.through_merges(ours, &merges).await;
                }
                [first, _] if merges.len() < Trailers::MOST_MERGES => {
                    at = first.clone();
                    merges.push(commit);
                }
                _ => return Ok(None),
            }
        }
    }

    /// Plans again what a commit says it carries out, and compares.
    async fn carried_out(&mut self, commit: &Commit) -> Result<Option<OurCommit>, Stop> {
        let Some(trailers) = self.trailers_of(commit) else { return Ok(None) };
        let Some(parent) = self.repository.fetch_commit(&commit.parents[0]).await? else {
            return Ok(None);
        };
        let mut before = self.snapshot.beside(&parent.sha, &parent.tree).await?;
        if let Some(step) = &trailers.step {
            let stepped = self.stepped(&mut before, step).await?;
            let Some(edits) = stepped.filter(|it| before.tree.sha_with_edits(it) == commit.tree)
            else {
                return Ok(None);
            };
            return Ok(Some(OurCommit {
                base: digest(&before.tree, edits.iter().map(|edit| &edit.path)),
                plan: trailers.plan,
                made_on: Some(parent.sha),
            }));
        }
        if self.intent == Intent::Undo {
            // What takes a promotion back is made from more than one commit, and the same until that changes.
            let edits: Vec<_> = self.plan.file_edits().cloned().collect();
            let fits = before.tree.sha_with_edits(&edits) == commit.tree;
            return Ok(fits.then(|| OurCommit {
                base: digest(&before.tree, edits.iter().map(|edit| &edit.path)),
                plan: trailers.plan,
                made_on: Some(parent.sha),
            }));
        }
        let Ok(configuration) = before.configuration(self.given).await? else { return Ok(None) };
        let Ok(pair) = configuration.pipeline.pair(&self.plan.key()) else { return Ok(None) };
        let Ok(plan) = before.plan(self.given, pair, self.all, None).await? else {
            return Ok(None);
        };
        let edits: Vec<_> = plan.file_edits().cloned().collect();
        // The id may be another one: a newer version of Overlift may draw the diffs in another way.
        let fits = before.tree.sha_with_edits(&edits) == commit.tree;
        Ok(fits.then(|| OurCommit {
            base: digest(&before.tree, edits.iter().map(|edit| &edit.path)),
            plan: plan.id,
            made_on: Some(parent.sha),
        }))
    }

    /// The edits of a step as another commit's configuration and files make them.
    async fn stepped(
        &self,
        before: &mut Snapshot,
        step: &StepTrailer,
    ) -> Result<Option<Vec<FileEdit>>, Stop> {
        let Ok(configuration) = before.configuration(self.given).await? else { return Ok(None) };
        let Ok((_, target)) = configuration.pipeline.pair(&self.plan.key()) else {
            return Ok(None);
        };
        let is_its = |it: &&Rollout| it.virtual_service == step.virtual_service;
        let rollout = target.rollouts.iter().find(is_its);
        let Some(aim) = rollout.and_then(|it| it.aim(&step.to, step.share)) else {
            return Ok(None);
        };
        let edits = before.step_edits(&self.plan.key(), &aim).await?;
        let edit =
            |given: GivenEdit| FileEdit { path: given.path, before: None, after: given.after };
        Ok(edits.ok().map(|(_, edits)| edits.into_iter().map(edit).collect()))
    }

    /// Whether merges of the default branch on top of our commit, newest first, add nothing.
    async fn through_merges(
        &self,
        mut ours: OurCommit,
        merges: &[Commit],
    ) -> Result<Option<OurCommit>, Stop> {
        for merge in merges.iter().rev() {
            let [first, second] = merge.parents.as_slice() else { return Ok(None) };
            let head = &self.snapshot.commit;
            let ancestry = self.repository.compare(second, head).await?;
            if !matches!(ancestry, Ancestry::Identical | Ancestry::Ahead) {
                return Ok(None);
            }
            let tree = async |sha: &CommitSha| -> Result<Option<RepoTree>, Stop> {
                let Some(commit) = self.repository.fetch_commit(sha).await? else {
                    return Ok(None);
                };
                Ok(Some(self.repository.fetch_tree(&commit.tree).await?))
            };
            let (Some(branch), Some(merged_in)) = (tree(first).await?, tree(second).await?) else {
                return Ok(None);
            };
            let result = self.repository.fetch_tree(&merge.tree).await?;
            let Some(edited) = edits_that_survive(&branch, &merged_in, &result, self.target())
            else {
                return Ok(None);
            };
            ours.base = digest(&merged_in, edited.iter());
        }
        Ok(Some(ours))
    }

    const fn target(&self) -> &RepoPath {
        &self.plan.target.path
    }
}

/// The files in which a merge's result differs from the branch that was merged in, if each of them is below
/// the target and exactly as on our branch; `None` if the merge added something of its own.
fn edits_that_survive(
    branch: &RepoTree,
    merged_in: &RepoTree,
    result: &RepoTree,
    target: &RepoPath,
) -> Option<Vec<RepoPath>> {
    let mut paths: BTreeMap<&RepoPath, ()> = BTreeMap::new();
    paths.extend(merged_in.entries.keys().map(|path| (path, ())));
    paths.extend(result.entries.keys().map(|path| (path, ())));
    let edited =
        paths.into_keys().filter(|path| merged_in.entries.get(path) != result.entries.get(path));
    let ours = |path: &RepoPath| {
        path.is_within(target) && branch.entries.get(path) == result.entries.get(path)
    };
    edited.map(|path| ours(path).then(|| path.clone())).collect()
}

/// How a remembered promotion ended.
fn ended(record: &PromotionRecord) -> Presence {
    match record.closed_because.as_deref() {
        None | Some("person") => Presence::ClosedByPerson(PlanId::parse(&record.plan_id)),
        Some(_) => Presence::None,
    }
}
