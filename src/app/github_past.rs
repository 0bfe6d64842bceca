//! The past of two environments, as GitHub tells it or a checkout at hand.

use std::sync::Arc;

use super::known_past::{KnownPast, planned_on, settled};
use super::local_past::LocalPast;
use crate::github::{GithubError, Repository};
use crate::lineage::History;
use crate::model::CommitSha;
use crate::promotion::{Environment, Past, PlanError, Trailers};

/// Owns what [`Past`] borrows.
#[derive(Clone)]
pub(super) enum RemotePast {
    /// Nobody needs it.
    NotLooked,
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
        let planned = match &target.rules.since {
            Some(revision) => match repository.resolve(revision).await? {
                Some(commit) => Some((commit.clone(), commit)),
                None => {
                    return Ok(Err(PlanError::UnknownSince { revision: revision.clone() }));
                }
            },
            None => {
                let key = target.key_from(&source.name);
                past.promotions.iter().find_map(|promotion| {
                    Some((planned_on(&promotion.message, &key)?, promotion.sha.clone()))
                })
            }
        };
        let point = planned.map(|(commit, by)| settled(repository.seen_by(&past, &commit), by));
        let known = KnownPast::new(from.clone(), past.commits.clone(), point);
        Ok(Ok(Self::Github(Arc::new(known))))
    }

    /// What was when.
    pub(super) fn history(&self) -> Option<History<'_>> {
        match self {
            Self::NotLooked => None,
            Self::Github(past) => Some(past.history()),
            Self::Local(past) => Some(past.history()),
        }
    }

    /// What a plan is made with.
    pub(super) fn as_past<'a>(&'a self, history: Option<&'a History<'a>>) -> Past<'a> {
        let point = match self {
            Self::NotLooked => None,
            Self::Github(past) => past.point.as_ref(),
            Self::Local(past) => past.point.as_ref(),
        };
        history.map_or(Past::None, |history| Past::Known { history, point })
    }

    /// What has to be fetched for it, and tried before.
    pub(super) fn known(&self) -> Option<Arc<KnownPast>> {
        match self {
            Self::Github(past) => Some(Arc::clone(past)),
            Self::NotLooked | Self::Local(_) => None,
        }
    }
}
