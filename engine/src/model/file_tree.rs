//! The files of a repository at one moment, and what is to be changed in them.
//!
//! [`Files`] is what the pure rooms read from. [`FileTree`] holds all in memory (the service, a
//! commit, tests), `workdir::Checkout` reads a directory on demand, [`FileTree`]'s unknown files
//! tell a caller what has still to be fetched.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::{InvalidPath, RepoPath};

/// How git stores a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FileMode {
    /// `100644`.
    Regular,
    /// `100755`.
    Executable,
    /// `120000`: the content is the target's path.
    Symlink,
}

impl FileMode {
    /// The six octal digits of a git tree entry.
    #[must_use]
    pub const fn git(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

/// A file's content with its mode. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// How git stores it.
    pub mode: FileMode,
    /// The bytes; for a symlink its target.
    pub content: Arc<[u8]>,
}

impl File {
    /// A regular file.
    #[must_use]
    pub fn regular(content: impl Into<Arc<[u8]>>) -> Self {
        Self { mode: FileMode::Regular, content: content.into() }
    }
}

/// What stands at a path once symlinks are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, never a symlink.
    File(File),
    /// A directory.
    Directory,
    /// Nothing.
    Missing,
    /// A file whose content is not here; the caller has to fetch it and ask again.
    Unknown,
}

/// Why a path cannot be read although something stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A symlink on the way leads out of the repository.
    #[error("`{0}` is a symlink that leads out of the repository")]
    SymlinkOutside(RepoPath),
    /// Symlinks lead in a circle, or more than 40 of them follow each other.
    #[error("`{0}` is a symlink that leads back to itself")]
    SymlinkLoop(RepoPath),
    /// The file is larger than anyone's manifest.
    #[error("`{path}` has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        bytes: u64,
        /// What is read at most.
        limit: u64,
    },
    /// The file system says no.
    #[error("`{path}` cannot be read: {reason}")]
    Io {
        /// The file.
        path: RepoPath,
        /// The file system's words.
        reason: String,
    },
}

/// Files that can be read by their path from the repository's root, by several threads at once.
pub trait Files: Sync {
    /// Follows symlinks inside the repository and returns where they led and what stands there.
    ///
    /// # Errors
    /// [`ReadError`] if a symlink leaves the repository or the file cannot be read.
    fn look_up(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError>;

    /// The file at exactly this path, symlinks as symlinks; `None` if there is none (or a directory).
    ///
    /// # Errors
    /// [`ReadError`] if the file cannot be read.
    fn file(&self, path: &RepoPath) -> Result<Option<File>, ReadError>;

    /// All files below `dir`, in the order of their paths, symlinks as symlinks and not followed.
    ///
    /// # Errors
    /// [`ReadError`] if a directory cannot be read.
    fn list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError>;

    /// Which of these files hold one of the words, and which are not here. Links and what cannot be read hold
    /// none. A place that can look without keeping what it reads does so.
    fn holding(&self, paths: &[RepoPath], words: &[&str]) -> Holding {
        let finders = finders(words);
        let mut holding = Holding::default();
        for path in paths {
            match self.look_up(path) {
                Ok((at, Entry::File(file))) if at == *path && holds(&finders, &file.content) => {
                    holding.found.push(at);
                }
                Ok((at, Entry::Unknown)) => holding.unknown.push(at),
                _ => {}
            }
        }
        holding
    }
}

/// What was found by words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Files that hold one of them, in the order in which they were asked about.
    pub found: Vec<RepoPath>,
    /// Files whose content is not here.
    pub unknown: Vec<RepoPath>,
}

/// Who looks for each of the words.
#[must_use]
pub fn finders<'w>(words: &[&'w str]) -> Vec<Finder<'w>> {
    words.iter().map(|word| Finder::new(*word)).collect()
}

/// Whether a content holds one of the words.
#[must_use]
pub fn holds(finders: &[Finder<'_>], content: &[u8]) -> bool {
    finders.iter().any(|finder| finder.find(content).is_some())
}

/// Files in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTree {
    /// `None` for a file that is known to exist with a content that is not here.
    files: BTreeMap<RepoPath, Option<File>>,
}

impl FileTree {
    /// A tree without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Regular files by path and content, as one writes them down.
    ///
    /// # Errors
    /// [`InvalidPath`] for the first path that is none.
    pub fn of<P: AsRef<str>, C: AsRef<[u8]>>(
        files: impl IntoIterator<Item = (P, C)>,
    ) -> Result<Self, InvalidPath> {
        let mut tree = Self::new();
        for (path, content) in files {
            tree.insert(RepoPath::parse(path.as_ref())?, File::regular(content.as_ref()));
        }
        Ok(tree)
    }

    /// Puts a file at `path`, in place of what was there.
    pub fn insert(&mut self, path: RepoPath, file: File) {
        self.files.insert(path, Some(file));
    }

    /// All files by path; `None` for one whose content is not here.
    pub fn entries(&self) -> impl Iterator<Item = (&RepoPath, Option<&File>)> {
        self.files.iter().map(|(path, file)| (path, file.as_ref()))
    }

    /// Notes that a file stands at `path` whose content is not here.
    pub fn insert_unknown(&mut self, path: RepoPath) {
        self.files.entry(path).or_insert(None);
    }

    /// Takes the file at `path` away.
    pub fn remove(&mut self, path: &RepoPath) {
        self.files.remove(path);
    }

    /// The tree after the edits.
    #[must_use]
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let mut tree = self.clone();
        for edit in edits {
            match &edit.after {
                Some(file) => tree.insert(edit.path.clone(), file.clone()),
                None => tree.remove(&edit.path),
            }
        }
        tree
    }

    fn has_below(&self, dir: &RepoPath) -> bool {
        if dir.is_root() {
            return true;
        }
        let from = format!("{dir}/");
        self.files
            .range::<RepoPath, _>((std::ops::Bound::Excluded(dir), std::ops::Bound::Unbounded))
            .map(|(path, _)| path.as_str())
            // Names such as `dir-x` sort between `dir` and `dir/x`.
            .take_while(|path| path.starts_with(dir.as_str()))
            .any(|path| path.starts_with(&from))
    }
}

/// More symlinks than this on one way are a loop (Linux stops at 40 too).
const SYMLINK_LIMIT: usize = 40;

/// What one part of a path means for the way to its end, see [`follow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// A directory, a file or nothing: go on to the next part.
    Through,
    /// A symlink with this target: go there instead.
    Link(String),
    /// Nobody knows yet what stands here: the way ends.
    Stop,
}

/// Goes from the root to `path`, following symlinks, and returns where that leads.
///
/// `step` says what stands at exactly the path it is given. Parts may lead up (`..`) only in the
/// targets of symlinks, and never above the root.
///
/// # Errors
/// [`ReadError`] if a symlink leaves the root or leads in a circle, and whatever `step` fails with.
pub fn follow(
    path: &RepoPath,
    mut step: impl FnMut(&RepoPath) -> Result<PathPart, ReadError>,
) -> Result<RepoPath, ReadError> {
    // Most paths have no link on them.
    let mut here = RepoPath::root();
    for part in path.parts() {
        here.push(part);
        match step(&here)? {
            PathPart::Through => {}
            PathPart::Stop => return Ok(here),
            PathPart::Link(_) => return follow_links(path, step),
        }
    }
    Ok(here)
}

fn follow_links(
    path: &RepoPath,
    mut step: impl FnMut(&RepoPath) -> Result<PathPart, ReadError>,
) -> Result<RepoPath, ReadError> {
    let mut rest: Vec<String> = path.parts().rev().map(str::to_owned).collect();
    let mut at = RepoPath::root();
    let mut links = 0;
    while let Some(part) = rest.pop() {
        let here = at.join(&part).map_err(|_| ReadError::SymlinkOutside(path.clone()))?;
        match step(&here)? {
            PathPart::Through => at = here,
            PathPart::Stop => return Ok(here),
            PathPart::Link(target) => {
                links += 1;
                if links > SYMLINK_LIMIT {
                    return Err(ReadError::SymlinkLoop(path.clone()));
                }
                if target.starts_with('/') {
                    return Err(ReadError::SymlinkOutside(path.clone()));
                }
                let parts = target.split('/').rev().filter(|part| !part.is_empty());
                rest.extend(parts.map(str::to_owned));
            }
        }
    }
    Ok(at)
}

impl Files for FileTree {
    fn look_up(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        let at = follow(path, |here| {
            Ok(match self.files.get(here) {
                Some(Some(file)) if file.mode == FileMode::Symlink => {
                    PathPart::Link(String::from_utf8_lossy(&file.content).into_owned())
                }
                // It may be a symlink.
                Some(None) => PathPart::Stop,
                _ => PathPart::Through,
            })
        })?;
        let entry = match self.files.get(&at) {
            Some(Some(file)) => Entry::File(file.clone()),
            Some(None) => Entry::Unknown,
            None if self.has_below(&at) => Entry::Directory,
            None => Entry::Missing,
        };
        Ok((at, entry))
    }

    fn file(&self, path: &RepoPath) -> Result<Option<File>, ReadError> {
        Ok(self.files.get(path).cloned().flatten())
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
        Ok(self.files.keys().filter(|path| path.is_within(dir)).cloned().collect())
    }
}

/// What happens to one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdit {
    /// The file.
    pub path: RepoPath,
    /// The file as it is; `None` if there is none yet.
    pub before: Option<File>,
    /// The file as it will be; `None` if it goes.
    pub after: Option<File>,
}

/// The kind of a [`FileEdit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// The file is new.
    Add,
    /// The file is there and changes.
    Modify,
    /// The file goes.
    Delete,
}

impl FileEdit {
    /// The kind of the edit.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match (&self.before, &self.after) {
            (_, None) => Operation::Delete,
            (None, Some(_)) => Operation::Add,
            (Some(_), Some(_)) => Operation::Modify,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn tree(files: &[(&str, FileMode, &str)]) -> FileTree {
        let mut tree = FileTree::new();
        for (at, mode, content) in files {
            tree.insert(path(at), File { mode: *mode, content: content.as_bytes().into() });
        }
        tree
    }

    #[test]
    fn follows_symlinks_inside_and_refuses_those_that_leave() {
        use FileMode::{Regular, Symlink};
        let tree = tree(&[
            ("base/a.yaml", Regular, "a"),
            ("over/link", Symlink, "../base"),
            ("over/out", Symlink, "../../etc/passwd"),
            ("over/abs", Symlink, "/etc/passwd"),
            ("over/loop", Symlink, "loop"),
        ]);
        let (at, entry) = tree.look_up(&path("over/link/a.yaml")).unwrap();
        assert_eq!((at, entry), (path("base/a.yaml"), Entry::File(File::regular(*b"a"))));
        assert_eq!(tree.look_up(&path("over/link")).unwrap().1, Entry::Directory);
        for outside in ["over/out", "over/abs"] {
            assert!(matches!(tree.look_up(&path(outside)), Err(ReadError::SymlinkOutside(_))));
        }
        assert!(matches!(tree.look_up(&path("over/loop")), Err(ReadError::SymlinkLoop(_))));
    }

    #[test]
    fn tells_missing_from_unknown_from_directory() {
        let mut tree = tree(&[("a-b", FileMode::Regular, ""), ("a.d/x", FileMode::Regular, "")]);
        tree.insert_unknown(path("a/x"));
        assert_eq!(tree.look_up(&path("a")).unwrap().1, Entry::Directory);
        assert_eq!(tree.look_up(&path("a/x")).unwrap().1, Entry::Unknown);
        assert_eq!(tree.look_up(&path("a/y")).unwrap().1, Entry::Missing);
    }

    #[test]
    fn an_unknown_file_on_the_way_may_be_a_symlink() {
        let mut tree = tree(&[("base/x", FileMode::Regular, "x")]);
        tree.insert_unknown(path("link"));
        assert_eq!(tree.look_up(&path("link/x")).unwrap(), (path("link"), Entry::Unknown));
    }
}
