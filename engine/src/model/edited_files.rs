//! Files with edits laid over them, for looking at what will be before anything is written; and the edits that lead
//! from one state of files to another.

use std::collections::BTreeMap;

use super::file_tree::{PathPart, follow};
use super::{Entry, File, FileEdit, FileMode, Files, ReadError, RepoPath};

/// The files of another [`Files`] as they will be after some edits.
#[derive(Clone)]
pub struct EditedFiles<'a> {
    files: &'a dyn Files,
    edits: BTreeMap<&'a RepoPath, Option<&'a File>>,
}

impl<'a> EditedFiles<'a> {
    /// Lays `edits` over `files`.
    pub fn new(files: &'a dyn Files, edits: impl IntoIterator<Item = &'a FileEdit>) -> Self {
        let edits = edits.into_iter().map(|edit| (&edit.path, edit.after.as_ref())).collect();
        Self { files, edits }
    }

    /// What stands at exactly `path`, where no symlink leads further.
    fn entry(&self, path: &RepoPath) -> Result<Entry, ReadError> {
        if let Some(Some(file)) = self.edits.get(path) {
            return Ok(Entry::File((*file).clone()));
        }
        let (_, entry) = self.files.look_up(path)?;
        match entry {
            Entry::File(_) | Entry::Unknown if !self.edits.contains_key(path) => Ok(entry),
            Entry::Directory if !self.deletes_within(path) => Ok(entry),
            _ if !self.list(path)?.is_empty() => Ok(Entry::Directory),
            _ => Ok(Entry::Missing),
        }
    }

    fn deletes_within(&self, dir: &RepoPath) -> bool {
        self.edits.iter().any(|(path, after)| after.is_none() && path.is_within(dir))
    }
}

/// The edits that make of the files `before` those `after`, as far as these paths tell, in their order.
///
/// # Errors
/// The first of either side; who may go on without a file says that it is not there.
pub fn edits_between<E>(
    paths: impl IntoIterator<Item = RepoPath>,
    before: impl Fn(&RepoPath) -> Result<Option<File>, E>,
    after: impl Fn(&RepoPath) -> Result<Option<File>, E>,
) -> Result<Vec<FileEdit>, E> {
    let mut edits = Vec::new();
    for path in paths {
        let (before, after) = (before(&path)?, after(&path)?);
        if before != after {
            edits.push(FileEdit { path, before, after });
        }
    }
    Ok(edits)
}

impl Files for EditedFiles<'_> {
    fn look_up(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        // Most files are as they were, and no link leads to them.
        if !self.edits.keys().any(|edited| path.is_within(edited))
            && let Ok((at, entry @ Entry::File(_))) = self.files.look_up(path)
            && at == *path
        {
            return Ok((at, entry));
        }
        let at = follow(path, |here| {
            let file = match self.edits.get(here) {
                Some(edited) => edited.cloned(),
                None => self.files.file(here)?,
            };
            Ok(match file {
                Some(file) if file.mode == FileMode::Symlink => {
                    PathPart::Link(String::from_utf8_lossy(&file.content).into_owned())
                }
                _ => PathPart::Through,
            })
        })?;
        let entry = self.entry(&at)?;
        Ok((at, entry))
    }

    fn file(&self, path: &RepoPath) -> Result<Option<File>, ReadError> {
        match self.edits.get(path) {
            Some(edited) => Ok(edited.cloned()),
            None => self.files.file(path),
        }
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
        let mut paths = self.files.list(dir)?;
        paths.retain(|path| !self.edits.contains_key(path));
        let added = self.edits.iter().filter(|(path, file)| file.is_some() && path.is_within(dir));
        paths.extend(added.map(|(path, _)| (*path).clone()));
        paths.sort();
        Ok(paths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileTree;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn edit(at: &str, after: Option<File>) -> FileEdit {
        FileEdit { path: path(at), before: None, after }
    }

    #[test]
    fn shows_what_a_tree_with_the_edits_shows() {
        let mut tree = FileTree::new();
        for (at, mode, content) in [
            ("a/x", FileMode::Regular, "x"),
            ("a/y", FileMode::Regular, "y"),
            ("gone/z", FileMode::Regular, "z"),
            ("link", FileMode::Symlink, "a"),
        ] {
            tree.insert(path(at), File { mode, content: content.as_bytes().into() });
        }
        tree.insert_unknown(path("far/u"));
        let link = File { mode: FileMode::Symlink, content: b"new".as_slice().into() };
        let edits = [
            edit("a/x", Some(File::regular(*b"2"))),
            edit("a/y", None),
            edit("gone/z", None),
            edit("new/deep/w", Some(File::regular(*b"w"))),
            edit("other", Some(link)),
        ];
        let after = tree.with_edits(&edits);
        let edited = EditedFiles::new(&tree, &edits);
        for at in [
            "",
            "a",
            "a/x",
            "a/y",
            "gone",
            "gone/z",
            "new",
            "new/deep",
            "new/deep/w",
            "link",
            "link/x",
            "link/y",
            "other/deep/w",
            "far/u",
            "far",
            "missing",
        ] {
            assert_eq!(edited.look_up(&path(at)), after.look_up(&path(at)), "{at}");
            assert_eq!(edited.file(&path(at)), after.file(&path(at)), "{at}");
            assert_eq!(edited.list(&path(at)), after.list(&path(at)), "{at}");
        }
    }
}
