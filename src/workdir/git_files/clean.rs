//! Whether a working tree is as the commit that is checked out has it, to the last file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

use super::commit::Commit;
use super::index::{Entry, Index, Stat};
use super::layout::GitFiles;
use super::object::ObjectId;
use super::reader::ObjectReader;

/// A file of the working tree.
#[derive(Debug)]
pub struct Tracked {
    /// From the top of the working tree.
    pub path: String,
    /// Whether it is a symlink.
    pub is_link: bool,
    /// Whether its owner may execute it.
    pub is_executable: bool,
}

/// All files below `folder`, a path from the top, if they and nothing else are there, and everything is as `head` has
/// it; `None` if that is not so or cannot be said. Then git is asked what is tracked, ignored and changed.
pub fn clean_files(
    files: &GitFiles,
    reader: &mut ObjectReader,
    head: &ObjectId,
    folder: &str,
) -> Option<Vec<Tracked>> {
    let index = Index::read(files)?;
    if index.tree? != Commit::read(reader, head)?.tree {
        return None;
    }
    let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let first = index.entries.partition_point(|entry| entry.path.as_str() < below.as_str());
    let within = index.entries[first..].iter().take_while(|entry| entry.path.starts_with(&below));
    let within: Vec<&Entry> = within.collect();
    let folders: BTreeSet<&str> = within.iter().flat_map(|entry| folders_of(&entry.path)).collect();
    let tree = WorkingTree { files, entries: &within, folders: &folders };
    tree.has_nothing_else(folder)?;
    within.iter().map(|entry| tree.tracked(entry, index.written)).collect()
}

/// The folders that hold a file, but the top.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    memchr::memchr_iter(b'/', path.as_bytes()).map(|slash| &path[..slash])
}

struct WorkingTree<'a> {
    files: &'a GitFiles,
    entries: &'a [&'a Entry],
    folders: &'a BTreeSet<&'a str>,
}

impl WorkingTree<'_> {
    /// Looks through a folder and those below it for something that is not tracked.
    fn has_nothing_else(&self, folder: &str) -> Option<()> {
        let mut folders = Vec::new();
        for found in fs::read_dir(self.files.top.join(folder)).ok()? {
            let found = found.ok()?;
            let name = found.file_name().into_string().ok()?;
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if path == ".git" {
                continue;
            }
            match found.file_type().ok()?.is_dir() {
                // A repository within, or a folder that has nothing tracked.
                true if name == ".git" || !self.folders.contains(path.as_str()) => return None,
                true => folders.push(path),
                false => {
                    self.entries.binary_search_by(|entry| entry.path.as_str().cmp(&path)).ok()?;
                }
            }
        }
        folders.iter().try_for_each(|folder| self.has_nothing_else(folder))
    }

    /// A tracked file, if it is as git last saw it.
    fn tracked(&self, entry: &Entry, index_written: (i64, i64)) -> Option<Tracked> {
        let path = self.files.top.join(&entry.path);
        let now = stat(&fs::symlink_metadata(&path).ok()?)?;
        let modified = (i64::from(now.modified.0), i64::from(now.modified.1));
        // If it was written no earlier than the index, it may have been written again since git looked.
        let is_same = now == entry.stat && (modified < index_written || is_content(&path, entry)?);
        is_same.then(|| Tracked {
            path: entry.path.clone(),
            is_link: now.mode == LINK,
            is_executable: now.mode == EXECUTABLE,
        })
    }
}

const LINK: u32 = 0o120_000;
const EXECUTABLE: u32 = 0o100_755;

/// Whether what stands there now is what is tracked, to the byte.
fn is_content(path: &Path, entry: &Entry) -> Option<bool> {
    let content = match entry.stat.mode {
        LINK => fs::read_link(path).ok()?.into_os_string().into_encoded_bytes(),
        _ => fs::read(path).ok()?,
    };
    let mut sum = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    sum.update(format!("blob {}\0", content.len()).as_bytes());
    sum.update(&content);
    Some(sum.finish().as_ref() == entry.id.0)
}

/// What git would keep of a file; `None` for what it does not track.
#[cfg(unix)]
fn stat(now: &fs::Metadata) -> Option<Stat> {
    use std::os::unix::fs::MetadataExt as _;
    let kind = now.file_type();
    let mode = match () {
        () if kind.is_symlink() => LINK,
        () if !kind.is_file() => return None,
        () if now.mode() & 0o100 != 0 => EXECUTABLE,
        () => 0o100_644,
    };
    let time = |seconds: i64, nanoseconds: i64| {
        Some((u32::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?))
    };
    Some(Stat {
        changed: time(now.ctime(), now.ctime_nsec())?,
        modified: time(now.mtime(), now.mtime_nsec())?,
        // Git keeps the lower half of these.
        inode: now.ino() as u32,
        mode,
        user: now.uid(),
        group: now.gid(),
        size: now.size() as u32,
    })
}

#[cfg(not(unix))]
fn stat(_now: &fs::Metadata) -> Option<Stat> {
    None
}
