//! What a person can do about an error: the way out, chosen here because only the door knows which
//! commands and flags there are.

use crate::app::local::LocalError;
use crate::workdir::WorkdirError;

/// Sentences about what to do next, the likeliest first.
pub(super) fn help(error: &anyhow::Error) -> Vec<String> {
    if let Some(unpublished) = error.downcast_ref::<super::basis::Unpublished>() {
        return unpublished.help();
    }
    let workdir = match error.downcast_ref() {
        Some(LocalError::Workdir(error)) => Some(error),
        _ => error.downcast_ref(),
    };
    workdir.and_then(workdir_help).into_iter().collect()
}

fn workdir_help(error: &WorkdirError) -> Option<String> {
    Some(match error {
        WorkdirError::NothingToPlan(_) => {
            "name the repository with `-C DIR`, or describe it in `.github/overlift.yaml`"
                .to_owned()
        }
        WorkdirError::Uncommitted(_) => {
            "commit or stash them first, or write over them with `--force`".to_owned()
        }
        WorkdirError::NoGit(_) => "install git, or put it on the PATH".to_owned(),
        WorkdirError::NoKustomize(_) => {
            "install kustomize, or leave out `--engine kustomize`".to_owned()
        }
        WorkdirError::NoRepository(_) => {
            "leave out `--rev` and `--commit`, or run `git init` and commit first".to_owned()
        }
        WorkdirError::Git { said, .. } if said.contains("dubious ownership") => {
            "if you trust this directory: `git config --global --add safe.directory DIR`".to_owned()
        }
        WorkdirError::Git { said, .. } if is_old_git(said) => {
            "this git is older than Overlift needs (2.31): see `git --version`".to_owned()
        }
        WorkdirError::Bare(_) => {
            "name a checkout with `-C DIR`; `git worktree add DIR` makes one of it".to_owned()
        }
        WorkdirError::NoCommits(_) => {
            "commit the files first: `git add . && git commit`; without `--rev` the working tree is looked at"
                .to_owned()
        }
        WorkdirError::UnknownRevision(_) => {
            "see `git log`; in a shallow clone run `git fetch --unshallow` first".to_owned()
        }
        WorkdirError::Shallow => "run `git fetch --unshallow`".to_owned(),
        WorkdirError::InvalidBranch(_) => {
            "change `pullRequest.branch` in `.github/overlift.yaml`".to_owned()
        }
        WorkdirError::BranchCheckedOut { .. } => {
            "check out another branch there: `git switch -`".to_owned()
        }
        WorkdirError::BranchHoldsOthers { branch, .. } => format!(
            "merge it or keep it under another name, then delete it: `git branch -D {branch}`"
        ),
        WorkdirError::NoIdentity(_) => {
            "`git config user.name NAME` and `git config user.email ADDRESS`".to_owned()
        }
        WorkdirError::Changed(_) => "run the command again".to_owned(),
        WorkdirError::ThroughSymlink { .. } => {
            "replace the symlink by a directory, or exclude the file with `promotion.exclude`"
                .to_owned()
        }
        WorkdirError::NoDirectory { .. }
        | WorkdirError::Git { .. }
        | WorkdirError::Kustomize(_)
        | WorkdirError::KustomizeEndless(_)
        | WorkdirError::KustomizeTooMuch(_)
        | WorkdirError::KustomizeFiles(_)
        | WorkdirError::GitInternal(_)
        | WorkdirError::Write { .. }
        | WorkdirError::Input { .. }
        | WorkdirError::Output { .. }
        | WorkdirError::Read(_) => return None,
    })
}

/// Whether git does not know what it was asked with.
fn is_old_git(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["unknown option", "unknown switch", "unrecognized argument", "is not a git command"]
        .iter()
        .any(|words| said.contains(words))
}
