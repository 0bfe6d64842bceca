//! The way that a branch went, and who claims a promotion on it: one `git log` that compares nothing.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};

use super::{Repository, WorkdirError};
use crate::model::{CommitSha, PastCommit, mainline};

/// All commits before another, and the way that leads through them.
#[derive(Debug)]
pub struct Way {
    commits: BTreeMap<CommitSha, Step>,
    /// From the last commit to the first.
    places: Vec<CommitSha>,
    head: CommitSha,
    /// The commits with the trailer that was asked for, with their messages, newest first.
    pub claims: Vec<(CommitSha, String)>,
}

/// A commit as far as the way needs it.
#[derive(Debug)]
pub(super) struct Step {
    parents: Vec<CommitSha>,
    /// Which of them the branch was.
    main: Option<usize>,
    author: String,
    subject: String,
}

impl Step {
    fn parent(&self) -> Option<&CommitSha> {
        self.parents.get(self.main?)
    }

    /// What it merged.
    fn merged(&self) -> Vec<CommitSha> {
        let others = self.parents.iter().enumerate().filter(|(place, _)| Some(*place) != self.main);
        others.map(|(_, parent)| parent.clone()).collect()
    }
}

impl Repository {
    /// The way to a commit. `trailer` is a key that messages of promotions have at the beginning of a line.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn way(&self, from: &CommitSha, trailer: &str) -> Result<Way, WorkdirError> {
        self.way_telling(from, trailer, |_| {})
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

/// Lines: id, parents, author, committer, subject, message.
const FORMAT: &str = "--format=format:%H%n%P%n%an%n%cn%n%s%n%B";

fn parse(record: &str) -> Option<(CommitSha, Step, &str)> {
    let mut lines = record.splitn(6, '\n');
    let id = CommitSha::parse(lines.next()?).ok()?;
    let parents = lines.next()?.split(' ').filter_map(|it| CommitSha::parse(it).ok());
    let parents: Vec<CommitSha> = parents.collect();
    let (author, committer) = (lines.next()?.to_owned(), lines.next()?);
    let subject = lines.next()?.to_owned();
    let main = mainline(parents.len(), &subject, committer);
    Some((id, Step { parents, main, author, subject }, lines.next().unwrap_or_default()))
}

fn has_trailer(message: &str, trailer: &str) -> bool {
    let begins = |line: &str| line.strip_prefix(trailer).is_some_and(|rest| rest.starts_with(": "));
    message.contains(trailer) && message.lines().any(begins)
}

impl Way {
    const fn to(head: CommitSha) -> Self {
        Self { commits: BTreeMap::new(), places: Vec::new(), head, claims: Vec::new() }
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

    /// The commits of the way, each with the one before it, as `git diff-tree --stdin` takes them.
    pub(super) fn steps(&self) -> String {
        let pairs = self.places.iter().zip(self.places.iter().skip(1).map(Some).chain([None]));
        pairs.map(|(id, before)| line(id, before)).collect()
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
