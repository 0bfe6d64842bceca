//! A file of both folders with its past, and what is said of it however it is decided.

use super::content::Form;
use super::decision::Reason;
use super::difference::{Because, Difference, Then};
use super::held::Held;
use super::history::Version;
use super::request::{Change, Folders, Request};
use super::settle::{Point, last_of};
use super::sides::Sides;
use super::told::told;
use super::value::Value;
use crate::model::{CommitSha, File, ReadError, RepoPath};

/// A file and its counterpart, below their folders.
pub(super) struct Pair {
    pub source: String,
    pub target: String,
}

/// A pair with its contents and its past.
pub(super) struct Opened<'o, 'r> {
    pub request: &'o Request<'r>,
    pub sides: &'o Sides<'r>,
    pub pair: &'o Pair,
    pub source: Option<File>,
    pub target: Option<File>,
    pub source_past: Vec<Version>,
    pub target_past: Vec<Version>,
    /// The last promotion that tells what of this file was left out.
    pub point: Option<Point>,
}

impl Pair {
    /// Opens the pair, if there is something to decide.
    pub(super) fn open<'o, 'r>(
        &'o self,
        request: &'o Request<'r>,
        sides: &'o Sides<'r>,
    ) -> Result<Option<Opened<'o, 'r>>, ReadError> {
        let read = |there: bool, path: &RepoPath| {
            if there { request.files.file(path) } else { Ok(None) }
        };
        let paths = (sides.source_path(&self.source), sides.target_path(&self.target));
        let there = (sides.source.contains(&self.source), sides.target.contains(&self.target));
        let (source, target) = (read(there.0, &paths.0)?, read(there.1, &paths.1)?);
        if there != (source.is_some(), target.is_some()) {
            if !self.is_known_equal(request, &paths) {
                let lacking = [(there.0, source, paths.0), (there.1, target, paths.1)].into_iter();
                let lacking = lacking.filter(|(there, file, _)| *there && file.is_none());
                sides.unknown.borrow_mut().extend(lacking.map(|(_, _, path)| path));
            }
            return Ok(None);
        }
        if source == target {
            return Ok(None);
        }
        // A file that one side lacks under its name of now comes or goes under that.
        let both = source.is_some() && target.is_some();
        let past = |path: &RepoPath, folder: &RepoPath, since: Option<usize>| match since {
            Some(since) => request.history.versions(path, both.then_some(folder), since),
            None => Ok(Vec::new()),
        };
        let folders = request.folders;
        Ok(Some(Opened {
            request,
            sides,
            pair: self,
            point: self.point(request)?,
            source_past: past(&paths.0, folders.source, sides.since.0)?,
            target_past: past(&paths.1, folders.target, sides.since.1)?,
            source,
            target,
        }))
    }

    /// Whether the history tells of two files that are not here that they are the same; what a kustomization or a
    /// manifest says is asked for more than that.
    fn is_known_equal(
        &self,
        request: &Request<'_>,
        (source, target): &(RepoPath, RepoPath),
    ) -> bool {
        let of_source = request.history.last(source);
        Form::by_name(target.as_str()) != Form::Yaml
            && of_source.is_some()
            && of_source == request.history.last(target)
    }

    /// Who promotes by hand looks at one file after the other, so that each has a last promotion of its own; one that
    /// nobody promoted yet was seen with the others.
    fn point(&self, request: &Request<'_>) -> Result<Option<Point>, ReadError> {
        let Folders { source, target } = request.folders;
        let own = if request.by_hand {
            last_of(request.history, (source, target), request.names, &|it| it == self.target)?
        } else {
            None
        };
        Ok(own.or_else(|| request.point.cloned()))
    }
}

impl Opened<'_, '_> {
    /// The target's file. What it is called tells how it is read, and a folder that is one file has no path below it.
    pub(super) fn target_path(&self) -> RepoPath {
        self.sides.target_path(&self.pair.target)
    }

    /// The file as a whole is told.
    pub(super) fn whole(&self, path: RepoPath, then: Then, because: Because) -> Difference {
        Difference::of_file(path, self.sides.source_path(&self.pair.source), then, because)
    }

    /// Whether this is asked for: a field, or all of the file.
    pub(super) fn is_asked(&self, field: &str, value: Option<&str>) -> bool {
        (self.request.asked)(&self.pair.target, field, value.unwrap_or_default())
    }

    /// What becomes of the target's file, with the fields that change.
    pub(super) fn change(&self, after: Option<File>, fields: Vec<String>) -> Change {
        Change {
            below: self.pair.target.clone(),
            after,
            fields,
            from: self.sides.source_path(&self.pair.source),
            moved: None,
        }
    }

    /// Why a value that would come new stays away.
    pub(super) fn foreign(&self, key: &str, value: &Value) -> Option<Held> {
        self.sides.foreign(self.request.names, key, value)
    }

    /// The commit at a place of the history.
    pub(super) fn commit(&self, index: Option<usize>) -> Option<CommitSha> {
        let commit = self.request.history.commits.get(index?)?;
        Some(commit.id.clone())
    }

    /// In which words it is told.
    pub(super) fn words(&self, reason: &Reason, goes: bool) -> (Then, Because) {
        let comes = if goes { Then::Goes } else { Then::Comes };
        let left_by = || self.point.as_ref().and_then(|point| point.by.clone());
        told(reason, comes, left_by, |index| self.commit(index))
    }
}
