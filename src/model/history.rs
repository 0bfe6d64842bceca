//! The past of some folders, as values: who changed which file to what, on the first-parent way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CommitSha, FileMode, ReadError, RepoPath};

/// The id of a blob in git.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub String);

/// A file at one moment: its mode and where its content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// How git stores it.
    pub mode: FileMode,
    /// Its content.
    pub blob: BlobId,
}

/// A file that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The file.
    pub path: RepoPath,
    /// What it was; `None` if the commit added it.
    pub before: Option<FileState>,
    /// What it became; `None` if the commit deleted it.
    pub after: Option<FileState>,
}

/// A commit of the first-parent history that changed something below the folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// Its id.
    pub id: CommitSha,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// The commits that it merged: all its parents but the first.
    pub merged: Vec<CommitSha>,
    /// What it changed below the folders, against its first parent.
    pub touched: Vec<Touched>,
}

/// So many of the commits that touch the folders are told apart; what was before is one.
///
/// It bounds what reading a history by API costs. Every reader keeps to it, so that plans are the same.
pub const MOST_PAST_COMMITS: usize = 200;

/// The newest commits of a history, oldest first. What was before the last [`MOST_PAST_COMMITS`] of them is one
/// commit, as if it had brought all files that were there.
#[must_use]
pub fn newest_commits(mut commits: Vec<PastCommit>) -> Vec<PastCommit> {
    let Some(surplus) = commits.len().checked_sub(MOST_PAST_COMMITS + 1).filter(|n| *n > 0) else {
        return commits;
    };
    let mut files: BTreeMap<RepoPath, FileState> = BTreeMap::new();
    for touched in commits[..=surplus].iter().flat_map(|commit| &commit.touched) {
        match &touched.after {
            Some(state) => files.insert(touched.path.clone(), state.clone()),
            None => files.remove(&touched.path),
        };
    }
    commits.drain(..surplus);
    let all = |(path, state)| Touched { path, before: None, after: Some(state) };
    commits[0].touched = files.into_iter().map(all).collect();
    commits
}

/// Where contents of the past come from.
pub trait Blobs: Sync {
    /// The bytes of a blob; `None` if they are too large or not to be had, which is no fault: such a
    /// version tells nothing.
    ///
    /// # Errors
    /// [`ReadError`] if whoever has them cannot be asked.
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError>;

    /// Hears which blobs will be asked for next, for whoever is faster with many at once.
    ///
    /// # Errors
    /// As [`Blobs::blob`].
    fn read_ahead(&self, _ids: &BTreeSet<&BlobId>) -> Result<(), ReadError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: usize, path: &str, deleted: bool) -> PastCommit {
        let state =
            FileState { mode: FileMode::Regular, blob: BlobId(format!("blob of {number}")) };
        let path = RepoPath::parse(path).unwrap();
        let after = (!deleted).then_some(state);
        PastCommit {
            id: CommitSha::parse(&format!("{number:040x}")).unwrap(),
            subject: format!("commit {number}"),
            author: "mona".to_owned(),
            merged: Vec::new(),
            touched: vec![Touched { path, before: None, after }],
        }
    }

    #[test]
    fn what_was_long_ago_is_one_commit_with_all_files() {
        let few: Vec<_> = (0..=MOST_PAST_COMMITS).map(|n| commit(n, "a", false)).collect();
        assert_eq!(newest_commits(few.clone()), few);
        let mut many =
            vec![commit(0, "b", false), commit(1, "gone", false), commit(2, "gone", true)];
        many.extend((3..MOST_PAST_COMMITS + 10).map(|n| commit(n, "a", false)));
        let kept = newest_commits(many.clone());
        assert_eq!(kept.len(), MOST_PAST_COMMITS + 1);
        assert_eq!(kept[1..], many[10..]);
        let paths: Vec<_> = kept[0].touched.iter().map(|it| it.path.as_str()).collect();
        assert_eq!((kept[0].id.clone(), paths), (many[9].id.clone(), vec!["a", "b"]));
        assert_eq!(kept[0].touched[0].after, many[9].touched[0].after);
        // In two steps as in one.
        let (first, rest) = many.split_at(many.len() - 5);
        let mut again = newest_commits(first.to_vec());
        again.extend(rest.to_vec());
        assert_eq!(newest_commits(again), kept);
    }
}
