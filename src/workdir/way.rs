//! The way that a branch went, and who claims a promotion on it: from git's files, or by one `git log` that compares
//! nothing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io::{BufRead as _, BufReader};

use super::git_files::{Commit, ObjectId, ObjectReader};
use super::{Repository, WorkdirError};
use crate::model::{CommitSha, PastCommit, mainline};

/// All commits before another, and the way that leads through them.
#[derive(Debug)]
pub struct Way {
    commits: BTreeMap<CommitSha, WayCommit>,
    /// From the last commit to the first.
    places: Vec<CommitSha>,
    head: CommitSha,
    /// The commits with the trailer that was asked for, with their messages, newest first.
    pub claims: Vec<(CommitSha, String)>,
}

/// A commit as far as the way needs it.
#[derive(Debug)]
pub(super) struct WayCommit {
    parents: Vec<CommitSha>,
    /// Which of them the branch was.
    main: Option<usize>,
    author: String,
    subject: String,
    /// All its files, where they can be read without git.
    tree: Option<ObjectId>,
}

impl WayCommit {
    fn of(commit: &Commit) -> Option<Self> {
        let parents: Vec<CommitSha> = commit.parents.iter().map(sha).collect::<Option<_>>()?;
        let subject = commit.subject();
        let main = mainline(parents.len(), &subject, &commit.committer);
        let (author, tree) = (commit.author.clone(), Some(commit.tree));
        Some(Self { parents, main, author, subject, tree })
    }

    fn parent(&self) -> Option<&CommitSha> {
        self.parents.get(self.main?)
    }

    /// What it merged.
    fn merged(&self) -> Vec<CommitSha> {
        let others = self.parents.iter().enumerate().filter(|(place, _)| Some(*place) != self.main);
        others.map(|(_, parent)| parent.clone()).collect()
    }
}

/// A commit of the way, with its files and those of the one before it.
#[derive(Debug)]
pub(super) struct Trees {
    pub(super) id: CommitSha,
    pub(super) before: Option<ObjectId>,
    pub(super) after: ObjectId,
}

/// The commits before one as `git log` tells them: by their dates, each as soon as one that follows it was told.
struct Log {
    objects: ObjectReader,
    seen: BTreeSet<ObjectId>,
    /// By date; those of one moment as they came.
    waiting: BinaryHeap<(u64, Reverse<usize>)>,
    commits: Vec<Option<(ObjectId, Commit)>>,
}

impl Log {
    fn of(objects: ObjectReader) -> Self {
        let (seen, waiting) = (BTreeSet::new(), BinaryHeap::new());
        Self { objects, seen, waiting, commits: Vec::new() }
    }

    /// Takes in a commit that is to be told; `None` if it cannot be read here.
    fn add(&mut self, id: ObjectId) -> Option<()> {
        if self.seen.insert(id) {
            let commit = Commit::read(&mut self.objects, &id)?;
            self.waiting.push((commit.committed, Reverse(self.commits.len())));
            self.commits.push(Some((id, commit)));
        }
        Some(())
    }

    fn next_commit(&mut self) -> Option<(ObjectId, Commit)> {
        let (_, Reverse(place)) = self.waiting.pop()?;
        self.commits[place].take()
    }
}

impl Repository {
    /// The way to a commit. `trailer` is a key that messages of promotions have at the beginning of a line.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn way(&self, from: &CommitSha, trailer: &str) -> Result<Way, WorkdirError> {
        match self.way_by_files(from, trailer, |_| {}) {
            Some(way) => Ok(way),
            None => self.way_telling(from, trailer, |_| {}),
        }
    }

    /// The same without git, where that can be done; says each step of the way as soon as it is known.
    pub(super) fn way_by_files(
        &self,
        from: &CommitSha,
        trailer: &str,
        mut tell: impl FnMut(Trees),
    ) -> Option<Way> {
        let mut way = Way::to(from.clone());
        let mut told = Some(from.clone());
        let mut log = Log::of(self.objects()?);
        log.add(ObjectId::of_hex(from.as_str())?)?;
        while let Some((id, commit)) = log.next_commit() {
            commit.parents.iter().try_for_each(|parent| log.add(*parent))?;
            let (id, step) = (sha(&id)?, WayCommit::of(&commit)?);
            if has_trailer(&commit.message, trailer) {
                way.claims.push((id.clone(), commit.message));
            }
            way.commits.insert(id, step);
            told = way.tell_from(told, &mut tell);
        }
        way.places = way.from(from).cloned().collect();
        Some(way)
    }

    /// The same; says each step of the way as soon as it is known, as [`Way::steps`] does.
    pub(super) fn way_telling(
        &self,
        from: &CommitSha,
        trailer: &str,
        mut tell: impl FnMut(&str),
    ) -> Result<Way, WorkdirError> {
        let arguments = ["log", "-z", FORMAT, from.as_str(), "--"];
        let call = || self.git("read the history", &arguments);
        let mut child = call().start()?;
        drop(child.stdin.take());
        let stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut way = Way::to(from.clone());
        let mut next = Some(from.clone());
        for record in stdout.split(0).map_while(Result::ok) {
            let record = String::from_utf8_lossy(&record);
            let Some((id, step, message)) = parse(&record) else { continue };
            if has_trailer(message, trailer) {
                way.claims.push((id.clone(), message.to_owned()));
            }
            way.commits.insert(id, step);
            // By their dates a commit may come before the one that leads to it.
            while let Some((id, step)) = next.as_ref().and_then(|it| way.commits.get_key_value(it))
            {
                let parent = step.parent().cloned();
                tell(&line(id, parent.as_ref()));
                way.places.push(id.clone());
                next = parent;
            }
        }
        if !child.wait().is_ok_and(|status| status.success()) {
            // It says why.
            call().run()?;
        }
        Ok(way)
    }
}

/// A step as `git diff-tree --stdin` takes it.
fn line(id: &CommitSha, before: Option<&CommitSha>) -> String {
    match before {
        Some(before) => format!("{id} {before}\n"),
        None => format!("{id}\n"),
    }
}

fn sha(id: &ObjectId) -> Option<CommitSha> {
    CommitSha::parse(&id.hex()).ok()
}

/// Lines: id, parents, author, committer, subject, message.
const FORMAT: &str = "--format=format:%H%n%P%n%an%n%cn%n%s%n%B";

fn parse(record: &str) -> Option<(CommitSha, WayCommit, &str)> {
    let mut lines = record.splitn(6, '\n');
    let id = CommitSha::parse(lines.next()?).ok()?;
    let parents = lines.next()?.split(' ').filter_map(|it| CommitSha::parse(it).ok());
    let parents: Vec<CommitSha> = parents.collect();
    let (author, committer) = (lines.next()?.to_owned(), lines.next()?);
    let subject = lines.next()?.to_owned();
    let main = mainline(parents.len(), &subject, committer);
    Some((
        id,
        WayCommit { parents, main, author, subject, tree: None },
        lines.next().unwrap_or_default(),
    ))
}

fn has_trailer(message: &str, trailer: &str) -> bool {
    let begins = |line: &str| line.strip_prefix(trailer).is_some_and(|rest| rest.starts_with(": "));
    message.contains(trailer) && message.lines().any(begins)
}

impl Way {
    const fn to(head: CommitSha) -> Self {
        Self { commits: BTreeMap::new(), places: Vec::new(), head, claims: Vec::new() }
    }

    /// All that it says, but where trees are.
    #[cfg(test)]
    pub(super) fn told(&self) -> impl std::fmt::Debug + PartialEq + use<> {
        let step = |(id, step): (&CommitSha, &WayCommit)| {
            let WayCommit { parents, main, author, subject, .. } = step;
            (id.clone(), parents.clone(), *main, author.clone(), subject.clone())
        };
        let commits: Vec<_> = self.commits.iter().map(step).collect();
        (commits, self.places.clone(), self.head.clone(), self.claims.clone())
    }

    /// The commit that it leads to.
    #[must_use]
    pub const fn head(&self) -> &CommitSha {
        &self.head
    }

    /// Whether a commit is the last one or came before it.
    #[must_use]
    pub fn has(&self, id: &CommitSha) -> bool {
        self.commits.contains_key(id)
    }

    /// Tells the steps from a commit on that are known, and returns the first that is not.
    fn tell_from(
        &self,
        mut next: Option<CommitSha>,
        tell: &mut impl FnMut(Trees),
    ) -> Option<CommitSha> {
        // By their dates a commit may come before the one that leads to it.
        while let Some(step) = next.as_ref().and_then(|id| self.commits.get(id)) {
            let parent = step.parent();
            if parent.is_some_and(|parent| !self.commits.contains_key(parent)) {
                break;
            }
            let id = next.take()?;
            let before = parent.and_then(|parent| self.tree(parent));
            if let Some(after) = step.tree {
                tell(Trees { id, before, after });
            }
            next = parent.cloned();
        }
        next
    }

    /// The steps of the way with what can be read without git; nothing from the first on of which that is not so.
    pub(super) fn trees(&self) -> impl Iterator<Item = Trees> {
        let trees = |(id, before): (&CommitSha, Option<&CommitSha>)| {
            let before = match before {
                Some(before) => Some(self.tree(before)?),
                None => None,
            };
            Some(Trees { id: id.clone(), before, after: self.tree(id)? })
        };
        self.places().map_while(trees)
    }

    /// The commits of the way, from the last to the first, each with the one before it.
    pub(super) fn places(&self) -> impl Iterator<Item = (&CommitSha, Option<&CommitSha>)> {
        let befores = self.places.iter().skip(1).map(Some).chain([None]);
        self.places.iter().zip(befores)
    }

    /// The same without so many of the last, as `git diff-tree --stdin` takes them.
    pub(super) fn steps(&self, without: usize) -> String {
        self.places().skip(without).map(|(id, before)| line(id, before)).collect()
    }

    /// All files of a commit, where they can be read without git.
    pub(super) fn tree(&self, id: &CommitSha) -> Option<ObjectId> {
        self.commits.get(id)?.tree
    }

    /// A commit of the way that nothing is known to have touched yet.
    pub(super) fn commit(&self, id: &str) -> Option<PastCommit> {
        let id = CommitSha::parse(id).ok()?;
        let step = self.commits.get(&id)?;
        Some(PastCommit {
            id,
            parent: step.parent().cloned(),
            subject: step.subject.clone(),
            author: step.author.clone(),
            merged: step.merged(),
            touched: Vec::new(),
        })
    }

    /// The way from one of the commits, newest first; nothing if it is none of them.
    pub fn from<'w>(&'w self, id: &CommitSha) -> impl Iterator<Item = &'w CommitSha> + use<'w> {
        let first = self.commits.get_key_value(id).map(|(id, _)| id);
        std::iter::successors(first, |id| {
            let parent = self.commits.get(id)?.parent()?;
            self.commits.get_key_value(parent).map(|(id, _)| id)
        })
    }
}
