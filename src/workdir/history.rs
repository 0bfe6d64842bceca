//! The history of some folders on a way that is known, read from git's files or by two calls of git: one for what
//! changed, one for contents. For many pairs of folders at once it is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};

use super::commit_tree::BlobReader;
use super::git::Git;
use super::git_files::{Differing, Kind, ObjectId, ObjectReader, differences};
use super::met::{Met, READ_HISTORY, answers, state};
use super::way::{Trees, Way};
use super::{Repository, WorkdirError};
use crate::model::{
    BlobId, Blobs, CommitSha, MOST_PAST_COMMITS, PastCommit, ReadError, RepoPath, Touched, thinned,
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
    /// What can be read without git.
    objects: Option<ObjectReader>,
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
        if let Some(found) = self.way_and_history_by_files(from, trailer, folders)? {
            return Ok(found);
        }
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

    /// The same without git, where that can be done: one thread reads commits, another what they changed.
    fn way_and_history_by_files(
        &self,
        from: &CommitSha,
        trailer: &str,
        folders: (&RepoPath, &RepoPath),
    ) -> Result<Option<(Way, FolderHistory)>, WorkdirError> {
        if self.objects().is_none() {
            return Ok(None);
        }
        let both = [folders.0, folders.1];
        let mut counted = Counted::of(folders.1);
        let (sender, steps) = mpsc::channel();
        let (way, told) = std::thread::scope(|scope| {
            let way = scope.spawn(move || {
                // Nobody listens any more to what is told after enough.
                self.way_by_files(from, trailer, |trees| drop(sender.send(trees)))
            });
            let add = &mut |met| counted.add(met);
            let told = self.touching_by_files(steps.into_iter(), &both, add);
            (way.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), told)
        });
        let Some(way) = way else { return Ok(None) };
        let is_all = self.touching_after(told, &way, &both, |met| counted.add(met))?;
        let contents = self.past_contents();
        let history = self.counted_history(&way, folders, counted, is_all, contents)?;
        Ok(Some((way, history)))
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
            first.touched = self.files_at(way, &first.id, &[source, target])?;
        }
        let commits = thinned(commits, target);
        let cut_off = self.is_shallow()?;
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
        let (cut_off, contents) = (self.is_shallow()?, self.past_contents());
        Ok(SharedHistory { commits, touching, head: way.head().clone(), cut_off, contents })
    }

    fn past_contents(&self) -> Arc<Contents> {
        let state = State { objects: self.objects(), ..State::default() };
        Arc::new(Contents { repository: self.clone(), state: Mutex::new(state) })
    }

    /// Shows the commits of a way that touch the folders, newest first, until somebody has enough; false if
    /// somebody had.
    fn touching(
        &self,
        way: &Way,
        folders: &[&RepoPath],
        mut is_enough: impl FnMut(Met) -> bool,
    ) -> Result<bool, WorkdirError> {
        let told = self.touching_by_files(way.trees(), folders, &mut is_enough);
        self.touching_after(told, way, folders, is_enough)
    }

    /// The same, from git, for the commits that were not told yet.
    fn touching_after(
        &self,
        told: Told,
        way: &Way,
        folders: &[&RepoPath],
        is_enough: impl FnMut(Met) -> bool,
    ) -> Result<bool, WorkdirError> {
        let told = match told {
            Told::Enough => return Ok(false),
            Told::So(told) if told == way.places().count() => return Ok(true),
            Told::So(told) => told,
        };
        let mut child = self.changes(folders).start()?;
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let questions = way.steps(told);
        std::thread::scope(|scope| {
            // It answers before it has heard all; if it is stopped, nobody listens.
            scope.spawn(move || {
                let _ = stdin.write_all(questions.as_bytes());
            });
            answers(child, is_enough)
        })
    }

    /// The same without git, as far as that can be done.
    fn touching_by_files(
        &self,
        steps: impl Iterator<Item = Trees>,
        folders: &[&RepoPath],
        is_enough: &mut impl FnMut(Met) -> bool,
    ) -> Told {
        let mut told = 0;
        let (Some(mut objects), Some(folders)) = (self.objects(), self.seen_from_top(folders))
        else {
            return Told::So(told);
        };
        for Trees { id, before, after } in steps {
            let Some(touched) = self.touched(&mut objects, (before, Some(after)), &folders) else {
                break;
            };
            let met = Met { id: id.to_string(), touched };
            if !met.touched.is_empty() && is_enough(met) {
                return Told::Enough;
            }
            told += 1;
        }
        Told::So(told)
    }

    /// Folders of the checkout as seen from the top of the working tree.
    fn seen_from_top(&self, folders: &[&RepoPath]) -> Option<Vec<RepoPath>> {
        let folders = folders.iter().map(|folder| self.prefix().join(folder.as_str()));
        folders.collect::<Result<_, _>>().ok()
    }

    /// What differs between two trees below folders, which are seen from the top; `None` if only git can say.
    fn touched(
        &self,
        objects: &mut ObjectReader,
        trees: (Option<ObjectId>, Option<ObjectId>),
        folders: &[RepoPath],
    ) -> Option<Vec<Touched>> {
        let folders: Vec<&str> = folders.iter().map(RepoPath::as_str).collect();
        let touched = |Differing { path, before, after }| {
            let path = RepoPath::parse(&String::from_utf8_lossy(&path)).ok()?;
            let path = RepoPath::parse(path.strip_prefix(self.prefix())?).ok()?;
            let side = |side: Option<(String, ObjectId)>| {
                side.and_then(|(mode, id)| state(&mode, &id.hex()))
            };
            let (before, after) = (side(before), side(after));
            (before != after).then_some(Touched { path, before, after })
        };
        let found = differences(objects, trees, &folders)?;
        Some(found.into_iter().filter_map(touched).collect())
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
        way: &Way,
        commit: &CommitSha,
        folders: &[&RepoPath],
    ) -> Result<Vec<Touched>, WorkdirError> {
        let by_files = || {
            let trees = (None, Some(way.tree(commit)?));
            self.touched(&mut self.objects()?, trees, &self.seen_from_top(folders)?)
        };
        if let Some(mut files) = by_files() {
            files.sort_by(|a, b| a.path.cmp(&b.path));
            return Ok(files);
        }
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

/// How far commits were told.
enum Told {
    /// Somebody has enough.
    Enough,
    /// So many of the last.
    So(usize),
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
        let State { objects, reader, known } = &mut *state;
        let mut wanted: Vec<&BlobId> =
            ids.iter().filter(|id| !known.contains_key(**id)).copied().collect();
        if let Some(objects) = objects {
            wanted.retain(|id| {
                let content =
                    ObjectId::of_hex(&id.0).and_then(|id| objects.content(&id, Kind::Blob));
                let is_here = content.is_some();
                known.extend(content.map(|content| ((*id).clone(), Some(content))));
                !is_here
            });
        }
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
