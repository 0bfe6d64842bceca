//! What is said to people: one comment for each topic, edited instead of repeated.
//!
//! A hidden word in each comment of ours tells the topic, so that a job that runs again finds what it
//! said before.

use crate::github::{Comment, Github, GithubError, Repository};
use crate::model::PullRequestNumber;

/// What a comment is about. Of each there is one comment in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// The answer to a command, by the comment's id.
    Command(u64),
    /// The pull request was closed, since nothing is left to promote.
    Empty,
    /// The pull request was closed, since the configuration has its promotion no more.
    Retired,
    /// Somebody else's commits are on the branch.
    Foreign,
    /// What the pull request does to environments.
    Preview,
    /// How the target is doing after the merge.
    After,
    /// What is undone, or why it cannot be.
    Undo,
    /// Why no step follows.
    Step,
}

impl Topic {
    fn marker(self) -> String {
        match self {
            Self::Command(comment) => format!("<!-- overlift:answer-{comment} -->"),
            Self::Empty => "<!-- overlift:empty -->".to_owned(),
            Self::Retired => "<!-- overlift:retired -->".to_owned(),
            Self::Foreign => "<!-- overlift:foreign -->".to_owned(),
            Self::Preview => "<!-- overlift:preview -->".to_owned(),
            Self::After => "<!-- overlift:after -->".to_owned(),
            Self::Undo => "<!-- overlift:undo -->".to_owned(),
            Self::Step => "<!-- overlift:step -->".to_owned(),
        }
    }
}

/// Writes the comment about a topic, or edits the one that is there.
pub(super) async fn write_comment(
    github: &Github,
    repository: &Repository,
    number: PullRequestNumber,
    topic: Topic,
    text: &str,
) -> Result<(), GithubError> {
    let marker = topic.marker();
    let body = format!("{text}\n\n{marker}\n");
    let ours = ours(github, repository, number).await?;
    let ours = ours.into_iter().find(|comment| comment.body.contains(&marker));
    match ours {
        Some(comment) if comment.body.lines().eq(body.lines()) => Ok(()),
        Some(comment) => repository.edit_comment(comment.id, &body).await.map(|_| ()),
        None => repository.create_comment(number, &body).await.map(|_| ()),
    }
}

/// Whether there is a comment of ours about one of these topics.
pub(super) async fn has_comment(
    github: &Github,
    repository: &Repository,
    number: PullRequestNumber,
    topics: &[Topic],
) -> Result<bool, GithubError> {
    let ours = ours(github, repository, number).await?;
    let about = |topic: &Topic| {
        let marker = topic.marker();
        ours.iter().any(|comment| comment.body.contains(&marker))
    };
    Ok(topics.iter().any(about))
}

/// Our comments. Anybody can write a marker; our own name cannot be had.
async fn ours(
    github: &Github,
    repository: &Repository,
    number: PullRequestNumber,
) -> Result<Vec<Comment>, GithubError> {
    let login = login(github).await?;
    let mut comments = repository.fetch_comments(number).await?;
    comments.retain(|comment| {
        comment
            .author
            .as_ref()
            .is_some_and(|author| login.as_ref().map_or(author.bot, |login| author.login == *login))
    });
    Ok(comments)
}

/// Our own name on GitHub; `None` if the token may not ask.
async fn login(github: &Github) -> Result<Option<String>, GithubError> {
    match github.fetch_login().await {
        Ok(login) => Ok(Some(login)),
        Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How to ask.
pub(super) const USAGE: &str = "Write `/promote SOURCE TARGET` on a line of its own, with two environments of \
     `.github/overlift.yaml`, and applications after them where there are some; on a promotion's pull request, `/promote` alone plans it again.";
