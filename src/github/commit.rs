//! A commit as a value, and as GitHub answers it.

use serde::Deserialize;

use super::GithubError;
use super::error::bad;
use super::object::TreeSha;
use crate::model::{CommitSha, mainline};

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
    /// Who committed it, by name; empty where GitHub does not say.
    pub committer: String,
    /// The whole message, trailers included.
    pub message: String,
}

impl Commit {
    /// The commit before it on the way that its branch went.
    #[must_use]
    pub fn before(&self) -> Option<&CommitSha> {
        let place = mainline(self.parents.len(), &self.subject(), &self.committer)?;
        self.parents.get(place)
    }

    /// The commits that it merged.
    pub(super) fn merged(&self) -> impl Iterator<Item = &CommitSha> {
        let before = self.before();
        self.parents.iter().filter(move |parent| Some(*parent) != before)
    }

    /// The first paragraph of the message as one line, as git has it.
    #[must_use]
    pub fn subject(&self) -> String {
        let lines = self.message.lines().skip_while(|line| line.trim().is_empty());
        let lines: Vec<&str> =
            lines.map(str::trim_end).take_while(|line| !line.is_empty()).collect();
        lines.join(" ")
    }
}

#[derive(Deserialize)]
pub(super) struct WireSha {
    pub(super) sha: String,
}

/// A commit as `branches` and `commits` answer it.
#[derive(Deserialize)]
pub(super) struct WireCommit {
    pub(super) sha: String,
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
    #[serde(default)]
    committer: Option<WireAuthor>,
}

/// Who wrote a commit, as git has it.
#[derive(Default, Deserialize)]
pub(super) struct WireAuthor {
    #[serde(default)]
    pub(super) name: String,
}

/// A commit as `git/commits` answers it.
#[derive(Deserialize)]
pub(super) struct WireGitCommit {
    sha: String,
    #[serde(flatten)]
    details: WireCommitDetails,
    #[serde(default)]
    parents: Vec<WireSha>,
}

pub(super) fn commit(request: &'static str, wire: WireCommit) -> Result<Commit, GithubError> {
    let WireCommit { sha, commit, parents } = wire;
    git_commit(request, WireGitCommit { sha, details: commit, parents })
}

pub(super) fn git_commit(
    request: &'static str,
    wire: WireGitCommit,
) -> Result<Commit, GithubError> {
    let WireCommitDetails { message, tree, author, committer } = wire.details;
    let sha = |text: &str| CommitSha::parse(text).map_err(|error| bad(request, &error));
    Ok(Commit {
        sha: sha(&wire.sha)?,
        tree: TreeSha::parse(&tree.sha).map_err(|error| bad(request, &error))?,
        parents: wire.parents.iter().map(|parent| sha(&parent.sha)).collect::<Result<_, _>>()?,
        author: author.unwrap_or_default().name,
        committer: committer.unwrap_or_default().name,
        message,
    })
}
