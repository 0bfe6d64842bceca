//! `overlift promote SOURCE TARGET`: carries a promotion out in this checkout.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::Output;
use super::plan::{Pair, located, plan};
use super::{Outcome, plan_view};
use crate::app::local::{Committed, Workspace};
use crate::workdir::BranchMove;

/// Promotes one environment to the next in this checkout.
///
/// Without `--commit`, the working tree is planned and the edits are written to it.
#[derive(Debug, Args)]
pub(super) struct PromoteArguments {
    #[command(flatten)]
    pair: Pair,
    /// Plan HEAD and make the branch and the commit; the working tree, the index and the current
    /// branch stay as they are.
    #[arg(long)]
    commit: bool,
    /// Stop before the first write.
    #[arg(long)]
    dry_run: bool,
    /// Use this configuration instead of `.github/overlift.yaml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(
    arguments: &PromoteArguments,
    directory: &Path,
    output: &Output,
) -> super::Result {
    let revision = arguments.commit.then_some("HEAD");
    let workspace = Workspace::open(directory, revision)?;
    let config = arguments.config.as_ref().map(|file| directory.join(file));
    let (configuration, plan) = plan(&workspace, config.as_deref(), &arguments.pair)?;
    let mut text = plan_view::summary(&plan, &output.palette);
    let quiet = output.palette.quiet;
    if !plan.is_empty() {
        let done = if arguments.dry_run {
            "Nothing was written (--dry-run).\n".to_owned()
        } else if arguments.commit {
            let made = workspace.commit(&configuration, &plan);
            committed(&made.map_err(|error| located(error, workspace.files()))?, output)
        } else {
            workspace.write(&plan)?;
            format!("Written to the working tree. {quiet}Look at it: git diff{quiet:#}\n")
        };
        text.push('\n');
        text.push_str(&done);
    }
    output.print(&text)?;
    Ok(Outcome::Done)
}

fn committed(made: &Committed, output: &Output) -> String {
    let (name, quiet) = (output.palette.name, output.palette.quiet);
    let branch = &made.branch;
    let (commit, what) = match &made.moved {
        BranchMove::Created(commit) => (commit, "is new"),
        BranchMove::Moved(commit) => (commit, "was moved"),
        BranchMove::Unchanged(commit) => (commit, "holds this promotion already"),
    };
    format!(
        "The branch {name}{branch}{name:#} {what}: commit {}. \
         {quiet}Next: git push origin {branch}{quiet:#}\n",
        commit.short()
    )
}
