//! Telling people how a promotion ended: those who asked in a comment, and on the commit if it cannot be planned.

use crate::github::{
    Annotation, AnnotationLevel, Conclusion, GithubError, Reaction, Report, Repository,
};
use crate::model::{CommitSha, Location, PullRequestNumber};
use crate::promotion::quote;

use super::super::comment::{Topic, USAGE, write_comment};
use super::super::job::{Promote, StoredPair};
use super::super::work::{Stop, Work};
use super::values::Ended;

impl Ended {
    /// What to say to whoever asked; `None` where a reaction says it all.
    fn text(&self, job: &Promote) -> Option<String> {
        let StoredPair { source, target, .. } = &job.pair;
        let of = job.pair.application.as_ref().map_or(String::new(), |it| format!(" of `{it}`"));
        match self {
            Self::Created(_) | Self::Updated(_) => None,
            Self::Unchanged(shown) => {
                Some(format!("Nothing changed: {} is up to date.", shown.number))
            }
            Self::Closed(shown) => Some(format!(
                "Nothing{of} is left to promote from `{source}` to `{target}`, so {} was closed.",
                shown.number
            )),
            Self::Nothing | Self::Declined => {
                Some(format!("There is nothing{of} to promote from `{source}` to `{target}`."))
            }
            Self::Foreign(Some(shown)) => Some(format!(
                "{} has commits that are not Overlift's; they were left alone. \
                 `/promote` there makes its branch anew.",
                shown.number
            )),
            Self::Foreign(None) => Some(
                "The promotion's branch has commits that are not Overlift's and no pull request; \
                 it was left alone. Delete the branch, or open a pull request from it."
                    .to_owned(),
            ),
            Self::Several(_) => None,
            Self::Refused(because) => {
                Some(format!("This cannot be promoted:\n\n{}\n\n{USAGE}", quote(because)))
            }
            Self::Broken { because, .. } => Some(format!(
                "The promotion{of} from `{source}` to `{target}` cannot be planned:\n\n{}",
                quote(because)
            )),
        }
    }
}

/// Shows on the commit what has no other place: a promotion that cannot be planned, with file and line, and the
/// refusal of one that a dispatch asked for, since there is no comment to reply to.
pub(super) async fn report(
    work: &Work,
    repository: &Repository,
    commit: &CommitSha,
    job: &Promote,
    ended: &Ended,
) -> Result<(), Stop> {
    let (conclusion, because, at) = match ended {
        Ended::Broken { because, at } => (Conclusion::Failure, because, at.as_ref()),
        // Nothing is wrong with the commit.
        Ended::Refused(because) if job.asked && job.askers.is_empty() => {
            (Conclusion::Neutral, because, None)
        }
        _ => return Ok(()),
    };
    work.hold().await?;
    let annotation = |at: &Location| Annotation {
        at: at.clone(),
        level: AnnotationLevel::Failure,
        message: because.clone(),
    };
    let annotations: Vec<Annotation> = at.map(annotation).into_iter().collect();
    let first_line = because.lines().next().unwrap_or_default();
    let title = match conclusion {
        Conclusion::Neutral => format!("Refused: {first_line}"),
        _ => first_line.to_owned(),
    };
    let report = Report {
        commit,
        name: &job.check_name(),
        conclusion,
        title: &title,
        summary: &quote(because),
        annotations: &annotations,
    };
    match repository.report(&report).await {
        Ok(_) => Ok(()),
        // The person who asked is told all the same, and the log has it.
        Err(error @ (GithubError::Forbidden { .. } | GithubError::NotFound { .. })) => {
            tracing::warn!(%error, "the end of a promotion cannot be shown on the commit");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Tells everybody who asked in a comment how it ended.
pub(super) async fn tell(
    work: &Work,
    repository: &Repository,
    job: &Promote,
    ended: &Ended,
) -> Result<(), Stop> {
    let silent = matches!(ended, Ended::Unchanged(_) | Ended::Nothing | Ended::Declined);
    if job.several && silent {
        return Ok(());
    }
    let reaction = match ended {
        Ended::Created(_) | Ended::Updated(_) => Reaction::Rocket,
        Ended::Unchanged(_)
        | Ended::Closed(_)
        | Ended::Nothing
        | Ended::Declined
        | Ended::Several(_) => Reaction::ThumbsUp,
        Ended::Foreign(_) | Ended::Refused(_) | Ended::Broken { .. } => Reaction::Confused,
    };
    let text = ended.text(job);
    for asker in &job.askers {
        let Some(number) = PullRequestNumber::new(asker.number) else { continue };
        work.hold().await?;
        repository.react(asker.comment, reaction).await?;
        if let Some(text) = &text {
            write_comment(
                &work.app.github,
                repository,
                number,
                Topic::Command(asker.comment),
                text,
            )
            .await?;
        }
    }
    Ok(())
}

/// Tells everybody who asked that the job was given up.
pub(in super::super) async fn tell_parked(
    work: &Work,
    job: &Promote,
    because: &str,
) -> Result<(), Stop> {
    if job.askers.is_empty() {
        return Ok(());
    }
    let repository = work.repository(&job.place).await?;
    let text = format!(
        "The promotion from `{}` to `{}` was given up:\n\n{}\n\nWhoever runs Overlift can try it \
         again (`overlift queue`), or ask once more here.",
        job.pair.source,
        job.pair.target,
        quote(because)
    );
    for asker in &job.askers {
        if let Some(number) = PullRequestNumber::new(asker.number) {
            write_comment(
                &work.app.github,
                &repository,
                number,
                Topic::Command(asker.comment),
                &text,
            )
            .await?;
        }
    }
    Ok(())
}
