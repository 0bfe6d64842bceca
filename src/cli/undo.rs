//! `overlift undo TARGET`: opens the pull request that takes a promotion back.

use std::path::Path;

use clap::Args;

use super::engine::EngineArguments;
use super::outcome::{self, Outcome};
use super::output::Output;
use super::remote::{RemoteArguments, into};
use crate::app::{Operation, UndoRequest, Undone};

/// Takes the last promotion into an environment back, by a pull request.
///
/// Exactly its edits become what they were, field by field; what others changed since stays, and is told
/// where it is in the way. It takes a token in `GITHUB_TOKEN` or `GH_TOKEN`.
#[derive(Debug, Args)]
pub(super) struct UndoArguments {
    /// The environment that was promoted into.
    target: String,
    /// The application, where there are some.
    application: Option<String>,
    /// The promotion whose plan's id begins so, instead of the last one.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    #[command(flatten)]
    engine: EngineArguments,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(super) fn run(arguments: &UndoArguments, directory: &Path, output: &Output) -> outcome::Result {
    let (target, application) = into(&arguments.target, arguments.application.as_deref())?;
    let (remote, workspace) = arguments.remote.of_pull_request(
        "undoing opens a pull request",
        directory,
        arguments.engine,
    )?;
    let request = UndoRequest { target, application, plan: arguments.plan.clone() };
    let undone = remote.run(workspace, async |github| github.undo(&request).await)?;
    output.print(words(&undone, output))?;
    Ok(Outcome::Done)
}

fn words(undone: &Undone, output: &Output) -> String {
    let (name, quiet) = (output.palette.name, output.palette.quiet);
    let (plan, commit) = (undone.plan.short(), undone.commit.short());
    let mut text = format!("Plan {plan}, brought by commit {commit}:\n");
    for at in &undone.conflicts {
        text.push_str(&format!("stays, since somebody changed it later: {at}\n"));
    }
    match &undone.pull_request {
        Some((number, url)) => {
            let what = match undone.operation {
                Operation::Created => "was opened",
                Operation::Updated => "was brought up to date",
                Operation::Closed => "was closed: nothing is left to take back",
                Operation::Unchanged | Operation::None => "takes it back already",
            };
            let url = url.as_deref().unwrap_or_default();
            text.push_str(&format!(
                "Pull request {name}#{number}{name:#} {what}. {quiet}{url}{quiet:#}\n"
            ));
        }
        None => text.push_str("Nothing of it is left to take back.\n"),
    }
    text
}
