//! `overlift schema`: the JSON Schema of `.github/overlift.yaml`.

use super::Outcome;
use super::output::Output;
use crate::config;

/// Runs the command.
pub(super) fn run(output: &Output) -> super::Result {
    let mut text = serde_json::to_string_pretty(&config::schema())?;
    text.push('\n');
    output.print(text)?;
    Ok(Outcome::Done)
}
