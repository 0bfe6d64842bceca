//! A job that brought its worker down again and again: why it is not run once more is shown on its commit.

use crate::github::{Conclusion, Report};
use crate::model::CommitSha;
use crate::promotion::quote;

use super::job::{Job, RepositoryAddress};
use super::work::{Stop, Work};
use super::worker::LEASE_MS;

/// Shows it where the commit is known: for a look and for a promotion that follows from one.
pub(super) async fn show(work: &Work, job: &Job, because: &str) -> Result<(), Stop> {
    let Some((place, commit, name)) = commit_of(job) else { return Ok(()) };
    let repository = work.repository(place).await?;
    // Not as before other writes: that would say that it got somewhere.
    let until = work.app.clock.now() + LEASE_MS;
    work.app.store.extend(work.attempt.lease(), until).await?;
    let report = Report {
        commit: &commit,
        name: &name,
        conclusion: Conclusion::Failure,
        title: because,
        summary: &quote(because),
        annotations: &[],
    };
    repository.report(&report).await?;
    Ok(())
}

fn commit_of(job: &Job) -> Option<(&RepositoryAddress, CommitSha, String)> {
    match job {
        Job::Look(look) => {
            let commit = CommitSha::parse(&look.moved.as_ref()?.after).ok()?;
            Some((&look.place, commit, "overlift".to_owned()))
        }
        Job::Promote(promote) => {
            let (commit, _) = promote.head.as_ref()?.parse()?;
            Some((&promote.place, commit, promote.check_name()))
        }
        _ => None,
    }
}
