//! Commits: read, walked back through, compared, made.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::error::found;
use super::object::{BlobSha, TreeSha};
use super::repository::bad;
use super::{GithubError, RepoTree, Repository, address};
use crate::model::{BranchName, CommitSha, FileEdit, RepoPath};

/// A commit with what it says and stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub sha: CommitSha,
    /// Its files.
    pub tree: TreeSha,
    /// The commits before it, first parent first.
    pub parents: Vec<CommitSha>,
    /// Who wrote it, by name; empty where GitHub does not say.
    pub author: String,
    /// The whole message, trailers included.
    pub message: String,
}

impl Commit {
    /// The first paragraph of the message as one line, as git has it.
    #[must_use]
    pub fn subject(&self) -> String {
        let lines = self.message.lines().skip_while(|line| line.trim().is_empty());
        let lines: Vec<&str> =
            lines.map(str::trim_end).take_while(|line| !line.is_empty()).collect();
        lines.join(" ")
    }
}

/// What a new commit is made of. Author and committer are left to GitHub, which then signs it for an App.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'a> {
    /// The commit it stands on.
    pub parent: &'a CommitSha,
    /// That commit's files: the edits start from them.
    pub tree: &'a RepoTree,
    /// What changes.
    pub edits: &'a [FileEdit],
    /// The whole message, trailers included.
    pub message: &'a str,
}

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

/// Text longer than this goes to GitHub as a blob of its own, to keep the request for the tree small.
const INLINE_LIMIT_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
pub(super) struct WireSha {
    pub(super) sha: String,
}

/// A commit as `branches` and `commits` answer it.
#[derive(Deserialize)]
pub(super) struct WireCommit {
    sha: String,
    commit: WireCommitDetails,
    #[serde(default)]
    parents: Vec<WireSha>,
}

#[derive(Deserialize)]
pub(super) struct WireCommitDetails {
    #[serde(default)]
    message: String,
    tree: WireSha,
    #[serde(default)]
    author: Option<WireAuthor>,
}

/// Who wrote a commit, as git has it.
#[derive(Default, Deserialize)]
struct WireAuthor {
    #[serde(default)]
    name: String,
}

/// A commit as `git/commits` answers it.
#[derive(Deserialize)]
struct WireGitCommit {
    sha: String,
    #[serde(default)]
    message: String,
    tree: WireSha,
    #[serde(default)]
    author: Option<WireAuthor>,
    #[serde(default)]
    parents: Vec<WireSha>,
}

/// A commit that was made.
#[derive(Deserialize)]
struct WireMade {
    sha: String,
    #[serde(default)]
    author: Option<WireAuthor>,
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

    /// Makes a commit that no branch has yet: one request for the tree, one for the commit, and one for
    /// each new file that is not text.
    ///
    /// Doing it twice leaves a commit that nobody sees, which git throws away in time.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn create_commit(&self, new: &NewCommit<'_>) -> Result<Commit, GithubError> {
        const TREE: &str = "write the tree";
        const COMMIT: &str = "write the commit";
        let there: BTreeSet<&BlobSha> = new.tree.entries.values().map(|entry| &entry.sha).collect();
        let mut entries = Vec::with_capacity(new.edits.len());
        for edit in new.edits {
            entries.push(self.tree_entry(edit, new.tree, &there).await?);
        }
        let body = json!({ "base_tree": new.tree.sha.as_str(), "tree": entries });
        let call = Call::post(TREE, self.path("/git/trees"), body).repeatable();
        let tree: WireSha = self.client.json(self.who, call).await?;
        let body =
            json!({ "message": new.message, "tree": tree.sha, "parents": [new.parent.as_str()] });
        let call = Call::post(COMMIT, self.path("/git/commits"), body);
        let commit: WireMade = self.client.json(self.who, call).await?;
        Ok(Commit {
            sha: CommitSha::parse(&commit.sha).map_err(|error| bad(COMMIT, &error))?,
            tree: TreeSha::parse(&tree.sha).map_err(|error| bad(TREE, &error))?,
            parents: vec![new.parent.clone()],
            author: commit.author.unwrap_or_default().name,
            message: new.message.to_owned(),
        })
    }

    /// What the tree gets for an edit. A content that the repository has already is named by its hash; `sha: null`
    /// deletes.
    async fn tree_entry(
        &self,
        edit: &FileEdit,
        tree: &RepoTree,
        there: &BTreeSet<&BlobSha>,
    ) -> Result<serde_json::Value, GithubError> {
        let path = edit.path.as_str();
        let Some(file) = &edit.after else {
            let mode = tree.entries.get(&edit.path).map_or("100644", |entry| entry.mode.git());
            return Ok(json!({ "path": path, "mode": mode, "type": "blob", "sha": null }));
        };
        let mode = file.mode.git();
        let sha = BlobSha::of(&file.content, tree.sha.format());
        if there.contains(&sha) {
            return Ok(json!({ "path": path, "mode": mode, "type": "blob", "sha": sha.as_str() }));
        }
        match std::str::from_utf8(&file.content) {
            Ok(text) if text.len() <= INLINE_LIMIT_BYTES && !text.contains('\0') => {
                Ok(json!({ "path": path, "mode": mode, "type": "blob", "content": text }))
            }
            _ => {
                let sha = self.create_blob(&file.content).await?;
                Ok(json!({ "path": path, "mode": mode, "type": "blob", "sha": sha.as_str() }))
            }
        }
    }

    async fn create_blob(&self, content: &[u8]) -> Result<BlobSha, GithubError> {
        use base64::Engine;
        const REQUEST: &str = "write the file's content";
        let content = base64::engine::general_purpose::STANDARD.encode(content);
        let body = json!({ "content": content, "encoding": "base64" });
        let call = Call::post(REQUEST, self.path("/git/blobs"), body).repeatable();
        let wire: WireSha = self.client.json(self.who, call).await?;
        BlobSha::parse(&wire.sha).map_err(|error| bad(REQUEST, &error))
    }
}

pub(super) fn commit(request: &'static str, wire: WireCommit) -> Result<Commit, GithubError> {
    let WireCommit { sha, commit: WireCommitDetails { message, tree, author }, parents } = wire;
    git_commit(request, WireGitCommit { sha, message, tree, author, parents })
}

fn git_commit(request: &'static str, wire: WireGitCommit) -> Result<Commit, GithubError> {
    let sha = |text: &str| CommitSha::parse(text).map_err(|error| bad(request, &error));
    Ok(Commit {
        sha: sha(&wire.sha)?,
        tree: TreeSha::parse(&wire.tree.sha).map_err(|error| bad(request, &error))?,
        parents: wire.parents.iter().map(|parent| sha(&parent.sha)).collect::<Result<_, _>>()?,
        author: wire.author.unwrap_or_default().name,
        message: wire.message,
    })
}
