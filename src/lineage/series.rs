//! Files that are called after an environment and are not that environment's: keys of `staging` that production has too.

use super::names::Names;

/// Files of one folder whose names begin alike up to and with the source's environment, go on with something, and have
/// the same ending. A name that ends with the environment is that of its own file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    /// The path up to there.
    start: String,
    ending: String,
}

impl Series {
    /// The series that a path is of, if its last part is called so.
    pub(super) fn of(names: &Names, path: &str) -> Option<Self> {
        let name_at = path.rfind('/').map_or(0, |at| at + 1);
        let (stem, ending) = path.rsplit_once('.').filter(|(stem, _)| stem.len() > name_at)?;
        let word = names.source_in(&stem[name_at..])?;
        let end = name_at + stem[name_at..].find(word)? + word.len();
        let series = || Self { start: stem[..end].to_owned(), ending: ending.to_owned() };
        (end < stem.len()).then(series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_goes_on_behind_the_environment() {
        let names = Names::new(["staging"], ["production"]);
        let of = |path| Series::of(&names, path);
        assert_eq!(of("d/keys-staging-a.yaml"), of("d/keys-staging-b.yaml"));
        assert!(of("d/keys-staging-a.yaml").is_some());
        for other in ["keys-staging-a.yaml", "d/keys-staging-a.env", "d/web-staging-a.yaml"] {
            assert_ne!(of("d/keys-staging-a.yaml"), of(other), "{other}");
        }
        for none in ["values-staging.yaml", "staging/a.yaml", "a.yaml", "d/staging-a", ".staging"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
