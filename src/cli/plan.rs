//! `overlift plan SOURCE TARGET [APPLICATION…]`: what promotions would do.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::build::{Restrictor, open_workspace};
use super::engine::EngineArguments;
use super::given_config::ConfigArguments;
use super::outcome::{self, Outcome};
use super::output::Output;
use super::plan_json::PlanJson;
use super::plan_view;
use super::report::Failure;
use crate::app::local::{LocalError, Workspace};
use crate::config::RepositoryConfig;
use crate::model::{ApplicationName, EnvironmentName, Files};
use crate::promotion::{self, Key, Plan, Wanted, Wish};
use crate::workdir::WorkdirError;

/// Which promotions are meant.
#[derive(Debug, Args)]
pub(super) struct Pair {
    /// The environment that configuration comes from.
    pub(super) source: String,
    /// The environment that it goes to.
    pub(super) target: String,
    /// The applications, where there are some; without: all that have something to promote.
    #[arg(value_name = "APPLICATION")]
    pub(super) applications: Vec<String>,
}

impl Pair {
    /// The promotions in the order in which they were named.
    pub(super) fn wanted(&self) -> anyhow::Result<Wanted> {
        let names = self.applications.iter().map(|name| ApplicationName::parse(name));
        Ok(Wanted {
            source: EnvironmentName::parse(&self.source)?,
            target: EnvironmentName::parse(&self.target)?,
            applications: names.collect::<Result<_, _>>()?,
        })
    }
}

/// Plans of one command line.
pub(super) struct Plans {
    /// Those that have something, or that were named.
    pub(super) plans: Vec<Plan>,
    /// Applications that cannot be planned, while others can.
    pub(super) failed: Vec<(Key, Failure)>,
    /// Whether there could be several, whatever their number is.
    pub(super) several: bool,
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
    /// Take the source as it was at this commit: an earlier state, which was verified. The target is as it is.
    #[arg(long, value_name = "REV")]
    from: Option<String>,
    /// Begin a target that does not exist yet as the source is.
    #[arg(long)]
    create: bool,
    /// Which files a kustomization may load, in place of `loadRestrictor` of the configuration.
    #[arg(long, value_enum)]
    load_restrictor: Option<Restrictor>,
}

impl WishArguments {
    /// The workspace with what is asked for.
    ///
    /// # Errors
    /// [`WorkdirError`] if there is no commit of the name.
    pub(super) fn apply(&self, workspace: Workspace) -> Result<Workspace, WorkdirError> {
        let wish =
            Wish { all: self.all, only: self.only.clone(), create: self.create, edits: None };
        let restrictor = self.load_restrictor.map(Restrictor::restrictor);
        let workspace = workspace.with_wish(wish).with_load_restrictor(restrictor);
        workspace.with_source_at(self.from.as_deref())
    }

    /// The first flag that only a checkout heeds.
    pub(super) fn of_a_checkout(&self) -> Option<&'static str> {
        let given = [
            ("--all", self.all),
            ("--only", !self.only.is_empty()),
            ("--from", self.from.is_some()),
            ("--create", self.create),
            ("--load-restrictor", self.load_restrictor.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
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
    #[command(flatten)]
    config: ConfigArguments,
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
pub(super) fn run(arguments: &PlanArguments, directory: &Path, output: &Output) -> outcome::Result {
    let workspace = open_workspace(directory, arguments.rev.as_deref(), arguments.engine)?;
    let workspace = arguments.wish.apply(workspace)?;
    let config = arguments.config.file(directory);
    let (_, planned) = plan(&workspace, config.as_deref(), &arguments.pair)?;
    if arguments.json {
        print_json(&planned, output)?;
    } else {
        for (number, plan) in planned.plans.iter().enumerate() {
            if number > 0 && arguments.diff.is_none() {
                output.print("\n")?;
            }
            print(plan, arguments, output)?;
        }
    }
    let for_people = arguments.diff.is_none() && !arguments.body && !arguments.json;
    let in_words = for_people || arguments.body;
    if planned.plans.is_empty() && planned.failed.is_empty() && in_words {
        let Pair { source, target, .. } = &arguments.pair;
        output
            .print(format!("Nothing to promote from {source} to {target} in any application.\n"))?;
    }
    if !for_people {
        planned.plans.iter().for_each(|plan| plan_view::warn(plan, output));
    }
    let differs = planned.plans.iter().any(|plan| !plan.is_empty());
    planned.end(output)?;
    // The process ends here, and gives all back at once: taking it apart first would cost what reading some files does.
    std::mem::forget(workspace);
    Ok(if arguments.exit_code && differs { Outcome::Differences } else { Outcome::Done })
}

fn print(plan: &Plan, arguments: &PlanArguments, output: &Output) -> Result<(), Failure> {
    match arguments.diff {
        Some(diff) => print_diff(plan, diff, output)?,
        None if arguments.body => {
            output.print(promotion::propose(plan, None)?.body + "\n")?;
        }
        None => print_for_people(plan, output)?,
    }
    Ok(())
}

impl Plans {
    /// The error of what could not be planned, once the rest is done.
    pub(super) fn end(mut self, output: &Output) -> Result<(), Failure> {
        let Some((_, last)) = self.failed.pop() else { return Ok(()) };
        for (_, failure) in &self.failed {
            failure.print(&[], output);
        }
        Err(last)
    }
}

/// Plans promotions as they were typed: what was named, or all applications that have something.
///
/// One application that cannot be planned is no fault of the others.
pub(super) fn plan(
    workspace: &Workspace,
    config: Option<&Path>,
    pair: &Pair,
) -> Result<(RepositoryConfig, Plans), Failure> {
    std::thread::scope(|scope| {
        scope.spawn(|| workspace.read_ahead());
        plan_as_typed(workspace, config, pair)
    })
}

fn plan_as_typed(
    workspace: &Workspace,
    config: Option<&Path>,
    pair: &Pair,
) -> Result<(RepositoryConfig, Plans), Failure> {
    let files = workspace.files();
    let configuration = workspace.configuration(config).map_err(|e| located(e, files))?;
    let wanted = pair.wanted()?;
    let keys = configuration.pipeline.wanted(&wanted).map_err(LocalError::from)?;
    let several = keys.len() > 1;
    let named = !several || !wanted.applications.is_empty();
    let mut planned = Plans { plans: Vec::new(), failed: Vec::new(), several };
    for key in keys {
        match workspace.plan(&configuration, &key) {
            Ok(plan) if named || !plan.is_empty() => planned.plans.push(plan),
            Ok(_) => {}
            Err(error) => planned.failed.push((key, located(error, files))),
        }
    }
    Ok((configuration, planned))
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

fn print_json(planned: &Plans, output: &Output) -> Result<(), Failure> {
    let plans: Vec<PlanJson<'_>> = planned.plans.iter().map(PlanJson::new).collect();
    let mut text = match plans.as_slice() {
        [one] if !planned.several => serde_json::to_string_pretty(one)?,
        // Without a plan there is an error, which is told alone.
        [] if !planned.failed.is_empty() => return Ok(()),
        several => serde_json::to_string_pretty(several)?,
    };
    text.push('\n');
    Ok(output.print(text)?)
}

fn print_for_people(plan: &Plan, output: &Output) -> std::io::Result<()> {
    let mut text = plan_view::summary(plan, output);
    let below = plan.below.iter().map(|(_, rendered)| rendered.text());
    for diff in std::iter::once(plan.rendered.text()).chain(below).filter(|it| !it.is_empty()) {
        text.push('\n');
        text.push_str(&output.diff_text(diff));
    }
    output.page(&text)
}
