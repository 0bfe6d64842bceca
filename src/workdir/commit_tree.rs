//! One commit as [`Files`].

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, MutexGuard};

use super::bounds::{FILE_LIMIT_BYTES, is_git_internal, not_utf8};
use super::{Repository, WorkdirError};
use crate::model::{
    BlobId, CommitSha, Entry, File, FileEdit, FileMode, FileTree, Files, ReadError, RepoPath,
};

/// The files of one commit below a checkout's root: all names at once, contents when asked.
#[derive(Debug)]
pub struct CommitTree {
    objects: BTreeMap<RepoPath, Object>,
    /// Files whose names are not UTF-8, as well as they can be shown.
    unreadable: Vec<RepoPath>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Object {
    mode: FileMode,
    id: String,
}

#[derive(Debug)]
struct State {
    known: FileTree,
    blobs: BlobReader,
}

/// What makes the files of one commit of those of another.
///
/// # Errors
/// [`WorkdirError`] if git cannot be asked, or a file cannot be read.
pub fn edits_between(
    repository: &Repository,
    before: &CommitSha,
    after: &CommitSha,
) -> Result<Vec<FileEdit>, WorkdirError> {
    let changed = repository.changed_files(before, Some(after))?;
    let trees = [
        CommitTree::open(repository, before.clone())?,
        CommitTree::open(repository, after.clone())?,
    ];
    let edit = |path: RepoPath| {
        let (before, after) = (trees[0].file(&path)?, trees[1].file(&path)?);
        Ok(FileEdit { path, before, after })
    };
    changed.into_iter().map(edit).collect()
}

impl CommitTree {
    /// Reads the names of the commit's files.
    ///
    /// # Errors
    /// [`WorkdirError::UnknownRevision`] if the commit or the root in it is not there.
    pub fn open(repository: &Repository, commit: CommitSha) -> Result<Self, WorkdirError> {
        let tree = format!("{commit}:{}", repository.prefix().as_str());
        let listing =
            repository.git("read the commit", &["ls-tree", "--full-tree", "-r", "-z", &tree]).run();
        let listing = listing.map_err(|error| match error {
            WorkdirError::Git { .. } => WorkdirError::UnknownRevision(tree),
            error => error,
        })?;
        let (mut objects, mut known, mut unreadable) = (BTreeMap::new(), FileTree::new(), vec![]);
        for record in listing.split(|byte| *byte == 0) {
            // The end of the listing and submodules are no files.
            let Some((name, object)) = parse_record(record) else { continue };
            match std::str::from_utf8(name).map(RepoPath::parse) {
                Ok(Ok(path)) if !is_git_internal(&path) => {
                    known.insert_unknown(path.clone());
                    objects.insert(path, object);
                }
                Ok(_) => {}
                Err(_) => unreadable.extend(RepoPath::parse(&String::from_utf8_lossy(name))),
            }
        }
        let blobs = BlobReader::start(repository)?;
        Ok(Self { objects, unreadable, state: Mutex::new(State { known, blobs }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reads the content of a file that the listing named.
    fn fetch(&self, state: &mut State, path: &RepoPath) -> Result<(), ReadError> {
        let Some(object) = self.objects.get(path) else {
            let reason = "it is not in the commit".to_owned();
            return Err(ReadError::Io { path: path.clone(), reason });
        };
        let content = state.blobs.read(path, &object.id)?;
        state.known.insert(path.clone(), File { mode: object.mode, content: content.into() });
        Ok(())
    }
}

impl Files for CommitTree {
    fn look_up(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        let mut state = self.state();
        loop {
            match state.known.look_up(path)? {
                (at, Entry::Unknown) => self.fetch(&mut state, &at)?,
                found => return Ok(found),
            }
        }
    }

    fn file(&self, path: &RepoPath) -> Result<Option<File>, ReadError> {
        let mut state = self.state();
        if state.known.file(path)?.is_none() && self.objects.contains_key(path) {
            self.fetch(&mut state, path)?;
        }
        state.known.file(path)
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
        if let Some(path) = self.unreadable.iter().find(|path| path.is_within(dir)) {
            return Err(not_utf8(dir, path.as_str()));
        }
        self.state().known.list(dir)
    }
}

/// `MODE SP TYPE SP ID TAB NAME`; `None` for submodules and for what is no entry.
fn parse_record(record: &[u8]) -> Option<(&[u8], Object)> {
    let tab = memchr::memchr(b'\t', record)?;
    let (head, name) = (std::str::from_utf8(&record[..tab]).ok()?, &record[tab + 1..]);
    let mut words = head.split(' ');
    let mode = match words.next()? {
        "100644" | "100664" => FileMode::Regular,
        "100755" => FileMode::Executable,
        "120000" => FileMode::Symlink,
        _ => return None,
    };
    let id = words.nth(1)?.to_owned();
    Some((name, Object { mode, id }))
}

/// A `git cat-file --batch` that waits for questions.
#[derive(Debug)]
pub(super) struct BlobReader {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl BlobReader {
    pub(super) fn start(repository: &Repository) -> Result<Self, WorkdirError> {
        let mut child = repository.git("read files", &["cat-file", "--batch"]).start()?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Ok(Self { child, stdin, stdout })
    }

    pub(super) fn read(&mut self, path: &RepoPath, id: &str) -> Result<Vec<u8>, ReadError> {
        self.ask(path, std::iter::once(id))?;
        self.answer(path)
    }

    /// The contents of some blobs, `None` for those that are too large. More than a few hundred are not to be asked
    /// for at once: git would wait for us to read, and we for it.
    pub(super) fn read_all(
        &mut self,
        ids: &[&BlobId],
    ) -> Result<Vec<Option<Arc<[u8]>>>, ReadError> {
        let root = RepoPath::root();
        self.ask(&root, ids.iter().map(|id| id.0.as_str()))?;
        let one = |_| match self.answer(&root) {
            Ok(content) => Ok(Some(Arc::from(content))),
            Err(ReadError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        ids.iter().map(one).collect()
    }

    fn ask<'i>(
        &mut self,
        path: &RepoPath,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<(), ReadError> {
        let stdin = self.stdin.as_mut().expect("it is closed when this is dropped");
        let asked: String = ids.flat_map(|id| [id, "\n"]).collect();
        stdin
            .write_all(asked.as_bytes())
            .and_then(|()| stdin.flush())
            .map_err(|error| stopped(path, &error))
    }

    /// The content of the next blob that was asked for.
    fn answer(&mut self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        let fault = |reason: String| ReadError::Io { path: path.clone(), reason };
        let broken = |error: std::io::Error| stopped(path, &error);
        let mut head = String::new();
        self.stdout.read_line(&mut head).map_err(broken)?;
        let bytes: u64 = head
            .trim_end()
            .rsplit_once(' ')
            .and_then(|(_, size)| size.parse().ok())
            .ok_or_else(|| fault("git does not have its content".to_owned()))?;
        let mut content = Vec::new();
        // The answer ends with a newline; a content that is too long has to be passed over too.
        let mut answer = (&mut self.stdout).take(bytes + 1);
        if bytes > FILE_LIMIT_BYTES {
            std::io::copy(&mut answer, &mut std::io::sink()).map_err(broken)?;
            return Err(ReadError::TooLarge { path: path.clone(), bytes, limit: FILE_LIMIT_BYTES });
        }
        answer.read_to_end(&mut content).map_err(broken)?;
        if content.pop() != Some(b'\n') {
            return Err(fault("git stopped early".to_owned()));
        }
        Ok(content)
    }
}

fn stopped(path: &RepoPath, error: &std::io::Error) -> ReadError {
    ReadError::Io { path: path.clone(), reason: format!("git stopped: {error}") }
}

impl Drop for BlobReader {
    fn drop(&mut self) {
        self.stdin = None;
        // It may be about to say what nobody asks for any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
