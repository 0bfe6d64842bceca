//! What a plan leaves behind, and what a person should know of it.

use serde::{Deserialize, Serialize};

use crate::model::{Location, Word, read_word};

/// Something to know about a plan, with the place to look at if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// One sentence, lower case, without a final period, without a Secret's value.
    pub message: String,
    /// Where to look.
    pub at: Option<Location>,
}

/// A part of the source's kustomization that stays behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotPromoted {
    /// The kustomization's field.
    #[serde(deserialize_with = "read_word")]
    pub field: Word,
    /// What is meant, without values: a path, a generator's name, a patch's target.
    pub entry: String,
    /// Why it stays behind.
    pub reason: NotPromotedReason,
    /// Its place in the source's kustomization.
    pub at: Location,
}

/// Why an entry stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NotPromotedReason {
    /// It is written in the kustomization itself: an inline patch, literals.
    WithoutFile,
    /// `promotion.copy` does not match its file, or `promotion.exclude` does.
    NotCopied,
    /// The target references the file with other keys (`target`, `options`), which stay.
    OtherKeys,
}
