//! The command line: one file for each command, one place for output and one for errors.
//!
//! Data goes to standard output, everything else to standard error; a command that fails prints
//! nothing on standard output. Exit codes: 0 done, 1 findings or differences where asked for,
//! 2 error.

mod build;
mod completions;
mod output;
mod palette;
mod report;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use output::Output;

/// Promotes kustomize overlays from one environment to the next.
#[derive(Debug, Parser)]
#[command(name = "overlift", version, disable_help_subcommand = true, max_term_width = 100)]
struct Arguments {
    /// Work in this directory.
    #[arg(
        short = 'C',
        value_name = "DIR",
        global = true,
        default_value = ".",
        hide_default_value = true
    )]
    directory: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::BuildArguments),
    Completions(completions::CompletionsArguments),
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is done.
    Done,
}

/// Runs the command line that starts with the program's name and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap, with exit code 0; a closed pipe is silent.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let output = Output::detect();
    let result = match arguments.command {
        Command::Build(build) => build::run(&build, &arguments.directory, &output),
        Command::Completions(completions) => {
            completions::run(&completions, &mut Arguments::command(), &output)
        }
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report::print(&error, &output);
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
