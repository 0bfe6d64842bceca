//! Making a commit and a branch without touching the working tree, the index or what is checked
//! out: git's plumbing on an index of our own.

use std::fs;
use std::path::PathBuf;

use super::{Repository, WorkdirError};
use crate::model::{CommitSha, FileEdit};

/// A commit to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'a> {
    /// The commit it follows.
    pub parent: &'a CommitSha,
    /// What it changes, from the checkout's root.
    pub edits: &'a [FileEdit],
    /// Its whole message.
    pub message: &'a str,
}

/// A commit that only the branch has.
#[derive(Clone, Debug)]
pub struct BranchCommit {
    /// Its id.
    pub id: CommitSha,
    /// The commits it follows.
    pub parents: Vec<CommitSha>,
    /// Git's name for its files.
    pub tree: String,
    /// Its whole message.
    pub message: String,
}

/// What happened to a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchMove {
    /// It is new.
    Created(CommitSha),
    /// It was ours and stands at the new commit now.
    Moved(CommitSha),
    /// It stands at a commit of the same files, parent and message already.
    Unchanged(CommitSha),
}

impl Repository {
    /// Makes the commit and points the branch to it.
    ///
    /// The author is whom git's configuration names. `is_ours` tells whether Overlift made a
    /// commit: a branch that holds others is left alone. Nobody who moves the branch at the same
    /// time is overwritten.
    ///
    /// # Errors
    /// [`WorkdirError`] if the name cannot be a branch's, the branch is checked out or holds
    /// others' commits, or git cannot write.
    pub fn commit_to_branch(
        &self,
        branch: &str,
        new: &NewCommit<'_>,
        is_ours: impl Fn(&BranchCommit) -> bool,
    ) -> Result<BranchMove, WorkdirError> {
        let reference = self.branch_reference(branch)?;
        self.refuse_checked_out(branch, &reference)?;
        let tip = self.tip(&reference)?;
        let tree = self.write_tree(new.parent, new.edits)?;
        if let Some(tip) = &tip {
            self.refuse_others(branch, tip, new.parent, is_ours)?;
            if self.is_same(tip, &tree, new)? {
                return Ok(BranchMove::Unchanged(tip.clone()));
            }
        }
        let commit = self.write_commit(&tree, new)?;
        // Empty: the branch must not exist.
        let old = tip.as_ref().map_or("", CommitSha::as_str);
        let arguments = ["update-ref", "-m", "overlift: promote", &reference, commit.as_str(), old];
        self.git("move the branch", &arguments).run()?;
        Ok(if tip.is_some() { BranchMove::Moved(commit) } else { BranchMove::Created(commit) })
    }

    fn branch_reference(&self, branch: &str) -> Result<String, WorkdirError> {
        let reference = format!("refs/heads/{branch}");
        let call = self.git("check the branch's name", &["check-ref-format", &reference]);
        let invalid = || WorkdirError::InvalidBranch(branch.chars().take(200).collect());
        if branch.starts_with('-') || branch == "HEAD" {
            return Err(invalid());
        }
        match call.run() {
            Ok(_) => Ok(reference),
            Err(WorkdirError::Git { .. }) => Err(invalid()),
            Err(error) => Err(error),
        }
    }

    fn refuse_checked_out(&self, branch: &str, reference: &str) -> Result<(), WorkdirError> {
        let list =
            self.git("list the working trees", &["worktree", "list", "--porcelain"]).run()?;
        let list = String::from_utf8_lossy(&list);
        let mut worktree = "";
        for line in list.lines() {
            if let Some(path) = line.strip_prefix("worktree ") {
                worktree = path;
            } else if line.strip_prefix("branch ") == Some(reference) {
                return Err(WorkdirError::BranchCheckedOut {
                    branch: branch.to_owned(),
                    worktree: worktree.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn tip(&self, reference: &str) -> Result<Option<CommitSha>, WorkdirError> {
        match self.resolve(reference) {
            Ok(commit) => Ok(Some(commit)),
            Err(WorkdirError::UnknownRevision(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every commit that only the branch has must be ours.
    fn refuse_others(
        &self,
        branch: &str,
        tip: &CommitSha,
        parent: &CommitSha,
        is_ours: impl Fn(&BranchCommit) -> bool,
    ) -> Result<(), WorkdirError> {
        let format = "--format=format:%H%n%T%n%P%n%B";
        let arguments = ["log", "-z", format, tip.as_str(), "--not", parent.as_str(), "--"];
        let log = self.git("read the branch", &arguments).run()?;
        for record in log.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let record = String::from_utf8_lossy(record);
            let mut lines = record.splitn(4, '\n');
            let mut line = || lines.next().unwrap_or_default();
            let (commit, tree, parents) = (line(), line().to_owned(), line());
            let parents = parents.split(' ').filter_map(|id| CommitSha::parse(id).ok()).collect();
            let id = CommitSha::parse(commit).unwrap_or_else(|_| tip.clone());
            let message = line().to_owned();
            if !is_ours(&BranchCommit { id: id.clone(), parents, tree, message }) {
                let branch = branch.to_owned();
                return Err(WorkdirError::BranchHoldsOthers { branch, commit: id });
            }
        }
        Ok(())
    }

    fn is_same(
        &self,
        tip: &CommitSha,
        tree: &str,
        new: &NewCommit<'_>,
    ) -> Result<bool, WorkdirError> {
        let format = "--format=format:%T%n%P%n%B";
        let shown =
            self.git("read the branch", &["log", "-1", format, tip.as_str(), "--"]).run()?;
        let same = format!("{tree}\n{}\n{}", new.parent, new.message.trim_end());
        Ok(String::from_utf8_lossy(&shown).trim_end() == same)
    }

    /// Git's name for the files of `parent` with the edits, which it writes to its object store.
    ///
    /// # Errors
    /// [`WorkdirError`] if git does not know the commit or cannot write.
    pub fn write_tree(
        &self,
        parent: &CommitSha,
        edits: &[FileEdit],
    ) -> Result<String, WorkdirError> {
        let mut changes = Vec::new();
        // Deletions first: a file may take the place of a directory.
        let (gone, here): (Vec<_>, Vec<_>) = edits.iter().partition(|e| e.after.is_none());
        for edit in gone.into_iter().chain(here) {
            let path = self.prefix().join(edit.path.as_str()).expect("both are checked paths");
            let (mode, blob) = match &edit.after {
                Some(file) => (file.mode.git(), self.write_blob(&file.content)?),
                None => ("0", "0".repeat(parent.as_str().len())),
            };
            changes.extend_from_slice(format!("{mode} {blob}\t{path}\0").as_bytes());
        }
        let index = self.own_index()?;
        let git = |what, arguments: &[&str]| self.git(what, arguments).with_index(&index.0);
        git("read the commit", &["read-tree", parent.as_str()]).run()?;
        git("change the tree", &["update-index", "-z", "--index-info"]).run_with(&changes)?;
        text(&git("write the tree", &["write-tree"]).run()?)
    }

    fn write_blob(&self, content: &[u8]) -> Result<String, WorkdirError> {
        let arguments = ["hash-object", "-w", "-t", "blob", "--no-filters", "--stdin"];
        text(&self.git("write a file", &arguments).run_with(content)?)
    }

    fn write_commit(&self, tree: &str, new: &NewCommit<'_>) -> Result<CommitSha, WorkdirError> {
        let arguments = ["commit-tree", tree, "-p", new.parent.as_str(), "-F", "-"];
        let call = self.git("write the commit", &arguments);
        let output = call.run_with(new.message.as_bytes()).map_err(|error| match error {
            WorkdirError::Git { said, .. } if is_about_identity(&said) => {
                WorkdirError::NoIdentity(said)
            }
            error => error,
        })?;
        let id = text(&output)?;
        CommitSha::parse(&id).map_err(|error| WorkdirError::Git {
            what: "write the commit",
            said: error.to_string(),
        })
    }

    /// A place for an index beside git's own, gone when it is dropped.
    fn own_index(&self) -> Result<OwnIndex, WorkdirError> {
        let dir = self.git("find its directory", &["rev-parse", "--absolute-git-dir"]).run()?;
        let name = format!("overlift-index.{}", std::process::id());
        Ok(OwnIndex(PathBuf::from(text(&dir)?).join(name)))
    }
}

struct OwnIndex(PathBuf);

impl Drop for OwnIndex {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The faults of git's identity check, in the C locale.
fn is_about_identity(said: &str) -> bool {
    ["tell me who you are", "identity unknown", "empty ident", "auto-detect email"]
        .iter()
        .any(|words| said.contains(words))
}

fn text(output: &[u8]) -> Result<String, WorkdirError> {
    let text = std::str::from_utf8(output).map_err(|_| WorkdirError::Git {
        what: "answer",
        said: "its answer is not UTF-8".to_owned(),
    })?;
    Ok(text.trim_end_matches('\n').to_owned())
}
