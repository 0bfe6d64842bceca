//! Environments of a repository without a configuration: the folders of `overlays/`.

use std::collections::BTreeSet;

use super::RepositoryConfig;
use super::error::ConfigError;
use crate::model::{EnvironmentName, Files, KUSTOMIZATION_NAMES, Location, RepoPath};
use crate::policy::Gates;
use crate::promotion::{Environment, Pipeline, PullRequestSettings, Rules, Trigger};

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
    let (environments, inputs) = find_environments(files)?;
    let at = Location::file(RepoPath::parse(FOLDER).expect("a fixed path is one"));
    let pipeline = Pipeline::new(environments, Rules::default())
        .map_err(|source| ConfigError::Pipeline { at, source: Box::new(source), nearest: None })?;
    let pull_request = PullRequestSettings::default();
    Ok(RepositoryConfig { path: None, pipeline, pull_request, gates: Gates::default(), inputs })
}

/// The folders that have a kustomization, each promoted from the one before it.
pub(super) fn find_environments(
    files: &dyn Files,
) -> Result<(Vec<Environment>, BTreeSet<RepoPath>), ConfigError> {
    let folder = RepoPath::parse(FOLDER).expect("a fixed path is one");
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
    let rank = |name: &str| USUAL_NAMES.iter().position(|usual| *usual == name);
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| rank(name).unwrap_or(usize::MAX));
    if let Some(unusual) = names.iter().find(|name| rank(name).is_none()) {
        let at = Location::file(folder.join(unusual).unwrap_or_else(|_| folder.clone()));
        return Err(ConfigError::UnusualName { at, example: example(&names) });
    }
    let mut environments: Vec<Environment> = Vec::new();
    for name in &names {
        environments.push(Environment {
            name: EnvironmentName::parse(name).expect("the usual names are names"),
            path: folder.join(name).expect("a name is a path"),
            trigger: Trigger::Manual,
            from: environments.last().map(|last| last.name.clone()).into_iter().collect(),
        });
    }
    Ok((environments, inputs))
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

fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if path.chars().all(plain) { path.to_owned() } else { format!("{path:?}") }
}
