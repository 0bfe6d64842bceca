//! `overlift completions SHELL`: a script that completes our commands and flags.

use clap::Args;
use clap_complete::Shell;

use super::Outcome;
use super::output::Output;

/// Prints a completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell.
    shell: Shell,
}

/// Runs the command.
pub(super) fn run(
    arguments: &CompletionsArguments,
    command: &mut clap::Command,
    output: &Output,
) -> super::Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "overlift", &mut script);
    output.print(&script)?;
    Ok(Outcome::Done)
}
