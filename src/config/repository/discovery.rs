//! Environments of a repository without a configuration: the folders of `overlays/`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::RepositoryConfig;
use super::error::ConfigError;
use super::shared::Shared;
use crate::model::{EnvironmentName, Files, KUSTOMIZATION_NAMES, Location, RepoPath};
use crate::promotion::{Pipeline, Sources, Stage, Trigger};

/// The usual names of environments in the order in which changes pass them.
const USUAL_NAMES: [&str; 10] = [
    "dev",
    "development",
    "test",
    "qa",
    "stage",
    "staging",
    "uat",
    "preprod",
    "prod",
    "production",
];

const FOLDER: &str = "overlays";

/// The configuration of a repository that has none.
pub(super) fn discover(files: &dyn Files) -> Result<RepositoryConfig, ConfigError> {
    let (stages, inputs) = find_stages(files, &Shared::default())?;
    let at = Location::file(RepoPath::parse(FOLDER).expect("a fixed path is one"));
    let pipeline = Pipeline::new(stages).map_err(|source| ConfigError::Pipeline {
        at,
        source: Box::new(source),
        nearest: None,
    })?;
    Ok(RepositoryConfig {
        path: None,
        pipeline,
        gates: Arc::default(),
        remote_bases: Vec::new(),
        inputs,
    })
}

/// The folders of `overlays/` that have a kustomization, those with usual names first and in order.
#[derive(Debug)]
pub(in crate::config) struct EnvironmentFolders {
    names: Vec<String>,
    /// How many of them have usual names.
    usual: usize,
    /// Their kustomizations.
    inputs: BTreeSet<RepoPath>,
}

impl EnvironmentFolders {
    /// Names that can be names of environments, with their folders.
    pub(in crate::config) fn iter(&self) -> impl Iterator<Item = (String, RepoPath)> {
        let folder = |name: &String| Some((name.clone(), folder().join(name).ok()?));
        self.names.iter().filter(|name| EnvironmentName::parse(name).is_ok()).filter_map(folder)
    }

    /// Whether the order of all is known.
    pub(in crate::config) const fn all_usual(&self) -> bool {
        self.usual == self.names.len()
    }
}

/// Looks for the folders.
///
/// # Errors
/// [`ConfigError`] if there is none.
pub(in crate::config) fn find_folders(
    files: &dyn Files,
) -> Result<EnvironmentFolders, ConfigError> {
    let folder = folder();
    let at = Location::file(folder.clone());
    let paths =
        files.list(&folder).map_err(|source| ConfigError::Read { at, source: source.into() })?;
    let mut names = BTreeSet::new();
    let mut inputs = BTreeSet::new();
    for path in paths {
        let parts: Vec<&str> = path.strip_prefix(&folder).unwrap_or_default().split('/').collect();
        if let [name, file] = parts[..]
            && KUSTOMIZATION_NAMES.contains(&file)
        {
            names.insert(name.to_owned());
            inputs.insert(path);
        }
    }
    if names.is_empty() {
        return Err(ConfigError::NothingToDiscover);
    }
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| rank(name).unwrap_or(usize::MAX));
    let usual = names.iter().filter(|name| rank(name).is_some()).count();
    Ok(EnvironmentFolders { names, usual, inputs })
}

fn rank(name: &str) -> Option<usize> {
    USUAL_NAMES.iter().position(|usual| *usual == name)
}

fn folder() -> RepoPath {
    RepoPath::parse(FOLDER).expect("a fixed path is one")
}

/// The folders that have a kustomization, each promoted from the one before it.
pub(super) fn find_stages(
    files: &dyn Files,
    shared: &Shared,
) -> Result<(Vec<Stage>, BTreeSet<RepoPath>), ConfigError> {
    let EnvironmentFolders { names, usual, inputs } = find_folders(files)?;
    if let Some(unusual) = names.get(usual) {
        let at = Location::file(folder().join(unusual).unwrap_or_else(|_| folder()));
        return Err(ConfigError::UnusualName { at, example: example(&names) });
    }
    let stage = |name: &String| Stage {
        name: EnvironmentName::parse(name).expect("the usual names are names"),
        trigger: Trigger::Manual,
        from: Sources::Before,
        places: vec![shared.place(None, folder().join(name).expect("a name is a path"))],
    };
    Ok((names.iter().map(stage).collect(), inputs))
}

/// What to write for these folders; names that are none need another one.
fn example(names: &[String]) -> String {
    let mut text = "environments:  # in promotion order".to_owned();
    for name in names.iter().take(50) {
        let shown = EnvironmentName::parse(name).map_or("NAME".to_owned(), |name| name.to_string());
        let path = format!("{FOLDER}/{name}");
        text.push_str(&format!("\n  - name: {shown}\n    path: {}", quoted(&path)));
    }
    text
}

/// A text as a YAML scalar: plain where that is surely safe.
pub(in crate::config) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if path.chars().all(plain) { path.to_owned() } else { serde_json::json!(path).to_string() }
}
