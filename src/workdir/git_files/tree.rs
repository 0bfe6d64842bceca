//! Which files differ between two trees, below some folders.

use std::cmp::Ordering;
use std::sync::Arc;

use super::object::{Kind, ObjectId};
use super::reader::ObjectReader;

/// A path at which something else stands; what each side has is `None` where it has no file.
#[derive(Debug, PartialEq, Eq)]
pub struct Differing {
    /// From the top of the working tree; any bytes.
    pub path: Vec<u8>,
    /// What stood there: git's digits for its mode, and its content.
    pub before: Option<(String, ObjectId)>,
    /// What stands there.
    pub after: Option<(String, ObjectId)>,
}

/// What differs below `folders`, which are paths from the top, in git's order; `None` if a tree cannot be read here.
pub fn differences(
    reader: &mut ObjectReader,
    (before, after): (Option<ObjectId>, Option<ObjectId>),
    folders: &[&str],
) -> Option<Vec<Differing>> {
    let mut comparison = Comparison { reader, folders, path: Vec::new(), found: Vec::new() };
    comparison.compare(before, after)?;
    Some(comparison.found)
}

/// No system has a file deeper than that.
const LONGEST_PATH: usize = 4096;

struct Comparison<'a> {
    reader: &'a mut ObjectReader,
    folders: &'a [&'a str],
    /// Where it is.
    path: Vec<u8>,
    found: Vec<Differing>,
}

impl Comparison<'_> {
    fn compare(&mut self, before: Option<ObjectId>, after: Option<ObjectId>) -> Option<()> {
        if before == after {
            return Some(());
        }
        if self.path.len() > LONGEST_PATH {
            return None;
        }
        let (before, after) = (self.tree(before)?, self.tree(after)?);
        let (mut old, mut new) = (Entries(&before), Entries(&after));
        let (mut gone, mut come) = (old.next_entry()?, new.next_entry()?);
        loop {
            let order = match (&gone, &come) {
                (None, None) => return Some(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                // Most stay as they are.
                (Some(gone), Some(come)) if gone == come => Ordering::Equal,
                (Some(gone), Some(come)) => gone.place().cmp(come.place()),
            };
            self.entry(
                gone.as_ref().filter(|_| order.is_le()),
                come.as_ref().filter(|_| order.is_ge()),
            )?;
            if order.is_le() {
                gone = old.next_entry()?;
            }
            if order.is_ge() {
                come = new.next_entry()?;
            }
        }
    }

    fn tree(&mut self, id: Option<ObjectId>) -> Option<Arc<[u8]>> {
        match id {
            Some(id) => self.reader.content(&id, Kind::Tree),
            None => Some(Arc::from([])),
        }
    }

    /// Takes one name in that at least one of the trees has; if both have it, it is a directory in both or in none.
    fn entry(&mut self, before: Option<&Entry<'_>>, after: Option<&Entry<'_>>) -> Option<()> {
        let (Some(one), same) = (before.or(after), before == after) else { return Some(()) };
        if same {
            return Some(());
        }
        let length = self.path.len();
        if length > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(one.name);
        if one.is_directory() {
            if self.leads_to_folder() || self.is_in_folder() {
                self.compare(before.map(|it| it.id), after.map(|it| it.id))?;
            }
        } else if self.is_in_folder() {
            let state = |entry: &Entry<'_>| {
                Some((std::str::from_utf8(entry.mode).ok()?.to_owned(), entry.id))
            };
            let (before, after) = (before.and_then(state), after.and_then(state));
            self.found.push(Differing { path: self.path.clone(), before, after });
        }
        self.path.truncate(length);
        Some(())
    }

    fn leads_to_folder(&self) -> bool {
        self.folders.iter().any(|folder| is_below(folder.as_bytes(), &self.path))
    }

    fn is_in_folder(&self) -> bool {
        let is_in = |folder: &&str| {
            folder.is_empty()
                || folder.as_bytes() == self.path
                || is_below(&self.path, folder.as_bytes())
        };
        self.folders.iter().any(is_in)
    }
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// The entries of a tree: mode, blank, name, NUL, id.
struct Entries<'t>(&'t [u8]);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry<'t> {
    mode: &'t [u8],
    name: &'t [u8],
    id: ObjectId,
}

impl<'t> Entries<'t> {
    /// The next entry, if there is one; `None` if what stands there is none.
    fn next_entry(&mut self) -> Option<Option<Entry<'t>>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let blank = memchr::memchr(b' ', self.0)?;
        let (mode, rest) = (&self.0[..blank], &self.0[blank + 1..]);
        let end = memchr::memchr(0, rest)?;
        let id = ObjectId::at_start(&rest[end + 1..])?;
        self.0 = &rest[end + 21..];
        Some(Some(Entry { mode, name: &rest[..end], id }))
    }
}

impl<'t> Entry<'t> {
    fn is_directory(&self) -> bool {
        self.mode == b"40000"
    }

    /// What git sorts by: a directory stands where its files would.
    fn place(&self) -> impl Iterator<Item = &'t u8> + use<'t> {
        let slash: &[u8] = if self.is_directory() { b"/" } else { b"" };
        self.name.iter().chain(slash)
    }
}
