//! `.github/overlift.yaml` as checked values.
//!
//! [`keys`] is the one list of its keys: what is checked against it, with line and column, is then
//! decoded by serde into [`mod@file`] and turned into the values of `promotion` by [`settings`]. The JSON
//! Schema for editors is the same list. Without the file, [`super::discovery`] looks at the folders.

mod environments;
mod file;
mod gates;
mod health;
mod keys;
mod keys_of_gates;
mod keys_of_health;
mod keys_of_promotion;
mod keys_of_pull_request;
mod places;
mod pull_request;
mod schema;
mod settings;
mod shape;
mod shared;
mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use schema::{SCHEMA_ID, schema};

use super::error::ConfigError;
use crate::model::{
    Entry, Files, KustomizeVersion, Location, RemotePattern, RepoPath, Subscription,
};
use crate::policy::Gates;
use crate::promotion::Pipeline;

/// Where the file is looked for.
pub const CONFIG_PATH: &str = ".github/overlift.yaml";

/// What a repository configures.
#[derive(Clone, Debug)]
pub struct RepositoryConfig {
    /// The file it was read from; `None` if there is none and the folders were looked at.
    pub path: Option<RepoPath>,
    /// Environments and rules.
    pub pipeline: Pipeline,
    /// What is checked, and how much it weighs, where an environment says nothing else.
    pub gates: Arc<Gates>,
    /// Which files a kustomization may load.
    pub loads: Loads,
    /// The kustomize whose bytes count.
    pub kustomize: KustomizeVersion,
    /// How the service answers pull requests.
    pub previews: Previews,
    /// The repositories whose bases may be fetched.
    pub remote_bases: Vec<RemotePattern>,
    /// Whether a merge makes a deployment on GitHub.
    pub deployments: bool,
    /// Who is told of what outside GitHub.
    pub notices: Vec<Subscription>,
    /// The files it was made from, the body's template included.
    pub inputs: BTreeSet<RepoPath>,
    /// Folders that look like environments and were left, where the environments were found.
    pub left: Vec<RepoPath>,
}

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loads {
    /// Those below its own folder, as kustomize does by default.
    #[default]
    BelowItself,
    /// Any of the repository.
    OfRepository,
}

/// How the service answers pull requests that change what an environment builds from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Previews {
    /// With a comment.
    Comment,
    /// With a check run.
    Check,
    /// Not.
    #[default]
    Off,
}

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
        match read(files, &path, &Location::file(path.clone()))? {
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
        let text = read(files, &path, &Location::file(path.clone()))?.unwrap_or_default();
        // A manifest of ours that somebody deploys is no configuration.
        if !text.lines().any(|line| line.starts_with("apiVersion:")) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The text of a file that `at` refers to; `None` if there is none.
fn read(files: &dyn Files, path: &RepoPath, at: &Location) -> Result<Option<String>, ConfigError> {
    let looked = files.look_up(path);
    let (path, entry) =
        looked.map_err(|source| ConfigError::Read { at: at.clone(), source: source.into() })?;
    match entry {
        Entry::File(file) => match String::from_utf8(file.content.to_vec()) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(ConfigError::NotText { at: Location::file(path) }),
        },
        Entry::Unknown => Err(ConfigError::Unknown(BTreeSet::from([path]))),
        Entry::Missing | Entry::Directory => Ok(None),
    }
}

#[cfg(test)]
mod tests;
