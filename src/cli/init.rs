//! `overlift init`: a first `.github/overlift.yaml`, shown before it is written.

use std::io::{BufRead as _, IsTerminal as _, stdin};
use std::path::Path;

use clap::Args;

use super::outcome::{self, Outcome};
use super::output::{Output, harmless};
use crate::app::local::{LocalError, Workspace};
use crate::config::CONFIG_PATH;

/// Proposes a `.github/overlift.yaml` from the files of this repository.
///
/// The proposal is shown first. At a terminal you are asked before it is written. A configuration that is
/// there already is never changed; `--dry-run` shows what would be proposed in its place.
#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// Show the proposal and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &InitArguments, directory: &Path, output: &Output) -> outcome::Result {
    let workspace = Workspace::open(directory, None)?;
    let configured = workspace.is_configured()?;
    let text = workspace.starting_configuration()?;
    output.print(harmless(&text))?;
    if arguments.dry_run {
        output.say("Nothing was written (--dry-run).");
        return Ok(Outcome::Done);
    }
    if configured {
        return Err(LocalError::Configured.into());
    }
    if !arguments.yes && stdin().is_terminal() && !agreed(output)? {
        output.say("Nothing was written.");
        return Ok(Outcome::Done);
    }
    workspace.write_configuration(&text)?;
    output.say("Written to .github/overlift.yaml. Commit and push this: promotions on GitHub follow the default branch.");
    output
        .say(&format!("  git add {CONFIG_PATH}\n  git commit -m 'Configure Overlift'\n  git push"));
    output.say("Until then `overlift status` and `overlift plan` show what it means here.");
    Ok(Outcome::Done)
}

fn agreed(output: &Output) -> std::io::Result<bool> {
    output.say("\nWrite this to .github/overlift.yaml? [y/N]");
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
