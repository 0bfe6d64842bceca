//! What commits changed in some folders, as git tells it.

use std::io::{BufRead, BufReader};
use std::process::Child;

use super::WorkdirError;
use super::way::Way;
use crate::model::{BlobId, FileMode, FileState, PastCommit, RepoPath, Touched};

/// A commit and what it changed in the folders that were asked about.
pub(super) struct Met {
    pub(super) id: String,
    pub(super) touched: Vec<Touched>,
}

impl Met {
    pub(super) fn commit(self, way: &Way) -> Option<PastCommit> {
        Some(PastCommit { touched: self.touched, ..way.commit(&self.id)? })
    }
}

/// What git could not do.
pub(super) const READ_HISTORY: &str = "read the history";

/// Hears what git tells of commits until somebody has enough; false if somebody had.
pub(super) fn answers(
    mut child: Child,
    is_enough: impl FnMut(Met) -> bool,
) -> Result<bool, WorkdirError> {
    let mut stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let is_done = read_commits(&mut stdout, is_enough);
    if is_done {
        let _ = child.kill();
    }
    match child.wait().is_ok_and(|status| status.success()) {
        true => Ok(!is_done),
        false if is_done => Ok(false),
        false => Err(WorkdirError::Git { what: READ_HISTORY, said: "it stopped early".to_owned() }),
    }
}

/// Reads what `git diff-tree --stdin` says of commits until somebody has enough, and says whether somebody had:
/// `ID NUL`, then for each file `:MODE MODE ID ID LETTER NUL PATH NUL`.
fn read_commits(answers: &mut impl BufRead, mut is_enough: impl FnMut(Met) -> bool) -> bool {
    let mut next = || {
        let mut field = Vec::new();
        let read = answers.read_until(0, &mut field);
        (read.is_ok() && field.pop() == Some(0))
            .then(|| String::from_utf8_lossy(&field).into_owned())
    };
    let mut met: Option<Met> = None;
    let mut show = |met: Option<Met>| {
        // A submodule, or a mode of git's early days: nothing that we read.
        met.filter(|met| !met.touched.is_empty()).is_some_and(&mut is_enough)
    };
    while let Some(field) = next() {
        let Some(head) = field.strip_prefix(':') else {
            if show(met.replace(Met { id: field, touched: Vec::new() })) {
                return true;
            }
            continue;
        };
        let path = next();
        let touched = path.and_then(|path| parse_touched(head, &path));
        if let (Some(met), Some(touched)) = (&mut met, touched) {
            met.touched.push(touched);
        }
    }
    show(met)
}

/// `MODE MODE ID ID LETTER` of a path.
fn parse_touched(head: &str, path: &str) -> Option<Touched> {
    let mut words = head.split(' ');
    let (before, after) = (words.next()?, words.next()?);
    let (old, new) = (words.next()?, words.next()?);
    let path = RepoPath::parse(path).ok()?;
    let (before, after) = (state(before, old), state(after, new));
    (before != after).then_some(Touched { path, before, after })
}

/// A side of a change by git's digits for its mode, if it is a file's.
pub(super) fn state(mode: &str, id: &str) -> Option<FileState> {
    let mode = match mode {
        "100644" | "100664" => FileMode::Regular,
        "100755" => FileMode::Executable,
        "120000" => FileMode::Symlink,
        _ => return None,
    };
    Some(FileState { mode, blob: BlobId(id.to_owned()) })
}
