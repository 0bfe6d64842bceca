//! A promotion as the Action runs it: plan, open the pull request, show, put out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::input::{FailOn, Inputs, Lookup, asks_for_a_plan};
use super::preview;
use super::runner::Runner;
use super::trigger::Trigger;
use super::workflow_command::{Weight, WorkflowCommand, annotation, finding_commands};
use super::{ActionError, summary};
use crate::app::local::{LocalError, Workspace};
use crate::app::{
    Clock, Engine, GivenConfiguration, OnGithub, Operation, PromoteRequest, Promoted, fresh_id,
    remote_cache_directory,
};
use crate::model::{ApplicationName, EnvironmentName, RepoName, RepoPath};
use crate::policy::Level;
use crate::promotion::{self, Key, Plan, Request};
use crate::redact::{Credential, Scrubber};
use crate::telemetry::{LogFormat, start_logging};

const API_URL: &str = "https://api.github.com";

/// What a run came to, in the words of its outputs.
struct Shown {
    plan: Plan,
    /// The text of the pull request.
    body: String,
    operation: Operation,
    number: String,
    url: String,
    branch: String,
    head_sha: String,
    /// Where the plan's root is in the repository, for annotations; empty for the same.
    below: String,
}

/// Runs the Action.
pub(super) fn run(runner: &Runner<'_>, variable: Lookup<'_>) -> Result<(), ActionError> {
    let trigger = Trigger::read(variable, runner.event().as_deref());
    if let Some(base) = trigger.previews().filter(|_| !asks_for_a_plan(variable)) {
        return preview::run(runner, variable, base);
    }
    let inputs = Inputs::read(variable)?;
    let token = Credential::new("token", &inputs.token).ok();
    start_logging(LogFormat::Text, "warn", Scrubber::new(token.clone()));
    let temporary = variable("RUNNER_TEMP").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let remote_cache = remote_cache_directory(|name| variable(name).map(OsString::from), temporary);
    let directory = directory(runner, &inputs);
    let step = Run { runner, inputs: &inputs, token, directory, remote_cache };
    let shown = if inputs.dry_run { step.plan()? } else { step.promote(variable)? };
    report(runner, &shown)?;
    put_out(runner, &shown)?;
    if shown.operation == Operation::Created {
        step.warn_of_silence(variable);
    }
    judge(&shown.plan, inputs.fail_on)
}

/// Fails the step for new findings, once its work is done and shown.
fn judge(plan: &Plan, fail_on: FailOn) -> Result<(), ActionError> {
    let (errors, warnings) = new_findings(plan);
    let fails = match fail_on {
        FailOn::Error => errors > 0,
        FailOn::Warning => errors + warnings > 0,
        FailOn::Never => false,
    };
    if fails { Err(ActionError::Findings { what: "promotion", errors, warnings }) } else { Ok(()) }
}

/// How many errors and warnings the promotion brings.
fn new_findings(plan: &Plan) -> (usize, usize) {
    let count = |level| plan.findings.iter().filter(|f| f.new && f.level == level).count();
    (count(Level::Error), count(Level::Warning))
}

/// The checkout: the working directory in the workspace.
fn directory(runner: &Runner<'_>, inputs: &Inputs) -> PathBuf {
    let workspace = runner.optional("GITHUB_WORKSPACE").unwrap_or_else(|| ".".to_owned());
    // An absolute path replaces the workspace.
    Path::new(&workspace).join(&inputs.working_directory)
}

/// One run with what it was given.
struct Run<'a> {
    runner: &'a Runner<'a>,
    inputs: &'a Inputs,
    token: Option<Credential>,
    directory: PathBuf,
    /// Where commits of other repositories are kept.
    remote_cache: PathBuf,
}

impl Run<'_> {
    /// Plans in the checkout that is there and writes nothing.
    ///
    /// What a shallow checkout lacks is asked from GitHub, if there is a token.
    fn plan(&self) -> Result<Shown, ActionError> {
        let here = self.plan_here();
        let lacking = matches!(&here, Err(ActionError::Local(error)) if error.is_about_history());
        if lacking && self.token.is_some() {
            return self.on_github(Request::Asked, None);
        }
        here
    }

    fn plan_here(&self) -> Result<Shown, ActionError> {
        // The commit, not what earlier steps made of its files: every door plans the same from it.
        let workspace = Workspace::open(&self.directory, Some("HEAD"))
            .or_else(|_| Workspace::open(&self.directory, None))
            .map_err(LocalError::from)?;
        let workspace = self.equipped(workspace);
        let config = self.config().map(|config| self.directory.join(config));
        let configuration = workspace.configuration(config.as_deref())?;
        let plan = workspace.plan(&configuration, &self.key()?)?;
        let proposal = promotion::propose(&plan, None);
        let proposal = proposal.map_err(LocalError::from)?;
        Ok(Shown {
            plan,
            body: proposal.body,
            operation: Operation::None,
            number: String::new(),
            url: String::new(),
            branch: proposal.branch.to_string(),
            head_sha: String::new(),
            below: workspace.below().to_string(),
        })
    }

    /// Plans on the default branch's head and brings the pull request up to date.
    fn promote(&self, variable: Lookup<'_>) -> Result<Shown, ActionError> {
        let trigger = Trigger::read(variable, self.runner.event().as_deref());
        let request = if trigger.is_asked() { Request::Asked } else { Request::Moved };
        self.on_github(request, Some(&trigger))
    }

    /// A promotion by GitHub's API; without a trigger that has to be trusted, a dry run.
    fn on_github(&self, request: Request, trigger: Option<&Trigger>) -> Result<Shown, ActionError> {
        let token = self.token.as_ref().ok_or_else(|| ActionError::Input {
            name: "token",
            reason: "has no value; leave it out for the workflow's own token".to_owned(),
        })?;
        let repository = RepoName::parse(&self.runner.required("GITHUB_REPOSITORY")?)?;
        let api_url = self.runner.optional("GITHUB_API_URL").unwrap_or_else(|| API_URL.to_owned());
        let request = PromoteRequest {
            key: self.key()?,
            configuration: self.given_configuration()?,
            request,
            dry_run: trigger.is_none(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let promoted = runtime.map_err(ActionError::Runtime)?.block_on(async {
            let github = OnGithub::open(api_url.trim_end_matches('/'), token, &repository).await?;
            if let Some(trigger) = trigger {
                trigger.may_promote(github.fetch_default_branch().await?.as_str())?;
            }
            let github = match self.checkout()? {
                Some(checkout) => github.with_checkout(Arc::new(checkout)),
                None => github,
            };
            Ok::<_, ActionError>(github.promote(&request).await?)
        })?;
        shown(promoted)
    }

    /// The checkout, whose files need not be fetched. Without one all of them are.
    fn checkout(&self) -> Result<Option<Workspace>, ActionError> {
        let Ok(workspace) = Workspace::open(&self.directory, Some("HEAD")) else {
            return match self.inputs.engine {
                Engine::Overlift => Ok(None),
                Engine::Kustomize => Err(ActionError::Input {
                    name: "engine",
                    reason: "is `kustomize`, which needs a checkout; run actions/checkout before"
                        .to_owned(),
                }),
            };
        };
        let workspace = self.equipped(workspace);
        match workspace.below() {
            below if *below == RepoPath::root() => Ok(Some(workspace)),
            below => Err(ActionError::BelowTheRoot { below: below.to_string() }),
        }
    }

    /// A checkout with what the step gives it: a cache for remote bases, and who builds.
    fn equipped(&self, workspace: Workspace) -> Workspace {
        workspace
            .with_remote_cache(self.remote_cache.clone())
            .with_engine(self.inputs.engine.foreign())
    }

    fn key(&self) -> Result<Key, ActionError> {
        let Inputs { source, target, application, .. } = self.inputs;
        let application = Some(application.as_str()).filter(|name| !name.is_empty());
        let application = application.map(ApplicationName::parse).transpose()?;
        Ok(Key::new(EnvironmentName::parse(source)?, EnvironmentName::parse(target)?)
            .of(application))
    }

    fn config(&self) -> Option<&str> {
        Some(self.inputs.config.as_str()).filter(|config| !config.is_empty())
    }

    fn given_configuration(&self) -> Result<Option<GivenConfiguration>, ActionError> {
        let Some(config) = self.config() else { return Ok(None) };
        let given = GivenConfiguration::read(&self.directory.join(config));
        let GivenConfiguration { path, text } = given.map_err(LocalError::from)?;
        // As it was typed, where that can be a place in the repository.
        Ok(Some(GivenConfiguration { path: RepoPath::parse(config).unwrap_or(path), text }))
    }

    /// GitHub starts no workflows on what the workflow's own token did.
    /// <https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow>
    fn warn_of_silence(&self, variable: Lookup<'_>) {
        if variable("OVERLIFT_DEFAULT_TOKEN").as_deref() == Some("true") {
            let text = "The pull request was opened with the workflow's own token, so no workflow \
                starts on it by itself. If your checks should run, give the input `token` a token of a \
                GitHub App or a person; to start them once, close and reopen the pull request.";
            self.runner.say(annotation(Weight::Notice, "Overlift", text, None, ""));
        }
    }
}

fn shown(promoted: Promoted) -> Result<Shown, ActionError> {
    let Promoted { operation, number, url, branch, head_sha, plan } = promoted;
    let proposal = promotion::propose(&plan, None).map_err(LocalError::from)?;
    Ok(Shown {
        plan,
        body: proposal.body,
        operation,
        number: number.map(|number| number.get().to_string()).unwrap_or_default(),
        url: url.unwrap_or_default(),
        branch: branch.to_string(),
        head_sha: head_sha.map(|sha| sha.to_string()).unwrap_or_default(),
        below: String::new(),
    })
}

/// What the log, the annotations and the summary say.
fn report(runner: &Runner<'_>, shown: &Shown) -> Result<(), ActionError> {
    let Shown { plan, below, .. } = shown;
    let headline = headline(shown);
    runner.say(&headline);
    if !plan.is_empty() {
        let diffs = [
            (format!("What {} will see", plan.target.name), plan.rendered.text().to_owned()),
            ("Files".to_owned(), plan.files.text()),
        ];
        for (title, diff) in diffs {
            runner.group(&title, &diff);
        }
    }
    for warning in &plan.warnings {
        let at = warning.at.as_ref();
        runner.say(annotation(Weight::Warning, "Overlift", &warning.message, at, below));
    }
    for command in finding_commands(&plan.findings, below) {
        runner.say(command);
    }
    runner.summarize(&summary::of_promotion(&headline, &shown.url, &shown.body))
}

/// One sentence about what happened.
fn headline(shown: &Shown) -> String {
    let Shown { plan, operation, number, .. } = shown;
    let (source, target) = (&plan.source.name, &plan.target.name);
    match operation {
        Operation::Created => format!("Pull request #{number} promotes {source} to {target}."),
        Operation::Updated => {
            format!("Pull request #{number} was brought up to date: {source} to {target}.")
        }
        Operation::Unchanged => {
            format!("Pull request #{number} shows this promotion of {source} to {target} already.")
        }
        Operation::Closed => format!(
            "Nothing is left to promote from {source} to {target}: pull request #{number} was closed."
        ),
        Operation::None if plan.is_empty() => promotion::nothing(plan),
        Operation::None => format!(
            "{source} to {target}: {}. No pull request was touched.",
            promotion::summary(plan)
        ),
    }
}

fn put_out(runner: &Runner<'_>, shown: &Shown) -> Result<(), ActionError> {
    let Shown { plan, body, .. } = shown;
    let directory = format!("overlift-{}", fresh_id(Clock::system().now()));
    let diff = runner.keep_file(&directory, "rendered.diff", plan.rendered.text())?;
    let body = runner.keep_file(&directory, "body.md", body)?;
    let (diff, body) = (diff.to_string_lossy(), body.to_string_lossy());
    let (errors, warnings) = new_findings(plan);
    let (errors, warnings) = (errors.to_string(), warnings.to_string());
    let values = [
        ("changed", if plan.is_empty() { "false" } else { "true" }),
        ("plan-id", plan.id.as_str()),
        ("diff-file", &diff),
        ("body-file", &body),
        ("pull-request-number", &shown.number),
        ("pull-request-url", &shown.url),
        ("pull-request-operation", shown.operation.as_str()),
        ("pull-request-branch", &shown.branch),
        ("pull-request-head-sha", &shown.head_sha),
        ("new-errors", &errors),
        ("new-warnings", &warnings),
    ];
    for (name, value) in values {
        runner.set_output(name, value)?;
        runner.say(WorkflowCommand::new("debug", &format!("{name}: {value}")));
    }
    Ok(())
}
