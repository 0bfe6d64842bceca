//! Merging a pull request, by the commit that was looked at.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::account::WireAccount;
use super::call::Call;
use super::error::bad;
use super::{Account, GithubError, PullRequestState, Repository};
use crate::model::{CommitSha, PullRequestNumber};

/// A merge that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct NewMerge<'a> {
    /// The pull request.
    pub number: PullRequestNumber,
    /// Its head: with another one, nothing is merged.
    pub head: &'a CommitSha,
    /// `merge`, `squash` or `rebase`.
    pub method: &'a str,
    /// The title of the new commit; without, GitHub's own.
    pub title: Option<&'a str>,
    /// The rest of its message; without, GitHub's own.
    pub message: Option<&'a str>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It is merged, as this commit if GitHub says it.
    Yes(Option<CommitSha>),
    /// Its head is another one.
    HeadMoved,
    /// GitHub's rules do not allow it now, in its words: reviews or checks are missing, or a queue merges.
    NotAllowed(String),
}

#[derive(Deserialize)]
struct WireMerge {
    sha: Option<String>,
}

#[derive(Deserialize)]
struct WireReview {
    user: Option<WireAccount>,
    state: String,
}

impl Repository {
    /// Merges a pull request. If the answer is lost, asks whether it was.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn merge_pull_request(&self, new: &NewMerge<'_>) -> Result<Merged, GithubError> {
        const REQUEST: &str = "merge the pull request";
        let mut body = json!({ "sha": new.head.as_str(), "merge_method": new.method });
        for (field, text) in [("commit_title", new.title), ("commit_message", new.message)] {
            if let Some(text) = text {
                body[field] = text.into();
            }
        }
        let path = self.path(&format!("/pulls/{}/merge", new.number.get()));
        let answer = self.client.json(self.who, Call::put(REQUEST, path, body)).await;
        let error = match answer {
            Ok(WireMerge { sha }) => {
                let sha = sha.as_deref().map(CommitSha::parse).transpose();
                return sha.map(Merged::Yes).map_err(|error| bad(REQUEST, &error));
            }
            Err(error) => error,
        };
        match &error {
            GithubError::Refused { status: 409, .. } => return Ok(Merged::HeadMoved),
            GithubError::Refused { status: 405 | 422, message, .. } => {
                let refused = Merged::NotAllowed(message.clone());
                return Ok(self.merged_as(new.number).await?.unwrap_or(refused));
            }
            error if error.may_have_happened() => {}
            _ => return Err(error),
        }
        self.merged_as(new.number).await?.ok_or(error)
    }

    async fn merged_as(&self, number: PullRequestNumber) -> Result<Option<Merged>, GithubError> {
        let found = self.fetch_pull_request(number).await?;
        Ok(found.and_then(|found| match found.state {
            PullRequestState::Merged(sha) => Some(Merged::Yes(sha)),
            _ => None,
        }))
    }

    /// Whether the last word of some reviewer asks for changes.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn are_changes_requested(
        &self,
        number: PullRequestNumber,
    ) -> Result<bool, GithubError> {
        let path = self.path(&format!("/pulls/{}/reviews?per_page=100", number.get()));
        let mut last: BTreeMap<String, bool> = BTreeMap::new();
        let call = Call::get("read the reviews", path).conditional();
        let collect = |page: Vec<WireReview>| {
            for WireReview { user, state } in page {
                let login = user.map(|user| Account::from(user).login).unwrap_or_default();
                match state.as_str() {
                    "CHANGES_REQUESTED" => _ = last.insert(login, true),
                    "APPROVED" | "DISMISSED" => _ = last.insert(login, false),
                    // A comment takes nothing back.
                    _ => {}
                }
            }
            false
        };
        self.client.pages(self.who, call, collect).await?;
        Ok(last.values().any(|requested| *requested))
    }
}
