//! A promotion whose holds are being decided.

use super::super::job::Clear;
use super::super::work::Work;
use crate::clearance::Judgement;
use crate::github::Repository;
use crate::model::{BranchName, CommitSha, PullRequestNumber};
use crate::promotion::{Environment, Key};
use crate::store::PromotionRecord;

/// One open promotion that is looked at.
pub(super) struct Clearing<'a> {
    pub(super) work: &'a Work,
    pub(super) job: &'a Clear,
    pub(super) repository: &'a Repository,
    /// The default branch, and the commit of it that was looked at last.
    pub(super) base: &'a BranchName,
    pub(super) commit: CommitSha,
    pub(super) source: &'a Environment,
    pub(super) target: &'a Environment,
    pub(super) key: Key,
    pub(super) record: PromotionRecord,
    pub(super) number: PullRequestNumber,
    pub(super) judgement: Option<Judgement>,
}
