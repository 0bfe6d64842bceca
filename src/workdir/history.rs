//! The history of some folders, read by two calls of git: one for what changed, one for contents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::commit_tree::BlobReader;
use super::{Repository, WorkdirError};
use crate::model::{
    BlobId, Blobs, CommitSha, FileMode, FileState, PastCommit, ReadError, RepoPath, Touched,
    newest_commits,
};

/// What git knows of some folders' past.
#[derive(Debug)]
pub struct FolderHistory {
    /// The commits of the first-parent way that touch the folders, oldest first.
    pub commits: Vec<PastCommit>,
    /// The commit that it is the history of.
    pub head: CommitSha,
    /// Whether the history ends early because the clone was made with a depth.
    pub cut_off: bool,
    repository: Repository,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Started when the first content is asked for.
    reader: Option<BlobReader>,
    known: BTreeMap<BlobId, Option<Arc<[u8]>>>,
}

impl Repository {
    /// The history of some folders as of a commit.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn folder_history(
        &self,
        from: &CommitSha,
        folders: &[&RepoPath],
    ) -> Result<FolderHistory, WorkdirError> {
        let format = "--format=%x01%H%x00%an%x00%s";
        let mut arguments = vec![
            "log",
            "--first-parent",
            "-m",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--reverse",
            "--relative",
            format,
            from.as_str(),
            "--",
        ];
        arguments.extend(folders.iter().map(|dir| if dir.is_root() { "." } else { dir.as_str() }));
        let output = self.git("read the history", &arguments).run()?;
        let commits = output.split(|byte| *byte == 1).filter_map(parse_commit).collect();
        let commits = newest_commits(commits);
        let cut_off = self.is_shallow_by_file()?;
        let state = Mutex::default();
        Ok(FolderHistory { commits, head: from.clone(), cut_off, repository: self.clone(), state })
    }

    /// Contents by their ids, those that this clone has.
    #[must_use]
    pub fn contents(&self, ids: &BTreeSet<BlobId>) -> BTreeMap<BlobId, Arc<[u8]>> {
        let Ok(mut reader) = BlobReader::start(self) else { return BTreeMap::new() };
        let mut read = |id: &BlobId| {
            let content = reader.read(&RepoPath::root(), &id.0).ok()?;
            Some((id.clone(), Arc::from(content)))
        };
        ids.iter().filter_map(&mut read).collect()
    }

    /// The last commit, as of another one, that touches some folders.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn last_touching(
        &self,
        from: &CommitSha,
        folders: &[&RepoPath],
    ) -> Result<Option<CommitSha>, WorkdirError> {
        let mut arguments =
            vec!["log", "--first-parent", "--max-count=1", "--format=%H", from.as_str(), "--"];
        arguments.extend(folders.iter().map(|dir| if dir.is_root() { "." } else { dir.as_str() }));
        match self.git("read the history", &arguments).run() {
            Ok(output) => Ok(CommitSha::parse(String::from_utf8_lossy(&output).trim()).ok()),
            // A commit that this clone does not have.
            Err(WorkdirError::Git { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Blobs for FolderHistory {
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = state.known.get(id) {
            return Ok(known.clone());
        }
        if state.reader.is_none() {
            let io = |error: WorkdirError| ReadError::Io {
                path: RepoPath::root(),
                reason: error.to_string(),
            };
            state.reader = Some(BlobReader::start(&self.repository).map_err(io)?);
        }
        let reader = state.reader.as_mut().expect("it was started above");
        let content = match reader.read(&RepoPath::root(), &id.0) {
            Ok(content) => Some(Arc::from(content)),
            Err(ReadError::TooLarge { .. }) => None,
            Err(error) => return Err(error),
        };
        state.known.insert(id.clone(), content.clone());
        Ok(content)
    }
}

/// `ID NUL AUTHOR NUL SUBJECT NUL LF`, then for each file `:MODE MODE ID ID LETTER NUL PATH NUL`.
fn parse_commit(record: &[u8]) -> Option<PastCommit> {
    let mut fields = record.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let id = CommitSha::parse(&fields.next()?).ok()?;
    let (author, subject) = (fields.next()?.into_owned(), fields.next()?.into_owned());
    let mut touched = Vec::new();
    while let (Some(head), Some(path)) = (fields.next(), fields.next()) {
        let head = head.trim_start_matches('\n');
        let mut words = head.strip_prefix(':')?.split(' ');
        let (before, after) = (words.next()?, words.next()?);
        let (old, new) = (words.next()?, words.next()?);
        let Ok(path) = RepoPath::parse(&path) else { continue };
        let (before, after) = (state(before, old), state(after, new));
        if before != after {
            touched.push(Touched { path, before, after });
        }
    }
    // A submodule, or a mode of git's early days: nothing that we read.
    (!touched.is_empty()).then_some(PastCommit { id, subject, author, touched })
}

fn state(mode: &str, id: &str) -> Option<FileState> {
    let mode = match mode {
        "100644" | "100664" => FileMode::Regular,
        "100755" => FileMode::Executable,
        "120000" => FileMode::Symlink,
        _ => return None,
    };
    Some(FileState { mode, blob: BlobId(id.to_owned()) })
}
