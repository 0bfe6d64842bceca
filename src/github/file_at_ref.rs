//! One file of a repository at a tag, a branch or a commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use super::address;
use super::call::Call;
use super::error::bad;
use super::identity::Who;
use super::lock::lock;
use super::object::BlobSha;
use super::{GithubError, Repository};
use crate::model::{RepoName, RepoPath};

/// Up to 1 MB the answer holds the content, which is not used: the blob is, which is cached by its hash.
const ANSWER_LIMIT_BYTES: usize = 4 << 20;

/// So many repositories have tokens of their own.
const MOST_SCOPES: usize = 1000;

impl Repository {
    /// Another repository, to read files of; an App does so with a token that can do nothing else.
    #[must_use]
    pub fn other(&self, name: &RepoName) -> Self {
        let who = match self.who {
            Who::Installation(id) | Who::Reader(id, _) => Who::Reader(id, self.scope_of(name)),
            who => who,
        };
        Self { client: Arc::clone(&self.client), name: name.clone(), who }
    }

    fn scope_of(&self, name: &RepoName) -> usize {
        let mut scopes = lock(&self.client.scopes);
        // A configuration can name many: beyond this, a token for public things has to do.
        let known = scopes.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            if scopes.len() < MOST_SCOPES {
                scopes.push(name.clone());
                scopes.len() - 1
            } else {
                MOST_SCOPES
            }
        })
    }

    /// The content of a file at a ref; `None` if there is no such repository, ref or file.
    ///
    /// Two requests the first time; while the file stays the same, one that costs no rate limit.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_file_at(
        &self,
        path: &RepoPath,
        reference: &str,
    ) -> Result<Option<Arc<[u8]>>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            sha: String,
        }
        const REQUEST: &str = "look for a file at a ref";
        let path = self.path(&format!(
            "/contents/{}?ref={}",
            address::path(path.as_str()),
            address::path(reference)
        ));
        let call = Call::get(REQUEST, path).conditional().limited(ANSWER_LIMIT_BYTES, 2);
        let wire = self.client.json::<Wire>(self.who, call).await;
        let Some(wire) = super::error::found(wire)? else { return Ok(None) };
        let sha = BlobSha::parse(&wire.sha).map_err(|error| bad(REQUEST, &error))?;
        let wanted = BTreeSet::from([sha.clone()]);
        if let Some(content) = self.cached_blobs(&wanted).await.remove(&sha) {
            return Ok(Some(content));
        }
        self.fetch_blob(&sha).await.map(Some)
    }
}
