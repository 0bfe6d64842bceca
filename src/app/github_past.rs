//! The past of two environments, as GitHub tells it or a checkout at hand.

use std::sync::Arc;

use super::known_past::{KnownPast, MOST_CLAIMS, planned_on, settled, settled_by_word};
use super::local::LocalPast;
use crate::github::{GithubError, Repository};
use crate::lineage::History;
use crate::model::CommitSha;
use crate::promotion::{Environment, Past, PlanError, Trailers};

/// Owns what [`Past`] borrows.
#[derive(Clone)]
pub(super) enum RemotePast {
    /// From GitHub.
    Github(Arc<KnownPast>),
    /// From a checkout that has all of it.
    Local(Arc<LocalPast>),
}

impl RemotePast {
    /// Reads the history of two environments as of a commit.
    pub(super) async fn from_github(
        repository: &Repository,
        from: &CommitSha,
        (source, target): (&Environment, &Environment),
    ) -> Result<Result<Self, PlanError>, GithubError> {
        let folders = (&source.path, &target.path);
        let past = repository.folder_past(from, folders, Trailers::PLAN).await?;
        let points = match &target.rules.since {
            Some(revision) => match repository.resolve(revision).await? {
                Some(commit) => {
                    vec![settled_by_word(repository.seen_by(&past, &commit), commit)]
                }
                None => {
                    return Ok(Err(PlanError::UnknownSince { revision: revision.clone() }));
                }
            },
            None => {
                let key = target.key_from(&source.name);
                let claims = past.promotions.iter().filter_map(|promotion| {
                    let commit = planned_on(&promotion.message, &key)?;
                    Some(settled(repository.seen_by(&past, &commit), promotion.sha.clone()))
                });
                claims.take(MOST_CLAIMS).collect()
            }
        };
        let known = KnownPast::new(from.clone(), past.commits.clone(), points);
        Ok(Ok(Self::Github(Arc::new(known))))
    }

    /// What was when.
    pub(super) fn history(&self) -> History<'_> {
        match self {
            Self::Github(past) => past.history(),
            Self::Local(past) => past.history(),
        }
    }

    /// What a plan is made with.
    pub(super) fn as_past<'a>(&'a self, history: &'a History<'a>) -> Past<'a> {
        let points = match self {
            Self::Github(past) => &past.points,
            Self::Local(past) => &past.points,
        };
        Past::Known { history, points }
    }

    /// What has to be fetched for it, and tried before.
    pub(super) fn known(&self) -> Option<Arc<KnownPast>> {
        match self {
            Self::Github(past) => Some(Arc::clone(past)),
            Self::Local(_) => None,
        }
    }
}
