//! `overlift plan SOURCE TARGET`: what a promotion would do.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::build::open_workspace;
use super::engine::EngineArguments;
use super::output::Output;
use super::plan_json::PlanJson;
use super::report::Failure;
use super::{Outcome, plan_view};
use crate::app::local::{LocalError, Workspace};
use crate::config::RepositoryConfig;
use crate::model::{EnvironmentName, Files};
use crate::promotion::{self, Key, Plan, Wish};

/// Which promotion is meant.
#[derive(Debug, Args)]
pub(super) struct Pair {
    /// The environment that configuration comes from.
    pub(super) source: String,
    /// The environment that it goes to.
    pub(super) target: String,
}

/// What is asked for beyond the configuration, this once.
#[derive(Debug, Default, Args)]
pub(super) struct WishArguments {
    /// Bring over everything that differs, but what is kept or excluded.
    #[arg(long)]
    all: bool,
    /// Bring over only files below the environment that match this glob, or this image; the rest is named as
    /// left out.
    #[arg(long, value_name = "GLOB|IMAGE")]
    only: Vec<String>,
}

impl WishArguments {
    /// The wish as a value.
    pub(super) fn wish(&self) -> Wish {
        Wish { all: self.all, only: self.only.clone() }
    }
}

/// Shows what a promotion would change, and changes nothing.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pair: Pair,
    /// Plan this commit instead of the working tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// Use this configuration instead of `.github/overlift.yaml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    wish: WishArguments,
    #[command(flatten)]
    engine: EngineArguments,
    /// Print one diff alone, for `patch`, `git apply` or a pager.
    #[arg(long, value_enum, value_name = "WHICH", group = "form")]
    diff: Option<Diff>,
    /// Print the text of the pull request.
    #[arg(long, group = "form")]
    body: bool,
    /// Print the plan as one JSON object.
    #[arg(long, group = "form")]
    json: bool,
    /// Exit with 1 if there is something to promote.
    #[arg(long)]
    exit_code: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Diff {
    /// What the cluster will see: the target built before and after.
    Rendered,
    /// The edits of files.
    Files,
    /// What stays different between target and source.
    Drift,
}

/// Runs the command.
pub(super) fn run(arguments: &PlanArguments, directory: &Path, output: &Output) -> super::Result {
    let workspace = open_workspace(directory, arguments.rev.as_deref(), arguments.engine)?
        .with_wish(arguments.wish.wish());
    let config = arguments.config.as_ref().map(|file| directory.join(file));
    let plan = plan(&workspace, config.as_deref(), &arguments.pair)?.1;
    let form = (arguments.diff, arguments.body, arguments.json);
    match form {
        (Some(diff), ..) => print_diff(&plan, diff, output)?,
        (None, true, _) => {
            let proposal = promotion::propose(&plan, None)?;
            output.print(proposal.body + "\n")?;
        }
        (None, false, true) => print_json(&plan, output)?,
        (None, false, false) => print_for_people(&plan, output)?,
    }
    if form != (None, false, false) {
        plan_view::warn(&plan, output);
    }
    Ok(match arguments.exit_code && !plan.is_empty() {
        true => Outcome::Differences,
        false => Outcome::Done,
    })
}

/// Plans the promotion of a pair of names as they were typed.
pub(super) fn plan(
    workspace: &Workspace,
    config: Option<&Path>,
    pair: &Pair,
) -> Result<(RepositoryConfig, Plan), Failure> {
    let files = workspace.files();
    let configuration = workspace.configuration(config).map_err(|e| located(e, files))?;
    let source = EnvironmentName::parse(&pair.source)?;
    let target = EnvironmentName::parse(&pair.target)?;
    let plan = workspace.plan(&configuration, &Key::new(source, target));
    Ok((configuration, plan.map_err(|error| located(error, files))?))
}

/// The error with the line that it is about.
pub(super) fn located(error: LocalError, files: &dyn Files) -> Failure {
    let place = error.location().cloned();
    Failure::from(error).at(place.as_ref(), files)
}

fn print_diff(plan: &Plan, diff: Diff, output: &Output) -> std::io::Result<()> {
    let text = match diff {
        Diff::Rendered => plan.rendered.text().to_owned(),
        Diff::Files => plan.files.text(),
        Diff::Drift => plan.drift.text(),
    };
    output.print_diff(&text)
}

fn print_json(plan: &Plan, output: &Output) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(&PlanJson::new(plan))?;
    text.push('\n');
    Ok(output.print(text)?)
}

fn print_for_people(plan: &Plan, output: &Output) -> std::io::Result<()> {
    let mut text = plan_view::summary(plan, output);
    let diff = plan.rendered.text();
    if !diff.is_empty() {
        text.push('\n');
        text.push_str(&output.diff_text(diff));
    }
    output.page(&text)
}
