//! Environments that are files side by side: `values-staging.yaml` and `values-production.yaml` of one chart,
//! `staging.yaml` and `prod.yaml` in a folder of settings.

use std::collections::BTreeMap;

use super::name::{EnvironmentLike, is_region};
use super::siblings::{BASES, OF_ENVIRONMENTS, Siblings};
use super::tree::{Tree, is_aside};
use crate::model::RepoPath;

/// Words that say what a file holds, and not for which environment.
const HELD: [&str; 8] =
    ["config", "helm", "override", "overrides", "settings", "value", "values", "vars"];

/// Folders that hold settings and nothing else; with those of environments, the only ones in which a file may be
/// called after its environment alone.
const OF_SETTINGS: [&str; 6] = ["config", "configs", "helm", "helm-values", "settings", "values"];

/// Folders of what tries a chart out, by custom of its tools, and of what is sealed: no environments.
const NONE: [&str; 3] = ["ci", "secret", "secrets"];

/// All files that are environments of each other, those of one folder together.
pub(super) fn find_file_siblings(tree: &Tree) -> Vec<Siblings> {
    let mut families: BTreeMap<(RepoPath, String), Vec<(String, EnvironmentLike)>> =
        BTreeMap::new();
    for path in tree.below(&RepoPath::root()) {
        let (Some(parent), Some(file)) = (path.parent(), path.parts().next_back()) else {
            continue;
        };
        if parent.parts().any(|part| NONE.contains(&part) || BASES.contains(&part))
            || is_aside(&parent)
        {
            continue;
        }
        if let Some(read) = Named::read(file)
            && (!read.holds.is_empty() || is_of_settings(&parent))
        {
            let family = families.entry((parent, read.holds)).or_default();
            family.push((file.to_owned(), read.like));
        }
    }
    let mut found: BTreeMap<RepoPath, Siblings> = BTreeMap::new();
    for ((parent, _), members) in families {
        let siblings = Siblings { parent: parent.clone(), members };
        // Where a folder has several, what has most of them is what is promoted.
        let is_more = |it: &Siblings| it.members.len() < siblings.members.len();
        if siblings.ranks() > 1 && found.get(&parent).is_none_or(is_more) {
            found.insert(parent, siblings);
        }
    }
    found.into_values().collect()
}

/// The name of the environment that a file is called after, in the words of the file.
pub(super) fn environment_of(file: &str) -> Option<String> {
    Named::read(file).map(|it| it.environment)
}

/// What the name of a file says.
struct Named {
    environment: String,
    like: EnvironmentLike,
    /// What it holds, with its ending.
    holds: String,
}

impl Named {
    fn read(file: &str) -> Option<Self> {
        let (stem, ending) = file.rsplit_once('.')?;
        if stem.is_empty() || !matches!(ending, "yaml" | "yml") {
            return None;
        }
        let words = || stem.split(['-', '_', '.']).filter(|it| !it.is_empty());
        let is_held = |word: &&str| HELD.contains(&word.to_ascii_lowercase().as_str());
        let environment: Vec<&str> = words().filter(|it| !is_held(it)).collect();
        let environment = environment.join("-");
        let like = EnvironmentLike::read(&environment)?;
        let is_plain = like.name.rest.split('-').all(is_region);
        let holds: Vec<&str> = words().filter(is_held).collect();
        is_plain.then(|| Self { environment, like, holds: holds.join("-") })
    }
}

fn is_of_settings(folder: &RepoPath) -> bool {
    let last = folder.parts().next_back().unwrap_or_default();
    OF_SETTINGS.contains(&last) || OF_ENVIRONMENTS.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_which_environment_they_are_for() {
        for (file, expected) in [
            ("values-staging.yaml", Some(("staging", "values"))),
            ("staging.values.yml", Some(("staging", "values"))),
            ("values-prod-eu.yaml", Some(("prod-eu", "values"))),
            ("values_eu-west_prod.yaml", Some(("eu-west-prod", "values"))),
            ("helm-values.PROD.yaml", Some(("PROD", "helm-values"))),
            ("prod.yaml", Some(("prod", ""))),
            ("values.yaml", None),
            ("enc-staging.secret.values.yaml", None),
            ("letsencrypt-staging.yaml", None),
            ("docker-compose.prod.yaml", None),
            ("values-staging.json", None),
            (".yaml", None),
        ] {
            let read = Named::read(file);
            let read = read.as_ref().map(|it| (it.environment.as_str(), it.holds.as_str()));
            assert_eq!(read, expected, "{file}");
        }
    }
}
