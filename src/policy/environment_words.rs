//! What an environment is called in host names, namespaces and paths: its name and what people write
//! for it.

use std::ops::Range;

use crate::model::{EnvironmentName, is_end_of_api_domain};

/// Words that mean the same environment.
const FAMILIES: [&[&str]; 6] = [
    &["development", "develop", "dev"],
    &["testing", "test", "tst"],
    &["integration", "int"],
    &["staging", "stage", "stg"],
    &["preproduction", "preprod"],
    &["production", "prod", "prd"],
];

/// Whether a word is one that people call an environment by, and the other word is none for the same.
#[must_use]
pub fn is_another_environment(word: &str, own: &EnvironmentWords) -> bool {
    let word = word.to_ascii_lowercase();
    let is_usual = FAMILIES.iter().any(|family| family.contains(&word.as_str()));
    is_usual && !own.words.contains(&word)
}

/// The words for one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentWords {
    words: Vec<String>,
}

impl EnvironmentWords {
    /// The words for an environment of this name.
    #[must_use]
    pub fn of(name: &EnvironmentName) -> Self {
        let mut words = Self::default();
        words.learn(name.as_str());
        words
    }

    /// Takes in a name: itself, its parts, and what else people write for them.
    pub fn learn(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
        for word in std::iter::once(name).chain(parts) {
            // A number or a letter says nothing of an environment.
            if word.len() < 2 || word.chars().all(|c| c.is_ascii_digit()) {
                continue;
            }
            let family = FAMILIES.iter().find(|family| family.contains(&word));
            let others = family.into_iter().copied().flatten().copied();
            for word in std::iter::once(word).chain(others) {
                if !self.words.iter().any(|known| known == word) {
                    self.words.push(word.to_owned());
                }
            }
        }
    }

    /// Without the words that mean the other environment as well.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let own = self.words.iter().filter(|word| !other.words.contains(word));
        Self { words: own.cloned().collect() }
    }

    /// The piece of a text that holds one of the words as a whole word, without what stands around it
    /// in a URL or a sentence: `api.staging.example.com` of `https://u:p@api.staging.example.com:80`.
    #[must_use]
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        pieces(text).find_map(|piece| {
            // Behind a scheme the host is what names something, and its path if the host does not.
            let Some(address) = piece.strip_prefix("//") else {
                return self.is_in(piece).then_some(piece);
            };
            let host = address.split('/').next().unwrap_or(address);
            [host, address].into_iter().find(|piece| self.is_in(piece))
        })
    }

    fn is_in(&self, piece: &str) -> bool {
        // Pieces are of ASCII alone: what is between two parts is one byte.
        let mut at = 0;
        let mut parts = piece.split(|c: char| !c.is_ascii_alphanumeric()).map(|part| {
            let range = at..at + part.len();
            at = range.end + 1;
            range
        });
        let is_word = |range: Range<usize>| {
            let part = &piece[range.clone()];
            self.words.iter().any(|word| part.eq_ignore_ascii_case(word))
                && !is_end_of_api_domain(piece, range)
        };
        // A name of several parts (`eu-staging`) is looked for as it is.
        let is_long = |word: &&String| word.contains(['-', '.', '_']);
        parts.any(is_word) || self.words.iter().filter(is_long).any(|word| holds(piece, word))
    }
}

/// Runs of what names and paths are made of; a `*` begins a host.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_outside =
        |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '*'));
    text.split(is_outside).filter(|piece| !piece.is_empty() && !is_device(piece))
}

/// Whether a path is a device's: `/dev/null` names no environment.
fn is_device(piece: &str) -> bool {
    const DEVICES: [&str; 16] = [
        "null",
        "zero",
        "full",
        "random",
        "urandom",
        "stdin",
        "stdout",
        "stderr",
        "fd",
        "tty",
        "shm",
        "pts",
        "kvm",
        "fuse",
        "net",
        "termination-log",
    ];
    let device = piece.strip_prefix("/dev/").map(|rest| rest.split('/').next().unwrap_or(rest));
    device.is_some_and(|device| DEVICES.contains(&device.trim_end_matches('.')))
}

fn holds(piece: &str, word: &str) -> bool {
    let piece = piece.to_ascii_lowercase();
    piece.match_indices(word).any(|(at, _)| {
        let before = piece[..at].chars().next_back();
        let after = piece[at + word.len()..].chars().next();
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
        is_edge(before) && is_edge(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_and_without_their_surroundings() {
        let words = |name: &str| EnvironmentWords::of(&EnvironmentName::parse(name).unwrap());
        let staging = words("staging");
        let url = "https://user:pass@api.staging.example.com:8080/x";
        assert_eq!(staging.find(url), Some("api.staging.example.com"));
        assert_eq!(staging.find("secret/data/stg/db"), Some("secret/data/stg/db"));
        assert_eq!(staging.find("upstaging.example.com"), None);
        assert_eq!(staging.find("stages of a rocket"), None);
        assert_eq!(
            words("eu-staging").find("db.eu-staging.internal"),
            Some("db.eu-staging.internal")
        );
        let eu = words("eu-staging").without(&words("us-staging"));
        assert_eq!(eu.find("db.us-staging.internal"), None);
        assert_eq!(eu.find("db.eu-staging.internal"), Some("db.eu-staging.internal"));
        assert_eq!(words("logging-test").find("kv/cluster-test/x"), Some("kv/cluster-test/x"));
        assert_eq!(words("logging-test").without(&words("logging-prod")).find("logging"), None);
        assert_eq!(staging.find("https://a.staging.x/b"), Some("a.staging.x"));
        assert_eq!(staging.find("https://a.x/staging"), Some("a.x/staging"));
        assert_eq!(staging.find("*.staging.x"), Some("*.staging.x"));
        let dev = words("dev");
        assert_eq!(dev.find("tekton.dev/v1 webhook.serving.knative.dev"), None);
        assert_eq!(dev.find("run > /dev/null 2>&1"), None);
        assert_eq!(dev.find("tekton.dev/v1 webhook.serving.knative.dev"), None);
        assert_eq!(dev.find("run > /dev/null --to db.dev.x"), Some("db.dev.x"));
        assert_eq!(dev.find("kv /dev/db"), Some("/dev/db"));
    }
}
