//! A commit that a promotion brings, as the history and GitHub's way to merge tell of it.

use serde::{Deserialize, Serialize};

use crate::model::{CommitSha, PastCommit};

/// A commit of the source that a promotion brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The commit.
    pub sha: CommitSha,
    /// Its first line.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// The pull request that brought it, if one did.
    pub pull_request: Option<u64>,
}

impl Commit {
    /// A commit of the history. GitHub writes the number of its pull request behind the subject of a squash and
    /// into that of a merge, which has no subject of its own.
    pub(in crate::promotion) fn of(past: &PastCommit) -> Self {
        let number = |text: &str| text.parse().ok();
        let subject = past.subject.trim();
        let merge = subject.strip_prefix("Merge pull request #").and_then(|rest| {
            let (digits, _) = rest.split_once(' ').unwrap_or((rest, ""));
            Some((number(digits)?, ""))
        });
        let squash = subject.strip_suffix(')').and_then(|rest| {
            let (subject, digits) = rest.rsplit_once(" (#")?;
            Some((number(digits)?, subject))
        });
        let (pull_request, subject) = match merge.or(squash) {
            Some((number, subject)) => (Some(number), subject),
            None => (None, subject),
        };
        Self {
            sha: past.id.clone(),
            subject: subject.to_owned(),
            author: past.author.clone(),
            pull_request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_tells_its_pull_request() {
        let told = |subject: &str| {
            let past = PastCommit {
                id: CommitSha::parse(&"a".repeat(40)).unwrap(),
                parent: None,
                subject: subject.to_owned(),
                author: "mona".to_owned(),
                merged: Vec::new(),
                touched: Vec::new(),
            };
            let commit = Commit::of(&past);
            (commit.subject, commit.pull_request)
        };
        assert_eq!(told("Bump the api (#12)"), ("Bump the api".to_owned(), Some(12)));
        assert_eq!(told("Merge pull request #7 from o/topic"), (String::new(), Some(7)));
        assert_eq!(told("Fix (#x) and (see #3)"), ("Fix (#x) and (see #3)".to_owned(), None));
    }
}
