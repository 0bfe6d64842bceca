//! How values cross from the process that plans into the one that acts: names as their text, which is checked
//! again where it arrives, and words of the program as themselves.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ApplicationName, CommitSha, EnvironmentName, RepoName, RepoPath};

/// A word of the program: a rule's id, a field's name.
pub type Word = &'static str;

/// More words than the program has.
const MOST_WORDS: usize = 4_000;
/// Longer than any of them.
const LONGEST_WORD: usize = 200;

static WORDS: Mutex<BTreeSet<Word>> = Mutex::new(BTreeSet::new());

/// Reads a [`Word`] that another process of ours wrote.
///
/// Each is kept once and for good, so there may not be any number of them.
///
/// # Errors
/// If it is longer than a word, or one too many.
pub fn read_word<'de, D: Deserializer<'de>>(input: D) -> Result<Word, D::Error> {
    let text = String::deserialize(input)?;
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = words.get(text.as_str()) {
        return Ok(word);
    }
    if text.len() > LONGEST_WORD || words.len() >= MOST_WORDS {
        return Err(D::Error::custom("no word of this program"));
    }
    let word: Word = text.leak();
    words.insert(word);
    Ok(word)
}

macro_rules! as_checked_text {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                output.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(input)?).map_err(D::Error::custom)
            }
        }
    )+};
}

as_checked_text! { ApplicationName CommitSha EnvironmentName RepoName RepoPath }

#[cfg(test)]
mod tests {
    use super::*;

    fn arrives<T: Serialize, U: for<'de> Deserialize<'de>>(sent: T) -> Option<U> {
        postcard::from_bytes(&postcard::to_allocvec(&sent).unwrap()).ok()
    }

    #[test]
    fn a_name_is_checked_where_it_arrives() {
        let path = RepoPath::parse("a/b").unwrap();
        assert_eq!(arrives(&path), Some(path));
        assert_eq!(arrives::<_, RepoPath>("../b"), None);
        assert_eq!(arrives::<_, CommitSha>("main"), None);
    }

    #[test]
    fn a_word_is_kept_once() {
        let read = |text: &str| {
            let sent = postcard::to_allocvec(text).unwrap();
            read_word(&mut postcard::Deserializer::from_bytes(&sent))
        };
        let (first, second) = (read("images").unwrap(), read("images").unwrap());
        assert!(std::ptr::eq(first, second));
        assert!(read(&"x".repeat(201)).is_err());
    }
}
