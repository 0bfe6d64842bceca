//! A version of kustomize, as people name it.

use std::fmt;
use std::str::FromStr;

/// A version of kustomize that is known here: 5, and these two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KustomizeVersion {
    minor: u8,
    patch: u8,
}

/// Every version that is known, oldest first.
pub const KNOWN: [KustomizeVersion; 7] = [
    KustomizeVersion::new(5, 0),
    KustomizeVersion::new(6, 0),
    KustomizeVersion::new(7, 0),
    KustomizeVersion::new(7, 1),
    KustomizeVersion::new(8, 0),
    KustomizeVersion::new(8, 1),
    KustomizeVersion::new(8, 2),
];

/// What may be written for them: a line, which is its last version, or one of them.
pub const NAMES: [&str; 11] =
    ["5.5", "5.6", "5.7", "5.8", "5.5.0", "5.6.0", "5.7.0", "5.7.1", "5.8.0", "5.8.1", "5.8.2"];

/// A text names no version that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "kustomize `{0}` is not known here: write one of 5.5 to 5.8, or with its last number 5.5.0 to 5.8.2"
)]
pub struct UnknownKustomizeVersion(String);

impl KustomizeVersion {
    /// The version with these numbers, known or not.
    #[must_use]
    pub const fn new(minor: u8, patch: u8) -> Self {
        Self { minor, patch }
    }

    /// The newest version that is known.
    #[must_use]
    pub const fn newest() -> Self {
        KNOWN[KNOWN.len() - 1]
    }
}

impl Default for KustomizeVersion {
    fn default() -> Self {
        Self::newest()
    }
}

impl fmt::Display for KustomizeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "5.{}.{}", self.minor, self.patch)
    }
}

impl FromStr for KustomizeVersion {
    type Err = UnknownKustomizeVersion;

    /// Reads `5.8` as the last of its line, and `5.8.0` or `v5.8.0` as itself.
    fn from_str(text: &str) -> Result<Self, UnknownKustomizeVersion> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let fits =
            |known: &&Self| bare == known.to_string() || bare == format!("5.{}", known.minor);
        let unknown = || UnknownKustomizeVersion(text.chars().take(40).collect());
        KNOWN.iter().rfind(fits).copied().ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_last_version() {
        let read = |text: &str| text.parse::<KustomizeVersion>().map(|version| version.to_string());
        for (text, version) in [
            ("5.5", "5.5.0"),
            ("5.7", "5.7.1"),
            ("5.8", "5.8.2"),
            ("5.8.0", "5.8.0"),
            ("v5.8.1", "5.8.1"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(version));
        }
        for text in ["5", "5.4", "5.9", "5.8.3", "", "5.8.", "latest", "6.0"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(KustomizeVersion::default().to_string(), "5.8.2");
    }

    #[test]
    fn every_name_is_read_and_every_version_has_one() {
        let read: Vec<KustomizeVersion> = NAMES.iter().map(|name| name.parse().unwrap()).collect();
        assert!(KNOWN.iter().all(|known| read.contains(known)));
    }
}
