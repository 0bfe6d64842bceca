//! What a schema says of a resource.

use super::structural::InvalidSchema;
use crate::yaml::Mark;

/// One thing in a resource that its schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field path, such as `spec.http[0].timeout`; empty for the resource as a whole.
    pub field: String,
    /// Where the field, or what should hold it, stands in its file.
    pub mark: Mark,
    /// What is wrong, in the API server's words where it has some. Holds no value of the resource.
    pub message: String,
}

/// What a schema says of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every rule that could be checked holds. `unchecked` are rules that could not, with the reason.
    Checked {
        /// What is not allowed, in the order of the file.
        violations: Vec<Violation>,
        /// CEL rules that could not be evaluated here.
        unchecked: Vec<String>,
    },
    /// No schema for this group, version and kind is known.
    NoSchema,
    /// A definition has the group and kind, but not in this version; these it has.
    NoSuchVersion(Vec<String>),
    /// The group is one of Kubernetes' own, and the version of Kubernetes that is known does not have
    /// the kind, or only in these versions.
    NotInKubernetes(Vec<String>),
    /// The schema cannot be understood.
    Unusable(InvalidSchema),
}

impl Verdict {
    pub(super) fn of((violations, unchecked): (Vec<Violation>, Vec<String>)) -> Self {
        Self::Checked { violations, unchecked }
    }
}
