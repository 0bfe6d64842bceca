//! The flag `--config`: a configuration in place of the repository's own.

use std::path::{Path, PathBuf};

use clap::Args;

/// The flag.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// Use this configuration instead of `.github/overlift.yaml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigArguments {
    /// Where the file is, for somebody who is in this directory.
    pub(super) fn file(&self, directory: &Path) -> Option<PathBuf> {
        self.config.as_ref().map(|file| directory.join(file))
    }

    /// The file as it was given.
    pub(super) fn as_given(&self) -> Option<String> {
        self.config.as_ref().map(|file| file.display().to_string())
    }
}
