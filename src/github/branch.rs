//! Branches: where they point, made, moved, taken away.

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::commit::{WireCommit, WireSha, commit};
use super::error::{bad, found};
use super::swap::Swap;
use super::{Commit, GithubError, Repository, address};
use crate::model::{BranchName, CommitSha};

/// What became of the wish for a new branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchCreation {
    /// It is there and points where it should. GitHub closes a pull request when its head branch goes, so no
    /// open pull request can have a branch that was just created as its head.
    Created,
    /// There is one of this name already, and it points somewhere else.
    Exists(CommitSha),
}

#[derive(Deserialize)]
struct WireReference {
    #[serde(rename = "ref")]
    name: String,
    object: WireSha,
}

impl Repository {
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
    /// Moving could drop somebody's commit, so that GitHub is asked to compare (`swap.rs`); where it
    /// cannot, the tip is asked right before.
    ///
    /// # Errors
    /// [`GithubError::BranchMoved`] if it is somewhere else or gone, or any failure of asking.
    pub async fn move_branch(
        &self,
        branch: &BranchName,
        from: &CommitSha,
        to: &CommitSha,
    ) -> Result<(), GithubError> {
        let moved = || GithubError::BranchMoved { branch: branch.clone() };
        if self.swap("move the branch", branch, (from, Some(to))).await? == Swap::Done {
            return Ok(());
        }
        match self.fetch_tip(branch).await? {
            Some(tip) if tip == *to => return Ok(()),
            Some(tip) if tip == *from => {}
            _ => return Err(moved()),
        }
        let path = self.path(&format!("/git/refs/heads/{}", address::path(branch.as_str())));
        let body = json!({ "sha": to.as_str(), "force": true });
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

    /// Takes a branch away if it is where we saw it; it is no error if it is gone already, or has
    /// somebody's commit and stays.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn delete_branch(
        &self,
        branch: &BranchName,
        seen: &CommitSha,
    ) -> Result<(), GithubError> {
        if self.swap("delete the branch", branch, (seen, None)).await? == Swap::Done
            || self.fetch_tip(branch).await?.is_none_or(|tip| tip != *seen)
        {
            return Ok(());
        }
        let path = self.path(&format!("/git/refs/heads/{}", address::path(branch.as_str())));
        match self.client.send(self.who, Call::delete("delete the branch", path)).await {
            Err(error) if !error.says("does not exist") => {
                found(Err(error)).map(|_: Option<()>| ())
            }
            _ => Ok(()),
        }
    }
}
