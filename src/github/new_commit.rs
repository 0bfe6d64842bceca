//! Commits made: a tree from edits, and a commit that no branch has yet.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::commit::{Commit, WireAuthor, WireSha};
use super::error::bad;
use super::object::{BlobSha, TreeSha};
use super::{GithubError, RepoTree, Repository};
use crate::model::{CommitSha, FileEdit};

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

/// Text longer than this goes to GitHub as a blob of its own, to keep the request for the tree small.
const INLINE_LIMIT_BYTES: usize = 1 << 20;

/// A commit that was made.
#[derive(Deserialize)]
struct WireMade {
    sha: String,
    #[serde(default)]
    author: Option<WireAuthor>,
    #[serde(default)]
    committer: Option<WireAuthor>,
}

impl Repository {
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
        // A second one is nobody's: no branch leads to it.
        let call = Call::post(COMMIT, self.path("/git/commits"), body).repeatable();
        let commit: WireMade = self.client.json(self.who, call).await?;
        Ok(Commit {
            sha: CommitSha::parse(&commit.sha).map_err(|error| bad(COMMIT, &error))?,
            tree: TreeSha::parse(&tree.sha).map_err(|error| bad(TREE, &error))?,
            parents: vec![new.parent.clone()],
            author: commit.author.unwrap_or_default().name,
            committer: commit.committer.unwrap_or_default().name,
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
