//! What an environment is called in host names, namespaces and paths: its name and what people write
//! for it.

use crate::model::EnvironmentName;

/// Words that mean the same environment.
const FAMILIES: [&[&str]; 6] = [
    &["development", "develop", "dev"],
    &["testing", "test", "tst"],
    &["integration", "int"],
    &["staging", "stage", "stg"],
    &["preproduction", "preprod"],
    &["production", "prod", "prd"],
];

/// The words for one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentWords {
    words: Vec<String>,
}

impl EnvironmentWords {
    /// The words for an environment of this name.
    #[must_use]
    pub fn of(name: &EnvironmentName) -> Self {
        let name = name.as_str().to_ascii_lowercase();
        let family = FAMILIES.iter().find(|family| family.contains(&name.as_str()));
        let mut words: Vec<String> = vec![name];
        for word in family.into_iter().copied().flatten() {
            if words[0] != *word {
                words.push((*word).to_owned());
            }
        }
        Self { words }
    }

    /// The piece of a text that holds one of the words as a whole word, without what stands around it
    /// in a URL or a sentence: `api.staging.example.com` of `https://u:p@api.staging.example.com:80`.
    #[must_use]
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        pieces(text).find(|piece| self.is_in(piece))
    }

    fn is_in(&self, piece: &str) -> bool {
        let mut parts = piece.split(|c: char| !c.is_ascii_alphanumeric());
        let is_word = |part: &str| self.words.iter().any(|word| part.eq_ignore_ascii_case(word));
        // A name of several parts (`eu-staging`) is looked for as it is.
        parts.any(is_word)
            || self.words[0].contains(['-', '.', '_']) && holds(piece, &self.words[0])
    }
}

/// Runs of what names and paths are made of.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_outside = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'));
    text.split(is_outside).filter(|piece| !piece.is_empty())
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
        assert_eq!(words("eu-staging").find("db.us-staging.internal"), None);
    }
}
