//! The past of some folders, as values: who changed which file to what, on the way that the branch went.
//!
//! That way is from first parent to first parent, but for merges by which somebody's own copy of the branch took in
//! what others had pushed meanwhile (`git pull`): there the branch is the second parent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CommitSha, FileMode, ReadError, RepoPath};

/// The id of a blob in git.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlobId(pub String);

/// A file at one moment: its mode and where its content is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// How git stores it.
    pub mode: FileMode,
    /// Its content.
    pub blob: BlobId,
}

/// A file that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The file.
    pub path: RepoPath,
    /// What it was; `None` if the commit added it.
    pub before: Option<FileState>,
    /// What it became; `None` if the commit deleted it.
    pub after: Option<FileState>,
}

/// A commit of the branch's way that changed something below the folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastCommit {
    /// Its id.
    pub id: CommitSha,
    /// The commit before it on the way.
    pub parent: Option<CommitSha>,
    /// The first line of its message; empty if it stands for several.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// The commits that it merged: all its parents but the one on the way.
    pub merged: Vec<CommitSha>,
    /// What it changed below the folders, against the commit before it.
    pub touched: Vec<Touched>,
}

impl PastCommit {
    /// Whether it stands for several, the last of which it names.
    #[must_use]
    pub const fn is_several(&self) -> bool {
        self.subject.is_empty() && self.author.is_empty()
    }

    /// Whether it changed something below a folder.
    #[must_use]
    pub fn touches(&self, folder: &RepoPath) -> bool {
        self.touched.iter().any(|touched| touched.path.is_within(folder))
    }
}

/// The place, among a commit's parents, of the one that the branch was before it: the first, but for a merge by which
/// `git pull` took into somebody's copy of the branch what others had pushed. `committer` made the merge: GitHub
/// merges pull requests, under titles that anybody may write.
#[must_use]
pub fn mainline(parents: usize, subject: &str, committer: &str) -> Option<usize> {
    match parents {
        0 => None,
        2 if committer != GITHUB && is_pull(subject) => Some(1),
        _ => Some(0),
    }
}

/// Who commits what is merged on GitHub's pages.
const GITHUB: &str = "GitHub";

/// Whether a merge says of itself, in the words that git gives it, that it took a branch into a copy of the same.
fn is_pull(subject: &str) -> bool {
    let of_address = || {
        let (name, rest) = subject.strip_prefix("Merge branch '")?.split_once("' of ")?;
        Some((name, rest.rsplit_once(" into ").map(|(_, into)| into)))
    };
    let of_remote = || {
        let rest = subject.strip_prefix("Merge remote-tracking branch 'origin/")?;
        let (name, rest) = rest.split_once('\'')?;
        Some((name, rest.strip_prefix(" into ")))
    };
    let into = |(name, into): (&str, Option<&str>)| match into {
        Some(into) => into == name,
        // Git does not name the usual one.
        None => matches!(name, "main" | "master"),
    };
    of_address().or_else(of_remote).is_some_and(into)
}

/// So many of the newest commits that touch two folders are told apart, and so many of those before them that touch
/// the target's.
///
/// It bounds what reading a history by API costs. Every reader keeps to it, so that plans are the same.
pub const MOST_PAST_COMMITS: usize = 200;

/// What counts of a history, oldest first: its newest commits, and of the older ones those that touched the target's
/// folder, so that what the source had when the target got its values is known however long ago that was. What others
/// did between them is told as one.
#[must_use]
pub fn thinned(mut commits: Vec<PastCommit>, target: &RepoPath) -> Vec<PastCommit> {
    let old = commits.len().saturating_sub(MOST_PAST_COMMITS);
    let of_target = (0..old).rev().filter(|place| commits[*place].touches(target));
    let kept: BTreeSet<usize> = of_target.take(MOST_PAST_COMMITS).collect();
    let mut files: BTreeMap<RepoPath, FileState> = BTreeMap::new();
    let mut before: BTreeMap<RepoPath, Option<FileState>> = BTreeMap::new();
    let mut told = Vec::new();
    let newest = commits.split_off(old);
    for (place, commit) in commits.into_iter().enumerate() {
        if kept.contains(&place) {
            told.extend(several(commit.parent.as_ref(), &files, std::mem::take(&mut before)));
        }
        for Touched { path, after, .. } in &commit.touched {
            let known = files.get(path).cloned();
            if !kept.contains(&place) {
                before.entry(path.clone()).or_insert(known);
            }
            match after {
                Some(state) => files.insert(path.clone(), state.clone()),
                None => files.remove(path),
            };
        }
        if kept.contains(&place) {
            told.push(commit);
        }
    }
    let parent = newest.first().and_then(|first| first.parent.as_ref());
    told.extend(several(parent, &files, before));
    told.extend(newest);
    told
}

/// What some commits changed together, the last of which is `last` or came before it.
fn several(
    last: Option<&CommitSha>,
    files: &BTreeMap<RepoPath, FileState>,
    before: BTreeMap<RepoPath, Option<FileState>>,
) -> Option<PastCommit> {
    let touched = before.into_iter().filter_map(|(path, before)| {
        let after = files.get(&path).cloned();
        (before != after).then_some(Touched { path, before, after })
    });
    let touched: Vec<Touched> = touched.collect();
    let id = last.filter(|_| !touched.is_empty())?.clone();
    let (subject, author) = (String::new(), String::new());
    Some(PastCommit { id, parent: None, subject, author, merged: Vec::new(), touched })
}

/// Where contents of the past come from.
pub trait Blobs: Sync {
    /// The bytes of a blob; `None` if they are too large or not to be had, which is no fault: such a
    /// version tells nothing.
    ///
    /// # Errors
    /// [`ReadError`] if whoever has them cannot be asked.
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError>;

    /// Hears which blobs will be asked for next, for whoever is faster with many at once.
    ///
    /// # Errors
    /// As [`Blobs::blob`].
    fn read_ahead(&self, _ids: &BTreeSet<&BlobId>) -> Result<(), ReadError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: usize, path: &str, deleted: bool) -> PastCommit {
        let id = |number: usize| CommitSha::parse(&format!("{number:040x}")).unwrap();
        let state =
            FileState { mode: FileMode::Regular, blob: BlobId(format!("blob of {number}")) };
        let path = RepoPath::parse(path).unwrap();
        let after = (!deleted).then_some(state);
        PastCommit {
            id: id(number),
            parent: number.checked_sub(1).map(id),
            subject: format!("commit {number}"),
            author: "mona".to_owned(),
            merged: Vec::new(),
            touched: vec![Touched { path, before: None, after }],
        }
    }

    fn paths(commit: &PastCommit) -> Vec<&str> {
        commit.touched.iter().map(|it| it.path.as_str()).collect()
    }

    #[test]
    fn of_what_was_long_ago_the_targets_commits_are_told_and_the_rest_is_one() {
        let target = RepoPath::parse("t").unwrap();
        let few: Vec<_> = (0..MOST_PAST_COMMITS).map(|n| commit(n, "s/a", false)).collect();
        assert_eq!(thinned(few.clone(), &target), few);
        let mut many = vec![
            commit(0, "s/b", false),
            commit(1, "s/gone", false),
            commit(2, "s/gone", true),
            commit(3, "t/a", false),
            commit(4, "s/b", false),
        ];
        many.extend((5..MOST_PAST_COMMITS + 10).map(|n| commit(n, "s/a", false)));
        let kept = thinned(many.clone(), &target);
        assert_eq!(kept.len(), MOST_PAST_COMMITS + 3);
        assert_eq!(kept[3..], many[10..]);
        assert_eq!(kept[1], many[3]);
        assert_eq!((paths(&kept[0]), paths(&kept[2])), (vec!["s/b"], vec!["s/a", "s/b"]));
        assert_eq!((&kept[0].id, &kept[2].id), (&many[2].id, &many[9].id));
        assert_eq!(kept[2].touched[0].after, many[9].touched[0].after);
        assert_eq!(kept[2].touched[1].before, many[0].touched[0].after);
        assert!(kept[0].is_several() && !kept[1].is_several());
        // In two steps as in one.
        for known in [5, 50, MOST_PAST_COMMITS + 3] {
            let mut again = thinned(many[..known].to_vec(), &target);
            again.extend(many[known..].to_vec());
            assert_eq!(thinned(again, &target), kept, "{known}");
        }
    }

    #[test]
    fn of_the_targets_old_commits_so_many_count() {
        let target = RepoPath::parse("t").unwrap();
        let more: Vec<_> =
            (0..5 * MOST_PAST_COMMITS).map(|n| commit(n, ["s/a", "t/a"][n % 2], false)).collect();
        let kept = thinned(more.clone(), &target);
        assert_eq!(kept.len(), 3 * MOST_PAST_COMMITS);
        assert_eq!(paths(&kept[0]), ["s/a", "t/a"], "all that was there before");
        for known in [350, 700, 999] {
            let mut again = thinned(more[..known].to_vec(), &target);
            again.extend(more[known..].to_vec());
            assert_eq!(thinned(again, &target), kept, "{known}");
        }
    }

    #[test]
    fn a_pull_leads_on_to_what_was_pulled() {
        for (subject, committer, want) in [
            ("Merge branch 'main' of https://github.com/a/b", "mona", 1),
            ("Merge branch 'develop' of github.com:a/b into develop", "mona", 1),
            ("Merge branch 'develop' of github.com:a/b into feature", "mona", 0),
            ("Merge branch 'feature' of github.com:a/b", "mona", 0),
            ("Merge remote-tracking branch 'origin/main'", "mona", 1),
            ("Merge remote-tracking branch 'origin/main' into feature", "mona", 0),
            ("Merge branch 'main' into feature", "mona", 0),
            ("Merge pull request #3 from a/main", "GitHub", 0),
            ("Merge branch 'main' of a title", "GitHub", 0),
        ] {
            assert_eq!(mainline(2, subject, committer), Some(want), "{subject}");
        }
        assert_eq!(mainline(0, "first", "mona"), None);
        assert_eq!(mainline(1, "Merge branch 'main' of x", "mona"), Some(0));
    }
}
