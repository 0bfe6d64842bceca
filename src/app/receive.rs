//! Taking a delivery: what it asks for is decided and on disk before anybody hears of it.
//!
//! Nothing is asked from GitHub here, so that a delivery is answered even while GitHub is down.

use crate::github::webhook::event::{
    CommitReported, Dispatch, Installation, IssueComment, MergeGroup, PullRequestChanged,
    PullRequestClosed, Push, Repository,
};
use crate::github::webhook::{Event, PromoteCommand, parse_command};
use crate::model::{BranchName, DeliveryId};
use crate::promotion::{Key, Marker, ticked};
use crate::store::{Delivery, Evidence, Receipt, StoreError};

use super::App;
use super::environments::evidence_of;
use super::job::{
    Asks, Changed, Command, Edit, Ended, Exempt, Job, Look, Moved, News, PreviewPullRequest,
    Promote, PullRequestHead, Repositories, RepositoryAddress,
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
        let evidence = self.evidence(event);
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
            evidence,
            jobs: jobs.iter().map(|job| job.queue_for(now, Some(id.as_str()))).collect(),
        };
        match self.take(delivery).await? {
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
    /// Waits until a delivery is on disk, but not for longer than whoever sent it.
    pub(super) async fn take(&self, delivery: Delivery) -> Result<Receipt, ReceiveError> {
        let taken = tokio::time::timeout(PATIENCE, self.inbox.take(delivery));
        Ok(taken.await.map_err(|_| ReceiveError::TooSlow)??)
    }

    /// What an event says of a commit; it is noted with the delivery, so that a flood of such is few commits to
    /// the disk and one job.
    fn evidence(&self, event: &Event) -> Vec<Evidence> {
        let Event::CommitReported(reported) = event else { return Vec::new() };
        if is_ours(&reported.report.name) {
            return Vec::new();
        }
        let now = self.clock.now();
        let repository = reported.repository.name.key();
        let (commit, report) = (reported.commit.as_str(), reported.report.clone());
        vec![evidence_of(&repository, commit, report, now, now)]
    }

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
            evidence: Vec::new(),
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
        Event::PullRequestChanged(pull_request) => {
            let jobs = [preview(pull_request), exempt(pull_request), changed(pull_request)];
            let jobs: Vec<Job> = jobs.into_iter().flatten().collect();
            let received = if jobs.is_empty() { Received::Ignored } else { Received::Queued };
            return (received, jobs);
        }
        Event::MergeGroup(group) => Some(exempt_group(group)),
        Event::CommitReported(reported) => news(reported),
        Event::Installation(installation) => repositories(installation),
        Event::Ping | Event::Other => None,
    };
    let received = if job.is_some() { Received::Queued } else { Received::Ignored };
    (received, job.into_iter().collect())
}

fn place(repository: &Repository) -> RepositoryAddress {
    let default_branch = repository.default_branch.as_ref();
    RepositoryAddress::new(&repository.name, repository.installation, default_branch)
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
    let names = dispatch.application.split(',').map(str::trim).filter(|name| !name.is_empty());
    // Without a name it is for all that have something, which only the configuration knows.
    let names: Vec<&str> = names.collect();
    let names = if names.is_empty() { vec![""] } else { names };
    let job = |key: Key| {
        let promote = Promote::new(place(&dispatch.repository), &key);
        Job::Promote(Promote { asked: true, all: dispatch.all, ..promote })
    };
    let key = |name: &str| Key::named(&dispatch.source, &dispatch.target, name);
    names.into_iter().map(|name| key(name).map(job)).collect()
}

fn command(comment: &IssueComment) -> Option<Job> {
    let author = comment.author.as_ref().filter(|author| !author.bot)?;
    let asks = match parse_command(&comment.body) {
        Ok(None) => return None,
        Ok(Some(PromoteCommand::Again)) => Asks::Again,
        Ok(Some(PromoteCommand::Undo)) => Asks::Undo,
        Ok(Some(PromoteCommand::Release { reason })) => Asks::Release { reason },
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
            merged_as: closed.merged_as.as_ref().map(|commit| commit.as_str().to_owned()),
            by: closed.sender.as_ref().map(|account| account.login.clone()),
            says_it_is_ours: Marker::parse(&closed.body).is_some(),
        })
    })
}

/// A pull request whose commits changed, or what they go into. Its text and its drafts change nothing of it.
fn preview(changed: &PullRequestChanged) -> Option<Job> {
    is_about_commits(changed).then(|| {
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

fn is_about_commits(changed: &PullRequestChanged) -> bool {
    match changed.action.as_str() {
        "opened" | "synchronize" | "reopened" => true,
        "edited" => changed.base_changed,
        _ => false,
    }
}

/// Whether checks of ours are awaited there.
fn exempt(changed: &PullRequestChanged) -> Option<Job> {
    is_about_commits(changed).then(|| {
        let head = PullRequestHead {
            number: changed.number.get(),
            base_branch: &changed.base_branch,
            commit: changed.head.as_str(),
            branch: &changed.head_branch,
            is_here: changed.head_repository.as_ref() == Some(&changed.repository.name),
            body: &changed.body,
        };
        Job::Exempt(Exempt::of_pull_request(&place(&changed.repository), head))
    })
}

fn exempt_group(group: &MergeGroup) -> Job {
    let number = group.number.map(crate::model::PullRequestNumber::get);
    let (place, head) = (place(&group.repository), group.head.as_str());
    Job::Exempt(Exempt::of_group(&place, &group.base_branch, head, number))
}

/// Pull requests of forks and into other branches are nobody's promotion.
fn changed(of: &PullRequestChanged) -> Option<Job> {
    let default_branch = of.repository.default_branch.as_ref().map(BranchName::as_str);
    let here = of.head_repository.as_ref() == Some(&of.repository.name);
    if !here || default_branch.is_some_and(|default| default != of.base_branch) {
        return None;
    }
    let edit = of.body_before.as_ref().zip(of.sender.as_ref()).map(|(before, sender)| Edit {
        by: sender.login.clone(),
        at: of.at_ms.unwrap_or(0),
        before: ticked(before),
        after: ticked(&of.body),
    });
    Some(Job::Changed(Changed {
        place: place(&of.repository),
        number: of.number.get(),
        head: of.head.as_str().to_owned(),
        head_branch: of.head_branch.clone(),
        base_branch: of.base_branch.clone(),
        says_it_is_ours: Marker::parse(&of.body).is_some(),
        edits: edit.into_iter().filter(|edit| edit.before != edit.after).collect(),
        // A review's payload has it too, but not the newest one.
        body: (of.action != "review").then(|| of.body.clone()),
    }))
}

/// What Overlift says itself is no news.
fn is_ours(name: &str) -> bool {
    name.get(..8).is_some_and(|first| first.eq_ignore_ascii_case("overlift"))
}

fn news(reported: &CommitReported) -> Option<Job> {
    if is_ours(&reported.report.name) {
        return None;
    }
    let commits = [reported.commit.as_str().to_owned()].into();
    Some(Job::News(News { place: place(&reported.repository), commits, all: false }))
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
