//! Taking a delivery: what it asks for is decided and on disk before anybody hears of it.
//!
//! Nothing is asked from GitHub here, so that a delivery is answered even while GitHub is down.

use crate::github::webhook::{
    Dispatch, Event, Installation, IssueComment, PromoteCommand, PullRequestChanged,
    PullRequestClosed, Push, parse_command,
};
use crate::model::{ApplicationName, BranchName, DeliveryId, EnvironmentName};
use crate::promotion::Key;
use crate::store::{Delivery, Receipt, StoreError};

use super::App;
use super::job::{
    Asks, Command, Ended, Job, Look, Moved, Place, PreviewPullRequest, Promote, Repositories,
};

/// How a delivery was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is on disk and work follows from it.
    Queued,
    /// It is on disk and nothing follows from it.
    Ignored,
    /// It asks for something that cannot be; nothing follows.
    Refused,
    /// It came before.
    Duplicate,
}

impl Received {
    /// The word for it in metrics and lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::Duplicate => "duplicate",
        }
    }
}

/// Why a delivery could not be taken; it is not known then, and may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The store did not write it.
    #[error("the delivery could not be stored")]
    Store(#[from] StoreError),
    /// The store did not write it in time.
    #[error("the delivery could not be stored in time")]
    TooSlow,
}

/// GitHub hangs up after ten seconds.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);

impl App {
    /// Takes a delivery: when this returns, it is on disk with all that follows from it.
    ///
    /// # Errors
    /// [`ReceiveError`] if it is not.
    pub async fn receive(
        &self,
        id: &DeliveryId,
        name: &str,
        event: &Event,
    ) -> Result<Received, ReceiveError> {
        let (outcome, jobs) = translate(event);
        if let Event::Push(Push { only: Some(commit), repository, .. }) = event {
            self.github.note_commit(&repository.name, commit.clone());
        }
        let now = self.clock.now();
        let delivery = Delivery {
            id: id.as_str().to_owned(),
            event: name.to_owned(),
            repository: event.repository().map(|repository| repository.name.to_string()),
            state: outcome.as_str(),
            received_at: now,
            jobs: jobs.iter().map(|job| job.queue_for(now, Some(id.as_str()))).collect(),
        };
        let taken = tokio::time::timeout(PATIENCE, self.inbox.take(delivery));
        match taken.await.map_err(|_| ReceiveError::TooSlow)?? {
            Receipt::Duplicate => Ok(Received::Duplicate),
            Receipt::New => {
                if !jobs.is_empty() {
                    self.wake.notify_one();
                }
                Ok(outcome)
            }
        }
    }
}

impl App {
    /// Notes a delivery from which nothing can follow, so that it is known.
    pub(super) async fn note_senseless(
        &self,
        id: &DeliveryId,
        event: &str,
    ) -> Result<(), StoreError> {
        let delivery = Delivery {
            id: id.as_str().to_owned(),
            event: event.to_owned(),
            repository: None,
            state: "malformed",
            received_at: self.clock.now(),
            jobs: Vec::new(),
        };
        self.store.take_deliveries(&[delivery]).await.map(|_| ())
    }
}

/// What an event asks for.
fn translate(event: &Event) -> (Received, Vec<Job>) {
    let job = match event {
        Event::Push(push) => look(push),
        Event::Dispatch(dispatch) => {
            let jobs = promote(dispatch).unwrap_or_default();
            let received = if jobs.is_empty() { Received::Refused } else { Received::Queued };
            return (received, jobs);
        }
        Event::IssueComment(comment) => command(comment),
        Event::PullRequestClosed(closed) => ended(closed),
        Event::PullRequestChanged(changed) => preview(changed),
        Event::Installation(installation) => repositories(installation),
        Event::Ping | Event::Other => None,
    };
    let received = if job.is_some() { Received::Queued } else { Received::Ignored };
    (received, job.into_iter().collect())
}

fn place(repository: &crate::github::webhook::Repository) -> Place {
    let default_branch = repository.default_branch.as_ref();
    Place::new(&repository.name, repository.installation, default_branch)
}

fn look(push: &Push) -> Option<Job> {
    (push.repository.default_branch.as_ref() == Some(&push.branch)).then(|| {
        let moved =
            push.before.as_ref().map(|before| Moved::new(before, &push.after, push.tree.as_ref()));
        Job::Look(Look { place: place(&push.repository), moved, pushed: true })
    })
}

/// `None` if the names are none, or the workflow ran on another branch than the default one: what is there
/// was not reviewed.
fn promote(dispatch: &Dispatch) -> Option<Vec<Job>> {
    let default_branch = dispatch.repository.default_branch.as_ref().map(BranchName::as_str);
    if let (Some(branch), Some(default)) = (&dispatch.branch, default_branch)
        && branch != default
    {
        return None;
    }
    let source = EnvironmentName::parse(&dispatch.source).ok()?;
    let target = EnvironmentName::parse(&dispatch.target).ok()?;
    let key = Key::new(source, target);
    let names = dispatch.application.split(',').map(str::trim).filter(|name| !name.is_empty());
    let names = names.map(ApplicationName::parse).collect::<Result<Vec<_>, _>>().ok()?;
    // Without a name it is for all that have something, which only the configuration knows.
    let applications: Vec<Option<ApplicationName>> =
        if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
    let job = |application: Option<ApplicationName>| {
        let promote = Promote::new(place(&dispatch.repository), &key.clone().of(application));
        Job::Promote(Promote { asked: true, ..promote })
    };
    Some(applications.into_iter().map(job).collect())
}

fn command(comment: &IssueComment) -> Option<Job> {
    let author = comment.author.as_ref().filter(|author| !author.bot)?;
    let asks = match parse_command(&comment.body) {
        Ok(None) => return None,
        Ok(Some(PromoteCommand::Again)) => Asks::Again,
        Ok(Some(PromoteCommand::Pair { source, target, applications })) => Asks::Pair {
            source: source.as_str().to_owned(),
            target: target.as_str().to_owned(),
            applications: applications.iter().map(|name| name.as_str().to_owned()).collect(),
        },
        Err(error) => Asks::Nothing { because: error.to_string() },
    };
    Some(Job::Command(Command {
        place: place(&comment.repository),
        number: comment.number.get(),
        on_pull_request: comment.on_pull_request,
        comment: comment.comment,
        login: author.login.clone(),
        asks,
    }))
}

/// Pull requests of forks are nobody's promotion.
fn ended(closed: &PullRequestClosed) -> Option<Job> {
    (closed.head_repository.as_ref() == Some(&closed.repository.name)).then(|| {
        Job::Ended(Ended {
            place: place(&closed.repository),
            number: closed.number.get(),
            merged: closed.merged_as.is_some(),
        })
    })
}

/// A pull request whose commits changed, or what they go into. Its text and its drafts change nothing of it.
fn preview(changed: &PullRequestChanged) -> Option<Job> {
    let is_about_commits = match changed.action.as_str() {
        "opened" | "synchronize" | "reopened" => true,
        "edited" => changed.base_changed,
        _ => false,
    };
    is_about_commits.then(|| {
        Job::PreviewPullRequest(PreviewPullRequest {
            place: place(&changed.repository),
            number: changed.number.get(),
            base_branch: changed.base_branch.clone(),
            head_branch: changed.head_branch.clone(),
            head: changed.head.as_str().to_owned(),
            from_elsewhere: changed.head_repository.as_ref() != Some(&changed.repository.name),
        })
    })
}

fn repositories(installation: &Installation) -> Option<Job> {
    let Installation { id, added, removed } = installation;
    let names = |list: &[crate::model::RepoName]| list.iter().map(ToString::to_string).collect();
    (!added.is_empty() || !removed.is_empty()).then(|| {
        Job::Repositories(Repositories {
            installation: id.0,
            added: names(added),
            removed: names(removed),
        })
    })
}
