//! The working tree as [`Files`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::bounds::{is_git_internal, not_utf8};
use super::git_files::Tracked;
use super::on_disk::{Kind, fault, read_content, read_kind};
use super::repository::Listing;
use super::{Repository, WorkdirError};
use crate::model::{
    Entry, File, FileMode, Files, Holding, PathPart, ReadError, RepoPath, finders, follow, holds,
};

/// A directory on disk, read when asked and only what is asked.
///
/// What was read once is kept: within one checkout a file has one content, even if somebody
/// writes to it meanwhile. Symlinks are followed by hand, part by part, so that none leads out of
/// the root; `.git` does not exist.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    repository: Option<Repository>,
    seen: Mutex<Seen>,
    /// Whether it was found to be as its commit has it, once somebody asked.
    is_clean: OnceLock<bool>,
}

#[derive(Debug, Default)]
struct Seen {
    kinds: BTreeMap<RepoPath, Kind>,
    files: BTreeMap<RepoPath, File>,
    lists: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// What git lists while we do something else.
    ahead: Vec<Listing>,
}

impl Checkout {
    /// A checkout whose border is `root`, a canonical path as [`super::plan_root`] returns it.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        let repository = Repository::discover(&root);
        Self { root, repository, seen: Mutex::default(), is_clean: OnceLock::new() }
    }

    /// The same, for which nothing is read of git's files.
    #[cfg(test)]
    pub(super) fn by_git_alone(root: PathBuf) -> Self {
        let repository = Repository::discover(&root).map(|it| it.by_git_alone());
        Self { root, repository, seen: Mutex::default(), is_clean: OnceLock::from(false) }
    }

    /// A directory with all files that are on disk, whatever git says of them.
    #[must_use]
    pub fn without_git(root: PathBuf) -> Self {
        Self { root, repository: None, seen: Mutex::default(), is_clean: OnceLock::new() }
    }

    /// The directory that nothing is read or written beyond.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git repository that holds it, if one does.
    #[must_use]
    pub const fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A cache is whole after every single insertion, so a panic elsewhere cannot have hurt it.
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A file that was read, to which no link leads.
    fn known(&self, path: &RepoPath) -> Option<File> {
        self.seen().files.get(path).cloned()
    }

    fn kind(&self, path: &RepoPath) -> Result<Kind, ReadError> {
        if let Some(kind) = self.seen().kinds.get(path) {
            return Ok(kind.clone());
        }
        if self.is_surely_missing(path) {
            return Ok(Kind::Missing);
        }
        let kind = read_kind(&self.root, path)?;
        self.seen().kinds.insert(path.clone(), kind.clone());
        Ok(kind)
    }

    /// Whether nothing stands at a path whose kind is not known: of a checkout that is clean, all files are listed
    /// and the kinds of all directories are known.
    fn is_surely_missing(&self, path: &RepoPath) -> bool {
        let is_listed = || {
            let seen = self.seen();
            let all = seen.lists.get(&RepoPath::root());
            all.is_none_or(|all| all.binary_search(path).is_ok())
        };
        self.is_clean.get() == Some(&true) && !is_listed()
    }

    fn read(&self, path: &RepoPath, mode: FileMode) -> Result<File, ReadError> {
        if let Some(file) = self.known(path) {
            return Ok(file);
        }
        let content = read_content(&self.root, path)?;
        let file = File { mode, content };
        self.seen().files.insert(path.clone(), file.clone());
        Ok(file)
    }

    /// Whether every directory above `path` is one, and no symlink.
    fn is_reached_directly(&self, path: &RepoPath) -> Result<bool, ReadError> {
        let mut above = path.parent();
        while let Some(dir) = above {
            if self.kind(&dir)? != Kind::Directory {
                return Ok(false);
            }
            above = dir.parent();
        }
        Ok(true)
    }

    /// The files below a directory by the list of one above it, if there is one: git is not asked once for each.
    fn listed_above(&self, dir: &RepoPath) -> Result<Option<Vec<RepoPath>>, ReadError> {
        if self.kind(dir)? != Kind::Directory || !self.is_reached_directly(dir)? {
            return Ok(None);
        }
        let seen = self.seen();
        let mut above = dir.parent();
        while let Some(parent) = above {
            if let Some(listed) = seen.lists.get(&parent) {
                let from = format!("{dir}/");
                let start = listed.partition_point(|path| path.as_str() < from.as_str());
                let within = listed[start..].iter().take_while(|path| path.is_within(dir));
                return Ok(Some(within.cloned().collect()));
            }
            above = parent.parent();
        }
        Ok(None)
    }

    fn read_list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
        if !self.is_reached_directly(dir)? {
            return Ok(Vec::new());
        }
        match (self.kind(dir)?, &self.repository) {
            (Kind::Directory, Some(repository)) => {
                self.keep(listing(repository, vec![dir.clone()])?)?;
                Ok(self.seen().lists.get(dir).cloned().unwrap_or_default())
            }
            (Kind::Directory, None) => {
                let mut found = Vec::new();
                self.walk(dir, &mut found)?;
                Ok(found)
            }
            (Kind::File(_) | Kind::Link(_), _) => Ok(vec![dir.clone()]),
            (Kind::Special | Kind::Missing, _) => Ok(Vec::new()),
        }
    }

    /// Waits for git's list and keeps what is on disk of it.
    fn keep(&self, listing: Listing) -> Result<(), ReadError> {
        let first = listing.dirs[0].clone();
        let (dirs, mut known) = listing.finish().map_err(|error| unlisted(first, error))?;
        // Deleted ones are still in the index; submodules are directories.
        known.retain(|path| matches!(self.kind(path), Ok(Kind::File(_) | Kind::Link(_))));
        known.sort();
        known.dedup();
        for dir in dirs {
            let within = known.iter().filter(|path| path.is_within(&dir)).cloned().collect();
            self.seen().lists.insert(dir, within);
        }
        Ok(())
    }

    /// Whether this is as the commit that is checked out has it, to the last file, and that can be said without
    /// git, which then need not list the files either. That is found out once.
    #[must_use]
    pub fn is_surely_clean(&self) -> bool {
        *self.is_clean.get_or_init(|| {
            let files = self.repository.as_ref().and_then(Repository::clean_files);
            files.is_some_and(|files| self.keep_clean(files).is_some())
        })
    }

    fn keep_clean(&self, files: Vec<Tracked>) -> Option<()> {
        let prefix = self.repository.as_ref()?.prefix();
        let mut seen = self.seen();
        let mut listed = Vec::with_capacity(files.len());
        for Tracked { path, is_link, is_executable } in files {
            let path = RepoPath::parse(&path).ok()?;
            let path = RepoPath::parse(path.strip_prefix(prefix)?).ok()?;
            if is_git_internal(&path) {
                continue;
            }
            for dir in std::iter::successors(path.parent(), RepoPath::parent) {
                if seen.kinds.insert(dir, Kind::Directory).is_some() {
                    break;
                }
            }
            let mode = if is_executable { FileMode::Executable } else { FileMode::Regular };
            if !is_link {
                seen.kinds.insert(path.clone(), Kind::File(mode));
            }
            listed.push(path);
        }
        seen.lists.insert(RepoPath::root(), listed);
        Some(())
    }

    /// Starts to list directories that will be asked for, with one start of git for all of them,
    /// and does not wait for it: the first that is asked for does.
    ///
    /// # Errors
    /// [`ReadError`] if git cannot be started.
    pub fn list_ahead(&self, dirs: &[&RepoPath]) -> Result<(), ReadError> {
        let Some(repository) = self.repository.as_ref().filter(|_| !self.is_surely_clean()) else {
            return Ok(());
        };
        let mut wanted = Vec::new();
        for dir in dirs {
            let is_listed = self.seen().lists.contains_key(*dir);
            if !is_listed && self.is_reached_directly(dir)? && self.kind(dir)? == Kind::Directory {
                wanted.push((*dir).clone());
            }
        }
        if !wanted.is_empty() {
            let started = listing(repository, wanted)?;
            self.seen().ahead.push(started);
        }
        Ok(())
    }

    /// All files below a directory as the disk has them.
    fn walk(&self, dir: &RepoPath, found: &mut Vec<RepoPath>) -> Result<(), ReadError> {
        let entries = fs::read_dir(self.root.join(dir.as_str())).map_err(|e| fault(dir, &e))?;
        for entry in entries {
            let name = entry.map_err(|e| fault(dir, &e))?.file_name();
            let Some(name) = name.to_str() else {
                return Err(not_utf8(dir, &name.to_string_lossy()));
            };
            let Ok(path) = dir.join(name) else { continue };
            match self.kind(&path)? {
                Kind::Directory => self.walk(&path, found)?,
                Kind::File(_) | Kind::Link(_) => found.push(path),
                Kind::Special | Kind::Missing => {}
            }
        }
        Ok(())
    }
}

impl Checkout {
    /// Where a link leads, seen from its own directory: an absolute one may lead within the checkout too.
    fn led_from(&self, link: &RepoPath, target: String) -> String {
        let below = Path::new(&target).strip_prefix(&self.root).ok().and_then(Path::to_str);
        match below {
            Some(below) if !target.contains("..") => {
                let up = link.as_str().matches('/').count();
                format!("{}{}", "../".repeat(up), if below.is_empty() { "." } else { below })
            }
            _ => target,
        }
    }
}

impl Files for Checkout {
    fn look_up(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        if let Some(file) = self.known(path) {
            return Ok((path.clone(), Entry::File(file)));
        }
        let at = follow(path, |here| {
            Ok(match self.kind(here)? {
                Kind::Link(target) => PathPart::Link(self.led_from(here, target)),
                _ => PathPart::Through,
            })
        })?;
        let entry = match self.kind(&at)? {
            Kind::Directory => Entry::Directory,
            Kind::File(mode) => Entry::File(self.read(&at, mode)?),
            Kind::Special => return Err(special(&at)),
            // A link cannot be where links have been followed to.
            Kind::Missing | Kind::Link(_) => Entry::Missing,
        };
        Ok((at, entry))
    }

    fn file(&self, path: &RepoPath) -> Result<Option<File>, ReadError> {
        if let Some(file) = self.known(path) {
            return Ok(Some(file));
        }
        if !self.is_reached_directly(path)? {
            return Ok(None);
        }
        match self.kind(path)? {
            Kind::File(mode) => self.read(path, mode).map(Some),
            Kind::Link(target) => {
                let content = target.into_bytes().into();
                Ok(Some(File { mode: FileMode::Symlink, content }))
            }
            Kind::Special => Err(special(path)),
            Kind::Directory | Kind::Missing => Ok(None),
        }
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
        let ahead = std::mem::take(&mut self.seen().ahead);
        for listing in ahead {
            self.keep(listing)?;
        }
        if let Some(listed) = self.seen().lists.get(dir) {
            return Ok(listed.clone());
        }
        let mut found = match self.listed_above(dir)? {
            Some(found) => found,
            None => self.read_list(dir)?,
        };
        found.sort();
        found.dedup();
        self.seen().lists.insert(dir.clone(), found.clone());
        Ok(found)
    }

    /// Of a few files keeps what it read, since a plan builds from most of them; many it reads on two threads
    /// and keeps nothing.
    fn holding(&self, paths: &[RepoPath], words: &[&str]) -> Holding {
        let regular = |path: &RepoPath| match self.kind(path) {
            Ok(Kind::File(mode)) if matches!(self.is_reached_directly(path), Ok(true)) => {
                Some(mode)
            }
            _ => None,
        };
        let paths: Vec<(&RepoPath, FileMode)> =
            paths.iter().filter_map(|path| Some((path, regular(path)?))).collect();
        let finders = finders(words);
        if paths.len() < MANY_FILES {
            let has = |(path, mode): &(&RepoPath, FileMode)| {
                self.read(path, *mode).is_ok_and(|file| holds(&finders, &file.content))
            };
            let found = paths.into_iter().filter(has).map(|(path, _)| path.clone()).collect();
            return Holding { found, unknown: Vec::new() };
        }
        let look = |part: &[(&RepoPath, FileMode)]| -> Vec<RepoPath> {
            let has = |(path, _): &&(&RepoPath, FileMode)| {
                read_content(&self.root, path).is_ok_and(|content| holds(&finders, &content))
            };
            part.iter().filter(has).map(|(path, _)| (*path).clone()).collect()
        };
        let (first, second) = paths.split_at(paths.len() / 2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| look(second));
            let mut found = look(first);
            found.extend(other.join().unwrap_or_default());
            Holding { found, unknown: Vec::new() }
        })
    }
}

/// So many are not kept, and are worth a second thread's start.
const MANY_FILES: usize = 200;

fn listing(repository: &Repository, dirs: Vec<RepoPath>) -> Result<Listing, ReadError> {
    let first = dirs[0].clone();
    repository.list_files(dirs).map_err(|error| unlisted(first, error))
}

fn unlisted(path: RepoPath, error: WorkdirError) -> ReadError {
    match error {
        WorkdirError::Read(error) => error,
        error => ReadError::Io { path, reason: error.to_string() },
    }
}

fn special(path: &RepoPath) -> ReadError {
    ReadError::Io { path: path.clone(), reason: "it is no regular file".to_owned() }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::bounds::FILE_LIMIT_BYTES;
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn checkout(files: &[(&str, &str)]) -> (tempfile::TempDir, Checkout) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap().join("root");
        fs::create_dir_all(&root).unwrap();
        for (name, content) in files {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), content).unwrap();
        }
        (temp, Checkout::new(root))
    }

    #[test]
    fn follows_links_inside_and_refuses_those_that_leave() {
        let (temp, checkout) = checkout(&[("base/a.yaml", "a"), ("over/x", "x")]);
        fs::write(temp.path().join("outside"), "credential").unwrap();
        let over = checkout.root().join("over");
        symlink("../base", over.join("in")).unwrap();
        symlink("../../outside", over.join("out")).unwrap();
        symlink("/etc", over.join("etc")).unwrap();
        symlink("loop", over.join("loop")).unwrap();
        let (at, entry) = checkout.look_up(&path("over/in/a.yaml")).unwrap();
        assert_eq!((at, entry), (path("base/a.yaml"), Entry::File(File::regular(*b"a"))));
        for outside in ["over/out", "over/etc/passwd"] {
            let found = checkout.look_up(&path(outside));
            assert!(matches!(found, Err(ReadError::SymlinkOutside(_))), "{outside}: {found:?}");
        }
        let found = checkout.look_up(&path("over/loop"));
        assert!(matches!(found, Err(ReadError::SymlinkLoop(_))));
        assert_eq!(checkout.file(&path("over/out")).unwrap().unwrap().mode, FileMode::Symlink);
        assert_eq!(checkout.file(&path("over/in/a.yaml")).unwrap(), None);
    }

    #[test]
    fn lists_like_a_tree_in_memory_and_hides_git() {
        let (_temp, checkout) = checkout(&[("a/z", ""), ("a-b", ""), ("a/.git/config", "x")]);
        symlink("z", checkout.root().join("a/y")).unwrap();
        assert_eq!(checkout.list(&path("a")).unwrap(), [path("a/y"), path("a/z")]);
        assert_eq!(checkout.list(&path("a-b")).unwrap(), [path("a-b")]);
        assert_eq!(checkout.list(&RepoPath::root()).unwrap().len(), 3);
        assert_eq!(checkout.look_up(&path("a/.git/config")).unwrap().1, Entry::Missing);
    }

    #[test]
    fn a_file_has_one_content() {
        let (_temp, checkout) = checkout(&[("a", "one")]);
        let before = checkout.file(&path("a")).unwrap();
        fs::write(checkout.root().join("a"), "two").unwrap();
        assert_eq!(checkout.file(&path("a")).unwrap(), before);
    }

    #[test]
    fn huge_files_and_pipes_are_not_opened() {
        let (_temp, checkout) = checkout(&[("big", "")]);
        let file = fs::File::create(checkout.root().join("big")).unwrap();
        file.set_len(FILE_LIMIT_BYTES + 1).unwrap();
        assert!(matches!(checkout.look_up(&path("big")), Err(ReadError::TooLarge { .. })));
        let socket = checkout.root().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(checkout.look_up(&path("socket")), Err(ReadError::Io { .. })));
    }
}
