//! `.github/overlift.yaml` as checked values.
//!
//! [`keys`] is the one list of its keys: what is checked against it, with line and column, is then
//! decoded by serde into [`mod@file`] and turned into the values of `promotion` by [`settings`]. The JSON
//! Schema for editors is the same list. Without the file, [`super::discovery`] looks at the folders.

mod configuration;
mod environments;
mod file;
mod freeze;
mod gates;
mod health;
mod keys;
mod keys_of_gates;
mod keys_of_promotion;
mod keys_of_pull_request;
mod named_file;
mod places;
mod pull_request;
mod reader;
mod rules;
mod schema;
mod settings;
mod shape;
mod shared;
mod steps;

pub use configuration::{Loads, Previews, RepositoryConfig};
pub use schema::{SCHEMA_ID, schema};

use super::error::ConfigError;
use crate::model::{Entry, Files, Location, RepoPath};
use named_file::read_text;

/// Where the file is looked for.
pub const CONFIG_PATH: &str = ".github/overlift.yaml";

impl RepositoryConfig {
    /// Reads `.github/overlift.yaml`, or looks at the folders of the repository if there is none.
    ///
    /// # Errors
    /// [`ConfigError`] with the place a person has to edit; [`ConfigError::Unknown`] names files whose
    /// content the caller has to fetch before asking again.
    pub fn load(files: &dyn Files) -> Result<Self, ConfigError> {
        let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
        if let Some(found) = misplaced(files, &path)? {
            return Err(ConfigError::Misplaced { found });
        }
        match read_text(files, &path, &Location::file(path.clone()))? {
            Some(text) => Self::parse(&text, &path, files),
            None => settings::discovered(files),
        }
    }

    /// What the folders tell, whatever a configuration says.
    ///
    /// # Errors
    /// [`ConfigError`] if there are no environments.
    pub fn discover(files: &dyn Files) -> Result<Self, ConfigError> {
        settings::discovered(files)
    }

    /// Reads a configuration's text. `path` stands in messages; `files` has the body's template and,
    /// where the text names no environments, their folders.
    ///
    /// # Errors
    /// As [`RepositoryConfig::load`].
    pub fn parse(text: &str, path: &RepoPath, files: &dyn Files) -> Result<Self, ConfigError> {
        settings::read_settings(text, path, files)
    }
}

/// Where people put the file by mistake: beside the right place, always a fault; the others, if there
/// is none in the right place.
const BESIDE: &str = ".github/overlift.yml";
const ELSEWHERE: [&str; 8] = [
    "overlift.yaml",
    "overlift.yml",
    ".overlift.yaml",
    ".overlift.yml",
    ".config/overlift.yaml",
    ".config/overlift.yml",
    ".github/.overlift.yaml",
    ".github/.overlift.yml",
];

/// A configuration that nobody would read.
fn misplaced(files: &dyn Files, right: &RepoPath) -> Result<Option<RepoPath>, ConfigError> {
    let is_there = |path: &RepoPath| {
        let looked = files.look_up(path).map_err(|source| ConfigError::Read {
            at: Location::file(path.clone()),
            source: source.into(),
        });
        looked.map(|(_, entry)| matches!(entry, Entry::File(_) | Entry::Unknown))
    };
    let elsewhere = if is_there(right)? { &[][..] } else { &ELSEWHERE };
    for text in std::iter::once(&BESIDE).chain(elsewhere) {
        let path = RepoPath::parse(text).expect("a fixed path is one");
        if !is_there(&path)? {
            continue;
        }
        let text = read_text(files, &path, &Location::file(path.clone()))?.unwrap_or_default();
        // A manifest of ours that somebody deploys is no configuration.
        if !text.lines().any(|line| line.starts_with("apiVersion:")) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
