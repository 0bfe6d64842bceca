//! `overlift step TARGET`: opens the pull request that moves traffic on.

use std::path::Path;

use clap::Args;

use super::build::open_workspace;
use super::engine::EngineArguments;
use super::outcome::{self, Outcome};
use super::output::Output;
use super::plan::located;
use super::plan_view;
use super::remote::{RemoteArguments, into};
use crate::app::local::Workspace;
use crate::app::{Operation, StepRequest, Stepped};
use crate::promotion::Stepping;

/// Moves the traffic of an environment on by a step, by a pull request.
///
/// Which steps there are is said by `steps` of the environment in `.github/overlift.yaml`; without `--weight` the
/// first is taken that is not taken yet. It takes a token in `GITHUB_TOKEN` or `GH_TOKEN`; `--dry-run` takes none, and
/// shows without one what the files here would become.
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
    let request = StepRequest {
        target,
        application,
        weight: arguments.weight,
        virtual_service: arguments.virtual_service.clone(),
        dry_run: arguments.dry_run,
    };
    if arguments.dry_run && arguments.remote.named()?.is_none() {
        let workspace = open_workspace(directory, None, arguments.engine)?;
        if arguments.remote.of_checkout(&workspace)?.is_none() {
            return here(&workspace, &request, output);
        }
    }
    let (remote, workspace) = arguments.remote.of_pull_request(
        "a step is a pull request",
        directory,
        arguments.engine,
    )?;
    let stepped = remote.run(workspace, async |github| github.step(&request).await)?;
    let mut text = head(stepped.stepping.as_ref(), output);
    if arguments.dry_run {
        text.push_str(&diffs(&stepped.files, &stepped.rendered, output));
    } else {
        text.push_str(&pull_request(&stepped, output));
    }
    output.print(text)?;
    Ok(Outcome::Done)
}

/// Shows a step of the files at hand; GitHub is not asked.
fn here(workspace: &Workspace, request: &StepRequest, output: &Output) -> outcome::Result {
    let files = workspace.files();
    let configuration = workspace.configuration(None).map_err(|error| located(error, files))?;
    let step = workspace.step(&configuration, request).map_err(|error| located(error, files))?;
    let mut text = head(step.as_ref().map(|(stepping, _)| stepping), output);
    if let Some((_, plan)) = &step {
        text.push_str(&diffs(&plan.files.text(), plan.rendered.text(), output));
        plan_view::warn(plan, output);
    }
    output.print(text)?;
    Ok(Outcome::Done)
}

/// Where it leads, and what stays behind.
fn head(stepping: Option<&Stepping>, output: &Output) -> String {
    let Some(stepping) = stepping else { return "No step is left to take.\n".to_owned() };
    let heading = output.palette.heading;
    let mut text = format!("{heading}{}{heading:#} ({} % before)\n", stepping.aim, stepping.before);
    for key in &stepping.stale {
        text.push_str(&format!("stays, since it is not written in this environment: {key}\n"));
    }
    text
}

/// The edits of files, and what the cluster will see.
fn diffs(files: &str, rendered: &str, output: &Output) -> String {
    if files.is_empty() && rendered.is_empty() {
        return "It is there already.\n".to_owned();
    }
    let heading = output.palette.heading;
    let part = |title: &str, diff: &str| {
        format!("\n{heading}{title}{heading:#}\n{}", output.diff_text(diff))
    };
    let rendered = match rendered.is_empty() {
        true => String::new(),
        false => part("What the cluster will see", rendered),
    };
    format!("{}{rendered}", part("Edits", files))
}

fn pull_request(stepped: &Stepped, output: &Output) -> String {
    let (name, quiet) = (output.palette.name, output.palette.quiet);
    let Some((number, url)) = &stepped.pull_request else {
        return match stepped.stepping.is_some() {
            true => "It is there already.\n".to_owned(),
            false => String::new(),
        };
    };
    let what = match stepped.operation {
        Operation::Created => "was opened",
        Operation::Updated => "was brought up to date",
        Operation::Closed => "was closed: the traffic is there already",
        Operation::Unchanged | Operation::None => "takes this step already",
    };
    let url = url.as_deref().unwrap_or_default();
    format!("Pull request {name}#{number}{name:#} {what}. {quiet}{url}{quiet:#}\n")
}
