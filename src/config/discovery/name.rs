//! Whether a folder is named like an environment, and where such a name stands in the usual order.

use std::ops::Range;

use crate::promotion::NameRank;

/// The usual words for environments in the order in which changes pass them. Words that tell no order
/// have no rank: nobody but the owner knows whether `demo` comes before or after `uat`.
const WORDS: [(&str, Option<u16>); 65] = [
    ("dev", Some(1)),
    ("devel", Some(1)),
    ("develop", Some(1)),
    ("development", Some(1)),
    ("devnet", Some(1)),
    ("desarrollo", Some(1)),
    ("desenvolvimento", Some(1)),
    ("entwicklung", Some(1)),
    ("sit", Some(2)),
    ("int", Some(2)),
    ("integration", Some(2)),
    ("test", Some(3)),
    ("testing", Some(3)),
    ("tst", Some(3)),
    ("testnet", Some(3)),
    ("pruebas", Some(3)),
    ("qa", Some(4)),
    ("stage", Some(5)),
    ("staging", Some(5)),
    ("stg", Some(5)),
    ("uat", Some(6)),
    ("acc", Some(6)),
    ("acceptance", Some(6)),
    ("abnahme", Some(6)),
    ("aceite", Some(6)),
    ("hmg", Some(6)),
    ("hml", Some(6)),
    ("homolog", Some(6)),
    ("homologacao", Some(6)),
    ("recette", Some(6)),
    ("nonprod", Some(7)),
    ("nonproduction", Some(7)),
    ("preprod", Some(7)),
    ("preproduction", Some(7)),
    ("preprd", Some(7)),
    ("preproduccion", Some(7)),
    ("prod", Some(8)),
    ("prd", Some(8)),
    ("production", Some(8)),
    ("producao", Some(8)),
    ("produccion", Some(8)),
    ("produktion", Some(8)),
    ("live", Some(8)),
    ("mainnet", Some(8)),
    ("canary", None),
    ("ci", None),
    ("demo", None),
    ("dr", None),
    ("e2e", None),
    ("edge", None),
    ("ephemeral", None),
    ("ithc", None),
    ("lab", None),
    ("load", None),
    ("loadtest", None),
    ("local", None),
    ("perf", None),
    ("perftest", None),
    ("playground", None),
    ("preview", None),
    ("sandbox", None),
    ("sbox", None),
    ("sbx", None),
    ("scratch", None),
    ("training", None),
];

/// Words that mean an environment only beside one that does: `shop-main` and `shop-internal` next to `shop-test`,
/// `pre` and `pro` next to `dev`.
const WEAK: [(&str, Option<u16>); 4] =
    [("internal", None), ("main", None), ("pre", Some(7)), ("pro", Some(8))];

/// Words that say where an environment runs, not what it is for.
const REGIONS: [&str; 33] = [
    "africa",
    "america",
    "apac",
    "asia",
    "aws",
    "azure",
    "blue",
    "central",
    "cluster",
    "east",
    "emea",
    "europe",
    "external",
    "gcp",
    "green",
    "hub",
    "internal",
    "main",
    "mgmt",
    "north",
    "onprem",
    "primary",
    "private",
    "public",
    "region",
    "secondary",
    "shared",
    "south",
    "spoke",
    "tenant",
    "west",
    "workload",
    "zone",
];

/// A name that an environment could have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EnvironmentLike {
    /// The word in it that means an environment.
    pub(super) word: &'static str,
    /// Where it stands in the usual order, and the rest of the name.
    pub(super) name: NameRank,
    /// What stands before the word, and behind it.
    around: [String; 2],
    /// Which parts of the name between hyphens, underscores and dots make the word.
    pub(super) at: Range<usize>,
}

impl EnvironmentLike {
    /// Reads a folder's name; `None` if it has no word for an environment.
    pub(super) fn read(folder: &str) -> Option<Self> {
        let lower = folder.to_ascii_lowercase();
        let parts: Vec<&str> =
            lower.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
        // The last word counts: `test-cluster-prod` is a production.
        let find = |words| (0..parts.len()).rev().find_map(|at| word_at(&parts, at, words));
        let found = find(&WORDS).or_else(|| find(&WEAK));
        let Found { word, rank, from, to, number } = found?;
        let before = parts[..from].join("-");
        let mut behind: Vec<&str> =
            Some(number).filter(|number| !number.is_empty()).into_iter().collect();
        behind.extend(&parts[to..]);
        let around = [before, behind.join("-")];
        let rest: Vec<&str> =
            around.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        let name = NameRank { rank, rest: rest.join("-") };
        Some(Self { word, name, around, at: from..to })
    }

    /// Whether the word means an environment only beside another one.
    pub(super) fn is_weak(&self) -> bool {
        WEAK.iter().any(|(word, _)| *word == self.word)
    }

    /// Whether the rest of the name is nothing, a number, a region or the like.
    pub(super) fn is_plain(&self) -> bool {
        self.around.iter().all(|text| are_places(text))
    }

    /// Whether the name says an environment and perhaps where it runs, and nothing that runs there: narrower than
    /// [`Self::is_plain`], which takes any short word for a place.
    pub(super) fn is_of_no_thing(&self) -> bool {
        self.name.rest.split('-').all(is_region)
    }

    /// Whether the name is the word alone, perhaps with a number.
    pub(super) fn is_bare(&self) -> bool {
        self.name.rest.chars().all(|c| c.is_ascii_digit())
    }

    /// Whether it is the same thing in another environment: `shop-test` and `shop-prod`, but not
    /// `deploy-to-test-clusters`, which has words before and behind.
    pub(super) fn is_counterpart(&self, other: &Self) -> bool {
        let [before, behind] = &self.around;
        let one_sided = are_places(before) || are_places(behind);
        one_sided && self.around == other.around && self.word != other.word
    }
}

/// Whether words say where something runs. Of several, one that means an environment is of a thing's name: `port-test`,
/// `demo-app`.
fn are_places(text: &str) -> bool {
    let means_environment = |word: &str| WORDS.iter().any(|(known, _)| *known == word);
    let is_thing = text.contains('-') && text.split('-').any(means_environment);
    !is_thing && text.split('-').all(is_place)
}

/// Whether a word says where something runs: a number, a region, a short code. What others build on runs nowhere.
fn is_place(word: &str) -> bool {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.len() <= 4 && stem != "base" || REGIONS.contains(&stem)
}

/// Whether a word is a number, a country or a region: narrower than [`is_place`], for folders that
/// have no word for an environment beside it.
pub(super) fn is_region(word: &str) -> bool {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.len() <= 2 || REGIONS.contains(&stem)
}

struct Found<'a> {
    word: &'static str,
    rank: Option<u16>,
    /// The parts that make the word.
    from: usize,
    to: usize,
    /// The number behind it, as in `dev2`.
    number: &'a str,
}

fn word_at<'a>(
    parts: &[&'a str],
    at: usize,
    words: &'static [(&'static str, Option<u16>)],
) -> Option<Found<'a>> {
    let stem = parts[at].trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &parts[at][stem.len()..];
    let known = |text: &str| words.iter().find(|(word, _)| *word == text);
    // `pre-prod` and `non-prod` are one word.
    if at > 0 && matches!(parts[at - 1], "pre" | "non") {
        let joined = format!("{}{stem}", parts[at - 1]);
        if let Some((word, rank)) = known(&joined) {
            return Some(Found { word, rank: *rank, from: at - 1, to: at + 1, number });
        }
    }
    // `e2e` ends in no number.
    let (word, rank) = known(parts[at]).or_else(|| known(stem))?;
    let number = if *word == parts[at] { "" } else { number };
    Some(Found { word, rank: *rank, from: at, to: at + 1, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_what_stands_around_them() {
        for (folder, expected) in [
            ("staging", Some((Some(5), ""))),
            ("prod-eu", Some((Some(8), "eu"))),
            ("eu-prod", Some((Some(8), "eu"))),
            ("staging-01", Some((Some(5), "01"))),
            ("cluster-prod", Some((Some(8), "cluster"))),
            ("dev2", Some((Some(1), "2"))),
            ("pre-prod", Some((Some(7), ""))),
            ("non_prod_us", Some((Some(7), "us"))),
            ("PROD", Some((Some(8), ""))),
            ("e2e", Some((None, ""))),
            ("test-prod", Some((Some(8), "test"))),
            ("9c-main", Some((None, "9c"))),
            ("internal-staging", Some((Some(5), "internal"))),
            ("staging-internal", Some((Some(5), "internal"))),
            ("base", None),
            ("products", None),
            ("devops", None),
            ("latest", None),
        ] {
            let read = EnvironmentLike::read(folder);
            let read = read.as_ref().map(|it| (it.name.rank, it.name.rest.as_str()));
            assert_eq!(read, expected, "{folder}");
        }
    }

    #[test]
    fn places_are_told_from_things() {
        let plain = |folder: &str| EnvironmentLike::read(folder).unwrap().is_plain();
        for place in ["prod", "prod-eu-west-1", "prod-a", "ocp4-stage", "internal-staging"] {
            assert!(plain(place), "{place}");
        }
        for thing in [
            "test-operator",
            "dev-portal",
            "integration-service",
            "base-prod",
            "prod-base",
            "port-test-dev",
        ] {
            assert!(!plain(thing), "{thing}");
        }
        let like = |folder: &str| EnvironmentLike::read(folder).unwrap();
        assert!(like("shopping-test").is_counterpart(&like("shopping-prod")));
        assert!(
            !like("deploys-to-test-clusters").is_counterpart(&like("deploys-to-prod-clusters"))
        );
    }
}
