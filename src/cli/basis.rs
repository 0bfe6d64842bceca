//! What a promotion on GitHub follows: the default branch's configuration, which may not be the one that
//! somebody has just written here.

use crate::app::Basis;
use crate::app::local::Workspace;
use crate::config::CONFIG_PATH;
use crate::model::{BranchName, Entry, RepoName, RepoPath};
use crate::promotion::Plan;

/// The configuration of this checkout would not be followed.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{CONFIG_PATH}` here {} `{branch}` of `{repository}`, whose configuration promotions follow",
    if *.there { "is not what is on the default branch" } else { "is not on the default branch" }
)]
pub(super) struct Unpublished {
    repository: RepoName,
    branch: BranchName,
    there: bool,
}

impl Unpublished {
    /// What to do about it.
    pub(super) fn help(&self) -> Vec<String> {
        let branch = &self.branch;
        let bring = format!(
            "bring it to `{branch}`: `git add {CONFIG_PATH}`, `git commit -m 'Configure Overlift'`, `git push`"
        );
        let pull = "or take what is there: `git pull`".to_owned();
        let once = format!("or promote by this one, once: `--config {CONFIG_PATH}`");
        if self.there { vec![bring, pull, once] } else { vec![bring, once] }
    }
}

/// How the checkout at hand is related to the repository that is promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checkout {
    /// It was cloned from there.
    OfIt,
    /// It was cloned from nowhere that we know.
    Unknown,
    /// It is another one's.
    OfAnother,
}

/// Refuses to promote where the configuration in the working tree is not what promotions follow.
///
/// Of a checkout whose origin nobody knows only a configuration counts that the repository has none of:
/// whoever wrote one expects it to be followed.
///
/// # Errors
/// [`Unpublished`].
pub(super) fn check(
    basis: &Basis,
    workspace: &Workspace,
    checkout: Checkout,
    repository: &RepoName,
) -> anyhow::Result<()> {
    let there = basis.configuration.is_some();
    if checkout == Checkout::OfAnother || (checkout == Checkout::Unknown && there) {
        return Ok(());
    }
    let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
    let Ok((_, Entry::File(here))) = workspace.files().look_up(&path) else { return Ok(()) };
    // A checkout may have its own line endings.
    let same = |there: &[u8]| {
        let plain =
            |text: &[u8]| text.iter().copied().filter(|it| *it != b'\r').collect::<Vec<_>>();
        plain(there) == plain(&here.content)
    };
    if basis.configuration.as_deref().is_some_and(same) {
        return Ok(());
    }
    let (repository, branch) = (repository.clone(), basis.branch.clone());
    Err(Unpublished { repository, branch, there }.into())
}

/// Which commit was planned, and by whose configuration.
pub(super) fn told(
    basis: &Basis,
    plan: &Plan,
    given: Option<&str>,
    repository: &RepoName,
) -> String {
    let branch = &basis.branch;
    let commit = plan.commit.as_ref().map_or(String::new(), |it| format!(" at {}", it.short()));
    let by = match (given, &basis.configuration) {
        (Some(file), _) => format!("by the configuration in `{file}`"),
        (None, Some(_)) => format!("by its own `{CONFIG_PATH}`"),
        (None, None) => format!("by the names of its folders: it has no `{CONFIG_PATH}`"),
    };
    format!("Planned `{branch}` of {repository}{commit}, {by}.\n")
}
