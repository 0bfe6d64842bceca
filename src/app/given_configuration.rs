//! A configuration that somebody gave in place of the repository's own.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, RepositoryConfig};
use crate::model::{Files, RepoPath};
use crate::workdir::{self, WorkdirError};

/// A configuration in place of the repository's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenConfiguration {
    /// How errors name it.
    pub path: RepoPath,
    /// What it says.
    pub text: String,
}

impl GivenConfiguration {
    /// Reads a configuration that may be outside the repository.
    ///
    /// # Errors
    /// [`WorkdirError`] if it cannot be read.
    pub fn read(file: &Path) -> Result<Self, WorkdirError> {
        Ok(Self { path: shown(file), text: workdir::read_input(file)? })
    }

    /// What holds: this configuration if there is one, else the repository's own.
    pub(super) fn or_own(
        given: Option<&Self>,
        files: &dyn Files,
    ) -> Result<RepositoryConfig, ConfigError> {
        match given {
            None => RepositoryConfig::load(files),
            Some(given) => RepositoryConfig::parse(&given.text, &given.path, files),
        }
    }
}

/// How messages name a configuration that may be outside the repository.
fn shown(file: &Path) -> RepoPath {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    RepoPath::parse(&file.to_string_lossy()).or_else(|_| RepoPath::parse(&name)).unwrap_or_default()
}
