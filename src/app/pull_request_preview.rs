//! A preview on a pull request: what its merge would do to each environment, said once and kept up to date.
//!
//! Whether and how is decided by the default branch's configuration, the environments by the pull request's
//! own: whoever opens one cannot make us speak, and a change of the configuration shows what it means.
//! Forks are previewed too: rendering runs nothing and knows no secret.

use crate::config::{Previews, RepositoryConfig};
use crate::github::{Annotation, AnnotationLevel, Conclusion, GithubError, Report, Repository};
use crate::model::{BranchName, CommitSha, PullRequestNumber, RepoPath};
use crate::policy::{Finding, Level};
use crate::promotion::quote;

use super::causes::chain;
use super::checking::fetched_on_github;
use super::comment::{Topic, has_comment, write_comment};
use super::job::PreviewPullRequest;
use super::plan_at_commit::CheckedBy;
use super::sandbox::PreviewAnswer;
use super::snapshot::Snapshot;
use super::two_snapshots::{Previewing, TwoSnapshots};
use super::work::{Stop, Work};
use super::worker::Outcome;

/// The check run's name. It is one on purpose: a branch's rules can require it.
pub(super) const CHECK: &str = "Overlift preview";

/// Makes the preview of a pull request and shows it.
pub(super) async fn preview(work: &Work, job: &PreviewPullRequest) -> Result<Outcome, Stop> {
    let done = Ok(Outcome::Done(Vec::new()));
    let (Some(number), Ok(head)) =
        (PullRequestNumber::new(job.number), CommitSha::parse(&job.head))
    else {
        return done;
    };
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    // What is not merged into the default branch reaches nothing yet.
    if job.base_branch != base.as_str() || is_promotion(work, job).await? {
        return done;
    }
    let how = wanted(work, &repository, job, &base).await?;
    if how == Previews::Off {
        return done;
    }
    let Some((began, tip)) = repository.branched_off(&base, &head).await? else { return done };
    let before = Snapshot::open(&repository, &began.sha, &began.tree).await?;
    let after = before.beside(&tip.sha, &tip.tree).await?;
    let shown = Shown::make(work, &repository, TwoSnapshots { before, after }).await?;
    work.hold().await?;
    match how {
        Previews::Comment => comment(work, &repository, number, &shown).await?,
        Previews::Check => check(&repository, &tip.sha, &shown).await?,
        Previews::Off => {}
    }
    done
}

/// Whether it is a promotion of ours: its body says more.
async fn is_promotion(work: &Work, job: &PreviewPullRequest) -> Result<bool, Stop> {
    if job.from_elsewhere {
        return Ok(false);
    }
    let open = work.app.store.open_promotions(&job.place.key()).await?;
    Ok(open.iter().any(|record| record.branch.as_str() == job.head_branch))
}

/// How the default branch wants it. A repository without our file, or with a broken one, wants nothing.
async fn wanted(
    work: &Work,
    repository: &Repository,
    job: &PreviewPullRequest,
    base: &BranchName,
) -> Result<Previews, Stop> {
    let Some((commit, tree)) = work.newest_head(repository, &job.place, base).await? else {
        return Ok(Previews::Off);
    };
    let mut now = Snapshot::open(repository, &commit, &tree).await?;
    let path = RepoPath::parse(crate::config::CONFIG_PATH).expect("a fixed path is one");
    if !now.tree.entries.contains_key(&path) {
        return Ok(Previews::Off);
    }
    Ok(now.configuration(None).await?.map_or(Previews::Off, |configuration| configuration.previews))
}

/// What is said of a pull request.
struct Shown {
    /// Whether it reaches an environment, or would break the configuration.
    reaches: bool,
    /// Why it should not be merged, in a line; `None` if nothing new is wrong.
    fails: Option<String>,
    /// One line.
    title: String,
    text: String,
    annotations: Vec<Annotation>,
}

impl Shown {
    async fn make(
        work: &Work,
        repository: &Repository,
        mut both: TwoSnapshots,
    ) -> Result<Self, Stop> {
        let configuration = match both.after.configuration(None).await? {
            Ok(configuration) => configuration,
            Err(error) => return Ok(Self::refused(&error)),
        };
        let allowed = &configuration.remote_bases;
        let fetched = fetched_on_github(&configuration.gates, allowed, repository).await?;
        let checked = CheckedBy { fetched, today: work.app.clock.today() };
        let command = format!("overlift preview {}", both.before.commit.short());
        match both.preview(&command, &checked).await? {
            Ok(preview) => Ok(Self::of(preview, &both, &configuration)),
            Err(Previewing::Stopped(met)) => Ok(Self::stopped(&met.sentence())),
            Err(Previewing::Unreadable) => {
                Ok(Self::stopped("some of its files cannot be read from GitHub"))
            }
        }
    }

    fn of(preview: PreviewAnswer, both: &TwoSnapshots, configuration: &RepositoryConfig) -> Self {
        let fails = match (preview.broken, preview.errors) {
            (0, 0) => None,
            (0, 1) => Some("One new error".to_owned()),
            (0, errors) => Some(format!("{errors} new errors")),
            (1, _) => Some("One environment cannot be built".to_owned()),
            (broken, _) => Some(format!("{broken} environments cannot be built")),
        };
        let title = match (&fails, preview.environments) {
            (Some(fails), _) => fails.clone(),
            (None, 0) if preview.is_empty => "Reaches no environment".to_owned(),
            (None, 0) => "Changes what is deployed from here".to_owned(),
            (None, 1) => "Reaches one environment".to_owned(),
            (None, reached) => format!("Reaches {reached} environments"),
        };
        let changed = configuration.path.as_ref().filter(|path| both.changed().contains(*path));
        let mut text = preview.text;
        if changed.is_some() {
            text.push_str(
                "\nIt also changes Overlift's configuration; environments are taken from the new one.\n",
            );
        }
        let annotations = preview.remarks.iter().filter_map(annotation);
        Self { reaches: !preview.is_empty, fails, title, text, annotations: annotations.collect() }
    }

    fn refused(error: &crate::config::ConfigError) -> Self {
        let because = chain(error);
        let annotation = error.location().map(|at| Annotation {
            at: at.clone(),
            level: AnnotationLevel::Failure,
            message: because.clone(),
        });
        Self {
            reaches: true,
            fails: Some("Overlift's configuration is refused".to_owned()),
            title: "Overlift's configuration is refused".to_owned(),
            text: format!(
                "**With this, Overlift's configuration is refused**, and nothing is promoted until it is \
                 repaired:\n\n{}\n",
                quote(&because)
            ),
            annotations: annotation.into_iter().collect(),
        }
    }

    fn stopped(because: &str) -> Self {
        Self {
            reaches: true,
            fails: Some("This cannot be previewed".to_owned()),
            title: "This cannot be previewed".to_owned(),
            text: format!("**This cannot be previewed**: {because}.\n"),
            annotations: Vec::new(),
        }
    }
}

fn annotation(finding: &Finding) -> Option<Annotation> {
    let level = match finding.level {
        Level::Error => AnnotationLevel::Failure,
        Level::Warning => AnnotationLevel::Warning,
        Level::Info => AnnotationLevel::Notice,
    };
    Some(Annotation { at: finding.location.clone()?, level, message: finding.message.clone() })
}

/// Never a comment for nothing; one that is there says so.
async fn comment(
    work: &Work,
    repository: &Repository,
    number: PullRequestNumber,
    shown: &Shown,
) -> Result<(), Stop> {
    let github = &work.app.github;
    if shown.reaches || has_comment(github, repository, number, &[Topic::Preview]).await? {
        write_comment(github, repository, number, Topic::Preview, &shown.text).await?;
    }
    Ok(())
}

async fn check(repository: &Repository, head: &CommitSha, shown: &Shown) -> Result<(), Stop> {
    let report = Report {
        commit: head,
        name: CHECK,
        conclusion: if shown.fails.is_some() { Conclusion::Failure } else { Conclusion::Success },
        title: &shown.title,
        summary: &shown.text,
        annotations: &shown.annotations,
    };
    match repository.report(&report).await {
        Ok(_) => Ok(()),
        Err(error @ (GithubError::Forbidden { .. } | GithubError::NotFound { .. })) => {
            tracing::warn!(%error, "a preview cannot be shown on the commit");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
