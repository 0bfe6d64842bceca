//! The history of some folders, read by two calls of git: one for what changed, one for contents. For many pairs
//! of folders at once it is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::commit_tree::BlobReader;
use super::{Repository, WorkdirError};
use crate::model::{
    BlobId, Blobs, CommitSha, FileMode, FileState, MOST_PAST_COMMITS, PastCommit, ReadError,
    RepoPath, Touched, newest_commits,
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
    contents: Arc<Contents>,
}

/// What git knows of many folders' past.
#[derive(Debug)]
pub struct SharedHistory {
    commits: Vec<PastCommit>,
    /// Which commits touched a file, by their place.
    touching: BTreeMap<RepoPath, Vec<usize>>,
    head: CommitSha,
    cut_off: bool,
    contents: Arc<Contents>,
}

/// Contents of the past, read by one process of git for all who ask.
#[derive(Debug)]
struct Contents {
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
        // One more than counts, and one more than that to know that there are more.
        let most = MOST_PAST_COMMITS + 2;
        let (mut commits, listed) = self.touching(from, folders, Some(most))?;
        if listed == most && commits.len() == most {
            commits.remove(0);
            commits[0].touched = self.files_at(&commits[0].id, folders)?;
        } else if listed == most {
            commits = newest_commits(self.touching(from, folders, None)?.0);
        }
        let cut_off = self.is_shallow_by_file()?;
        Ok(FolderHistory { commits, head: from.clone(), cut_off, contents: self.past_contents() })
    }

    /// The history of many folders as of a commit.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn shared_history(
        &self,
        from: &CommitSha,
        folders: &[&RepoPath],
    ) -> Result<SharedHistory, WorkdirError> {
        let (commits, _) = self.touching(from, folders, None)?;
        let mut touching: BTreeMap<RepoPath, Vec<usize>> = BTreeMap::new();
        for (place, commit) in commits.iter().enumerate() {
            for touched in &commit.touched {
                touching.entry(touched.path.clone()).or_default().push(place);
            }
        }
        let (cut_off, contents) = (self.is_shallow_by_file()?, self.past_contents());
        Ok(SharedHistory { commits, touching, head: from.clone(), cut_off, contents })
    }

    fn past_contents(&self) -> Arc<Contents> {
        Arc::new(Contents { repository: self.clone(), state: Mutex::default() })
    }

    /// The newest commits that touch the folders, oldest first, and how many git listed: some touch nothing
    /// that we read.
    fn touching(
        &self,
        from: &CommitSha,
        folders: &[&RepoPath],
        most: Option<usize>,
    ) -> Result<(Vec<PastCommit>, usize), WorkdirError> {
        let limit = most.map(|most| format!("--max-count={most}"));
        let mut arguments = vec!["log", "--first-parent", "-m", "--raw", "-z", "--no-abbrev"];
        arguments.extend(["--no-renames", "--reverse", "--relative"]);
        arguments.extend(limit.as_deref());
        arguments.extend(["--format=%x01%H%x00%P%x00%an%x00%s", from.as_str(), "--"]);
        arguments.extend(pathspecs(folders));
        let output = self.git("read the history", &arguments).run()?;
        let records = output.split(|byte| *byte == 1).filter(|record| !record.is_empty());
        let commits = records.clone().filter_map(parse_commit).collect();
        Ok((commits, records.count()))
    }

    /// All files of the folders at a commit, as if it had brought them.
    fn files_at(
        &self,
        commit: &CommitSha,
        folders: &[&RepoPath],
    ) -> Result<Vec<Touched>, WorkdirError> {
        let mut arguments = vec!["ls-tree", "-r", "-z", commit.as_str(), "--"];
        arguments.extend(pathspecs(folders));
        let output = self.git("read the history", &arguments).run()?;
        let touched = |entry: &[u8]| {
            // `MODE TYPE ID TAB PATH`
            let entry = String::from_utf8_lossy(entry);
            let (head, path) = entry.split_once('\t')?;
            let mut words = head.split(' ');
            let (mode, _, id) = (words.next()?, words.next()?, words.next()?);
            let after = Some(state(mode, id)?);
            Some(Touched { path: RepoPath::parse(path).ok()?, before: None, after })
        };
        let mut files: Vec<Touched> = output.split(|byte| *byte == 0).filter_map(touched).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
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
        arguments.extend(pathspecs(folders));
        match self.git("read the history", &arguments).run() {
            Ok(output) => Ok(CommitSha::parse(String::from_utf8_lossy(&output).trim()).ok()),
            // A commit that this clone does not have.
            Err(WorkdirError::Git { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Folders as git takes them.
fn pathspecs<'a>(folders: &'a [&'a RepoPath]) -> impl Iterator<Item = &'a str> {
    folders.iter().map(|dir| if dir.is_root() { "." } else { dir.as_str() })
}

impl SharedHistory {
    /// The history of some of the folders.
    #[must_use]
    pub fn of(&self, folders: &[&RepoPath]) -> FolderHistory {
        let mut places: BTreeSet<usize> = BTreeSet::new();
        for folder in folders {
            let from = self.touching.range::<RepoPath, _>(*folder..);
            let within = from.take_while(|(path, _)| path.as_str().starts_with(folder.as_str()));
            let within = within.filter(|(path, _)| path.is_within(folder));
            places.extend(within.flat_map(|(_, places)| places));
        }
        let is_within = |touched: &&Touched| folders.iter().any(|it| touched.path.is_within(it));
        let commit = |place: usize| {
            let commit = &self.commits[place];
            let touched = commit.touched.iter().filter(is_within).cloned().collect();
            PastCommit { touched, ..commit.clone() }
        };
        FolderHistory {
            commits: newest_commits(places.into_iter().map(commit).collect()),
            head: self.head.clone(),
            cut_off: self.cut_off,
            contents: Arc::clone(&self.contents),
        }
    }
}

impl Blobs for FolderHistory {
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError> {
        self.contents.blob(id)
    }

    fn read_ahead(&self, ids: &BTreeSet<&BlobId>) -> Result<(), ReadError> {
        self.contents.read_ahead(ids)
    }
}

/// So many blobs are asked for at once: their ids fit into a pipe that nobody reads yet.
const ASKED_AT_ONCE: usize = 400;

impl Contents {
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError> {
        if let Some(known) = self.state().known.get(id) {
            return Ok(known.clone());
        }
        self.read_ahead(&BTreeSet::from([id]))?;
        Ok(self.state().known.get(id).cloned().flatten())
    }

    fn read_ahead(&self, ids: &BTreeSet<&BlobId>) -> Result<(), ReadError> {
        let mut state = self.state();
        let State { reader, known } = &mut *state;
        let wanted: Vec<&BlobId> =
            ids.iter().filter(|id| !known.contains_key(**id)).copied().collect();
        for ids in wanted.chunks(ASKED_AT_ONCE) {
            let here = match reader {
                Some(here) => here,
                None => reader.insert(self.start_reader()?),
            };
            match here.read_all(ids) {
                Ok(contents) => known.extend(ids.iter().copied().cloned().zip(contents)),
                Err(error) => {
                    // Answers that nobody waited for would be taken for those to the next question.
                    *reader = None;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn start_reader(&self) -> Result<BlobReader, ReadError> {
        let io = |error: WorkdirError| ReadError::Io {
            path: RepoPath::root(),
            reason: error.to_string(),
        };
        BlobReader::start(&self.repository).map_err(io)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// `ID NUL PARENTS NUL AUTHOR NUL SUBJECT NUL LF`, then for each file `:MODE MODE ID ID LETTER NUL PATH NUL`.
fn parse_commit(record: &[u8]) -> Option<PastCommit> {
    let mut fields = record.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let id = CommitSha::parse(&fields.next()?).ok()?;
    let parents = fields.next()?;
    let merged = parents.split(' ').skip(1).filter_map(|it| CommitSha::parse(it).ok()).collect();
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
    (!touched.is_empty()).then_some(PastCommit { id, subject, author, merged, touched })
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
