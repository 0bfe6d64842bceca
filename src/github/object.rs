//! Git's trees and blobs: their ids, and how an id follows from the content.
//!
//! Content that comes from a cache or a tarball is believed because its hash is right, not because
//! of where it came from.

use std::collections::BTreeMap;
use std::fmt;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use crate::model::{CommitSha, FileEdit, FileMode, InvalidName, RepoPath};

/// The id of a blob: what git calls the content of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobSha(String);

/// The id of a tree: what git calls a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSha(String);

impl BlobSha {
    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidName`] if it is not 40 or 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        checked("blob id", text).map(Self)
    }

    /// The id that git gives to this content.
    #[must_use]
    pub fn of(content: &[u8], format: ObjectFormat) -> Self {
        Self(format.hash("blob", content))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash that made this id.
    #[must_use]
    pub const fn format(&self) -> ObjectFormat {
        ObjectFormat::of_digits(self.0.len())
    }
}

impl TreeSha {
    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidName`] if it is not 40 or 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        checked("tree id", text).map(Self)
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash that made this id.
    #[must_use]
    pub const fn format(&self) -> ObjectFormat {
        ObjectFormat::of_digits(self.0.len())
    }
}

impl fmt::Display for BlobSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TreeSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All ids of git have the form of a commit's.
fn checked(what: &'static str, text: &str) -> Result<String, InvalidName> {
    match CommitSha::parse(text) {
        Ok(sha) => Ok(sha.as_str().to_owned()),
        Err(error) => Err(InvalidName { what, ..error }),
    }
}

/// The hash that a repository names its objects with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectFormat {
    /// Nearly all repositories.
    Sha1,
    /// `git init --object-format=sha256`.
    Sha256,
}

impl ObjectFormat {
    const fn of_digits(digits: usize) -> Self {
        if digits == 64 { Self::Sha256 } else { Self::Sha1 }
    }

    /// The id of an object, in hexadecimal digits.
    fn hash(self, kind: &str, content: &[u8]) -> String {
        let algorithm = match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &SHA256,
        };
        let mut context = Context::new(algorithm);
        context.update(format!("{kind} {}\0", content.len()).as_bytes());
        context.update(content);
        hex::encode(context.finish())
    }
}

/// What stands at a path of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryMode {
    /// A file or a symlink.
    File(FileMode),
    /// A file with the mode `100664` of git's early days; the same as a regular one.
    GroupWritable,
    /// A commit of another repository; nothing that we can read.
    Submodule,
}

impl EntryMode {
    /// Reads the octal digits of a tree entry; `None` for a directory or anything unknown.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        match digits {
            "100644" => Some(Self::File(FileMode::Regular)),
            "100664" => Some(Self::GroupWritable),
            "100755" => Some(Self::File(FileMode::Executable)),
            "120000" => Some(Self::File(FileMode::Symlink)),
            "160000" => Some(Self::Submodule),
            _ => None,
        }
    }

    /// The octal digits of a tree entry.
    #[must_use]
    pub const fn git(self) -> &'static str {
        match self {
            Self::File(mode) => mode.git(),
            Self::GroupWritable => "100664",
            Self::Submodule => "160000",
        }
    }

    /// The mode of a file; `None` for what is no file.
    #[must_use]
    pub const fn file_mode(self) -> Option<FileMode> {
        match self {
            Self::File(mode) => Some(mode),
            Self::GroupWritable => Some(FileMode::Regular),
            Self::Submodule => None,
        }
    }
}

/// One file of a tree, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it is.
    pub mode: EntryMode,
    /// Its content; for a submodule the id of the commit.
    pub sha: BlobSha,
    /// The content's size in bytes; 0 for a submodule.
    pub size_bytes: u64,
}

/// All files of a tree, through all directories, without their contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoTree {
    /// The root's id.
    pub sha: TreeSha,
    /// What stands where.
    pub entries: BTreeMap<RepoPath, TreeEntry>,
}

impl RepoTree {
    /// The id of the root that the entries make. It differs from [`RepoTree::sha`] if they are not
    /// the whole tree.
    #[must_use]
    pub fn computed_sha(&self) -> TreeSha {
        let entries = self.entries.iter();
        directory_sha(
            entries.map(|(path, entry)| (path.as_str(), entry.mode.git(), entry.sha.as_str())),
            self.sha.format(),
        )
    }

    /// The id of the root after the edits, without asking GitHub to make it.
    #[must_use]
    pub fn sha_with_edits(&self, edits: &[FileEdit]) -> TreeSha {
        let format = self.sha.format();
        let mut entries = self.entries.clone();
        for edit in edits {
            let Some(file) = &edit.after else {
                entries.remove(&edit.path);
                continue;
            };
            let entry = TreeEntry {
                mode: EntryMode::File(file.mode),
                sha: BlobSha::of(&file.content, format),
                size_bytes: file.content.len() as u64,
            };
            entries.insert(edit.path.clone(), entry);
        }
        Self { sha: self.sha.clone(), entries }.computed_sha()
    }
}

/// A directory while it is put together.
#[derive(Default)]
struct Directory {
    /// Git's order: by name, a directory's name with a `/` behind it. The value is the finished
    /// entry, `<mode> <name>\0<raw id>`.
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Directory {
    fn add(&mut self, name: &str, mode: &str, sha: &str) {
        let mut key = name.as_bytes().to_vec();
        if mode == "40000" {
            key.push(b'/');
        }
        let mut entry = format!("{mode} {name}\0").into_bytes();
        entry.extend(hex::decode(sha).expect("ids are hexadecimal: they were checked"));
        self.entries.insert(key, entry);
    }

    fn sha(self, format: ObjectFormat) -> String {
        let content: Vec<u8> = self.entries.into_values().flatten().collect();
        format.hash("tree", &content)
    }
}

/// Computes the root's id from paths in order, with a stack of open directories instead of recursion.
fn directory_sha<'a>(
    files: impl Iterator<Item = (&'a str, &'static str, &'a str)>,
    format: ObjectFormat,
) -> TreeSha {
    let mut open = vec![("", Directory::default())];
    let close = |open: &mut Vec<(&'a str, Directory)>| {
        let (name, directory) = open.pop().expect("the root is closed last, by the caller");
        let sha = directory.sha(format);
        if let Some((_, parent)) = open.last_mut() {
            parent.add(name, "40000", &sha);
        }
        sha
    };
    // Byte order puts `a.x` between `a` and `a/b`, so a directory's files need not follow each other;
    // the order by parts does.
    let mut files: Vec<_> =
        files.map(|(path, mode, sha)| (path.split('/').collect::<Vec<_>>(), mode, sha)).collect();
    files.sort();
    for (parts, mode, sha) in files {
        let (name, directories) = parts.split_last().expect("split gives at least one part");
        let shared =
            open[1..].iter().zip(directories).take_while(|((open, _), part)| open == *part).count();
        while open.len() > shared + 1 {
            close(&mut open);
        }
        for part in &directories[shared..] {
            open.push((part, Directory::default()));
        }
        open.last_mut().expect("the root stays open").1.add(name, mode, sha);
    }
    while open.len() > 1 {
        close(&mut open);
    }
    TreeSha(close(&mut open))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::File;

    fn entry(mode: &str, content: &[u8]) -> TreeEntry {
        TreeEntry {
            mode: EntryMode::parse(mode).unwrap(),
            sha: BlobSha::of(content, ObjectFormat::Sha1),
            size_bytes: content.len() as u64,
        }
    }

    fn tree() -> RepoTree {
        let files = [
            ("README", "100644", "hello\n"),
            ("a-b", "100644", "x"),
            ("a.b", "100755", "y"),
            ("a/b/c", "100644", "deep"),
            ("a/z", "120000", "b/c"),
            ("a0", "100644", ""),
        ];
        RepoTree {
            sha: TreeSha::parse(&"0".repeat(40)).unwrap(),
            entries: files
                .map(|(path, mode, text)| {
                    (RepoPath::parse(path).unwrap(), entry(mode, text.as_bytes()))
                })
                .into(),
        }
    }

    /// `git hash-object --stdin`, and the id of the empty blob that every git user has seen.
    #[test]
    fn blobs_hash_as_in_git() {
        let sha = |content: &[u8]| BlobSha::of(content, ObjectFormat::Sha1).to_string();
        assert_eq!(sha(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(sha(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(
            BlobSha::of(b"hello\n", ObjectFormat::Sha256).as_str(),
            "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4"
        );
    }

    /// `git write-tree` of these files.
    #[test]
    fn trees_hash_as_in_git() {
        assert_eq!(tree().computed_sha().as_str(), "703f7f26604d5b477c1acf12f392aa1081e2bf3b");
        let none = RepoTree { entries: BTreeMap::new(), ..tree() };
        assert_eq!(none.computed_sha().as_str(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn edits_lead_to_the_tree_that_git_would_write() {
        let path = |text| RepoPath::parse(text).unwrap();
        let edits = [
            FileEdit { path: path("a/b/c"), before: None, after: None },
            FileEdit {
                path: path("n/e/w"),
                before: None,
                after: Some(File { mode: FileMode::Executable, content: (*b"new").into() }),
            },
        ];
        assert_eq!(
            tree().sha_with_edits(&edits).as_str(),
            "259a5cbf6f64f574331742d15d4df88a7569f460"
        );
    }
}
