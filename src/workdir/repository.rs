//! What git knows of a checkout: its commits, its files, its history.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::WorkdirError;
use super::bounds::{is_git_internal, not_utf8};
use super::git::{Git, Running};
use super::git_files::{GitFiles, ObjectId, ObjectReader, Tracked, clean_files};
use super::root::{git_top, repo_path};
use crate::model::{CommitSha, RepoPath};

/// The git repository around a checkout's root.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
    /// The root as seen from the top of the working tree.
    prefix: RepoPath,
    /// Git's own files, if they are of the plain kind, once somebody asked.
    files: OnceLock<Option<Arc<GitFiles>>>,
}

impl Repository {
    /// The repository that holds `root`, a canonical path; `None` if none does.
    #[must_use]
    pub fn discover(root: &Path) -> Option<Self> {
        let prefix = repo_path(root, git_top(root)?).ok()?;
        Some(Self { root: root.to_path_buf(), prefix, files: OnceLock::new() })
    }

    /// A repository without a working tree.
    pub(super) fn bare(directory: PathBuf) -> Self {
        Self { root: directory, prefix: RepoPath::root(), files: OnceLock::from(None) }
    }

    /// The same, which reads none of git's files.
    #[cfg(test)]
    pub(super) fn by_git_alone(&self) -> Self {
        Self { files: OnceLock::from(None), ..self.clone() }
    }

    fn files(&self) -> Option<&GitFiles> {
        let find = || GitFiles::of(git_top(&self.root)?).map(Arc::new);
        self.files.get_or_init(find).as_deref()
    }

    /// A reader of objects that starts no git; `None` where only git can read them.
    pub(super) fn objects(&self) -> Option<ObjectReader> {
        ObjectReader::open(self.files()?)
    }

    /// All files below the root, from the top of the working tree, if the working tree is as the commit that is
    /// checked out has it and has nothing else, and that can be said without git.
    pub(super) fn clean_files(&self) -> Option<Vec<Tracked>> {
        let head = ObjectId::of_hex(self.loose_head()?.as_str())?;
        clean_files(self.files()?, &mut self.objects()?, &head, self.prefix.as_str())
    }

    /// The checkout's root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the checkout's root is in the repository.
    #[must_use]
    pub const fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    pub(super) fn git(&self, what: &'static str, arguments: &[&str]) -> Git {
        Git::new(&self.root, what, arguments)
    }

    /// The commit that is checked out; `None` before the first one.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn head(&self) -> Result<Option<CommitSha>, WorkdirError> {
        if let Some(commit) = self.loose_head() {
            return Ok(Some(commit));
        }
        match self.resolve("HEAD") {
            Ok(commit) => Ok(Some(commit)),
            // Git says the same for a branch without commits and for one that it does not know.
            Err(WorkdirError::UnknownRevision(_) | WorkdirError::NoCommits(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commit as git's own files say it in the usual case, a branch in a file of its own or among those that are
    /// packed; git is asked in every other. Starting it costs a tenth of a small plan.
    fn loose_head(&self) -> Option<CommitSha> {
        let git_dir = git_top(&self.root)?.join(".git");
        let head = fs::read_to_string(git_dir.join("HEAD")).ok()?;
        let head = head.strip_suffix('\n').unwrap_or(&head);
        let Some(name) = head.strip_prefix("ref: refs/heads/") else {
            return CommitSha::parse(head).ok();
        };
        let name = RepoPath::parse(name).ok()?;
        match fs::read_to_string(git_dir.join("refs/heads").join(name.as_str())) {
            Ok(commit) => CommitSha::parse(commit.trim_end()).ok(),
            Err(error) if error.kind() == ErrorKind::NotFound => packed(&git_dir, &name),
            Err(_) => None,
        }
    }

    /// The address of the remote `origin`, as git would use it; `None` if there is none.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn origin(&self) -> Result<Option<String>, WorkdirError> {
        let asked = self.git("find the remote `origin`", &["remote", "get-url", "origin"]).run();
        match asked {
            Ok(address) => Ok(String::from_utf8(address).ok().map(|it| it.trim_end().to_owned())),
            Err(WorkdirError::Git { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commit that a revision names: a branch, a tag, `HEAD~2`, an id or the start of one.
    ///
    /// # Errors
    /// [`WorkdirError::UnknownRevision`] if it names no commit.
    pub fn resolve(&self, revision: &str) -> Result<CommitSha, WorkdirError> {
        let unknown = || match self.has_no_ref() {
            true => WorkdirError::NoCommits(self.root.clone()),
            false => WorkdirError::UnknownRevision(revision.chars().take(200).collect()),
        };
        let spec = format!("{revision}^{{commit}}");
        let what = "find the revision";
        let call = self.git(what, &["rev-parse", "--quiet", "--verify", "--end-of-options", &spec]);
        let output = call.run().map_err(|error| match error {
            // `--quiet` leaves only real faults on standard error.
            WorkdirError::Git { said, .. } if said == "no reason given" => unknown(),
            WorkdirError::Git { said, .. } if said.contains("Needed a single revision") => {
                unknown()
            }
            error => error,
        })?;
        let text = String::from_utf8_lossy(&output);
        CommitSha::parse(text.trim()).map_err(|_| unknown())
    }

    /// Whether no branch and no tag has a commit.
    fn has_no_ref(&self) -> bool {
        let refs = self.git("list the branches", &["for-each-ref", "--count=1"]).run();
        refs.is_ok_and(|refs| refs.is_empty())
    }

    /// The commit from which two went apart; `None` if they have none in common here.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn merge_base(
        &self,
        one: &CommitSha,
        other: &CommitSha,
    ) -> Result<Option<CommitSha>, WorkdirError> {
        let arguments = ["merge-base", one.as_str(), other.as_str()];
        match self.git("find where the two went apart", &arguments).run() {
            Ok(output) => Ok(CommitSha::parse(String::from_utf8_lossy(&output).trim()).ok()),
            Err(WorkdirError::Git { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The files that differ between a commit and another one, or the working tree with what is not
    /// tracked and not ignored.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn changed_files(
        &self,
        before: &CommitSha,
        after: Option<&CommitSha>,
    ) -> Result<BTreeSet<RepoPath>, WorkdirError> {
        let what = "list the files that differ";
        let mut arguments = vec!["diff", "--name-only", "--no-renames", "--relative", "-z"];
        arguments.push(before.as_str());
        arguments.extend(after.map(CommitSha::as_str));
        arguments.push("--");
        let mut output = self.git(what, &arguments).run()?;
        if after.is_none() {
            let others = ["ls-files", "-z", "--others", "--exclude-standard"];
            output.extend(self.git(what, &others).run()?);
        }
        let names = output.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let names = names.filter_map(|name| std::str::from_utf8(name).ok());
        Ok(names.filter_map(|name| RepoPath::parse(name).ok()).collect())
    }

    /// Starts to list the files below `dirs` that are tracked, or untracked and not ignored.
    pub(super) fn list_files(&self, dirs: Vec<RepoPath>) -> Result<Listing, WorkdirError> {
        let mut arguments =
            vec!["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"];
        arguments.extend(dirs.iter().map(|dir| if dir.is_root() { "." } else { dir.as_str() }));
        let call = self.git("list the files", &arguments).run_ahead()?;
        Ok(Listing { dirs, call })
    }

    /// The files below the root that are not as the commit that is checked out has them, untracked ones
    /// included.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn uncommitted(&self) -> Result<BTreeSet<RepoPath>, WorkdirError> {
        let arguments =
            ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", "."];
        let output = self.git("compare with the commit", &arguments).run()?;
        let text = String::from_utf8_lossy(&output);
        let path = |record: &str| {
            // Two letters and a blank, then the path from the top of the working tree.
            let path = RepoPath::parse(record.get(3..)?).ok()?;
            RepoPath::parse(path.strip_prefix(&self.prefix)?).ok()
        };
        Ok(text.split('\0').filter_map(path).collect())
    }

    /// Whether the history ends early because the clone was made with a depth.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn is_shallow(&self) -> Result<bool, WorkdirError> {
        // By git's own file where it stands at its usual place.
        match git_top(&self.root).map(|top| top.join(".git")) {
            Some(git) if git.is_dir() => Ok(git.join("shallow").exists()),
            _ => {
                let asked = ["rev-parse", "--is-shallow-repository"];
                Ok(self.git("tell its depth", &asked).run()?.starts_with(b"true"))
            }
        }
    }

    /// What `read` makes of the newest commit message, from `from` backwards, that it can read; only commits
    /// that touch something below `folder` count.
    ///
    /// `trailer` is a key that each such message has at the beginning of a line; git sorts out the
    /// rest of a long history faster than we could.
    ///
    /// # Errors
    /// [`WorkdirError::Shallow`] if there is none in what a shallow clone has.
    pub fn find_in_history<T>(
        &self,
        from: &CommitSha,
        folder: &RepoPath,
        trailer: &str,
        read: impl Fn(&CommitSha, &str) -> Option<T>,
    ) -> Result<Option<T>, WorkdirError> {
        let pattern = format!("--grep=^{trailer}: ");
        let folder = (!folder.is_root()).then_some(folder.as_str());
        let mut child = self.messages(from, &pattern, folder).start()?;
        drop(child.stdin.take());
        let stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let messages = stdout.split(0).map_while(Result::ok);
        let mut messages = messages.filter_map(|text| parse_message(&text));
        let found = messages.find_map(|(id, message)| read(&id, &message));
        // It may still be writing; what is left does not matter.
        let _ = child.kill();
        let _ = child.wait();
        match found {
            None if self.is_shallow()? => Err(WorkdirError::Shallow),
            found => Ok(found),
        }
    }

    /// The first-parent way from a commit, newest first.
    ///
    /// # Errors
    /// [`WorkdirError`] if git cannot be asked.
    pub fn first_parents(&self, from: &CommitSha) -> Result<Vec<CommitSha>, WorkdirError> {
        let arguments = ["rev-list", "--first-parent", from.as_str()];
        let output = self.git("read the history", &arguments).run()?;
        let lines = String::from_utf8_lossy(&output);
        Ok(lines.lines().filter_map(|line| CommitSha::parse(line).ok()).collect())
    }

    fn messages(&self, from: &CommitSha, pattern: &str, folder: Option<&str>) -> Git {
        let mut arguments =
            vec!["log", "-z", pattern, "--format=format:%H%n%B", from.as_str(), "--"];
        arguments.extend(folder);
        self.git("read the history", &arguments)
    }
}

/// The commit of a branch that has no file of its own.
fn packed(git_dir: &Path, branch: &RepoPath) -> Option<CommitSha> {
    let refs = fs::read_to_string(git_dir.join("packed-refs")).ok()?;
    let named = |line: &str| {
        let (commit, name) = line.split_once(" refs/heads/")?;
        (name == branch.as_str()).then(|| CommitSha::parse(commit).ok())?
    };
    refs.lines().find_map(named)
}

fn parse_message(text: &[u8]) -> Option<(CommitSha, String)> {
    let text = String::from_utf8_lossy(text);
    let (id, message) = text.split_once('\n')?;
    Some((CommitSha::parse(id).ok()?, message.to_owned()))
}

/// Git, listing the files of some directories.
#[derive(Debug)]
pub(super) struct Listing {
    /// What it lists.
    pub(super) dirs: Vec<RepoPath>,
    call: Running,
}

impl Listing {
    /// Waits for it and returns the directories with the files that git knows below all of them, in
    /// git's order.
    pub(super) fn finish(self) -> Result<(Vec<RepoPath>, Vec<RepoPath>), WorkdirError> {
        let output = self.call.finish()?;
        let mut files = Vec::new();
        for name in output.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let name = std::str::from_utf8(name)
                .map_err(|_| not_utf8(&self.dirs[0], &String::from_utf8_lossy(name)))?;
            let Ok(path) = RepoPath::parse(name) else { continue };
            if !is_git_internal(&path) {
                files.push(path);
            }
        }
        Ok((self.dirs, files))
    }
}
