//! What a rule has to say about one place.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kustomize::{Gvk, ResourceId};
use crate::model::{Location, Word, read_word};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Probably not meant.
    Warning,
    /// Breaks something.
    Error,
}

/// The code of a kind for which no schema is known; one finding for each kind, without a name.
pub const NOT_VALIDATED: &str = "schema-missing";

/// One remark of one rule. Its texts hold no value of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The code that people search for: Istio's (`IST0101`), or the rule's id.
    pub code: String,
    /// The id of the rule.
    #[serde(deserialize_with = "read_word")]
    pub rule: Word,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong, in one sentence, lower case, without a final period.
    pub message: String,
    /// What to do about it, if we know.
    pub help: Option<String>,
    /// The resource, if one is meant.
    pub resource: Option<ResourceId>,
    /// Where a person has to edit; its field is the field path in the resource.
    pub location: Option<Location>,
    /// Whether the promotion brings it; false for what was there before.
    pub new: bool,
    /// The words by which it is told together with others like it, if there are some.
    pub alike: Option<Alike>,
}

/// How several findings that say the same are told in one sentence: *7 Deployments shrink:
/// `worker` 80 → 5, …*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// What happens, after the name of one: `shrinks`.
    pub one: String,
    /// The same after several: `shrink`.
    pub many: String,
    /// What tells one from the other: `80 → 5`; may be empty.
    pub detail: String,
}

impl Finding {
    /// Whether it stops a promotion: an error that the promotion brings.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.new && self.level == Level::Error
    }

    /// The kind that was not validated for want of a schema, if that is what it says.
    #[must_use]
    pub fn not_validated(&self) -> Option<&Gvk> {
        let id = self.resource.as_ref().filter(|_| self.code == NOT_VALIDATED)?;
        Some(&id.gvk)
    }

    /// Whether it says that a kind was not validated because the schemas of Kubernetes' own kinds are
    /// not at hand, which says nothing about the kind.
    #[must_use]
    pub fn is_for_want_of_the_bundle(&self) -> bool {
        self.not_validated().is_some_and(Gvk::is_kubernetes) && self.message.contains("at hand")
    }
}

/// `IST0101 VirtualService shop/shop: message (place)`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(id) = &self.resource {
            write!(f, " {id}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.location {
            Some(at) => write!(f, " ({at})"),
            None => Ok(()),
        }
    }
}
