//! Previews in a checkout: what its branch would do to each environment.

use super::checking::fetched_here;
use super::local::{LocalError, Workspace};
use crate::config::RepositoryConfig;
use crate::model::CommitSha;
use crate::policy::{Day, UnknownFiles};
use crate::promotion::{self, PlanError, Preview, Previewed};
use crate::workdir::{Repository, WorkdirError};

/// Branches that others branch off from, the likeliest first.
const USUAL_BASES: [&str; 5] = ["origin/HEAD", "origin/main", "origin/master", "main", "master"];

/// Where a checkout's branch began.
///
/// # Errors
/// [`WorkdirError`] if `base` names no commit, or none is named and no usual branch is there.
pub fn branch_point(
    repository: &Repository,
    base: Option<&str>,
    head: &CommitSha,
) -> Result<CommitSha, WorkdirError> {
    let named = match base {
        Some(base) => repository.resolve(base)?,
        None => USUAL_BASES
            .iter()
            .find_map(|base| repository.resolve(base).ok())
            .ok_or_else(|| WorkdirError::UnknownRevision("main".to_owned()))?,
    };
    Ok(repository.merge_base(&named, head)?.unwrap_or(named))
}

/// Compares what each environment builds before and after. The configuration after counts.
///
/// # Errors
/// [`LocalError`] if git cannot be asked or files cannot be read.
pub fn preview(
    before: &Workspace,
    after: &Workspace,
    configuration: &RepositoryConfig,
    today: Day,
) -> Result<Preview, LocalError> {
    let changed = after.changed_since(before)?;
    let options = after.build_options(configuration);
    let fetched = fetched_here(&configuration.gates, &configuration.remote_bases);
    let request = Previewed {
        before: before.files(),
        after: after.files(),
        pipeline: &configuration.pipeline,
        changed: &changed,
        options: &options,
        fetched: &fetched,
        today,
    };
    promotion::preview(&request)
        .map_err(|UnknownFiles(paths)| LocalError::from(PlanError::Unknown(paths)))
}
