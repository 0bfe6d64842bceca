//! What was read of repositories' pasts, in memory: commits by their id, and histories of folders.
//!
//! Commits never change, so what is here is never wrong. Losing it costs requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::commit::Commit;
use super::lock::lock;
use crate::model::{CommitSha, PastCommit, RepoName, RepoPath};

/// All that is kept together, in bytes; the repository that was used longest ago goes first.
const LIMIT_BYTES: usize = 96 << 20;

/// What a commit or a touched file weighs beside its texts.
const WEIGHT_BYTES: usize = 400;

/// The history of two folders as of a commit.
#[derive(Clone, Debug)]
pub struct FolderPast {
    /// The commit.
    pub head: CommitSha,
    /// The commits of the first-parent way that touch the folders, oldest first.
    pub commits: Vec<PastCommit>,
    /// The commits that say of themselves, by a trailer, that they are promotions; newest first.
    pub promotions: Vec<Arc<Commit>>,
}

/// Two folders.
pub(super) type Pair = (RepoPath, RepoPath);

/// What is remembered, by repository.
#[derive(Default)]
pub(super) struct Pasts(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    repositories: BTreeMap<RepoName, Repository>,
    clock: u64,
}

#[derive(Default)]
struct Repository {
    used: u64,
    bytes: usize,
    commits: BTreeMap<CommitSha, Arc<Commit>>,
    folders: BTreeMap<Pair, Arc<FolderPast>>,
}

impl Pasts {
    pub(super) fn commit(&self, name: &RepoName, sha: &CommitSha) -> Option<Arc<Commit>> {
        lock(&self.0).repositories.get(name)?.commits.get(sha).cloned()
    }

    /// Keeps commits. With `known`, only in a repository of which something is known already.
    fn keep_commits(&self, name: &RepoName, commits: Vec<Arc<Commit>>, known: bool) {
        let mut memory = lock(&self.0);
        if known && !memory.repositories.contains_key(name) {
            return;
        }
        let repository = memory.touch(name);
        for commit in commits {
            let bytes = commit.message.len() + WEIGHT_BYTES;
            if repository.commits.insert(commit.sha.clone(), commit).is_none() {
                repository.bytes += bytes;
            }
        }
        memory.shrink();
    }

    /// Keeps a commit that was told of, if its repository is one of those that are read.
    pub(super) fn note_commit(&self, name: &RepoName, commit: Arc<Commit>) {
        self.keep_commits(name, vec![commit], true);
    }

    pub(super) fn keep(&self, name: &RepoName, commits: Vec<Arc<Commit>>) {
        self.keep_commits(name, commits, false);
    }

    pub(super) fn folders(&self, name: &RepoName, pair: &Pair) -> Option<Arc<FolderPast>> {
        lock(&self.0).touch(name).folders.get(pair).cloned()
    }

    pub(super) fn keep_folders(&self, name: &RepoName, pair: &Pair, past: &Arc<FolderPast>) {
        let mut memory = lock(&self.0);
        let repository = memory.touch(name);
        repository.bytes += weight(past);
        if let Some(before) = repository.folders.insert(pair.clone(), Arc::clone(past)) {
            repository.bytes = repository.bytes.saturating_sub(weight(&before));
        }
        memory.shrink();
    }
}

fn weight(past: &FolderPast) -> usize {
    past.commits.iter().map(|commit| WEIGHT_BYTES * (1 + commit.touched.len())).sum()
}

impl Memory {
    fn touch(&mut self, name: &RepoName) -> &mut Repository {
        self.clock += 1;
        let used = self.clock;
        let repository = self.repositories.entry(name.clone()).or_default();
        repository.used = used;
        repository
    }

    fn shrink(&mut self) {
        // The one that is in use stays.
        while self.repositories.len() > 1
            && self.repositories.values().map(|it| it.bytes).sum::<usize>() > LIMIT_BYTES
        {
            let oldest = self.repositories.iter().min_by_key(|(_, it)| it.used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { return };
            self.repositories.remove(&name);
        }
    }
}
