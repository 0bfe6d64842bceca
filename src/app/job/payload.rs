//! What each kind of job says, as the queue holds it, and how two that wait become one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clearance::UndoBy;
use crate::github::TreeSha;
use crate::model::{
    ApplicationName, BranchName, CommitSha, EnvironmentName, InstallationId, PullRequestNumber,
    RepoName,
};
use crate::promotion::{Intent, Key};
use crate::store::Millis;

/// How many people one run answers; more than that in one moment is no conversation.
pub(in crate::app) const MOST_ASKERS: usize = 100;

/// A repository and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Place {
    /// `owner/name`.
    pub(in crate::app) repository: String,
    /// The installation that told us.
    #[serde(default)]
    pub(in crate::app) installation: Option<u64>,
    /// The default branch, where a payload said so.
    #[serde(default)]
    pub(in crate::app) default_branch: Option<String>,
}

/// Look at the default branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Look {
    pub(in crate::app) place: Place,
    /// What pushes say; `None` if that does not make one unbroken line, so that GitHub has to be asked.
    #[serde(default)]
    pub(in crate::app) moved: Option<Moved>,
    /// Whether somebody pushed; else the look is a poll.
    #[serde(default)]
    pub(in crate::app) pushed: bool,
}

/// Where the default branch pointed and points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Moved {
    pub(in crate::app) before: String,
    pub(in crate::app) after: String,
    /// The files of that commit.
    #[serde(default)]
    pub(in crate::app) tree: Option<String>,
}

/// Carry a promotion out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Promote {
    pub(in crate::app) place: Place,
    /// The application, where there are some.
    #[serde(default)]
    pub(in crate::app) application: Option<String>,
    pub(in crate::app) source: String,
    pub(in crate::app) target: String,
    /// The default branch's head, if whoever queued this knows it to be the newest.
    #[serde(default)]
    pub(in crate::app) head: Option<Head>,
    /// Whether somebody asked, a program included: what a person closed is then opened again.
    #[serde(default)]
    pub(in crate::app) asked: bool,
    /// Whether somebody asked on the pull request itself, so that its branch is made anew whatever is on it.
    #[serde(default)]
    pub(in crate::app) anew: bool,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(in crate::app) askers: Vec<Asker>,
    /// Whether what we remember of its branch may be wrong, so that GitHub is asked.
    #[serde(default)]
    pub(in crate::app) look: bool,
    /// Whether it is one of several that were asked for at once: that nothing is to be done is not told.
    #[serde(default)]
    pub(in crate::app) several: bool,
}

/// A commit and its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Head {
    pub(in crate::app) commit: String,
    pub(in crate::app) tree: String,
}

/// Somebody who asked in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Asker {
    /// The issue or pull request.
    pub(in crate::app) number: u64,
    /// The comment.
    pub(in crate::app) comment: u64,
}

/// Answer a command in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Command {
    pub(in crate::app) place: Place,
    pub(in crate::app) number: u64,
    pub(in crate::app) on_pull_request: bool,
    pub(in crate::app) comment: u64,
    pub(in crate::app) login: String,
    pub(in crate::app) asks: Asks,
}

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::app) enum Asks {
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
pub(in crate::app) struct Ended {
    pub(in crate::app) place: Place,
    pub(in crate::app) number: u64,
    pub(in crate::app) merged: bool,
    /// The commit of the default branch that it was merged as.
    #[serde(default)]
    pub(in crate::app) merged_as: Option<String>,
    /// Who closed it, by login.
    #[serde(default)]
    pub(in crate::app) by: Option<String>,
}

/// Show on a pull request what it does to environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct PreviewPullRequest {
    pub(in crate::app) place: Place,
    pub(in crate::app) number: u64,
    pub(in crate::app) base_branch: String,
    pub(in crate::app) head_branch: String,
    /// Its last commit.
    pub(in crate::app) head: String,
    /// Whether the head branch is a fork's.
    #[serde(default)]
    pub(in crate::app) from_elsewhere: bool,
}

/// A pull request changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Changed {
    pub(in crate::app) place: Place,
    pub(in crate::app) number: u64,
    pub(in crate::app) head: String,
    pub(in crate::app) head_branch: String,
    /// Whether its body has the mark of a promotion, which anybody can write.
    pub(in crate::app) says_it_is_ours: bool,
    #[serde(default)]
    pub(in crate::app) edits: Vec<Edit>,
    /// Its newest body.
    #[serde(default)]
    pub(in crate::app) body: Option<String>,
}

/// Somebody edited a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Edit {
    /// Who, by login.
    pub(in crate::app) by: String,
    /// When, by GitHub's clock.
    pub(in crate::app) at: Millis,
    /// What was ticked before.
    pub(in crate::app) before: BTreeSet<String>,
    /// What was ticked afterwards.
    pub(in crate::app) after: BTreeSet<String>,
}

/// Decide what holds a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Clear {
    pub(in crate::app) place: Place,
    #[serde(default)]
    pub(in crate::app) application: Option<String>,
    pub(in crate::app) source: String,
    pub(in crate::app) target: String,
    /// What its pull request is for.
    #[serde(default)]
    pub(in crate::app) intent: Option<String>,
    /// Whether something happened on the pull request, so that it is shown how it stands.
    #[serde(default)]
    pub(in crate::app) asked: bool,
    #[serde(default)]
    pub(in crate::app) edits: Vec<Edit>,
    #[serde(default)]
    pub(in crate::app) releases: Vec<Release>,
    /// The newest body.
    #[serde(default)]
    pub(in crate::app) body: Option<String>,
    /// The newest head.
    #[serde(default)]
    pub(in crate::app) head: Option<String>,
}

/// Somebody released a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Release {
    pub(in crate::app) by: String,
    pub(in crate::app) reason: String,
    pub(in crate::app) comment: u64,
}

/// Something was said of commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct News {
    pub(in crate::app) place: Place,
    /// The commits that something was said of.
    #[serde(default)]
    pub(in crate::app) commits: BTreeSet<String>,
    /// Whether there are more of them, so that all environments are looked at.
    #[serde(default)]
    pub(in crate::app) all: bool,
}

/// Send the notices of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Notify {
    /// Who receives them.
    pub(in crate::app) receiver: String,
    /// Those of one promotion, the receiver included.
    pub(in crate::app) stream: String,
}

/// Look how the target of a merged promotion is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct After {
    pub(in crate::app) place: Place,
    pub(in crate::app) number: u64,
}

/// Take a merged promotion back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Undo {
    pub(in crate::app) place: Place,
    /// Its pull request.
    pub(in crate::app) number: u64,
    /// Whether the undoing is merged too.
    #[serde(default)]
    pub(in crate::app) merges: bool,
    /// Why, if it is undone by itself.
    #[serde(default)]
    pub(in crate::app) because: Option<String>,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(in crate::app) askers: Vec<Asker>,
    /// Whether it is planned again, since the target changed: nobody is told.
    #[serde(default)]
    pub(in crate::app) again: bool,
}

/// More edits, releases or commits than these in one moment are the last ones.
const MOST_AT_ONCE: usize = 50;

/// Note which repositories an installation gained and lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Repositories {
    pub(in crate::app) installation: u64,
    pub(in crate::app) added: Vec<String>,
    pub(in crate::app) removed: Vec<String>,
}

impl Place {
    pub(in crate::app) fn new(
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
    pub(in crate::app) fn key(&self) -> String {
        self.repository.to_lowercase()
    }
}

impl Moved {
    pub(in crate::app) fn new(
        before: &CommitSha,
        after: &CommitSha,
        tree: Option<&TreeSha>,
    ) -> Self {
        Self {
            before: before.as_str().to_owned(),
            after: after.as_str().to_owned(),
            tree: tree.map(|tree| tree.as_str().to_owned()),
        }
    }

    /// Where it points, if the files are known too.
    pub(in crate::app) fn head(&self) -> Option<Head> {
        Some(Head { commit: self.after.clone(), tree: self.tree.clone()? })
    }
}

impl Promote {
    pub(in crate::app) fn new(place: Place, key: &Key) -> Self {
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
    pub(in crate::app) fn of(&self, key: &Key) -> Self {
        let Self { place, head, asked, anew, askers, .. } = self.clone();
        Self { head, asked, anew, askers, several: true, ..Self::new(place, key) }
    }

    /// Which promotion; `None` if somebody changed the queue by hand.
    pub(in crate::app) fn key(&self) -> Option<Key> {
        let application = self.application.as_deref().map(ApplicationName::parse).transpose();
        let source = EnvironmentName::parse(&self.source).ok()?;
        let target = EnvironmentName::parse(&self.target).ok()?;
        Some(Key::new(source, target).of(application.ok()?))
    }

    /// The application as a part of keys and lanes: ` of NAME`, or nothing.
    pub(in crate::app) fn of_application(&self) -> String {
        of_application(self.application.as_deref())
    }
}

pub(in crate::app) fn of_application(application: Option<&str>) -> String {
    application.map_or(String::new(), |name| format!(" of {name}"))
}

impl Clear {
    pub(in crate::app) fn new(place: Place, key: &Key) -> Self {
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
    pub(in crate::app) fn key(&self) -> Option<Key> {
        let application = self.application.as_deref().map(ApplicationName::parse).transpose();
        let source = EnvironmentName::parse(&self.source).ok()?;
        let target = EnvironmentName::parse(&self.target).ok()?;
        let intent = self.intent.as_deref().map_or(Some(Intent::Promote), Intent::parse)?;
        Some(Key::new(source, target).of(application.ok()?).with(intent))
    }

    pub(in crate::app) fn merge(self, newer: Self) -> Self {
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
    pub(in crate::app) fn merge(self, newer: Self) -> Self {
        Self { edits: last_of(self.edits, newer.edits), body: newer.body.or(self.body), ..newer }
    }
}

impl News {
    pub(in crate::app) fn merge(self, newer: Self) -> Self {
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
    pub(in crate::app) fn by_itself(
        place: Place,
        number: u64,
        by: UndoBy,
        because: String,
    ) -> Self {
        let merges = by == UndoBy::Merge;
        let askers = Vec::new();
        Self { place, number, merges, because: Some(because), askers, again: false }
    }

    pub(in crate::app) fn merge(self, newer: Self) -> Self {
        let askers = last_of(self.askers, newer.askers);
        let merges = self.merges || newer.merges;
        let again = self.again && newer.again;
        Self { askers, merges, because: self.because.or(newer.because), again, ..newer }
    }
}

/// Both in order, the last ones if they are too many.
pub(super) fn last_of<T: PartialEq>(mut waiting: Vec<T>, newer: Vec<T>) -> Vec<T> {
    for item in newer {
        if !waiting.contains(&item) {
            waiting.push(item);
        }
    }
    waiting.drain(..waiting.len().saturating_sub(MOST_AT_ONCE));
    waiting
}

impl Head {
    pub(in crate::app) fn new(commit: &CommitSha, tree: &TreeSha) -> Self {
        Self { commit: commit.as_str().to_owned(), tree: tree.as_str().to_owned() }
    }

    /// The ids again; `None` if somebody changed the queue by hand.
    pub(in crate::app) fn parse(&self) -> Option<(CommitSha, TreeSha)> {
        Some((CommitSha::parse(&self.commit).ok()?, TreeSha::parse(&self.tree).ok()?))
    }
}

impl Asker {
    pub(in crate::app) const fn new(number: PullRequestNumber, comment: u64) -> Self {
        Self { number: number.get(), comment }
    }
}

impl Place {
    pub(in crate::app) fn merge(self, newer: Self) -> Self {
        Self {
            repository: newer.repository,
            installation: newer.installation.or(self.installation),
            default_branch: newer.default_branch.or(self.default_branch),
        }
    }
}

impl Moved {
    /// The whole way, if the second begins where the first ends.
    pub(in crate::app) fn join(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        let (first, second) = (first?, second?);
        let follows = first.after == second.before;
        follows.then_some(Self { before: first.before, ..second })
    }
}

impl Promote {
    pub(in crate::app) fn merge(self, newer: Self) -> Self {
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
    pub(in crate::app) fn merge(mut self, newer: Self) -> Self {
        self.added.retain(|name| !newer.removed.contains(name));
        self.removed.retain(|name| !newer.added.contains(name));
        self.added.extend(newer.added);
        self.removed.extend(newer.removed);
        self
    }
}
