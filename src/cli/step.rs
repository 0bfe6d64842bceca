//! `overlift step TARGET`: opens the pull request that moves traffic on.

use std::path::Path;

use clap::Args;

use super::engine::EngineArguments;
use super::outcome::{self, Outcome};
use super::output::Output;
use super::remote::{RemoteArguments, into};
use crate::app::{Operation, StepRequest, Stepped};

/// Moves the traffic of an environment on by a step, by a pull request.
///
/// Which steps there are is said by `steps` of the environment in `.github/overlift.yaml`; without `--weight` the
/// first is taken that is not taken yet. It takes a token in `GITHUB_TOKEN` or `GH_TOKEN`.
#[derive(Debug, Args)]
pub(super) struct StepArguments {
    /// The environment.
    target: String,
    /// The application, where there are some.
    application: Option<String>,
    /// What the canary gets, in percent, in place of the next step; 0 leads back to the start.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    weight: Option<u32>,
    /// Whose traffic `--weight` means, where `steps` have several.
    #[arg(long, value_name = "NAMESPACE/NAME", requires = "weight")]
    virtual_service: Option<String>,
    /// Show what would change, and stop before the first write.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    engine: EngineArguments,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(super) fn run(arguments: &StepArguments, directory: &Path, output: &Output) -> outcome::Result {
    let (target, application) = into(&arguments.target, arguments.application.as_deref())?;
    let (remote, workspace) = arguments.remote.of_pull_request(
        "a step is a pull request",
        directory,
        arguments.engine,
    )?;
    let request = StepRequest {
        target,
        application,
        weight: arguments.weight,
        virtual_service: arguments.virtual_service.clone(),
        dry_run: arguments.dry_run,
    };
    let stepped = remote.run(workspace, async |github| github.step(&request).await)?;
    output.print(words(&stepped, arguments.dry_run, output))?;
    Ok(Outcome::Done)
}

fn words(stepped: &Stepped, dry_run: bool, output: &Output) -> String {
    let (name, quiet) = (output.palette.name, output.palette.quiet);
    let Some(stepping) = &stepped.stepping else {
        return "No step is left to take.\n".to_owned();
    };
    let mut text = format!("{} ({} % before)\n", stepping.aim, stepping.before);
    if stepping.before == stepping.aim.share && stepped.rendered.is_empty() {
        text.push_str("It is there already.\n");
    }
    for key in &stepping.stale {
        text.push_str(&format!("stays, since it is not written in this environment: {key}\n"));
    }
    if dry_run {
        text.push_str(&stepped.rendered);
        return text;
    }
    if let Some((number, url)) = &stepped.pull_request {
        let what = match stepped.operation {
            Operation::Created => "was opened",
            Operation::Updated => "was brought up to date",
            Operation::Closed => "was closed: the traffic is there already",
            Operation::Unchanged | Operation::None => "takes this step already",
        };
        let url = url.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "Pull request {name}#{number}{name:#} {what}. {quiet}{url}{quiet:#}\n"
        ));
    }
    text
}
