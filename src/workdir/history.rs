//! The history of some folders on a way that is known, read by two calls of git: one for what changed, one for
//! contents. For many pairs of folders at once it is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard};

use super::commit_tree::BlobReader;
use super::git::Git;
use super::way::Way;
use super::{Repository, WorkdirError};
use crate::model::{
    BlobId, Blobs, CommitSha, FileMode, FileState, MOST_PAST_COMMITS, PastCommit, ReadError,
    RepoPath, Touched, thinned,
};

/// What git knows of some folders' past.
#[derive(Debug)]
pub struct FolderHistory {
    /// The commits of the way that touch the folders, oldest first, as far as they count.
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
    /// The history of two folders on a way, as far as it counts.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn folder_history(
        &self,
        way: &Way,
        folders: (&RepoPath, &RepoPath),
    ) -> Result<FolderHistory, WorkdirError> {
        let mut counted = Counted::of(folders.1);
        let is_all = self.touching(way, &[folders.0, folders.1], |met| counted.add(met))?;
        self.counted_history(way, folders, counted, is_all, self.past_contents())
    }

    /// The way to a commit, and the history of two folders on it. Each git works while the others do.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn way_and_history(
        &self,
        from: &CommitSha,
        trailer: &str,
        folders: (&RepoPath, &RepoPath),
    ) -> Result<(Way, FolderHistory), WorkdirError> {
        let contents = self.past_contents();
        contents.start_ahead();
        let mut child = self.changes(&[folders.0, folders.1]).start()?;
        let mut stdin = BufWriter::new(child.stdin.take().expect("standard input is piped"));
        let mut counted = Counted::of(folders.1);
        let (way, is_all) = std::thread::scope(|scope| {
            let way = scope.spawn(move || {
                let mut is_heard = true;
                self.way_telling(from, trailer, |step| {
                    // If it is stopped, nobody listens.
                    is_heard = is_heard && stdin.write_all(step.as_bytes()).is_ok();
                })
            });
            let is_all = answers(child, |met| counted.add(met));
            (way.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), is_all)
        });
        let way = way?;
        let history = self.counted_history(&way, folders, counted, is_all?, contents)?;
        Ok((way, history))
    }

    fn counted_history(
        &self,
        way: &Way,
        (source, target): (&RepoPath, &RepoPath),
        counted: Counted<'_>,
        is_all: bool,
        contents: Arc<Contents>,
    ) -> Result<FolderHistory, WorkdirError> {
        let commits = counted.newest_first.into_iter().rev();
        let mut commits: Vec<PastCommit> = commits.filter_map(|met| met.commit(way)).collect();
        if let Some(first) = commits.first_mut().filter(|_| !is_all) {
            first.touched = self.files_at(&first.id, &[source, target])?;
        }
        let commits = thinned(commits, target);
        let cut_off = self.is_shallow_by_file()?;
        Ok(FolderHistory { commits, head: way.head().clone(), cut_off, contents })
    }

    /// The history of many folders on a way.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn shared_history(
        &self,
        way: &Way,
        folders: &[&RepoPath],
    ) -> Result<SharedHistory, WorkdirError> {
        let mut commits = Vec::new();
        let keep = |met: Met| {
            commits.extend(met.commit(way));
            false
        };
        self.touching(way, folders, keep)?;
        commits.reverse();
        let mut touching: BTreeMap<RepoPath, Vec<usize>> = BTreeMap::new();
        for (place, commit) in commits.iter().enumerate() {
            for touched in &commit.touched {
                touching.entry(touched.path.clone()).or_default().push(place);
            }
        }
        let (cut_off, contents) = (self.is_shallow_by_file()?, self.past_contents());
        Ok(SharedHistory { commits, touching, head: way.head().clone(), cut_off, contents })
    }

    fn past_contents(&self) -> Arc<Contents> {
        Arc::new(Contents { repository: self.clone(), state: Mutex::default() })
    }

    /// Shows the commits of a way that touch the folders, newest first, until somebody has enough; false if
    /// somebody had.
    fn touching(
        &self,
        way: &Way,
        folders: &[&RepoPath],
        is_enough: impl FnMut(Met) -> bool,
    ) -> Result<bool, WorkdirError> {
        let mut child = self.changes(folders).start()?;
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let questions = way.steps();
        std::thread::scope(|scope| {
            // It answers before it has heard all; if it is stopped, nobody listens.
            scope.spawn(move || {
                let _ = stdin.write_all(questions.as_bytes());
            });
            answers(child, is_enough)
        })
    }

    /// The git that tells what commits change in folders, as [`Way::steps`] asks.
    fn changes(&self, folders: &[&RepoPath]) -> Git {
        let mut arguments = vec!["diff-tree", "--stdin", "--root", "-r", "--raw", "-z"];
        arguments.extend(["--no-abbrev", "--no-renames", "--relative", "--"]);
        arguments.extend(pathspecs(folders));
        self.git(READ_HISTORY, &arguments)
    }

    /// All files of the folders at a commit, as if it had brought them.
    fn files_at(
        &self,
        commit: &CommitSha,
        folders: &[&RepoPath],
    ) -> Result<Vec<Touched>, WorkdirError> {
        let mut arguments = vec!["ls-tree", "-r", "-z", commit.as_str(), "--"];
        arguments.extend(pathspecs(folders));
        let output = self.git(READ_HISTORY, &arguments).run()?;
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
}

const READ_HISTORY: &str = "read the history";

/// Hears what git tells of commits until somebody has enough; false if somebody had.
fn answers(mut child: Child, is_enough: impl FnMut(Met) -> bool) -> Result<bool, WorkdirError> {
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

/// A commit and what it changed in the folders that were asked about.
struct Met {
    id: String,
    touched: Vec<Touched>,
}

impl Met {
    fn commit(self, way: &Way) -> Option<PastCommit> {
        Some(PastCommit { touched: self.touched, ..way.commit(&self.id)? })
    }
}

/// The commits that count for a target: the last ones, and before them those that touch it.
struct Counted<'a> {
    target: &'a RepoPath,
    newest_first: Vec<Met>,
    of_older: usize,
}

impl<'a> Counted<'a> {
    const fn of(target: &'a RepoPath) -> Self {
        Self { target, newest_first: Vec::new(), of_older: 0 }
    }

    /// Takes one in, and says whether that is enough.
    fn add(&mut self, met: Met) -> bool {
        let is_older = self.newest_first.len() >= MOST_PAST_COMMITS;
        let touches = met.touched.iter().any(|it| it.path.is_within(self.target));
        self.of_older += usize::from(is_older && touches);
        self.newest_first.push(met);
        self.of_older > MOST_PAST_COMMITS
    }
}

/// Folders as git takes them.
fn pathspecs<'a>(folders: &'a [&'a RepoPath]) -> impl Iterator<Item = &'a str> {
    folders.iter().map(|dir| if dir.is_root() { "." } else { dir.as_str() })
}

impl SharedHistory {
    /// The history of two of the folders.
    #[must_use]
    pub fn of(&self, (source, target): (&RepoPath, &RepoPath)) -> FolderHistory {
        let folders = [source, target];
        let mut places: BTreeSet<usize> = BTreeSet::new();
        for folder in folders {
            let from = self.touching.range::<RepoPath, _>(folder..);
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
            commits: thinned(places.into_iter().map(commit).collect(), target),
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

    /// Starts the process that will be asked for contents. If it cannot be, whoever asks is told.
    fn start_ahead(&self) {
        self.state().reader = BlobReader::start(&self.repository).ok();
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

fn state(mode: &str, id: &str) -> Option<FileState> {
    let mode = match mode {
        "100644" | "100664" => FileMode::Regular,
        "100755" => FileMode::Executable,
        "120000" => FileMode::Symlink,
        _ => return None,
    };
    Some(FileState { mode, blob: BlobId(id.to_owned()) })
}
