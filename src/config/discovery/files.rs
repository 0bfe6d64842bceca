//! Environments that are files side by side: `values-staging.yaml` and `values-production.yaml` of one chart,
//! `staging.yaml` and `prod.yaml` in a folder of settings.

use std::collections::BTreeMap;
use std::ops::Range;

use super::name::EnvironmentLike;
use super::siblings::{BASES, OF_ENVIRONMENTS, Siblings, has_counterpart};
use super::tree::{Tree, is_aside};
use crate::model::RepoPath;

/// Words that say what a file holds, and not for which environment.
const HELD: [&str; 8] =
    ["config", "helm", "override", "overrides", "settings", "value", "values", "vars"];

/// Folders that hold settings and nothing else; with those of environments, the only ones in which a file may be
/// called after its environment alone.
const OF_SETTINGS: [&str; 6] = ["config", "configs", "helm", "helm-values", "settings", "values"];

/// Of both, those that hold the values of charts: there a file may be called after what it is for as well
/// (`shop-staging.yaml`), which elsewhere is a resource (`letsencrypt-staging.yaml`) or a program's own
/// (`application-staging.yaml`).
const OF_VALUES: [&str; 4] = ["helm", "helm-values", "value", "values"];

/// Folders of what tries a chart out, by custom of its tools, and of what is sealed: no environments.
const NONE: [&str; 3] = ["ci", "secret", "secrets"];

/// Words of files that are sealed, one for each environment and not the environment.
const SEALED: [&str; 3] = ["enc", "secret", "secrets"];

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
            && read.may_be_in(&parent)
        {
            let family = families.entry((parent, read.holds)).or_default();
            family.push((file.to_owned(), read.like));
        }
    }
    let mut found: BTreeMap<RepoPath, Siblings> = BTreeMap::new();
    for ((parent, _), mut members) in families {
        let all = members.clone();
        members.retain(|(_, like)| like.is_of_no_thing() || has_counterpart(like, &all));
        let siblings = Siblings { parent: parent.clone(), members };
        // Where a folder has several, what has most of them is what is promoted.
        let is_more = |it: &Siblings| it.members.len() < siblings.members.len();
        if siblings.ranks() > 1 && found.get(&parent).is_none_or(is_more) {
            found.insert(parent, siblings);
        }
    }
    found.into_values().collect()
}

/// Where the words of a file's name are, without its ending.
pub(super) fn words(file: &str) -> impl Iterator<Item = Range<usize>> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut next = 0;
    let words = stem.split(['-', '_', '.']).map(move |word| {
        let start = next;
        next = start + word.len() + 1;
        start..start + word.len()
    });
    words.filter(|it| !it.is_empty())
}

/// Whether a word says what a file holds.
pub(super) fn is_held(word: &str) -> bool {
    HELD.contains(&word.to_ascii_lowercase().as_str())
}

/// What the name of a file says.
pub(super) struct Named {
    /// The words that say for which environment it is, and perhaps for what.
    pub(super) environment: String,
    pub(super) like: EnvironmentLike,
    /// The words that say what it holds.
    holds: String,
}

impl Named {
    pub(super) fn read(file: &str) -> Option<Self> {
        let (stem, ending) = file.rsplit_once('.')?;
        if stem.is_empty() || !matches!(ending, "yaml" | "yml") {
            return None;
        }
        let words: Vec<&str> = words(file).map(|it| &file[it]).collect();
        if words.iter().any(|word| SEALED.contains(&word.to_ascii_lowercase().as_str())) {
            return None;
        }
        let (holds, environment): (Vec<&str>, Vec<&str>) =
            words.into_iter().partition(|it| is_held(it));
        let environment = environment.join("-");
        let like = EnvironmentLike::read(&environment)?;
        Some(Self { environment, like, holds: holds.join("-") })
    }

    /// Whether a file of this name says in this folder that it is for an environment.
    fn may_be_in(&self, folder: &RepoPath) -> bool {
        let last = folder.parts().next_back().unwrap_or_default();
        let of_environments = OF_ENVIRONMENTS.contains(&last);
        if self.like.is_of_no_thing() {
            return !self.holds.is_empty() || OF_SETTINGS.contains(&last) || of_environments;
        }
        let holds_values = self.holds.split('-').any(|word| OF_VALUES.contains(&word));
        holds_values || OF_VALUES.contains(&last) || of_environments
    }
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
            ("shop-staging.yaml", Some(("shop-staging", ""))),
            ("values-shop-staging.yaml", Some(("shop-staging", "values"))),
            ("values.yaml", None),
            ("enc-staging.secret.values.yaml", None),
            ("letsencrypt.yaml", None),
            ("values-staging.json", None),
            (".yaml", None),
        ] {
            let read = Named::read(file);
            let read = read.as_ref().map(|it| (it.environment.as_str(), it.holds.as_str()));
            assert_eq!(read, expected, "{file}");
        }
    }
}
