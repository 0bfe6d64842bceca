//! `overlift man DIR`: manual pages, for packagers.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::outcome::{Outcome, Result};

/// Writes the manual pages, one for each command.
#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// Directory to write to; it is made if it is not there.
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &ManArguments, command: clap::Command, from: &Path) -> Result {
    let to = from.join(&arguments.to);
    let made = crate::workdir::make_directory(&to);
    made.and_then(|()| clap_mangen::generate_to(command.disable_help_subcommand(true), &to))
        .with_context(|| format!("cannot write to `{}`", to.display()))?;
    Ok(Outcome::Done)
}
