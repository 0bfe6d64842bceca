//! The command line: one file for each command, one place for output and one for errors.
//!
//! Data goes to standard output, everything else to standard error; a command that fails prints
//! nothing on standard output. Exit codes: 0 done, 1 findings or differences where asked for,
//! 2 error.

mod action;
mod basis;
mod build;
mod completions;
mod doctor;
mod engine;
mod findings;
mod github_app;
mod given_config;
mod healthcheck;
mod hint;
mod init;
#[cfg(unix)]
mod limits;
mod man;
mod outcome;
mod output;
mod palette;
mod plan;
mod plan_json;
mod plan_view;
mod preview;
mod promote;
mod queue;
mod remote;
mod report;
mod sarif;
mod schema;
mod schemas;
mod serve;
mod status;
mod step;
mod system;
mod undo;
mod validate;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::app::{self, Memory};
use outcome::{Outcome, Result};
use output::{Colour, Output};

/// Promotes kustomize overlays from one environment to the next.
#[derive(Debug, Parser)]
#[command(name = "overlift", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Whether to colour what is printed: `auto` on a terminal, without NO_COLOR.
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        value_enum,
        default_value_t,
        hide_default_value = true
    )]
    color: Colour,
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

/// What most people come for, and where more is said.
const EXAMPLES: &str = "\
Examples:
  overlift status                                what each environment lacks
  overlift plan staging production               what a promotion would change
  overlift promote staging production            open the pull request, or bring it up to date
  overlift promote staging production --local    write the edits to the working tree
  overlift init                                  propose a configuration

https://github.com/overlift/overlift/tree/main/docs";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArguments),
    Plan(plan::PlanArguments),
    Promote(promote::PromoteArguments),
    Preview(preview::PreviewArguments),
    Validate(validate::ValidateArguments),
    Undo(undo::UndoArguments),
    Step(step::StepArguments),
    Status(status::StatusArguments),
    /// Plans for the service, which starts it, within limits.
    #[command(hide = true)]
    Sandbox {
        /// With all the memory that a plan may hold.
        #[arg(long)]
        large: bool,
    },
    Serve(serve::ServeArguments),
    Queue(queue::QueueArguments),
    Doctor(doctor::DoctorArguments),
    Healthcheck(healthcheck::HealthcheckArguments),
    App(github_app::AppArguments),
    Build(build::BuildArguments),
    /// Promotes as a step of a GitHub workflow; inputs and outputs are those of `action.yml`.
    Action,
    Schema(schema::SchemaArguments),
    Schemas(schemas::SchemasArguments),
    Completions(completions::CompletionsArguments),
    /// Names the environments and applications, for completions.
    #[command(hide = true)]
    Names,
    Man(man::ManArguments),
}

impl Command {
    /// Whether it renders and judges what a repository holds, and is worth a process of its own: `build` has
    /// limits of its own and is over in no time.
    const fn plans(&self) -> bool {
        matches!(
            self,
            Self::Plan(_)
                | Self::Preview(_)
                | Self::Promote(_)
                | Self::Undo(_)
                | Self::Validate(_)
                | Self::Status(_)
                | Self::Action
        )
    }
}

/// Runs the command line that starts with the program's name and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // Before memory is filled; who has only a folder of that name loses little.
    if !arguments.iter().any(|argument| argument == "build") {
        system::use_small_pages();
    }
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap, with exit code 0; a closed pipe is silent.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let output = Output::detect(arguments.color);
    #[cfg(unix)]
    if arguments.command.plans() {
        return limits::within(&output, || carry_out(arguments, &output));
    }
    carry_out(arguments, &output)
}

/// Does what the command line says and returns the exit code.
fn carry_out(arguments: Arguments, output: &Output) -> ExitCode {
    let directory = arguments.directory.as_path();
    let result = match arguments.command {
        Command::Init(init) => init::run(&init, directory, output),
        Command::Plan(plan) => plan::run(&plan, directory, output),
        Command::Promote(promote) => promote::run(&promote, directory, output),
        Command::Preview(preview) => preview::run(&preview, directory, output),
        Command::Validate(validate) => validate::run(&validate, directory, output),
        Command::Undo(undo) => undo::run(&undo, directory, output),
        Command::Step(step) => step::run(&step, directory, output),
        Command::Status(status) => status::run(&status, directory, output),
        Command::Serve(serve) => serve::run(&serve, directory),
        Command::Doctor(doctor) => doctor::run(&doctor, directory, output),
        Command::Healthcheck(healthcheck) => healthcheck::run(&healthcheck),
        Command::App(app) => github_app::run(&app, directory, output),
        Command::Man(man) => man::run(&man, Arguments::command(), directory),
        Command::Queue(queue) => queue::run(&queue, output),
        Command::Schema(schema) => schema::run(&schema, output),
        Command::Schemas(schemas) => schemas::run(&schemas, directory, output),
        Command::Action => return action::run(),
        Command::Sandbox { large } => sandbox(if large { Memory::Most } else { Memory::Usual }),
        Command::Names => completions::names(directory, output),
        Command::Build(build) => build::run(&build, directory, output),
        Command::Completions(completions) => {
            completions::run(&completions, &mut Arguments::command(), output)
        }
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Differences) => ExitCode::from(1),
        Err(failure) if output::is_broken_pipe(&failure.cause) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(&hint::help(&failure.cause), output);
            ExitCode::from(2)
        }
    }
}

/// Answers the service on standard output.
fn sandbox(memory: Memory) -> Result {
    // What the limits are is read from a file, and every thread is to be within the fence.
    app::lower_limits(memory);
    app::fence();
    app::watch_time();
    app::answer_questions(std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
