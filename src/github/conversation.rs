//! Comments, reactions to them, and what the people who write them may do.

use serde::Deserialize;
use serde_json::json;

use super::account::WireAccount;
use super::call::Call;
use super::error::found;
use super::{Account, GithubError, Repository, address};
use crate::model::PullRequestNumber;

/// A comment on an issue or a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Who wrote it; `None` if the account is gone.
    pub author: Option<Account>,
    /// Its text.
    pub body: String,
}

/// What a person may do in a repository, as far as we care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing, or there is no such person.
    None,
    /// Reading, and perhaps sorting issues.
    Read,
    /// Writing, and perhaps maintaining.
    Write,
    /// Everything.
    Admin,
}

/// A reaction to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// 👀: seen, at work.
    Eyes,
    /// 🚀: done.
    Rocket,
    /// 👍: done, nothing to do.
    ThumbsUp,
    /// 😕: not understood.
    Confused,
}

impl Reaction {
    const fn name(self) -> &'static str {
        match self {
            Self::Eyes => "eyes",
            Self::Rocket => "rocket",
            Self::ThumbsUp => "+1",
            Self::Confused => "confused",
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    id: u64,
    body: Option<String>,
    user: Option<WireAccount>,
}

impl From<Wire> for Comment {
    fn from(wire: Wire) -> Self {
        let (author, body) = (wire.user.map(Account::from), wire.body.unwrap_or_default());
        Self { id: wire.id, author, body }
    }
}

impl Repository {
    /// The comments on an issue or a pull request, oldest first; at most 5,000.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_comments(
        &self,
        number: PullRequestNumber,
    ) -> Result<Vec<Comment>, GithubError> {
        let path = self.path(&format!("/issues/{}/comments?per_page=100", number.get()));
        let mut comments = Vec::new();
        let call = Call::get("read the comments", path).conditional();
        let collect = |page: Vec<Wire>| {
            comments.extend(page.into_iter().map(Comment::from));
            false
        };
        self.client.pages(self.who, call, collect).await?;
        Ok(comments)
    }

    /// Writes a comment and returns its id. If the answer is lost, looks whether the comment is there, so
    /// a text that was written before (each of ours has a marker of its own) is not written twice.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn create_comment(
        &self,
        number: PullRequestNumber,
        body: &str,
    ) -> Result<u64, GithubError> {
        let path = self.path(&format!("/issues/{}/comments", number.get()));
        let call = Call::post("write the comment", path, json!({ "body": body }));
        let error = match self.client.json::<Wire>(self.who, call).await {
            Ok(wire) => return Ok(wire.id),
            Err(error) if error.may_have_happened() => error,
            Err(error) => return Err(error),
        };
        let comments = self.fetch_comments(number).await?;
        // GitHub keeps the text but may write line ends its own way.
        let same = |comment: &Comment| comment.body.lines().eq(body.lines());
        let written = comments.into_iter().rev().find(same);
        written.map(|comment| comment.id).ok_or(error)
    }

    /// Replaces a comment's text; `false` if the comment is gone.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn edit_comment(&self, comment: u64, body: &str) -> Result<bool, GithubError> {
        let path = self.path(&format!("/issues/comments/{comment}"));
        let call = Call::patch("edit the comment", path, json!({ "body": body })).repeatable();
        Ok(found(self.client.send(self.who, call).await)?.is_some())
    }

    /// Reacts to a comment; `false` if the comment is gone. GitHub keeps one reaction of a kind, so
    /// doing it twice is the same as doing it once.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn react(&self, comment: u64, reaction: Reaction) -> Result<bool, GithubError> {
        let path = self.path(&format!("/issues/comments/{comment}/reactions"));
        let content = json!({ "content": reaction.name() });
        let call = Call::post("react to the comment", path, content).repeatable();
        Ok(found(self.client.send(self.who, call).await)?.is_some())
    }

    /// What a person may do here. Asked each time: permissions change.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_permission(&self, login: &str) -> Result<Permission, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            permission: String,
        }
        let login = address::query(login);
        let path = self.path(&format!("/collaborators/{login}/permission"));
        let call = Call::get("find what the person may do", path);
        let wire = found(self.client.json::<Wire>(self.who, call).await)?;
        // GitHub folds `maintain` into write and `triage` into read; a server that does not is understood too.
        Ok(match wire.as_ref().map(|wire| wire.permission.as_str()) {
            Some("admin") => Permission::Admin,
            Some("write" | "push" | "maintain") => Permission::Write,
            Some("read" | "pull" | "triage") => Permission::Read,
            _ => Permission::None,
        })
    }
}
