//! The history of folders, by API as local git tells it: which commits of the branch's way changed what.
//!
//! GitHub lists the commits that touch a folder, and all commits with their parents. A commit of a side branch
//! counts for the merge that brought it. What such a commit changed is what its tree and the one before
//! it tell; trees are cached by their hash. What was read is remembered, and a newer head is
//! added to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};

use super::call::Call;
use super::commit::{WireCommit, commit};
use super::error::found;
use super::object::TreeSha;
use super::past::{FolderPast, Pair};
use super::{BlobSha, Commit, GithubError, Repository, address};
use crate::model::{
    BlobId, CommitSha, FileState, MOST_PAST_COMMITS, PastCommit, RepoPath, Touched, thinned,
};

const REQUEST: &str = "read the history";

/// With more new commits than this a history is read anew: lists are cheaper then than trees.
const MOST_ADDED: usize = 40;

/// So many trees or blobs are asked for at a time.
const AT_ONCE: usize = 8;

/// How often a folder is listed again from before a merge.
const MOST_LISTED_AGAIN: usize = 100;

/// A history is followed through so many commits of the repository, side branches included.
const MOST_WALKED: usize = 10_000;

/// The files of two folders.
type Files = BTreeMap<RepoPath, FileState>;

impl Repository {
    /// The history of two folders as of a commit, from memory as far as it goes. `trailer` begins a line in the
    /// messages of promotions; those in the second folder are told.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn folder_past(
        &self,
        head: &CommitSha,
        folders: (&RepoPath, &RepoPath),
        trailer: &str,
    ) -> Result<Arc<FolderPast>, GithubError> {
        let pair = (folders.0.clone(), folders.1.clone());
        let remembered = self.client.pasts.folders(&self.name, &pair);
        if let Some(past) = &remembered {
            if past.head == *head {
                return Ok(Arc::clone(past));
            }
            if let Some(newer) = self.added(past, head, &pair, trailer).await? {
                let newer = Arc::new(newer);
                self.client.pasts.keep_folders(&self.name, &pair, &newer);
                return Ok(newer);
            }
        }
        let past = Arc::new(self.read_past(head, &pair, trailer).await?);
        self.client.pasts.keep_folders(&self.name, &pair, &past);
        Ok(past)
    }

    /// The last commit of a history that a commit has seen.
    #[must_use]
    pub fn seen_by(&self, past: &FolderPast, commit: &CommitSha) -> Option<usize> {
        let places: BTreeMap<_, _> =
            past.commits.iter().enumerate().map(|(place, it)| (&it.id, place)).collect();
        let mut at = commit.clone();
        loop {
            if let Some(place) = places.get(&at) {
                return Some(*place);
            }
            at = self.client.pasts.commit(&self.name, &at)?.before()?.clone();
        }
    }

    /// The commit that a revision names: an id, a branch or a tag; `None` if there is none.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn resolve(&self, revision: &str) -> Result<Option<CommitSha>, GithubError> {
        const REQUEST: &str = "find the revision";
        let path = format!("/commits?sha={}&per_page=1", address::query(revision));
        let call = Call::get(REQUEST, self.path(&path));
        let listed: Option<Vec<WireCommit>> = found(self.client.json(self.who, call).await)?;
        let first = listed.into_iter().flatten().next();
        first.map(|wire| commit(REQUEST, wire).map(|commit| commit.sha)).transpose()
    }

    /// Contents of the past: from the cache, else one request each. One that is gone or too large is `None`.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_past_blobs(
        &self,
        wanted: &BTreeSet<BlobId>,
    ) -> Result<BTreeMap<BlobId, Option<Arc<[u8]>>>, GithubError> {
        let shas: BTreeSet<BlobSha> =
            wanted.iter().filter_map(|id| BlobSha::parse(&id.0).ok()).collect();
        let mut blobs: BTreeMap<BlobId, Option<Arc<[u8]>>> =
            wanted.iter().map(|id| (id.clone(), None)).collect();
        let cached = self.cached_blobs(&shas).await;
        let missing: Vec<BlobSha> =
            shas.into_iter().filter(|sha| !cached.contains_key(sha)).collect();
        let known = cached.into_iter().map(|(sha, content)| (sha, Some(content)));
        let fetched = futures_util::stream::iter(missing)
            .map(|sha| async move {
                match self.fetch_blob(&sha).await {
                    Ok(content) => Ok((sha, Some(content))),
                    Err(GithubError::NotFound { .. } | GithubError::TooLarge { .. }) => {
                        Ok((sha, None))
                    }
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let all = known.chain(fetched);
        blobs.extend(all.map(|(sha, content)| (BlobId(sha.as_str().to_owned()), content)));
        Ok(blobs)
    }

    /// A history with what came since; `None` if that is too much, or the head does not stand on it.
    async fn added(
        &self,
        past: &FolderPast,
        head: &CommitSha,
        pair: &Pair,
        trailer: &str,
    ) -> Result<Option<FolderPast>, GithubError> {
        let mut new: Vec<Arc<Commit>> = Vec::new();
        let mut at = head.clone();
        while at != past.head {
            let commit = self.past_commit(&at).await?;
            let Some(parent) = commit.before() else { return Ok(None) };
            if new.len() == MOST_ADDED {
                return Ok(None);
            }
            at = parent.clone();
            new.push(commit);
        }
        let before = self.past_commit(&past.head).await?;
        let mut commits = past.commits.clone();
        let states = self.states(new.iter().rev().chain([&before]), pair).await?;
        let mut known = &states[&before.sha];
        for commit in new.iter().rev() {
            let state = &states[&commit.sha];
            commits.extend(past_commit(commit, known, state));
            known = state;
        }
        let brought = self.brought(&new, &past.head).await?;
        let ours = brought.into_iter().filter(|commit| has_trailer(commit, trailer));
        let promotions = ours.chain(past.promotions.iter().cloned()).collect();
        let commits = thinned(commits, &pair.1);
        Ok(Some(FolderPast { head: head.clone(), commits, promotions }))
    }

    /// New commits of the way, newest first, each with those of side branches that it brought.
    async fn brought(
        &self,
        new: &[Arc<Commit>],
        known: &CommitSha,
    ) -> Result<Vec<Arc<Commit>>, GithubError> {
        let mut brought = new.to_vec();
        let mut seen: BTreeSet<CommitSha> = new.iter().map(|commit| commit.sha.clone()).collect();
        seen.insert(known.clone());
        let sides = new.iter().flat_map(|commit| commit.merged());
        let mut todo: Vec<CommitSha> = sides.cloned().collect();
        // A side branch is told by the list that told its merge; what is older was there before.
        while let Some(sha) = todo.pop() {
            let Some(commit) = self.client.pasts.commit(&self.name, &sha) else { continue };
            if seen.insert(sha) && brought.len() < 500 {
                todo.extend(commit.parents.iter().cloned());
                brought.push(commit);
            }
        }
        Ok(brought)
    }

    /// A commit from memory, else with a hundred before it from GitHub.
    async fn past_commit(&self, sha: &CommitSha) -> Result<Arc<Commit>, GithubError> {
        if let Some(known) = self.client.pasts.commit(&self.name, sha) {
            return Ok(known);
        }
        let page = self.page_from(sha).await?;
        let first = page.into_iter().find(|commit| commit.sha == *sha);
        first.ok_or_else(|| super::error::bad(REQUEST, &"the commit is not in its own history"))
    }

    /// A commit and up to a hundred before it.
    async fn page_from(&self, sha: &CommitSha) -> Result<Vec<Arc<Commit>>, GithubError> {
        let path = self.path(&format!("/commits?sha={sha}&per_page=100"));
        let page: Vec<WireCommit> = self.client.json(self.who, Call::get(REQUEST, path)).await?;
        let page = page.into_iter().map(|wire| commit(REQUEST, wire).map(Arc::new));
        let page = page.collect::<Result<Vec<_>, _>>()?;
        self.client.pasts.keep(&self.name, page.clone());
        Ok(page)
    }

    /// What the folders were at some commits.
    async fn states<'a>(
        &self,
        commits: impl Iterator<Item = &'a Arc<Commit>>,
        pair: &Pair,
    ) -> Result<BTreeMap<CommitSha, Files>, GithubError> {
        let commits: Vec<(CommitSha, TreeSha)> =
            commits.map(|commit| (commit.sha.clone(), commit.tree.clone())).collect();
        futures_util::stream::iter(commits)
            .map(|(sha, tree)| async move { Ok((sha, self.state(&tree, pair).await?)) })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn state(&self, tree: &TreeSha, pair: &Pair) -> Result<Files, GithubError> {
        let tree = self.fetch_tree(tree).await?;
        let within = |path: &RepoPath| path.is_within(&pair.0) || path.is_within(&pair.1);
        let files = tree.entries.into_iter().filter(|(path, _)| within(path));
        let state = |(path, entry): (RepoPath, super::TreeEntry)| {
            let blob = BlobId(entry.sha.as_str().to_owned());
            Some((path, FileState { mode: entry.mode.file_mode()?, blob }))
        };
        Ok(files.filter_map(state).collect())
    }

    /// Reads a history of which nothing is known.
    async fn read_past(
        &self,
        head: &CommitSha,
        pair: &Pair,
        trailer: &str,
    ) -> Result<FolderPast, GithubError> {
        let source = self.touching(head, &pair.0).await?;
        let target = self.touching(head, &pair.1).await?;
        let ours = target.iter().filter(|commit| has_trailer(commit, trailer));
        let promotions = ours.cloned().collect();
        let listed = [shas(&source), shas(&target)];
        let way = self.way(head, listed[0].union(&listed[1]).cloned().collect()).await?;
        let [of_source, of_target] = listed;
        let of_target = self.all_touching(&way, &pair.1, of_target).await?;
        let mut touching = self.all_touching(&way, &pair.0, of_source).await?;
        touching.extend(&of_target);
        let mut told = Told::default();
        for batch in touching.iter().copied().collect::<Vec<_>>().chunks(MOST_ADDED) {
            self.tell(&way, batch, pair, &mut told).await?;
            if told.changes() > MOST_PAST_COMMITS {
                break;
            }
        }
        // Of what is older, what the target's commits were made on, and they.
        let Some(last) = told.last() else {
            return Ok(FolderPast { head: head.clone(), commits: Vec::new(), promotions });
        };
        let older: Vec<usize> = of_target.range(last + 1..).copied().collect();
        self.tell(&way, &[last + 1], pair, &mut told).await?;
        for batch in older.chunks(MOST_ADDED / 2) {
            let both: BTreeSet<usize> =
                batch.iter().flat_map(|place| [*place, place + 1]).collect();
            self.tell(&way, &both.into_iter().collect::<Vec<_>>(), pair, &mut told).await?;
            if told.older_of(&pair.1) > MOST_PAST_COMMITS {
                break;
            }
        }
        let commits = thinned(told.commits(), &pair.1);
        Ok(FolderPast { head: head.clone(), commits, promotions })
    }

    /// Reads what the folders were at some places of a way.
    async fn tell(
        &self,
        way: &Way,
        places: &[usize],
        pair: &Pair,
        told: &mut Told,
    ) -> Result<(), GithubError> {
        let new = places.iter().filter(|place| !told.0.contains_key(place));
        let commits: Vec<(usize, &Arc<Commit>)> =
            new.filter_map(|place| Some((*place, way.commits.get(*place)?))).collect();
        let mut states = self.states(commits.iter().map(|(_, commit)| *commit), pair).await?;
        for (place, commit) in commits {
            let state = states.remove(&commit.sha).unwrap_or_default();
            told.0.insert(place, (Arc::clone(commit), state));
        }
        Ok(())
    }

    /// The commits that touch a folder as GitHub lists them, newest first.
    async fn touching(
        &self,
        from: &CommitSha,
        folder: &RepoPath,
    ) -> Result<Vec<Arc<Commit>>, GithubError> {
        let mut listed = Vec::new();
        let keep = |commit: &Commit| {
            listed.push(Arc::new(commit.clone()));
            false
        };
        match self.walk_history(from, Some(folder), keep).await {
            Ok(_) | Err(GithubError::TooLong { .. }) => {}
            Err(error) => return Err(error),
        }
        self.client.pasts.keep(&self.name, listed.clone());
        Ok(listed)
    }

    /// The way from a commit until all that is wanted was seen.
    async fn way(&self, head: &CommitSha, wanted: BTreeSet<CommitSha>) -> Result<Way, GithubError> {
        let mut left = wanted.clone();
        let mut known: BTreeMap<CommitSha, Arc<Commit>> = BTreeMap::new();
        let keep = |commit: &Commit| {
            left.remove(&commit.sha);
            known.insert(commit.sha.clone(), Arc::new(commit.clone()));
            left.is_empty()
        };
        match self.walk_history(head, None, keep).await {
            Ok(_) | Err(GithubError::TooLong { .. }) => {}
            Err(error) => return Err(error),
        }
        self.client.pasts.keep(&self.name, known.values().cloned().collect());
        loop {
            let way = Way::from(head, &known);
            let next = way.commits.last().and_then(|last| last.before()).cloned();
            let is_whole = wanted.iter().all(|sha| way.owner.contains_key(sha));
            let Some(next) = next.filter(|_| !is_whole && known.len() < MOST_WALKED) else {
                return Ok(way);
            };
            // A list is in the order of dates, which need not be that of the way.
            let page = self.page_from(&next).await?;
            known.extend(page.into_iter().map(|commit| (commit.sha.clone(), commit)));
        }
    }

    /// The places on the way that brought a change of a folder.
    ///
    /// Of a merge that is what one of its parents was in the folder, git follows that parent alone. What
    /// happened meanwhile on the way is listed from there.
    async fn all_touching(
        &self,
        way: &Way,
        folder: &RepoPath,
        mut listed: BTreeSet<CommitSha>,
    ) -> Result<BTreeSet<usize>, GithubError> {
        let mut places = way.places(&listed);
        for _ in 0..MOST_LISTED_AGAIN {
            let newest = places.iter().copied().take(MOST_PAST_COMMITS + 1).next_back();
            let left = way.left(&listed).filter(|left| newest.is_some_and(|last| *left <= last));
            let Some(left) = left else { break };
            let from = &way.commits[left].sha;
            let again = shas(&self.touching(from, folder).await?);
            places.extend(way.places(&again));
            listed = again;
            // Only what is listed from here on leads further.
            listed.retain(|sha| way.owner.get(sha).is_some_and(|owner| *owner >= left));
        }
        Ok(places)
    }
}

/// What the folders were at places of a way, which are counted from its newest commit.
#[derive(Default)]
struct Told(BTreeMap<usize, (Arc<Commit>, Files)>);

impl Told {
    /// The oldest place.
    fn last(&self) -> Option<usize> {
        self.0.keys().next_back().copied()
    }

    /// How often the folders changed from one place to the next.
    fn changes(&self) -> usize {
        let states = self.0.values().map(|(_, state)| state);
        states.clone().zip(states.skip(1)).filter(|(newer, older)| newer != older).count()
    }

    /// How many of the commits that do not count as the newest touched a folder.
    fn older_of(&self, folder: &RepoPath) -> usize {
        let commits = self.commits();
        let older = commits.len().saturating_sub(MOST_PAST_COMMITS);
        // The oldest one has everything that was there before it.
        commits[..older].iter().skip(1).filter(|commit| commit.touches(folder)).count()
    }

    /// What changed from place to place, oldest first.
    fn commits(&self) -> Vec<PastCommit> {
        let nothing = Files::new();
        let states = self.0.values().rev();
        let before = std::iter::once(&nothing).chain(states.clone().map(|(_, state)| state));
        let changed = before
            .zip(states)
            .filter_map(|(before, (commit, state))| past_commit(commit, before, state));
        changed.collect()
    }
}

/// The way of the branch, newest first, and who brought which commit.
struct Way {
    commits: Vec<Arc<Commit>>,
    owner: BTreeMap<CommitSha, usize>,
    /// The merges of branches that began before the commit that they were merged into.
    late: BTreeSet<usize>,
}

impl Way {
    fn from(head: &CommitSha, known: &BTreeMap<CommitSha, Arc<Commit>>) -> Self {
        let mut commits: Vec<Arc<Commit>> = Vec::new();
        let mut at = known.get(head);
        while let Some(commit) = at {
            commits.push(Arc::clone(commit));
            at = commit.before().and_then(|parent| known.get(parent));
        }
        let own = commits.iter().enumerate().map(|(place, commit)| (commit.sha.clone(), place));
        let mut owner: BTreeMap<CommitSha, usize> = own.collect();
        let mut late = BTreeSet::new();
        for (place, commit) in commits.iter().enumerate().rev() {
            let mut todo: Vec<&CommitSha> = commit.merged().collect();
            let mut is_late = !todo.is_empty();
            while let Some(sha) = todo.pop() {
                is_late &= commit.before() != Some(sha);
                if owner.contains_key(sha) {
                    continue;
                }
                owner.insert(sha.clone(), place);
                todo.extend(known.get(sha).into_iter().flat_map(|commit| &commit.parents));
            }
            if is_late {
                late.insert(place);
            }
        }
        Self { commits, owner, late }
    }

    fn places(&self, listed: &BTreeSet<CommitSha>) -> BTreeSet<usize> {
        listed.iter().filter_map(|sha| self.owner.get(sha)).copied().collect()
    }

    /// The newest place that a list may have left out: behind a merge that is not in it, of a late branch that is.
    fn left(&self, listed: &BTreeSet<CommitSha>) -> Option<usize> {
        let merges = self.places(listed).into_iter().filter(|place| self.late.contains(place));
        let unlisted = |place: &usize| !listed.contains(&self.commits[*place].sha);
        let left = merges.filter(unlisted).map(|place| place + 1).next();
        left.filter(|place| *place < self.commits.len())
    }
}

fn shas(commits: &[Arc<Commit>]) -> BTreeSet<CommitSha> {
    commits.iter().map(|commit| commit.sha.clone()).collect()
}

fn has_trailer(commit: &Commit, trailer: &str) -> bool {
    let begins = |line: &str| line.strip_prefix(trailer).is_some_and(|rest| rest.starts_with(": "));
    commit.message.lines().any(begins)
}

/// What a commit changed; `None` if nothing.
fn past_commit(commit: &Commit, before: &Files, after: &Files) -> Option<PastCommit> {
    let paths: BTreeSet<&RepoPath> = before.keys().chain(after.keys()).collect();
    let touched: Vec<Touched> = paths
        .into_iter()
        .filter(|path| before.get(path) != after.get(path))
        .map(|path| Touched {
            path: path.clone(),
            before: before.get(path).cloned(),
            after: after.get(path).cloned(),
        })
        .collect();
    (!touched.is_empty()).then(|| PastCommit {
        id: commit.sha.clone(),
        parent: commit.before().cloned(),
        subject: commit.subject(),
        author: commit.author.clone(),
        merged: commit.merged().cloned().collect(),
        touched,
    })
}
