//! Two trees as one, for the way to a process that knows of one: each is in a folder of its own.

use std::collections::BTreeSet;

use crate::model::{FileTree, RepoPath};

const BEFORE: &str = "before";
const AFTER: &str = "after";

/// Files before and after.
#[derive(Default)]
pub(super) struct PairOfTrees {
    pub(super) before: FileTree,
    pub(super) after: FileTree,
}

impl PairOfTrees {
    /// Both as one tree.
    pub(super) fn as_one(before: &FileTree, after: &FileTree) -> FileTree {
        let mut both = FileTree::new();
        for (folder, tree) in [(BEFORE, before), (AFTER, after)] {
            for (path, file) in tree.entries() {
                let Ok(path) = RepoPath::parse(&format!("{folder}/{path}")) else { continue };
                match file {
                    Some(file) => both.insert(path, file.clone()),
                    None => both.insert_unknown(path),
                }
            }
        }
        both
    }

    /// The two again.
    pub(super) fn of(both: &FileTree) -> Self {
        let mut pair = Self::default();
        for (path, file) in both.entries() {
            let Some((folder, below)) = path.as_str().split_once('/') else { continue };
            let Ok(path) = RepoPath::parse(below) else { continue };
            let tree = if folder == BEFORE { &mut pair.before } else { &mut pair.after };
            match file {
                Some(file) => tree.insert(path, file.clone()),
                None => tree.insert_unknown(path),
            }
        }
        pair
    }

    /// Paths of the repository as paths of both as one: what one of the two lacks is lacking in both.
    pub(super) fn paths_as_one(paths: &BTreeSet<RepoPath>) -> BTreeSet<RepoPath> {
        let both = |path: &RepoPath| [BEFORE, AFTER].map(|folder| format!("{folder}/{path}"));
        paths.iter().flat_map(both).filter_map(|path| RepoPath::parse(&path).ok()).collect()
    }

    /// Paths of both as one as paths of the repository.
    pub(super) fn paths_apart(paths: &BTreeSet<RepoPath>) -> BTreeSet<RepoPath> {
        let below = |path: &RepoPath| RepoPath::parse(path.as_str().split_once('/')?.1).ok();
        paths.iter().filter_map(below).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_trees_come_back_as_they_were() {
        let before = FileTree::of([("a/x", "1")]).unwrap();
        let mut after = FileTree::of([("a/x", "2"), ("before/y", "3")]).unwrap();
        after.insert_unknown(RepoPath::parse("z").unwrap());
        let pair = PairOfTrees::of(&PairOfTrees::as_one(&before, &after));
        assert_eq!((pair.before, pair.after), (before, after));
        let paths = BTreeSet::from([RepoPath::parse("a/x").unwrap()]);
        assert_eq!(PairOfTrees::paths_apart(&PairOfTrees::paths_as_one(&paths)), paths);
    }
}
