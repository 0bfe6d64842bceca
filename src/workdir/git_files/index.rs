//! The index: which files git tracks, and how they were on disk when it last looked.

use std::fs;

use super::layout::GitFiles;
use super::object::{ObjectId, number_at};

/// An index without conflicts, and without files that git treats apart.
pub(super) struct Index {
    /// In the order of their names.
    pub(super) entries: Vec<Entry>,
    /// The tree that all of them make, if nothing was staged since it was written.
    pub(super) tree: Option<ObjectId>,
    /// When it was written: seconds, nanoseconds.
    pub(super) written: (i64, i64),
}

/// A tracked file.
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) id: ObjectId,
    pub(super) stat: Stat,
}

/// What a system says of a file, as far as the index keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) changed: (u32, u32),
    pub(super) modified: (u32, u32),
    pub(super) inode: u32,
    pub(super) mode: u32,
    pub(super) user: u32,
    pub(super) group: u32,
    pub(super) size: u32,
}

/// Bytes of an entry before its flags: ten numbers and an id.
const FIXED: usize = 60;

impl Index {
    /// Reads the index; `None` if it has anything that is git's to explain.
    pub(super) fn read(files: &GitFiles) -> Option<Self> {
        let path = files.git.join("index");
        let written = modified(&fs::symlink_metadata(&path).ok()?)?;
        let bytes = fs::read(path).ok()?;
        let head = bytes.strip_prefix(b"DIRC\0\0\0\x02")?;
        let mut rest = &head[4..];
        let mut entries = Vec::new();
        for _ in 0..number_at(head, 0)? {
            let (entry, after) = entry(rest)?;
            entries.push(entry);
            rest = after;
        }
        // A checksum ends it.
        let extensions = rest.get(..rest.len().checked_sub(20)?)?;
        Some(Self { entries, tree: whole_tree(extensions)?, written })
    }
}

/// The entry at the beginning of some bytes, and what comes after it.
fn entry(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let flags = u16::from_be_bytes(*bytes.get(FIXED..)?.first_chunk()?);
    // Conflicts, files that are assumed to be unchanged, not checked out, or only meant to be added.
    if flags & 0xf000 != 0 {
        return None;
    }
    let name = &bytes[FIXED + 2..];
    let length = memchr::memchr(0, name)?;
    let path = std::str::from_utf8(&name[..length]).ok()?.to_owned();
    let number = |place: usize| number_at(bytes, 4 * place);
    let stat = Stat {
        changed: (number(0)?, number(1)?),
        modified: (number(2)?, number(3)?),
        inode: number(5)?,
        mode: number(6)?,
        user: number(7)?,
        group: number(8)?,
        size: number(9)?,
    };
    let id = ObjectId::at_start(&bytes[40..])?;
    // At least one NUL, up to a multiple of eight.
    let whole = (FIXED + 2 + length) / 8 * 8 + 8;
    Some((Entry { path, id, stat }, bytes.get(whole..)?))
}

/// The id of the whole tree, if the extensions have a valid one; `None` if one of them has to be understood.
fn whole_tree(mut extensions: &[u8]) -> Option<Option<ObjectId>> {
    let mut tree = None;
    while !extensions.is_empty() {
        let (name, rest) = extensions.split_at_checked(4)?;
        let size = usize::try_from(number_at(rest, 0)?).ok()?;
        let content = rest.get(4..)?.get(..size)?;
        // Git passes over those that it does not know, if they begin with a capital.
        if !name[0].is_ascii_uppercase() {
            return None;
        }
        if name == b"TREE" {
            tree = root_of(content);
        }
        extensions = &rest[4 + size..];
    }
    Some(tree)
}

/// The first entry of a cached tree: an empty name, NUL, how many files (-1 if it is not valid), blank, how many
/// folders, newline, id.
fn root_of(cached: &[u8]) -> Option<ObjectId> {
    let line = cached.strip_prefix(b"\0")?;
    let end = memchr::memchr(b'\n', line)?;
    if line.starts_with(b"-") {
        return None;
    }
    ObjectId::at_start(&line[end + 1..])
}

#[cfg(unix)]
pub(super) fn modified(metadata: &fs::Metadata) -> Option<(i64, i64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.mtime(), metadata.mtime_nsec()))
}

#[cfg(not(unix))]
pub(super) fn modified(_metadata: &fs::Metadata) -> Option<(i64, i64)> {
    None
}
