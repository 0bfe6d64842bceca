//! Commits read: one by its id, those before it, and how two stand to each other.

use serde::Deserialize;

use super::call::Call;
use super::commit::{Commit, WireCommit, commit, git_commit};
use super::error::{bad, found};
use super::{GithubError, Repository, address};
use crate::model::{BranchName, CommitSha, RepoPath};

/// How one commit stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// They are the same.
    Identical,
    /// The second stands on the first.
    Ahead,
    /// The first stands on the second.
    Behind,
    /// Each has commits that the other has not.
    Diverged,
}

impl Repository {
    /// A commit by its id; `None` if the repository has none.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_commit(&self, sha: &CommitSha) -> Result<Option<Commit>, GithubError> {
        const REQUEST: &str = "read the commit";
        let call = Call::get(REQUEST, self.path(&format!("/git/commits/{sha}")));
        let Some(wire) = found(self.client.json(self.who, call).await)? else { return Ok(None) };
        git_commit(REQUEST, wire).map(Some)
    }

    /// Walks back from a commit through first and other parents, newest first, until `enough` says so.
    ///
    /// With `below`, only commits that touch something there are looked at, which keeps the walk short.
    /// Returns whether `enough` said so; `false` is the end of the history.
    ///
    /// # Errors
    /// Any failure of asking; [`GithubError::TooLong`] if the walk was given up after 5,000 commits.
    pub async fn walk_history(
        &self,
        from: &CommitSha,
        below: Option<&RepoPath>,
        mut enough: impl FnMut(&Commit) -> bool,
    ) -> Result<bool, GithubError> {
        const REQUEST: &str = "read the history";
        let filter = below.filter(|path| !path.is_root());
        let filter =
            filter.map_or(String::new(), |path| format!("&path={}", address::query(path.as_str())));
        let path = self.path(&format!("/commits?sha={from}&per_page=100{filter}"));
        let (mut done, mut fault) = (false, None);
        let whole = self
            .client
            .pages(self.who, Call::get(REQUEST, path), |page: Vec<WireCommit>| {
                for wire in page {
                    match commit(REQUEST, wire) {
                        Ok(commit) => done = enough(&commit),
                        Err(error) => fault = Some(error),
                    }
                    if done || fault.is_some() {
                        return true;
                    }
                }
                false
            })
            .await?;
        match fault {
            Some(fault) => Err(fault),
            None if whole => Ok(done),
            None => Err(GithubError::TooLong { request: REQUEST }),
        }
    }

    /// How `after` stands to `before`.
    ///
    /// # Errors
    /// [`GithubError::NotFound`] if one of them is not there, or any failure of asking.
    pub async fn compare(
        &self,
        before: &CommitSha,
        after: &CommitSha,
    ) -> Result<Ancestry, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            status: String,
        }
        const REQUEST: &str = "compare the commits";
        // One commit a page: the answer is the same and much shorter.
        let path = self.path(&format!("/compare/{before}...{after}?per_page=1"));
        let wire: Wire = self.client.json(self.who, Call::get(REQUEST, path)).await?;
        match wire.status.as_str() {
            "identical" => Ok(Ancestry::Identical),
            "ahead" => Ok(Ancestry::Ahead),
            "behind" => Ok(Ancestry::Behind),
            "diverged" => Ok(Ancestry::Diverged),
            other => Err(bad(REQUEST, &format!("a status `{other}`"))),
        }
    }

    /// Where a commit's branch began, seen from a branch, and the commit itself; `None` if one of them is not
    /// there, or they have nothing in common. One request, or two for more commits than GitHub lists.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn branched_off(
        &self,
        branch: &BranchName,
        head: &CommitSha,
    ) -> Result<Option<(Commit, Commit)>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            merge_base_commit: WireCommit,
            #[serde(default)]
            commits: Vec<WireCommit>,
        }
        const REQUEST: &str = "find where the branch began";
        let branch = address::query(branch.as_str());
        let path = self.path(&format!("/compare/{branch}...{head}"));
        let wire = found(self.client.json::<Wire>(self.who, Call::get(REQUEST, path)).await)?;
        let Some(Wire { merge_base_commit, commits }) = wire else { return Ok(None) };
        let base = commit(REQUEST, merge_base_commit)?;
        if base.sha == *head {
            return Ok(Some((base.clone(), base)));
        }
        let listed = commits.into_iter().rev().find(|it| it.sha == head.as_str());
        let tip = match listed {
            Some(wire) => Some(commit(REQUEST, wire)?),
            None => self.fetch_commit(head).await?,
        };
        Ok(tip.map(|tip| (base, tip)))
    }
}
