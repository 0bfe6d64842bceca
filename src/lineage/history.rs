//! The past of some folders, and the versions of a file in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Blobs, CommitSha, FileMode, FileState, PastCommit, ReadError, RepoPath};

/// The history of some folders.
pub struct History<'a> {
    /// The commits, oldest first.
    pub commits: &'a [PastCommit],
    /// Their files' contents.
    pub blobs: &'a dyn Blobs,
    /// The commit that the history is of.
    pub head: Option<&'a CommitSha>,
}

/// A file's content from one commit on.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// The index of the commit in [`History::commits`].
    pub since: usize,
    /// The content; `None` while the file is not there.
    pub content: Option<Arc<[u8]>>,
}

impl History<'_> {
    /// The versions of the file that stands under `path`, oldest first. A file that came later than
    /// its folder begins with its absence.
    ///
    /// # Errors
    /// [`ReadError`] if contents cannot be read.
    pub(super) fn versions(
        &self,
        path: &RepoPath,
        folder_since: usize,
    ) -> Result<Vec<Version>, ReadError> {
        let touching = self.commits.iter().flat_map(|commit| &commit.touched);
        let states = touching.filter(|touched| touched.path == *path);
        let states = states.filter_map(|touched| touched.after.as_ref());
        self.blobs.read_ahead(&states.map(|state| &state.blob).collect())?;
        let mut versions = Vec::new();
        for (index, commit) in self.commits.iter().enumerate() {
            for touched in commit.touched.iter().filter(|touched| touched.path == *path) {
                if versions.is_empty() && index > folder_since && touched.before.is_none() {
                    versions.push(Version { since: folder_since, content: None });
                }
                let content = match &touched.after {
                    Some(state) if state.mode == FileMode::Symlink => continue,
                    Some(state) => match self.blobs.blob(&state.blob)? {
                        Some(content) => Some(content),
                        None => continue,
                    },
                    None => None,
                };
                versions.push(Version { since: index, content });
            }
        }
        Ok(versions)
    }

    /// A file as the last commit that touched it left it.
    pub(super) fn last(&self, path: &RepoPath) -> Option<&FileState> {
        let touched = self.commits.iter().rev().flat_map(|commit| &commit.touched);
        touched.into_iter().find(|touched| touched.path == *path)?.after.as_ref()
    }

    /// Whether there is a commit after the first that has both folders, up to the head: from then on,
    /// what differs was left so. Or one that changed the source before the target began: what the
    /// target has of that time is behind.
    #[must_use]
    pub fn tells_something(&self, source: &RepoPath, target: &RepoPath) -> bool {
        let (Some(of_source), Some(of_target)) =
            (self.folder_since(source), self.folder_since(target))
        else {
            return false;
        };
        let both = of_source.max(of_target);
        let changed = |commit: &PastCommit| {
            commit.touched.iter().any(|it| it.path.is_within(source) && it.before.is_some())
        };
        self.head.is_some_and(|head| self.commits[both].id != *head)
            || self.commits[of_source..both].iter().any(changed)
    }

    /// The first commit that has a file below `folder`.
    pub(super) fn folder_since(&self, folder: &RepoPath) -> Option<usize> {
        self.commits
            .iter()
            .position(|commit| commit.touched.iter().any(|touched| touched.path.is_within(folder)))
    }

    /// All paths below `folder` that ever were, with the commits that touched them.
    pub(super) fn paths_below(&self, folder: &RepoPath) -> BTreeMap<&RepoPath, Vec<usize>> {
        let mut paths: BTreeMap<&RepoPath, Vec<usize>> = BTreeMap::new();
        for (index, commit) in self.commits.iter().enumerate() {
            for touched in commit.touched.iter().filter(|touched| touched.path.is_within(folder)) {
                paths.entry(&touched.path).or_default().push(index);
            }
        }
        paths
    }
}
