//! A preview as the Action makes it on a pull request: in the step's summary, as annotations and outputs.

use std::path::Path;

use super::input::{FailOn, Lookup, Preview as Inputs};
use super::runner::Runner;
use super::workflow_command::finding_commands;
use super::{ActionError, summary};
use crate::app::local::{LocalError, Workspace};
use crate::app::preview::{branch_point, preview};
use crate::app::{Clock, fresh_id};
use crate::policy::{Finding, Level};
use crate::promotion::{self, Preview};

/// Shows what the pull request does to each environment. `base` is the commit that it is to be merged into.
pub(super) fn run(
    runner: &Runner<'_>,
    variable: Lookup<'_>,
    base: &str,
) -> Result<(), ActionError> {
    let inputs = Inputs::read(variable)?;
    let workspace = runner.optional("GITHUB_WORKSPACE").unwrap_or_else(|| ".".to_owned());
    let directory = Path::new(&workspace).join(&inputs.working_directory);
    let after = Workspace::open(&directory, Some("HEAD")).map_err(LocalError::from)?;
    let no_base = || ActionError::NoBase { commit: base.chars().take(12).collect() };
    let repository = after.repository().ok_or_else(no_base)?;
    let head = after.commit_id().ok_or_else(no_base)?;
    let from = branch_point(repository, Some(base), head).map_err(|_| no_base())?;
    let before = Workspace::open(&directory, Some(from.as_str())).map_err(LocalError::from)?;
    let config = (!inputs.config.is_empty()).then(|| directory.join(&inputs.config));
    let configuration = after.configuration(config.as_deref())?;
    let found = preview(&before, &after, &configuration, Clock::system().today())?;
    let body = promotion::preview_body(&found, &format!("overlift preview {}", from.short()));
    report(runner, &found, &body, after.below().as_str())?;
    put_out(runner, &found, &body)?;
    let (errors, warnings) = counts(&found);
    let fails = match inputs.fail_on {
        FailOn::Error => errors > 0,
        FailOn::Warning => errors + warnings > 0,
        FailOn::Never => false,
    };
    let what = "pull request";
    if fails { Err(ActionError::Findings { what, errors, warnings }) } else { Ok(()) }
}

/// New errors and warnings; an environment that cannot be built is an error.
fn counts(found: &Preview) -> (usize, usize) {
    let errors = found.new_findings(Level::Error) + found.broken.len();
    (errors, found.new_findings(Level::Warning))
}

fn report(
    runner: &Runner<'_>,
    found: &Preview,
    body: &str,
    below: &str,
) -> Result<(), ActionError> {
    let new: Vec<Finding> = found.findings().filter(|finding| finding.new).cloned().collect();
    for command in finding_commands(&new, below) {
        runner.say(command);
    }
    for reached in &found.reached {
        let names: Vec<&str> = reached.environments.iter().map(|it| it.name.as_str()).collect();
        runner.group(&format!("What {} will see", names.join(", ")), reached.rendered.text());
    }
    for unrendered in &found.unrendered {
        runner.group(
            &format!("Files of {}, not rendered", unrendered.titles().join(", ")),
            &unrendered.files.text(),
        );
    }
    let headline = if found.is_empty() {
        "This pull request changes no environment."
    } else {
        "What this pull request changes."
    };
    runner.say(headline);
    runner.summarize(&summary::of_promotion(headline, "", body))
}

fn put_out(runner: &Runner<'_>, found: &Preview, body: &str) -> Result<(), ActionError> {
    let directory = format!("overlift-{}", fresh_id(Clock::system().now()));
    let body = runner.keep_file(&directory, "body.md", body)?;
    let diffs: String = found.reached.iter().map(|reached| reached.rendered.text()).collect();
    let diff = runner.keep_file(&directory, "rendered.diff", &diffs)?;
    let (errors, warnings) = counts(found);
    runner.set_output("changed", if found.is_empty() { "false" } else { "true" })?;
    runner.set_output("diff-file", &diff.to_string_lossy())?;
    runner.set_output("body-file", &body.to_string_lossy())?;
    runner.set_output("pull-request-operation", "none")?;
    runner.set_output("new-errors", &errors.to_string())?;
    runner.set_output("new-warnings", &warnings.to_string())
}
