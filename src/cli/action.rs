//! `overlift action`: the GitHub Action's side of the program.

use std::process::ExitCode;

use crate::action;

/// Runs with the variables of this process. What went wrong is in the workflow's log already.
#[expect(clippy::disallowed_methods, reason = "inputs of an Action are variables")]
pub(super) fn run() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    if action::run(&variable) { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
