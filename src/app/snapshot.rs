//! A repository at one commit, with file contents fetched when somebody needs them.
//!
//! The pure rooms say which files they lack; [`Snapshot::compute`] fetches those and asks again. So a warm
//! promotion fetches only what changed, without anybody having to know beforehand what that is.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::lacking::Lacks;
use super::local::Workspace;
use super::service_bases::{ServiceBases, Wanted};
use crate::github::{BlobSha, GithubError, RepoTree, Repository, TreeEntry, TreeSha};
use crate::model::{CommitSha, File, FileTree, Files, RepoPath};

/// A commit and its files.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) repository: Repository,
    /// The commit.
    pub(super) commit: CommitSha,
    /// What is where in it.
    pub(super) tree: Arc<RepoTree>,
    pub(super) files: Arc<FileTree>,
    /// What is known of the repositories that its bases are in.
    pub(super) bases: ServiceBases,
    pub(super) local: Option<Arc<Workspace>>,
}

impl Snapshot {
    /// Lists the files of a commit.
    pub(super) async fn open(
        repository: &Repository,
        commit: &CommitSha,
        tree: &TreeSha,
    ) -> Result<Self, GithubError> {
        let tree = repository.fetch_tree(tree).await?;
        let mut files = FileTree::new();
        for (path, entry) in &tree.entries {
            if entry.mode.file_mode().is_some() {
                files.insert_unknown(path.clone());
            }
        }
        Ok(Self {
            repository: repository.clone(),
            commit: commit.clone(),
            tree: Arc::new(tree),
            files: Arc::new(files),
            bases: ServiceBases::at(repository.host()),
            local: None,
        })
    }

    /// The same with a checkout at hand: what it has need not be fetched, whatever is checked out there, since
    /// a file counts only if its hash is right.
    pub(super) fn with_local(self, local: Option<Arc<Workspace>>) -> Self {
        Self { local, ..self }
    }

    /// Another commit of the repository.
    pub(super) async fn beside(
        &self,
        commit: &CommitSha,
        tree: &TreeSha,
    ) -> Result<Self, GithubError> {
        let other = Self::open(&self.repository, commit, tree).await?;
        Ok(Self { bases: self.bases.clone(), ..other.with_local(self.local.clone()) })
    }

    /// The content of a file, if it is there.
    pub(super) async fn text(&mut self, path: &RepoPath) -> Result<Option<Arc<[u8]>>, GithubError> {
        self.fetch(&BTreeSet::from([path.clone()])).await?;
        Ok(self.files.file(path).ok().flatten().map(|file| file.content))
    }

    /// A file of the commit, fetched if it is not here; `None` if there is none.
    pub(super) async fn file(&mut self, path: &RepoPath) -> Result<Option<File>, GithubError> {
        if !self.tree.entries.contains_key(path) {
            return Ok(None);
        }
        self.fetch(&[path.clone()].into()).await?;
        Ok(self.files.file(path).ok().flatten())
    }

    /// Computes something from the files, on a thread of its own, and fetches what it lacks.
    pub(super) async fn compute<T, E, F>(&mut self, compute: F) -> Result<Result<T, E>, GithubError>
    where
        F: Fn(&FileTree) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: Lacks + Send + 'static,
    {
        let compute = Arc::new(compute);
        loop {
            let (files, compute) = (Arc::clone(&self.files), Arc::clone(&compute));
            let result = match tokio::task::spawn_blocking(move || compute(&files)).await {
                Ok(result) => result,
                Err(stopped) => match stopped.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    // The runtime ends, and this future with it.
                    Err(_) => std::future::pending().await,
                },
            };
            // Without what another repository has, a plan is made all the same.
            let fetched = self.fetch_bases(Wanted::default()).await?;
            let lacking = result.as_ref().err().and_then(Lacks::lacking).cloned();
            if !self.fetch(&lacking.unwrap_or_default()).await? && !fetched {
                return Ok(result);
            }
        }
    }

    /// Fetches what builds lacked of other repositories; false if nothing did.
    pub(super) async fn fetch_bases(&self, elsewhere: Wanted) -> Result<bool, GithubError> {
        self.bases.fetch(&self.repository, elsewhere).await
    }

    /// Fetches the contents of files; false if none of them was missing.
    pub(super) async fn fetch(&mut self, paths: &BTreeSet<RepoPath>) -> Result<bool, GithubError> {
        let entries: Vec<_> = paths
            .iter()
            .filter(|path| matches!(self.files.file(path), Ok(None)))
            .filter_map(|path| self.tree.entries.get(path).map(|entry| (path, entry)))
            .collect();
        let mut contents: BTreeMap<BlobSha, Arc<[u8]>> = entries
            .iter()
            .filter_map(|(path, entry)| Some((entry.sha.clone(), self.read_local(path, entry)?)))
            .collect();
        let shas = entries.iter().map(|(_, entry)| &entry.sha);
        let wanted = shas.filter(|sha| !contents.contains_key(sha)).cloned().collect();
        contents.extend(self.repository.fetch_blobs(&wanted, &self.commit).await?);
        let files = Arc::make_mut(&mut self.files);
        let mut fetched = false;
        for (path, entry) in entries {
            if let (Some(mode), Some(content)) = (entry.mode.file_mode(), contents.get(&entry.sha))
            {
                files.insert(path.clone(), File { mode, content: Arc::clone(content) });
                fetched = true;
            }
        }
        Ok(fetched)
    }

    fn read_local(&self, path: &RepoPath, entry: &TreeEntry) -> Option<Arc<[u8]>> {
        let content = self.local.as_ref()?.files().file(path).ok()??.content;
        (BlobSha::of(&content, self.tree.sha.format()) == entry.sha).then_some(content)
    }

    /// Tells whether one of these files is another one in `other`.
    pub(super) fn differs<'a>(
        &self,
        other: &Self,
        paths: impl IntoIterator<Item = &'a RepoPath>,
    ) -> bool {
        paths.into_iter().any(|path| self.tree.entries.get(path) != other.tree.entries.get(path))
    }

    /// All files below a directory.
    pub(super) fn below<'a>(
        &'a self,
        directory: &'a RepoPath,
    ) -> impl Iterator<Item = &'a RepoPath> {
        self.tree.entries.keys().filter(move |path| path.is_within(directory))
    }
}

/// What a set of files is in a tree, as one word: equal words, equal files.
pub(super) fn digest<'a>(tree: &RepoTree, paths: impl IntoIterator<Item = &'a RepoPath>) -> String {
    let mut hash = Sha256::new();
    for path in paths {
        hash.update(path.as_str());
        let entry = tree.entries.get(path);
        let (mode, sha) = entry.map_or(("", ""), |entry| (entry.mode.git(), entry.sha.as_str()));
        hash.update(format!("\0{mode} {sha}\0"));
    }
    hex::encode(hash.finalize())
}
