//! What a promotion does: the `promotion` part of the configuration as checked values.

use std::fmt;

use globset::{GlobBuilder, GlobSet};
use serde::{Deserialize, Serialize};

use crate::model::{FieldPath, KustomizationField, PairBy};

/// What every promotion of a repository does. The default is that of an empty configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How files are edited; `None` to let the history decide.
    pub by: Option<By>,
    /// A commit or tag up to which differences are settled, in place of the last promotion.
    pub since: Option<String>,
    /// Fields that always get the source's value.
    pub take: Vec<Keep>,
    /// Files below the overlay that are copied.
    pub copy: Vec<PathGlob>,
    /// Files below the overlay that are never written.
    pub exclude: Vec<PathGlob>,
    /// Fields whose value belongs to the target.
    pub keep: Vec<Keep>,
    /// Whether files go that the source has no more.
    pub prune: Prune,
    /// Whether the target's kustomization gets the entries of copied files.
    pub wire: bool,
    /// The kustomization fields that are carried, entry by entry.
    pub fields: Vec<CarriedField>,
}

impl Default for Rules {
    fn default() -> Self {
        let patches = PathGlob::parse("patches/**").expect("the default glob is one");
        Self {
            by: None,
            since: None,
            take: Vec::new(),
            copy: vec![patches],
            exclude: Vec::new(),
            keep: Vec::new(),
            prune: Prune::Never,
            wire: true,
            fields: Vec::new(),
        }
    }
}

impl Rules {
    /// Whether the file at `below`, a path below the overlay, is never written.
    #[must_use]
    pub fn excludes(&self, below: &str) -> bool {
        self.exclude.iter().any(|glob| glob.matches(below))
    }

    /// Whether a promotion may write the file at `below`, a path below the overlay.
    #[must_use]
    pub fn copies(&self, below: &str) -> bool {
        let any = |globs: &[PathGlob]| globs.iter().any(|glob| glob.matches(below));
        any(&self.copy) && !self.excludes(below)
    }
}

/// How the target's files are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// What the source changed comes over, field by field.
    Changes,
    /// What `copy` matches is copied.
    Files,
}

/// Whether files go from the target that the source has no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prune {
    /// Nothing is ever deleted.
    #[default]
    Never,
    /// Files go that the source had at the last promotion and has no more.
    Removed,
}

/// Fields of some files: whose value belongs to the target, or to the source.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The files, below the overlay.
    pub file: PathGlob,
    /// The fields; at least one.
    pub fields: Vec<FieldPath>,
}

/// A glob over paths below an overlay: `*` stays within one folder, `**` does not.
#[derive(Clone, Debug)]
pub struct PathGlob {
    text: String,
    /// A set of one: unlike a matcher, it needs no regular expression for names and `folder/**`.
    matcher: GlobSet,
}

/// Why a text is no [`PathGlob`] or [`CarriedField`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}")]
pub struct InvalidRule {
    /// The text.
    pub text: String,
    /// What is wrong with it, and what to write.
    pub reason: String,
}

impl InvalidRule {
    fn new(text: &str, reason: impl Into<String>) -> Self {
        Self { text: text.chars().take(200).collect(), reason: reason.into() }
    }
}

impl PathGlob {
    /// Reads a glob.
    ///
    /// # Errors
    /// [`InvalidRule`] if it is no glob, or one that no path below an overlay can match.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        if text.trim().is_empty() {
            return Err(InvalidRule::new(text, "is an empty glob; write `**` for all files"));
        }
        if text.starts_with('/') || text.split('/').any(|part| matches!(part, "." | "..")) {
            let reason = "never matches: write a path below the overlay, such as `patches/**`";
            return Err(InvalidRule::new(text, reason));
        }
        if text.ends_with('/') {
            let reason = format!("names a folder: write `{text}**` for the files below it");
            return Err(InvalidRule::new(text, reason));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
        let matcher = glob
            .and_then(|glob| GlobSet::new([glob]))
            .map_err(|error| InvalidRule::new(text, format!("is no glob: {}", error.kind())))?;
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// Whether the path below the overlay is meant.
    #[must_use]
    pub fn matches(&self, below: &str) -> bool {
        self.matcher.is_match(below)
    }

    /// The glob as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A kustomization field that can be carried from the source to the target. Fields that name files are
/// the business of `wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CarriedField(&'static KustomizationField);

impl CarriedField {
    /// Finds a field by its name in `kustomization.yaml`.
    ///
    /// # Errors
    /// [`InvalidRule`] if there is none, or none that can be carried.
    pub fn parse(name: &str) -> Result<Self, InvalidRule> {
        let field = KustomizationField::named(name).filter(|field| field.is_carried());
        field.map(Self).ok_or_else(|| {
            InvalidRule::new(name, "is no field of a kustomization that can be carried")
        })
    }

    /// Its name in `kustomization.yaml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What tells its entries apart.
    #[must_use]
    pub const fn pair_by(self) -> PairBy {
        self.0.pair_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stay_within_one_folder_unless_told_otherwise() {
        let matches = |glob: &str, path: &str| PathGlob::parse(glob).unwrap().matches(path);
        assert!(matches("patches/**", "patches/a/b.yaml"));
        assert!(!matches("patches/**", "patches"));
        assert!(!matches("patches/*", "patches/a/b.yaml"));
        assert!(matches("**/*.yaml", "a.yaml"));
        assert!(matches("**", ".hidden/x"));
        assert!(matches("{a,b}.yaml", "b.yaml"));
        assert!(!matches("*.yaml", "a/b.yaml"));
    }

    #[test]
    fn refuses_globs_that_match_nothing() {
        for bad in ["", " ", "/patches/**", "./patches/**", "../x", "patches/", "a[", "{a"] {
            assert!(PathGlob::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_excluded_file_is_never_copied() {
        let rules = Rules {
            exclude: vec![PathGlob::parse("patches/secret*").unwrap()],
            ..Rules::default()
        };
        assert!(rules.copies("patches/a.yaml"));
        assert!(!rules.copies("patches/secret.yaml"));
        assert!(!rules.copies("other.yaml"));
    }

    #[test]
    fn only_fields_with_entries_of_their_own_are_carried() {
        assert_eq!(CarriedField::parse("images").unwrap().name(), "images");
        assert!(CarriedField::parse("resources").is_err());
        assert!(CarriedField::parse("image").is_err());
    }
}
