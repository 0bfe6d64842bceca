//! What the queue holds: kinds of jobs, and how they are written down.
//!
//! The structs here are the wire form of the queue. An older process may have written what a newer one
//! reads: fields are added with a default, never renamed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clearance::UndoBy;
use crate::github::TreeSha;
use crate::model::{
    ApplicationName, BranchName, CommitSha, EnvironmentName, InstallationId, PullRequestNumber,
    RepoName,
};
use crate::promotion::{Intent, Key};
use crate::store::{Millis, NewJob};

use super::fresh_id;

/// How many people one run answers; more than that in one moment is no conversation.
const MOST_ASKERS: usize = 100;

/// A job as the queue holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub(super) enum Job {
    /// Look at the default branch: which promotions does its head ask for?
    Look(Look),
    /// Carry a promotion out, or find that there is nothing to do.
    Promote(Promote),
    /// Answer a command in a comment.
    Command(Command),
    /// Note how a pull request ended.
    Ended(Ended),
    /// Show on a pull request what it does to environments.
    PreviewPullRequest(PreviewPullRequest),
    /// A pull request changed: perhaps a promotion's.
    Changed(Changed),
    /// Decide what holds a promotion, show it, and act upon it.
    Clear(Clear),
    /// Something was said of commits: whom does it concern?
    News(News),
    /// Look how the target of a merged promotion is doing.
    After(After),
    /// Take a merged promotion back.
    Undo(Undo),
    /// Note which repositories an installation gained and lost.
    Repositories(Repositories),
    /// Take in the deliveries that GitHub failed to make.
    Recover,
}

/// A repository and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// `owner/name`.
    pub(super) repository: String,
    /// The installation that told us.
    #[serde(default)]
    pub(super) installation: Option<u64>,
    /// The default branch, where a payload said so.
    #[serde(default)]
    pub(super) default_branch: Option<String>,
}

/// Look at the default branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) place: Place,
    /// What pushes say; `None` if that does not make one unbroken line, so that GitHub has to be asked.
    #[serde(default)]
    pub(super) moved: Option<Moved>,
    /// Whether somebody pushed; else the look is a poll.
    #[serde(default)]
    pub(super) pushed: bool,
}

/// Where the default branch pointed and points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moved {
    pub(super) before: String,
    pub(super) after: String,
    /// The files of that commit.
    #[serde(default)]
    pub(super) tree: Option<String>,
}

/// Carry a promotion out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Promote {
    pub(super) place: Place,
    /// The application, where there are some.
    #[serde(default)]
    pub(super) application: Option<String>,
    pub(super) source: String,
    pub(super) target: String,
    /// The default branch's head, if whoever queued this knows it to be the newest.
    #[serde(default)]
    pub(super) head: Option<Head>,
    /// Whether somebody asked, a program included: what a person closed is then opened again.
    #[serde(default)]
    pub(super) asked: bool,
    /// Whether somebody asked on the pull request itself, so that its branch is made anew whatever is on it.
    #[serde(default)]
    pub(super) anew: bool,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(super) askers: Vec<Asker>,
    /// Whether what we remember of its branch may be wrong, so that GitHub is asked.
    #[serde(default)]
    pub(super) look: bool,
    /// Whether it is one of several that were asked for at once: that nothing is to be done is not told.
    #[serde(default)]
    pub(super) several: bool,
}

/// A commit and its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) commit: String,
    pub(super) tree: String,
}

/// Somebody who asked in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asker {
    /// The issue or pull request.
    pub(super) number: u64,
    /// The comment.
    pub(super) comment: u64,
}

/// Answer a command in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Command {
    pub(super) place: Place,
    pub(super) number: u64,
    pub(super) on_pull_request: bool,
    pub(super) comment: u64,
    pub(super) login: String,
    pub(super) asks: Asks,
}

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asks {
    /// `/promote` alone.
    Again,
    /// `/promote SOURCE TARGET [APPLICATION…]`.
    Pair {
        source: String,
        target: String,
        #[serde(default)]
        applications: Vec<String>,
    },
    /// `/undo`.
    Undo,
    /// `/release REASON`.
    Release { reason: String },
    /// Something that is no command; the text says why.
    Nothing { because: String },
}

/// Note how a pull request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) place: Place,
    pub(super) number: u64,
    pub(super) merged: bool,
    /// The commit of the default branch that it was merged as.
    #[serde(default)]
    pub(super) merged_as: Option<String>,
}

/// Show on a pull request what it does to environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PreviewPullRequest {
    pub(super) place: Place,
    pub(super) number: u64,
    pub(super) base_branch: String,
    pub(super) head_branch: String,
    /// Its last commit.
    pub(super) head: String,
    /// Whether the head branch is a fork's.
    #[serde(default)]
    pub(super) from_elsewhere: bool,
}

/// A pull request changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Changed {
    pub(super) place: Place,
    pub(super) number: u64,
    pub(super) head: String,
    pub(super) head_branch: String,
    /// Whether its body has the mark of a promotion, which anybody can write.
    pub(super) says_it_is_ours: bool,
    #[serde(default)]
    pub(super) edits: Vec<Edit>,
    /// Its newest body.
    #[serde(default)]
    pub(super) body: Option<String>,
}

/// Somebody edited a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edit {
    /// Who, by login.
    pub(super) by: String,
    /// When, by GitHub's clock.
    pub(super) at: Millis,
    /// What was ticked before.
    pub(super) before: BTreeSet<String>,
    /// What was ticked afterwards.
    pub(super) after: BTreeSet<String>,
}

/// Decide what holds a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clear {
    pub(super) place: Place,
    #[serde(default)]
    pub(super) application: Option<String>,
    pub(super) source: String,
    pub(super) target: String,
    /// What its pull request is for.
    #[serde(default)]
    pub(super) intent: Option<String>,
    /// Whether something happened on the pull request, so that it is shown how it stands.
    #[serde(default)]
    pub(super) asked: bool,
    #[serde(default)]
    pub(super) edits: Vec<Edit>,
    #[serde(default)]
    pub(super) releases: Vec<Release>,
    /// The newest body.
    #[serde(default)]
    pub(super) body: Option<String>,
    /// The newest head.
    #[serde(default)]
    pub(super) head: Option<String>,
}

/// Somebody released a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Release {
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) comment: u64,
}

/// Something was said of commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct News {
    pub(super) place: Place,
    /// The commits that something was said of.
    #[serde(default)]
    pub(super) commits: BTreeSet<String>,
    /// Whether there are more of them, so that all environments are looked at.
    #[serde(default)]
    pub(super) all: bool,
}

/// Look how the target of a merged promotion is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct After {
    pub(super) place: Place,
    pub(super) number: u64,
}

/// Take a merged promotion back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Undo {
    pub(super) place: Place,
    /// Its pull request.
    pub(super) number: u64,
    /// Whether the undoing is merged too.
    #[serde(default)]
    pub(super) merges: bool,
    /// Why, if it is undone by itself.
    #[serde(default)]
    pub(super) because: Option<String>,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(super) askers: Vec<Asker>,
}

/// More edits, releases or commits than these in one moment are the last ones.
const MOST_AT_ONCE: usize = 50;

/// Note which repositories an installation gained and lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Repositories {
    pub(super) installation: u64,
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
}

impl Place {
    pub(super) fn new(
        repository: &RepoName,
        installation: Option<InstallationId>,
        default_branch: Option<&BranchName>,
    ) -> Self {
        Self {
            repository: repository.to_string(),
            installation: installation.map(|installation| installation.0),
            default_branch: default_branch.map(|branch| branch.as_str().to_owned()),
        }
    }

    /// The name under which the store knows the repository: GitHub's names differ by more than case.
    pub(super) fn key(&self) -> String {
        self.repository.to_lowercase()
    }
}

impl Moved {
    pub(super) fn new(before: &CommitSha, after: &CommitSha, tree: Option<&TreeSha>) -> Self {
        Self {
            before: before.as_str().to_owned(),
            after: after.as_str().to_owned(),
            tree: tree.map(|tree| tree.as_str().to_owned()),
        }
    }

    /// Where it points, if the files are known too.
    pub(super) fn head(&self) -> Option<Head> {
        Some(Head { commit: self.after.clone(), tree: self.tree.clone()? })
    }
}

impl Promote {
    pub(super) fn new(place: Place, key: &Key) -> Self {
        Self {
            place,
            application: key.application.as_ref().map(|name| name.as_str().to_owned()),
            source: key.source.as_str().to_owned(),
            target: key.target.as_str().to_owned(),
            head: None,
            asked: false,
            anew: false,
            askers: Vec::new(),
            look: false,
            several: false,
        }
    }

    /// The same for one application of several.
    pub(super) fn of(&self, key: &Key) -> Self {
        let Self { place, head, asked, anew, askers, .. } = self.clone();
        Self { head, asked, anew, askers, several: true, ..Self::new(place, key) }
    }

    /// Which promotion; `None` if somebody changed the queue by hand.
    pub(super) fn key(&self) -> Option<Key> {
        let application = self.application.as_deref().map(ApplicationName::parse).transpose();
        let source = EnvironmentName::parse(&self.source).ok()?;
        let target = EnvironmentName::parse(&self.target).ok()?;
        Some(Key::new(source, target).of(application.ok()?))
    }

    /// The application as a part of keys and lanes: ` of NAME`, or nothing.
    fn of_application(&self) -> String {
        of(self.application.as_deref())
    }
}

fn of(application: Option<&str>) -> String {
    application.map_or(String::new(), |name| format!(" of {name}"))
}

impl Clear {
    pub(super) fn new(place: Place, key: &Key) -> Self {
        Self {
            place,
            application: key.application.as_ref().map(|name| name.as_str().to_owned()),
            source: key.source.as_str().to_owned(),
            target: key.target.as_str().to_owned(),
            intent: Some(key.intent.as_str().to_owned()),
            asked: false,
            edits: Vec::new(),
            releases: Vec::new(),
            body: None,
            head: None,
        }
    }

    /// Which promotion; `None` if somebody changed the queue by hand.
    pub(super) fn key(&self) -> Option<Key> {
        let application = self.application.as_deref().map(ApplicationName::parse).transpose();
        let source = EnvironmentName::parse(&self.source).ok()?;
        let target = EnvironmentName::parse(&self.target).ok()?;
        let intent = self.intent.as_deref().map_or(Some(Intent::Promote), Intent::parse)?;
        Some(Key::new(source, target).of(application.ok()?).with(intent))
    }

    fn merge(self, newer: Self) -> Self {
        Self {
            place: self.place.merge(newer.place),
            asked: self.asked || newer.asked,
            edits: last_of(self.edits, newer.edits),
            releases: last_of(self.releases, newer.releases),
            body: newer.body.or(self.body),
            head: newer.head.or(self.head),
            ..newer
        }
    }
}

impl Changed {
    fn merge(self, newer: Self) -> Self {
        Self { edits: last_of(self.edits, newer.edits), body: newer.body.or(self.body), ..newer }
    }
}

impl News {
    fn merge(self, newer: Self) -> Self {
        let (mut commits, mut all) = (self.commits, self.all || newer.all);
        commits.extend(newer.commits);
        if commits.len() > MOST_AT_ONCE {
            all = true;
            commits.clear();
        }
        Self { place: self.place.merge(newer.place), commits, all }
    }
}

impl Undo {
    /// An undoing that nobody asked for.
    pub(super) fn by_itself(place: Place, number: u64, by: UndoBy, because: String) -> Self {
        let merges = by == UndoBy::Merge;
        Self { place, number, merges, because: Some(because), askers: Vec::new() }
    }

    fn merge(self, newer: Self) -> Self {
        let askers = last_of(self.askers, newer.askers);
        let merges = self.merges || newer.merges;
        Self { askers, merges, because: self.because.or(newer.because), ..newer }
    }
}

/// Both in order, the last ones if they are too many.
fn last_of<T: PartialEq>(mut waiting: Vec<T>, newer: Vec<T>) -> Vec<T> {
    for item in newer {
        if !waiting.contains(&item) {
            waiting.push(item);
        }
    }
    waiting.drain(..waiting.len().saturating_sub(MOST_AT_ONCE));
    waiting
}

impl Head {
    pub(super) fn new(commit: &CommitSha, tree: &TreeSha) -> Self {
        Self { commit: commit.as_str().to_owned(), tree: tree.as_str().to_owned() }
    }

    /// The ids again; `None` if somebody changed the queue by hand.
    pub(super) fn parse(&self) -> Option<(CommitSha, TreeSha)> {
        Some((CommitSha::parse(&self.commit).ok()?, TreeSha::parse(&self.tree).ok()?))
    }
}

impl Asker {
    pub(super) const fn new(number: PullRequestNumber, comment: u64) -> Self {
        Self { number: number.get(), comment }
    }
}

impl Job {
    /// The word for it in lists and metrics.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Look(_) => "look",
            Self::Promote(_) => "promote",
            Self::Command(_) => "command",
            Self::Ended(_) => "ended",
            Self::PreviewPullRequest(_) => "preview",
            Self::Changed(_) => "changed",
            Self::Clear(_) => "clear",
            Self::News(_) => "news",
            Self::After(_) => "after",
            Self::Undo(_) => "undo",
            Self::Repositories(_) => "repositories",
            Self::Recover => "recover",
        }
    }

    /// Where it plays, if in one repository.
    pub(super) const fn place(&self) -> Option<&Place> {
        match self {
            Self::Look(Look { place, .. })
            | Self::Promote(Promote { place, .. })
            | Self::Command(Command { place, .. })
            | Self::PreviewPullRequest(PreviewPullRequest { place, .. })
            | Self::Ended(Ended { place, .. })
            | Self::Changed(Changed { place, .. })
            | Self::Clear(Clear { place, .. })
            | Self::News(News { place, .. })
            | Self::After(After { place, .. })
            | Self::Undo(Undo { place, .. }) => Some(place),
            Self::Repositories(_) | Self::Recover => None,
        }
    }

    /// What makes a second one the same job.
    fn key(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Look(look) => format!("{kind} {}", look.place.key()),
            Self::Promote(promote) => {
                let Promote { place, source, target, .. } = promote;
                format!("{kind} {} {source} {target}{}", place.key(), promote.of_application())
            }
            Self::Command(command) => {
                format!("{kind} {} {}", command.place.key(), command.comment)
            }
            Self::Ended(ended) => format!("{kind} {} {}", ended.place.key(), ended.number),
            Self::PreviewPullRequest(preview) => {
                format!("{kind} {} {}", preview.place.key(), preview.number)
            }
            Self::Changed(changed) => {
                format!("{kind} {} {}", changed.place.key(), changed.number)
            }
            Self::Clear(clear) => {
                let Clear { place, source, target, .. } = clear;
                let (of, intent) = (of(clear.application.as_deref()), clear.intent.as_deref());
                let intent = intent.unwrap_or_default();
                format!("{kind} {} {source} {target}{of} {intent}", place.key())
            }
            Self::News(news) => format!("{kind} {}", news.place.key()),
            Self::After(after) => format!("{kind} {} {}", after.place.key(), after.number),
            Self::Undo(undo) => format!("{kind} {} {}", undo.place.key(), undo.number),
            Self::Repositories(repositories) => format!("{kind} {}", repositories.installation),
            Self::Recover => kind.to_owned(),
        }
    }

    /// What must not run at the same time: one promotion at a time into a target.
    fn lane(&self) -> String {
        match self {
            Self::Promote(promote) => {
                let Promote { place, target, .. } = promote;
                format!("promote {} {target}{}", place.key(), promote.of_application())
            }
            Self::Clear(clear) => {
                let Clear { place, target, application, .. } = clear;
                format!("promote {} {target}{}", place.key(), of(application.as_deref()))
            }
            _ => self.key(),
        }
    }

    /// The job for the queue.
    pub(super) fn queue(&self, now: Millis) -> NewJob {
        NewJob {
            id: fresh_id(now),
            kind: self.kind(),
            repository: self.place().map(Place::key),
            key: self.key(),
            lane: self.lane(),
            payload: serde_json::to_string(self).expect("plain fields can always be written"),
            run_at: now,
            delivery: None,
        }
    }

    /// The job for the queue, following from a delivery.
    pub(super) fn queue_for(&self, now: Millis, delivery: Option<&str>) -> NewJob {
        NewJob { delivery: delivery.map(str::to_owned), ..self.queue(now) }
    }

    /// Reads a job back; `None` if a newer version wrote a kind that this one does not know.
    pub(super) fn parse(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }

    /// One job that does what both do.
    fn merge(self, newer: Self) -> Self {
        match (self, newer) {
            (Self::Look(waiting), Self::Look(newer)) => Self::Look(Look {
                moved: Moved::join(waiting.moved, newer.moved),
                pushed: waiting.pushed || newer.pushed,
                place: waiting.place.merge(newer.place),
            }),
            (Self::Promote(waiting), Self::Promote(newer)) => Self::Promote(waiting.merge(newer)),
            (Self::Repositories(waiting), Self::Repositories(newer)) => {
                Self::Repositories(waiting.merge(newer))
            }
            (Self::Changed(waiting), Self::Changed(newer)) => Self::Changed(waiting.merge(newer)),
            (Self::Clear(waiting), Self::Clear(newer)) => Self::Clear(waiting.merge(newer)),
            (Self::News(waiting), Self::News(newer)) => Self::News(waiting.merge(newer)),
            (Self::Undo(waiting), Self::Undo(newer)) => Self::Undo(waiting.merge(newer)),
            (_, newer) => newer,
        }
    }
}

impl Place {
    fn merge(self, newer: Self) -> Self {
        Self {
            repository: newer.repository,
            installation: newer.installation.or(self.installation),
            default_branch: newer.default_branch.or(self.default_branch),
        }
    }
}

impl Moved {
    /// The whole way, if the second begins where the first ends.
    fn join(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        let (first, second) = (first?, second?);
        let follows = first.after == second.before;
        follows.then_some(Self { before: first.before, ..second })
    }
}

impl Promote {
    fn merge(self, newer: Self) -> Self {
        let mut askers = self.askers;
        askers.extend(newer.askers);
        let mut seen = BTreeSet::new();
        askers.retain(|asker| seen.insert(asker.comment));
        askers.drain(..askers.len().saturating_sub(MOST_ASKERS));
        Self {
            place: self.place.merge(newer.place),
            application: newer.application,
            source: newer.source,
            target: newer.target,
            // One of them does not know the newest head: it has to be asked for.
            head: self.head.and(newer.head),
            asked: self.asked || newer.asked,
            anew: self.anew || newer.anew,
            several: self.several && newer.several,
            look: self.look || newer.look,
            askers,
        }
    }
}

impl Repositories {
    fn merge(mut self, newer: Self) -> Self {
        self.added.retain(|name| !newer.removed.contains(name));
        self.removed.retain(|name| !newer.added.contains(name));
        self.added.extend(newer.added);
        self.removed.extend(newer.removed);
        self
    }
}

/// One payload that does what both do; what cannot be read gives way to the newer one.
#[must_use]
pub fn merge_payloads(waiting: &str, newer: &str) -> String {
    match (Job::parse(waiting), Job::parse(newer)) {
        (Some(waiting), Some(newer)) => serde_json::to_string(&waiting.merge(newer))
            .expect("plain fields can always be written"),
        _ => newer.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { repository: "O/r".to_owned(), installation: None, default_branch: None }
    }

    fn look(moved: Option<(&str, &str)>) -> Job {
        let moved = moved.map(|(before, after)| Moved {
            before: before.into(),
            after: after.into(),
            tree: None,
        });
        Job::Look(Look { place: place(), moved, pushed: true })
    }

    fn promote(head: Option<&str>, askers: &[u64]) -> Promote {
        Promote {
            place: place(),
            application: None,
            source: "dev".to_owned(),
            target: "prod".to_owned(),
            head: head.map(head_of),
            asked: !askers.is_empty(),
            anew: false,
            look: false,
            several: false,
            askers: askers.iter().map(|comment| Asker { number: 1, comment: *comment }).collect(),
        }
    }

    fn head_of(digit: &str) -> Head {
        Head { commit: digit.to_owned(), tree: digit.to_owned() }
    }

    fn merged(waiting: &Job, newer: &Job) -> Job {
        Job::parse(&merge_payloads(&waiting.queue(1).payload, &newer.queue(1).payload)).unwrap()
    }

    #[test]
    fn pushes_that_follow_each_other_make_one_way() {
        let (first, second) = (look(Some(("a", "b"))), look(Some(("b", "c"))));
        assert_eq!(merged(&first, &second), look(Some(("a", "c"))));
        assert_eq!(merged(&second, &first), look(None), "they came in the wrong order");
        assert_eq!(merged(&first, &look(None)), look(None));
    }

    #[test]
    fn one_run_answers_everybody_and_forgets_no_request() {
        let waiting = Job::Promote(promote(Some("a"), &[1, 2]));
        let newer = Job::Promote(promote(Some("b"), &[2]));
        let both = Promote { asked: true, ..promote(Some("b"), &[1, 2]) };
        assert_eq!(merged(&waiting, &newer), Job::Promote(both));
        let unknown = Job::Promote(promote(None, &[]));
        let Job::Promote(job) = merged(&waiting, &unknown) else { panic!() };
        assert_eq!((job.head, job.asked), (None, true));
        let crowd = Job::Promote(promote(None, &(0..1000).collect::<Vec<_>>()));
        let Job::Promote(job) = merged(&waiting, &crowd) else { panic!() };
        assert_eq!(job.askers.len(), MOST_ASKERS);
    }

    #[test]
    fn one_promotion_at_a_time_goes_into_a_target_whatever_the_case() {
        let other = Promote { source: "qa".to_owned(), ..promote(None, &[]) };
        let spelled = Place { repository: "o/R".to_owned(), ..place() };
        let other = Promote { place: spelled, ..other };
        let (one, two) = (Job::Promote(promote(None, &[])), Job::Promote(other));
        assert_eq!(one.queue(1).lane, two.queue(1).lane);
        assert_ne!(one.queue(1).key, two.queue(1).key);
        let of = |application: &str| {
            let application = Some(application.to_owned());
            Job::Promote(Promote { application, ..promote(None, &[]) }).queue(1)
        };
        assert_ne!(of("cart").lane, of("pay").lane, "applications do not wait for each other");
        assert_ne!(of("cart").key, one.queue(1).key);
    }

    #[test]
    fn an_unknown_payload_gives_way() {
        assert_eq!(merge_payloads("{}", "x"), "x");
        assert_eq!(Job::parse(r#"{"job":"from_the_future"}"#), None);
    }
}
