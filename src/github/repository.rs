//! A repository on GitHub: its head, its branches, its commits. Other files add what it contains, its
//! pull requests, its conversation and its reports.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::client::{Client, Who};
use super::error::found;
use super::object::{BlobSha, TreeSha};
use super::{GithubError, RepoTree, address};
use crate::model::{BranchName, CommitSha, FileEdit, RepoName, RepoPath};

/// A repository, with the credential that reaches it.
#[derive(Clone)]
pub struct Repository {
    pub(super) client: Arc<Client>,
    pub(super) name: RepoName,
    pub(super) who: Who,
}

/// A commit with what it says and stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub sha: CommitSha,
    /// Its files.
    pub tree: TreeSha,
    /// The commits before it, first parent first.
    pub parents: Vec<CommitSha>,
    /// The whole message, trailers included.
    pub message: String,
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

/// What became of the wish for a new branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchCreation {
    /// It is there and points where it should. GitHub closes a pull request when its head branch goes, so no
    /// open pull request can have a branch that was just created as its head.
    Created,
    /// There is one of this name already, and it points somewhere else.
    Exists(CommitSha),
}

/// How a branch may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// To a commit that stands on the present one.
    Forward,
    /// To any commit; where it points is asked right before.
    Anywhere,
    /// To any commit, by a caller who has just asked where it points.
    AnywhereNow,
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
struct WireSha {
    sha: String,
}

/// A commit as `branches` and `commits` answer it.
#[derive(Deserialize)]
struct WireCommit {
    sha: String,
    commit: WireCommitDetails,
    #[serde(default)]
    parents: Vec<WireSha>,
}

#[derive(Deserialize)]
struct WireCommitDetails {
    #[serde(default)]
    message: String,
    tree: WireSha,
}

/// A commit as `git/commits` answers it.
#[derive(Deserialize)]
struct WireGitCommit {
    sha: String,
    #[serde(default)]
    message: String,
    tree: WireSha,
    #[serde(default)]
    parents: Vec<WireSha>,
}

#[derive(Deserialize)]
struct WireReference {
    #[serde(rename = "ref")]
    name: String,
    object: WireSha,
}

impl Repository {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &RepoName {
        &self.name
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.name)
    }

    /// The default branch's name. Events say it too; this is for when there is no event.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_default_branch(&self) -> Result<BranchName, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            default_branch: String,
        }
        const REQUEST: &str = "find the default branch";
        let call = Call::get(REQUEST, self.path("")).conditional();
        let wire: Wire = self.client.json(self.who, call).await?;
        BranchName::parse(&wire.default_branch).map_err(|error| bad(REQUEST, &error))
    }

    /// The commit that a branch points at, with its tree, in one request; `None` if there is no such branch.
    /// A server that answers with the commit's id alone is asked once more.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_head(&self, branch: &BranchName) -> Result<Option<Commit>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            commit: WireTip,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum WireTip {
            Whole(WireCommit),
            Id(WireSha),
        }
        const REQUEST: &str = "find the branch's head";
        let path = self.path(&format!("/branches/{}", address::path(branch.as_str())));
        let call = Call::get(REQUEST, path).conditional();
        let Some(wire) = found(self.client.json::<Wire>(self.who, call).await)? else {
            return Ok(None);
        };
        match wire.commit {
            WireTip::Whole(wire) => commit(REQUEST, wire).map(Some),
            WireTip::Id(WireSha { sha }) => {
                let sha = CommitSha::parse(&sha).map_err(|error| bad(REQUEST, &error))?;
                self.fetch_commit(&sha).await
            }
        }
    }

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

    /// Where a branch points; `None` if there is no such branch. Never an answer from a cache.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, GithubError> {
        const REQUEST: &str = "find the branch";
        let path = self.path(&format!("/git/ref/heads/{}", address::path(branch.as_str())));
        let answer = self.client.json(self.who, Call::get(REQUEST, path)).await;
        let Some(wire) = found::<WireReference>(answer)? else { return Ok(None) };
        // Some servers answer with a branch that merely begins with the name.
        if wire.name != format!("refs/heads/{branch}") {
            return Ok(None);
        }
        CommitSha::parse(&wire.object.sha).map(Some).map_err(|error| bad(REQUEST, &error))
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
        let call = Call::post(TREE, self.path("/git/trees"), body);
        let tree: WireSha = self.client.json(self.who, call).await?;
        let body =
            json!({ "message": new.message, "tree": tree.sha, "parents": [new.parent.as_str()] });
        let call = Call::post(COMMIT, self.path("/git/commits"), body);
        let commit: WireSha = self.client.json(self.who, call).await?;
        Ok(Commit {
            sha: CommitSha::parse(&commit.sha).map_err(|error| bad(COMMIT, &error))?,
            tree: TreeSha::parse(&tree.sha).map_err(|error| bad(TREE, &error))?,
            parents: vec![new.parent.clone()],
            message: new.message.to_owned(),
        })
    }

    /// What the tree gets for an edit. A content that the repository has already is named by its hash; `sha: null`
    /// deletes (octocrab's own struct leaves it out).
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
        let call = Call::post(REQUEST, self.path("/git/blobs"), body);
        let wire: WireSha = self.client.json(self.who, call).await?;
        BlobSha::parse(&wire.sha).map_err(|error| bad(REQUEST, &error))
    }

    /// Makes a branch that points at a commit. If the answer is lost, asks where the branch points.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn create_branch(
        &self,
        branch: &BranchName,
        at: &CommitSha,
    ) -> Result<BranchCreation, GithubError> {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": at.as_str() });
        let call = Call::post("create the branch", self.path("/git/refs"), body);
        let error = match self.client.send(self.who, call).await {
            Ok(_) => return Ok(BranchCreation::Created),
            Err(error) if error.may_have_happened() || error.says("already exists") => error,
            Err(error) => return Err(error),
        };
        match self.fetch_tip(branch).await? {
            Some(tip) if tip == *at => Ok(BranchCreation::Created),
            Some(tip) => Ok(BranchCreation::Exists(tip)),
            None => Err(error),
        }
    }

    /// Moves a branch from where we saw it to a commit. If the answer is lost, asks where the branch points.
    ///
    /// GitHub's API cannot compare and set. For [`Move::Anywhere`], which could drop somebody's commit, the tip
    /// is therefore asked right before; [`Move::AnywhereNow`] leaves that to the caller; for [`Move::Forward`] GitHub refuses by itself what does not stand on the tip.
    ///
    /// # Errors
    /// [`GithubError::BranchMoved`] if it is somewhere else or gone, or any failure of asking.
    pub async fn move_branch(
        &self,
        branch: &BranchName,
        from: &CommitSha,
        to: &CommitSha,
        how: Move,
    ) -> Result<(), GithubError> {
        let moved = || GithubError::BranchMoved { branch: branch.clone() };
        if how == Move::Anywhere {
            match self.fetch_tip(branch).await? {
                Some(tip) if tip == *to => return Ok(()),
                Some(tip) if tip == *from => {}
                _ => return Err(moved()),
            }
        }
        let path = self.path(&format!("/git/refs/heads/{}", address::path(branch.as_str())));
        let body = json!({ "sha": to.as_str(), "force": how != Move::Forward });
        let error =
            match self.client.send(self.who, Call::patch("move the branch", path, body)).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
        if error.says("fast forward") || error.says("fast-forward") || error.says("does not exist")
        {
            return Err(moved());
        }
        if !error.may_have_happened() {
            return Err(error);
        }
        match self.fetch_tip(branch).await? {
            Some(tip) if tip == *to => Ok(()),
            Some(tip) if tip == *from => Err(error),
            _ => Err(moved()),
        }
    }

    /// Takes a branch away; it is no error if it is gone already.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn delete_branch(&self, branch: &BranchName) -> Result<(), GithubError> {
        let path = self.path(&format!("/git/refs/heads/{}", address::path(branch.as_str())));
        match self.client.send(self.who, Call::delete("delete the branch", path)).await {
            Err(error) if !error.says("does not exist") => {
                found(Err(error)).map(|_: Option<()>| ())
            }
            _ => Ok(()),
        }
    }
}

/// An answer that GitHub does not give.
pub(super) fn bad(request: &'static str, reason: &dyn std::fmt::Display) -> GithubError {
    GithubError::BadAnswer { request, reason: reason.to_string() }
}

fn commit(request: &'static str, wire: WireCommit) -> Result<Commit, GithubError> {
    let WireCommit { sha, commit: WireCommitDetails { message, tree }, parents } = wire;
    git_commit(request, WireGitCommit { sha, message, tree, parents })
}

fn git_commit(request: &'static str, wire: WireGitCommit) -> Result<Commit, GithubError> {
    let sha = |text: &str| CommitSha::parse(text).map_err(|error| bad(request, &error));
    Ok(Commit {
        sha: sha(&wire.sha)?,
        tree: TreeSha::parse(&wire.tree.sha).map_err(|error| bad(request, &error))?,
        parents: wire.parents.iter().map(|parent| sha(&parent.sha)).collect::<Result<_, _>>()?,
        message: wire.message,
    })
}
