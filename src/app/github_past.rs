//! The past of two environments, as GitHub tells it.

use super::known_past::{KnownPast, MOST_CLAIMS, planned_on, settled, settled_by_word};
use crate::github::{GithubError, Repository};
use crate::model::CommitSha;
use crate::promotion::{Environment, PlanError, Trailers};

/// Reads the history of two environments as of a commit.
pub(super) async fn past_on_github(
    repository: &Repository,
    from: &CommitSha,
    (source, target): (&Environment, &Environment),
) -> Result<Result<KnownPast, PlanError>, GithubError> {
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
    Ok(Ok(KnownPast::new(from.clone(), past.commits.clone(), points)))
}
