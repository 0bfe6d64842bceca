//! `overlift promote SOURCE TARGET`: carries a promotion out, in this checkout or on GitHub.

use std::path::Path;

use clap::Args;

use super::build::open_workspace;
use super::engine::EngineArguments;
use super::given_config::ConfigArguments;
use super::outcome::{self, Outcome};
use super::output::{Output, counted};
use super::plan::{Pair, WishArguments, located, plan};
use super::remote::{Remote, RemoteArguments, workspace_here};
use super::report::Failure;
use super::{basis, plan_view};
use crate::app::local::{Committed, Overwrite, Workspace};
use crate::app::{Engine, GivenConfiguration, OnGithubError, Operation, PromoteRequest, Promoted};
use crate::config::RepositoryConfig;
use crate::promotion::{Plan, Verdict};
use crate::workdir::BranchMove;

/// Promotes one environment to the next.
///
/// With `--repo`, or in a checkout of a repository on GitHub with a token in `GITHUB_TOKEN` or `GH_TOKEN`,
/// the default branch is planned and the pull request is opened or brought up to date. Else the working tree is
/// planned and the edits are written to it.
#[derive(Debug, Args)]
pub(super) struct PromoteArguments {
    #[command(flatten)]
    pair: Pair,
    /// Plan HEAD and make the branch and the commit in this checkout; the working tree, the index and the current
    /// branch stay as they are.
    #[arg(long, conflicts_with = "repo")]
    commit: bool,
    /// Write to the working tree, even if the pull request could be opened.
    #[arg(long, conflicts_with_all = ["repo", "commit"])]
    local: bool,
    /// Write over files that have uncommitted changes.
    #[arg(long)]
    force: bool,
    /// Stop before the first write.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    wish: WishArguments,
    #[command(flatten)]
    engine: EngineArguments,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(super) fn run(
    arguments: &PromoteArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    if let Some(remote) = arguments.remote.named()? {
        let workspace = workspace_here(directory, arguments.engine);
        return on_github(arguments, &remote, workspace, directory, output);
    }
    let revision = arguments.commit.then_some("HEAD");
    let workspace = open_workspace(directory, revision, arguments.engine)?;
    let workspace = arguments.wish.apply(workspace)?;
    if !arguments.commit
        && !arguments.local
        && let Some(remote) = arguments.remote.of_checkout(&workspace)?
    {
        return on_github(arguments, &remote, Some(workspace), directory, output);
    }
    here(arguments, &workspace, directory, output)
}

/// Opens the pull request, or brings it up to date.
fn on_github(
    arguments: &PromoteArguments,
    remote: &Remote,
    workspace: Option<Workspace>,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    if arguments.engine.engine == Engine::Kustomize && workspace.is_none() {
        let message =
            "`--engine kustomize` works in a checkout: run it in one, or name one with `-C DIR`";
        return Err(anyhow::anyhow!(message).into());
    }
    if let Some(flag) = arguments.wish.of_a_checkout() {
        let message = format!(
            "`{flag}` is for a checkout: add `--commit`, push the branch and open the pull request yourself"
        );
        return Err(anyhow::anyhow!(message).into());
    }
    if arguments.engine.kustomize_version.is_some() && workspace.is_none() {
        let message = "`--kustomize-version` works in a checkout: elsewhere write `kustomize:` in the \
                       repository's configuration";
        return Err(anyhow::anyhow!(message).into());
    }
    let config = arguments.config.file(directory);
    let configuration = config.as_deref().map(GivenConfiguration::read).transpose()?;
    let request = |key| PromoteRequest {
        configuration: configuration.clone(),
        dry_run: arguments.dry_run,
        ..PromoteRequest::asked(key)
    };
    let wanted = arguments.pair.wanted()?;
    let here = open_workspace(directory, None, arguments.engine).ok();
    let (basis, ended) = remote.run_any(workspace, async |github| {
        let basis = github.fetch_basis().await?;
        if let Some(here) = here.as_ref().filter(|_| configuration.is_none()) {
            basis::check(&basis, here, remote.relation(here), &remote.repository)?;
        }
        let mut ended = Vec::new();
        for key in github.keys(&wanted, configuration.as_ref()).await? {
            ended.push(github.promote(&request(key)).await);
        }
        Ok((basis, ended))
    })?;
    let all = !wanted.applications.is_empty() || ended.len() < 2;
    let mut fault = None;
    for promoted in ended {
        match promoted {
            Ok(promoted) => {
                let given = arguments.config.as_given();
                let told =
                    basis::told(&basis, &promoted.plan, given.as_deref(), &remote.repository);
                show(&promoted, &told, all, arguments.dry_run, output)?;
            }
            // One application that cannot be promoted is no fault of the others.
            Err(error) => fault = Some(report_before(fault, error, output)),
        }
    }
    fault.map_or(Ok(Outcome::Done), |fault| Err(anyhow::Error::from(fault).into()))
}

/// Tells an earlier fault, so that the last one ends the command.
fn report_before(
    earlier: Option<OnGithubError>,
    now: OnGithubError,
    output: &Output,
) -> OnGithubError {
    if let Some(earlier) = earlier {
        Failure::from(anyhow::Error::from(earlier)).print(&[], output);
    }
    now
}

/// Shows what became of a promotion; of several only those that have something.
fn show(
    promoted: &Promoted,
    told: &str,
    all: bool,
    dry_run: bool,
    output: &Output,
) -> Result<(), Failure> {
    let line = operation(promoted, output);
    if !all && promoted.plan.is_empty() && line.is_none() {
        return Ok(());
    }
    let mut text = plan_view::summary(&promoted.plan, output);
    text.push('\n');
    text.push_str(told);
    if dry_run {
        text.push_str("Nothing was written (--dry-run).\n");
    } else if let Some(line) = line {
        text.push_str(&line);
    }
    Ok(output.print(&text)?)
}

/// What was done to the pull request.
fn operation(promoted: &Promoted, output: &Output) -> Option<String> {
    let (name, quiet) = (output.palette.name, output.palette.quiet);
    let number = promoted.number?;
    let url = promoted.url.as_deref().unwrap_or_default();
    let what = match promoted.operation {
        Operation::Created => "was opened",
        Operation::Updated => "was brought up to date",
        Operation::Unchanged => "shows this promotion already",
        Operation::Closed => "was closed: nothing is left to promote",
        Operation::None => return None,
    };
    Some(format!("Pull request {name}{number}{name:#} {what}. {quiet}{url}{quiet:#}\n"))
}

/// Carries it out in the checkout.
fn here(
    arguments: &PromoteArguments,
    workspace: &Workspace,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    let config = arguments.config.file(directory);
    let (configuration, planned) = plan(workspace, config.as_deref(), &arguments.pair)?;
    let mut blocked = false;
    for (number, plan) in planned.plans.iter().enumerate() {
        if number > 0 {
            output.print("\n")?;
        }
        blocked |= carry_out(arguments, workspace, &configuration, plan, output)?;
    }
    if planned.plans.is_empty() && planned.failed.is_empty() {
        let Pair { source, target, .. } = &arguments.pair;
        output
            .print(format!("Nothing to promote from {source} to {target} in any application.\n"))?;
    }
    planned.end(output)?;
    Ok(if blocked { Outcome::Differences } else { Outcome::Done })
}

/// Carries one plan out; true if the gates keep it from being so.
fn carry_out(
    arguments: &PromoteArguments,
    workspace: &Workspace,
    configuration: &RepositoryConfig,
    plan: &Plan,
    output: &Output,
) -> Result<bool, Failure> {
    let mut text = plan_view::summary(plan, output);
    let quiet = output.palette.quiet;
    let blocked = match plan.verdict() {
        Verdict::Blocked { errors } if plan.target.gates.block_pull_request => errors,
        _ => 0,
    };
    if blocked > 0 {
        let errors = counted(blocked, "error", "errors");
        let key = "gates.blockPullRequest";
        text.push_str(&format!(
            "\nNothing was written: the promotion brings {errors} (`{key}`).\n"
        ));
    } else if !plan.is_empty() {
        let done = if arguments.dry_run {
            "Nothing was written (--dry-run).\n".to_owned()
        } else if arguments.commit {
            let made = workspace.commit(configuration, plan);
            committed(&made.map_err(|error| located(error, workspace.files()))?, output)
        } else {
            let overwrite = if arguments.force { Overwrite::All } else { Overwrite::Committed };
            workspace.write(plan, overwrite)?;
            format!("Written to the working tree. {quiet}Look at it: git diff{quiet:#}\n")
        };
        text.push('\n');
        text.push_str(&done);
    }
    output.print(&text)?;
    Ok(blocked > 0)
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
