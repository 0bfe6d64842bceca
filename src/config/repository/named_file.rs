//! Files that the configuration is or names: their paths and their texts.

use std::collections::BTreeSet;

use crate::config::error::ConfigError;
use crate::model::{Entry, Files, InvalidPath, Location, RepoPath};

/// The text of a file that `at` refers to; `None` if there is none.
pub(super) fn read_text(
    files: &dyn Files,
    path: &RepoPath,
    at: &Location,
) -> Result<Option<String>, ConfigError> {
    let looked = files.look_up(path);
    let (path, entry) =
        looked.map_err(|source| ConfigError::Read { at: at.clone(), source: source.into() })?;
    match entry {
        Entry::File(file) => match String::from_utf8(file.content.to_vec()) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(ConfigError::NotText { at: Location::file(path) }),
        },
        Entry::Unknown => Err(ConfigError::Unknown(BTreeSet::from([path]))),
        Entry::Missing | Entry::Directory => Ok(None),
    }
}

/// A path that names something below the root.
pub(super) fn read_path(text: &str, at: Location) -> Result<RepoPath, ConfigError> {
    match RepoPath::parse(text) {
        Ok(path) if text.trim().is_empty() => {
            let source = InvalidPath::Outside(path.to_string());
            Err(ConfigError::Path { at, source: source.into() })
        }
        Ok(path) => Ok(path),
        Err(source) => Err(ConfigError::Path { at, source: source.into() }),
    }
}
