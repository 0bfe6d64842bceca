//! The GitHub Action: inputs, outputs, annotations and the step summary, around the same use cases that
//! the service and the command have.
//!
//! `action.yml` brings the program and runs `overlift action`; inputs arrive as variables. Nothing is
//! pushed with git: the pull request is made through GitHub's API, as the service does.

mod error;
mod input;
mod output;
mod preview;
mod promote;
mod runner;
mod summary;
mod trigger;
mod workflow_command;

pub use error::ActionError;
pub use input::INPUTS;
pub use output::{OUTPUTS, entry, fresh_delimiter};
pub use workflow_command::{Weight, WorkflowCommand, annotation, finding_commands};

use runner::Runner;
use trigger::Trigger;

/// Whether this run has no use for a token: a preview of what a pull request brings.
#[must_use]
pub fn needs_no_token(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let runner = Runner::new(variable);
    let trigger = Trigger::read(variable, runner.event().as_deref());
    let previews = trigger.previews().is_some() && !input::asks_for_a_plan(variable);
    if previews {
        // Whoever comes next cannot hide what it does not know.
        runner.mask(&input::get(variable, "token"));
    }
    previews
}

/// Runs the Action with the variables that `variable` looks up, and says whether it went well.
///
/// What went wrong is in the log, as an annotation, and in the step's summary.
#[must_use]
pub fn run(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let runner = Runner::new(variable);
    // Before anything else could print it.
    runner.mask(&input::get(variable, "token"));
    let result = promote::run(&runner, variable);
    let Err(error) = result else { return true };
    let text = error.text();
    runner.say(annotation(Weight::Error, "Overlift", &text, error.location(), ""));
    // The work is done then, and the summary says it.
    if matches!(error, ActionError::Findings { .. }) {
        return false;
    }
    // The log has it all the same.
    let _ = runner.summarize(&summary::of_failure(&text));
    false
}
