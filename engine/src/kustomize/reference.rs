//! A text in a kustomization that leads somewhere, or is YAML itself.

use super::decode::{Object, Written};
use super::error::BuildError;
use crate::model::Location;

/// A text in a kustomization that names a file, a directory or a URL, or is YAML itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The text as written.
    pub text: String,
    /// Where it is written.
    pub at: Location,
    /// How it is written there: in a block, in quotes.
    pub written: Written,
}

impl Reference {
    /// A reference to what a text names that is not written so itself.
    #[must_use]
    pub fn to(text: impl Into<String>, at: Location) -> Self {
        Self { text: text.into(), at, written: Written::default() }
    }

    /// What the text at a key says.
    #[must_use]
    pub fn of(object: &Object<'_>, key: &str, text: String) -> Self {
        Self { text, at: object.location_of(key), written: object.written(key) }
    }

    /// Reads a list of texts that name files, or are YAML themselves.
    ///
    /// # Errors
    /// [`BuildError`] where something else stands there.
    pub fn read_list(object: &Object<'_>, key: &str) -> Result<Vec<Self>, BuildError> {
        let texts = object.texts(key)?;
        Ok(texts.into_iter().map(|(text, at, written)| Self { text, at, written }).collect())
    }
}
