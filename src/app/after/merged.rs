//! A promotion that was merged, while its target is followed.

use super::super::job::After;
use super::super::standing::Standing;
use super::super::work::Work;
use crate::github::Repository;
use crate::model::{CommitSha, PullRequestNumber};
use crate::promotion::Environment;
use crate::store::PromotionRecord;

/// A promotion that was merged.
pub(super) struct MergedPromotion<'a> {
    pub(super) work: &'a Work,
    pub(super) job: &'a After,
    pub(super) repository: &'a Repository,
    pub(super) target: &'a Environment,
    pub(super) record: PromotionRecord,
    pub(super) number: PullRequestNumber,
    pub(super) merged_as: CommitSha,
    pub(super) standing: Standing,
}
