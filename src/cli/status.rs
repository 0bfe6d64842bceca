//! `overlift status`: the environments, and what each still lacks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::build::open_workspace;
use super::engine::EngineArguments;
use super::given_config::ConfigArguments;
use super::outcome::{self, Outcome};
use super::output::{Output, counted};
use super::palette::Palette;
use super::plan::located;
use super::remote::{Remote, RemoteArguments};
use crate::app::local::{Pending, Workspace};
use crate::app::{OpenPromotion, ShownHold};
use crate::config::RepositoryConfig;
use crate::model::{ApplicationName, RepoPath};
use crate::promotion::Intent;

/// Shows the environments and what each still lacks of those before it.
#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    /// Look at this commit instead of the working tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    engine: EngineArguments,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Exit with 1 if there is something to promote.
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(super) fn run(
    arguments: &StatusArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    let workspace = open_workspace(directory, arguments.rev.as_deref(), arguments.engine)?;
    let files = workspace.files();
    let config = arguments.config.file(directory);
    let configuration =
        workspace.configuration(config.as_deref()).map_err(|error| located(error, files))?;
    let pending = workspace.pending(&configuration);
    let open = open_promotions(&arguments.remote, &workspace, &configuration, output)?;
    let commit = workspace.commit_id().map(crate::model::CommitSha::as_str);
    let status = StatusJson::new(commit, &configuration, &pending, open.as_deref());
    if arguments.json {
        let mut text = serde_json::to_string_pretty(&status)?;
        text.push('\n');
        output.print(text)?;
    } else {
        output.print(preamble(&configuration, &output.palette))?;
        output.print(for_people(&status, &output.palette))?;
    }
    if let Some(broken) = status.promotions.iter().find_map(PromotionJson::broken) {
        return Err(anyhow::anyhow!("{broken}").into());
    }
    let differs = status.promotions.iter().any(|promotion| promotion.edits > 0);
    Ok(if arguments.exit_code && differs { Outcome::Differences } else { Outcome::Done })
}

/// The promotions that are open on GitHub; `None` if nobody can ask. Whoever did not name the repository gets
/// the rest of the status without them, too.
fn open_promotions(
    arguments: &RemoteArguments,
    workspace: &Workspace,
    configuration: &RepositoryConfig,
    output: &Output,
) -> anyhow::Result<Option<Vec<OpenPromotion>>> {
    let ask = |remote: &Remote| {
        remote.run(None, async |github| github.open_promotions(configuration).await)
    };
    if let Some(remote) = arguments.named()? {
        return ask(&remote).map(Some);
    }
    let Some(remote) = arguments.of_checkout(workspace)? else { return Ok(None) };
    match ask(&remote) {
        Ok(open) => Ok(Some(open)),
        Err(error) => {
            output.say(&format!("open promotions are not shown: {error}"));
            Ok(None)
        }
    }
}

#[derive(Serialize)]
struct StatusJson<'a> {
    commit: Option<&'a str>,
    /// The configuration; null if the environments were found by their folders.
    configuration: Option<&'a str>,
    environments: Vec<EnvironmentJson<'a>>,
    promotions: Vec<PromotionJson<'a>>,
}

#[derive(Serialize)]
struct EnvironmentJson<'a> {
    application: Option<&'a str>,
    name: &'a str,
    path: &'a str,
    trigger: &'static str,
    from: Vec<&'a str>,
}

/// What one environment lacks of another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PromotionJson<'a> {
    application: Option<&'a str>,
    source: &'a str,
    target: &'a str,
    plan_id: Option<&'a str>,
    /// Files that the promotion would edit.
    edits: usize,
    /// Resources of the target that it would change, add or delete.
    resources: usize,
    /// Resources that would differ between the two afterwards.
    drift: usize,
    /// Whether the target is rendered, so that resources can be counted.
    rendered: bool,
    /// The pull request that is open for it; null if none is, or nobody could ask GitHub.
    pull_request: Option<PullRequestJson<'a>>,
    /// The pull request of a step of the target's traffic, as `pullRequest`.
    step: Option<PullRequestJson<'a>>,
    /// Why there is no plan.
    error: Option<String>,
}

#[derive(Serialize)]
struct PullRequestJson<'a> {
    number: u64,
    url: &'a str,
    title: &'a str,
    /// What holds it, as its check says; null if nobody shows it.
    holds: Option<Vec<HoldJson<'a>>>,
}

#[derive(Serialize)]
struct HoldJson<'a> {
    hold: &'a str,
    /// Null where the check is a commit status, which has no room for words.
    because: Option<&'a str>,
}

impl<'a> PullRequestJson<'a> {
    fn of(open: &'a OpenPromotion) -> Self {
        let hold = |it: &'a ShownHold| HoldJson { hold: &it.name, because: it.because.as_deref() };
        Self {
            number: open.number.get(),
            url: &open.url,
            title: &open.title,
            holds: open.holds.as_ref().map(|holds| holds.iter().map(hold).collect()),
        }
    }
}

impl<'a> StatusJson<'a> {
    fn new(
        commit: Option<&'a str>,
        found: &'a RepositoryConfig,
        pending: &'a [Pending],
        open: Option<&'a [OpenPromotion]>,
    ) -> Self {
        let pull_request = |pending: &Pending| {
            Some(PullRequestJson::of(open?.iter().find(|open| open.key == pending.key)?))
        };
        let step = |pending: &Pending| {
            let key = pending.key.clone().with(Intent::Step);
            Some(PullRequestJson::of(open?.iter().find(|open| open.key == key)?))
        };
        let environment = |environment: &'a crate::promotion::Environment| EnvironmentJson {
            application: environment.application.as_ref().map(ApplicationName::as_str),
            name: environment.name.as_str(),
            path: environment.path.as_str(),
            trigger: environment.trigger.as_str(),
            from: environment.from.iter().map(crate::model::EnvironmentName::as_str).collect(),
        };
        let promotion = |pending: &'a Pending| {
            let plan = pending.plan.as_ref().ok();
            PromotionJson {
                application: pending.key.application.as_ref().map(ApplicationName::as_str),
                source: pending.key.source.as_str(),
                target: pending.key.target.as_str(),
                plan_id: plan.map(|plan| plan.id.as_str()),
                edits: plan.map_or(0, |plan| plan.edits.len()),
                resources: plan.map_or(0, |plan| plan.rendered.resources().len()),
                drift: plan.map_or(0, |plan| plan.drift.resources().len()),
                rendered: plan.is_some_and(|plan| !plan.is_not_rendered()),
                pull_request: pull_request(pending),
                step: step(pending),
                error: pending.plan.as_ref().err().map(ToString::to_string),
            }
        };
        Self {
            commit,
            configuration: found.path.as_ref().map(RepoPath::as_str),
            environments: found.pipeline.environments().iter().map(environment).collect(),
            promotions: pending.iter().map(promotion).collect(),
        }
    }
}

impl PromotionJson<'_> {
    /// The error, with the application that it is of.
    fn broken(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        Some(self.application.map_or_else(|| error.clone(), |it| format!("{it}: {error}")))
    }
}

/// Where the environments are from, if nobody wrote them down.
fn preamble(configuration: &RepositoryConfig, palette: &Palette) -> String {
    let quiet = palette.quiet;
    if configuration.path.is_some() {
        return String::new();
    }
    let mut out = format!(
        "{quiet}Found by their names; `overlift init` writes them to \
         `.github/overlift.yaml`.{quiet:#}\n"
    );
    let left: Vec<&str> = configuration.left.iter().map(RepoPath::as_str).collect();
    if !left.is_empty() {
        let _ = writeln!(
            out,
            "{quiet}Left out: {}. Name those that are environments in `.github/overlift.yaml`.{quiet:#}",
            listed(&left, MOST_LEFT)
        );
    }
    out.push('\n');
    out
}

/// At most so many folders are named that were left out.
const MOST_LEFT: usize = 6;

fn listed(texts: &[&str], most: usize) -> String {
    let shown = texts.iter().take(most).copied().collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn for_people(status: &StatusJson<'_>, palette: &Palette) -> String {
    let heading = palette.heading;
    let applications: BTreeSet<Option<&str>> =
        status.environments.iter().map(|it| it.application).collect();
    let mut out = String::new();
    for application in applications {
        let of_it = status.environments.iter().filter(|it| it.application == application);
        match application {
            None => environments(status, of_it, "", palette, &mut out),
            Some(name) => {
                let _ = writeln!(out, "{heading}{name}{heading:#}");
                environments(status, of_it, "  ", palette, &mut out);
            }
        }
    }
    out
}

/// The environments of one application, and what each lacks.
fn environments<'a>(
    status: &StatusJson<'_>,
    of_it: impl Iterator<Item = &'a EnvironmentJson<'a>> + Clone,
    indent: &str,
    palette: &Palette,
    out: &mut String,
) {
    let (heading, name, quiet) = (palette.heading, palette.name, palette.quiet);
    let width = of_it.clone().map(|e| e.name.len()).max().unwrap_or(0);
    for environment in of_it {
        let EnvironmentJson { name: text, path, trigger, application, .. } = environment;
        let _ = writeln!(
            out,
            "{indent}{heading}{text:width$}{heading:#}  {quiet}{path}, trigger {trigger}{quiet:#}"
        );
        let into = |p: &&PromotionJson<'_>| (p.application, p.target) == (*application, *text);
        for promotion in status.promotions.iter().filter(into) {
            let said = lacks(promotion, palette);
            let _ = writeln!(out, "{indent}  from {name}{}{name:#}: {said}", promotion.source);
            for (what, open) in [("open", &promotion.pull_request), ("step", &promotion.step)] {
                let Some(open) = open else { continue };
                let PullRequestJson { number, url, .. } = open;
                let _ = writeln!(
                    out,
                    "{indent}    {what}: {name}#{number}{name:#} {quiet}{url}{quiet:#}"
                );
                out.push_str(&held(open, indent));
            }
        }
    }
}

/// What holds an open pull request, a line each.
fn held(open: &PullRequestJson<'_>, indent: &str) -> String {
    let line = |hold: &HoldJson<'_>| {
        let because = hold.because.map_or(String::new(), |because| format!(": {because}"));
        format!("{indent}      held by {}{because}\n", hold.hold)
    };
    open.holds.iter().flatten().map(line).collect()
}

fn lacks(promotion: &PromotionJson<'_>, palette: &Palette) -> String {
    if promotion.error.is_some() {
        return format!("{}cannot be planned{:#}", palette.error, palette.error);
    }
    let mut said = match promotion.edits {
        0 => format!("{}nothing to promote{:#}", palette.added, palette.added),
        edits => format!(
            "{}{} to promote{:#}, {}",
            palette.changed,
            counted(edits, "file", "files"),
            palette.changed,
            match promotion.rendered {
                true => counted(promotion.resources, "resource changes", "resources change"),
                false => format!("what {} will see is not rendered", promotion.target),
            },
        ),
    };
    if promotion.drift > 0 {
        let drift = counted(promotion.drift, "resource differs", "resources differ");
        let _ = write!(said, ", {}{drift}{:#}", palette.quiet, palette.quiet);
    }
    said
}
