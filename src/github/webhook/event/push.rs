//! A branch moved.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{Payload, PayloadError};
use super::repository::{Repository, WireInstallation, WireRepository};
use crate::github::{Commit, TreeSha};
use crate::model::{BranchName, CommitSha};

/// A branch moved. Pushes of tags and deletions of branches are no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Where.
    pub repository: Repository,
    /// The branch.
    pub branch: BranchName,
    /// Where it pointed; `None` if it is new, or if the payload does not say.
    pub before: Option<CommitSha>,
    /// Where it points.
    pub after: CommitSha,
    /// The files of that commit, if the payload says so (GitHub's do).
    pub tree: Option<TreeSha>,
    /// The commit itself, if the payload tells all of it: it is the only one that the push brings, so that it
    /// stands on the one before.
    pub only: Option<Commit>,
}

#[derive(Deserialize)]
struct WirePush {
    #[serde(rename = "ref")]
    reference: String,
    before: Option<String>,
    after: String,
    head_commit: Option<HeadCommit>,
    commits: Option<Vec<IgnoredAny>>,
    forced: Option<bool>,
    repository: WireRepository,
    installation: Option<WireInstallation>,
}

#[derive(Deserialize)]
struct HeadCommit {
    id: String,
    tree_id: Option<String>,
    message: Option<String>,
    author: Option<Author>,
}

/// Who wrote a commit, as git has it.
#[derive(Deserialize)]
struct Author {
    name: Option<String>,
}

/// Reads a push; `None` if no branch moved.
pub(super) fn read(payload: &Payload<'_>) -> Result<Option<Push>, PayloadError> {
    let push: WirePush = payload.read()?;
    let repository = payload.repository(push.repository, push.installation)?;
    if repository.default_branch.is_none() {
        return Err(payload.unusable("repository.default_branch"));
    }
    let Some(branch) = BranchName::from_reference(&push.reference) else {
        return match push.reference.strip_prefix("refs/heads/") {
            None if push.reference.starts_with("refs/") => Ok(None),
            _ => Err(payload.unusable("ref")),
        };
    };
    if is_null_sha(&push.after) {
        return Ok(None);
    }
    let after = payload.commit("after", &push.after)?;
    let head = push.head_commit.filter(|head| head.id == push.after);
    let tree = head.as_ref().and_then(|head| TreeSha::parse(head.tree_id.as_ref()?).ok());
    let before = push.before.filter(|before| !is_null_sha(before));
    let before = before.map(|before| payload.commit("before", &before)).transpose()?;
    let is_one = push.commits.is_some_and(|commits| commits.len() == 1);
    let only = (is_one && push.forced == Some(false))
        .then(|| only(head?, &after, tree.as_ref()?, before.as_ref()?));
    let only = only.flatten();
    Ok(Some(Push { repository, branch, before, after, tree, only }))
}

/// GitHub's way to write that a branch does not exist before or after a push.
fn is_null_sha(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'0')
}

fn only(head: HeadCommit, sha: &CommitSha, tree: &TreeSha, before: &CommitSha) -> Option<Commit> {
    Some(Commit {
        sha: sha.clone(),
        tree: tree.clone(),
        parents: vec![before.clone()],
        author: head.author?.name?,
        // It matters of merges alone, and this is none.
        committer: String::new(),
        message: head.message?,
    })
}
