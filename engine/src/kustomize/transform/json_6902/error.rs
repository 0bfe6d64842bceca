//! Why a text is no JSON 6902 patch, and why one cannot be applied.

use crate::kustomize::growth::{TooDeep, TooMuch};

/// Why a text is no JSON 6902 patch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text begins with `[` and is not JSON.
    #[error(
        "not valid JSON at line {line}, column {column}; a patch that begins with `[` has to be"
    )]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The text is not YAML.
    #[error("{0}")]
    Yaml(#[from] crate::yaml::SyntaxError),
    /// The text is not a list of mappings.
    #[error("not a list of operations")]
    NotOperations,
}

/// Why a patch cannot be applied to an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {number} (`{kind} {path}`): {reason}")]
pub struct ApplyError {
    /// Which operation, from 1.
    pub number: usize,
    /// Its `op`.
    pub kind: String,
    /// Its `path`.
    pub path: String,
    /// What is wrong, without any value.
    pub reason: Reason,
}

/// What keeps an operation from being applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// `op` is none of the six.
    #[error("`op` is none of `add`, `remove`, `replace`, `move`, `copy` and `test`")]
    UnknownKind,
    /// A field that the operation needs is missing or no text.
    #[error("`{0}` is missing or not a string")]
    Missing(&'static str),
    /// A pointer leads through something that is not there.
    #[error("the object has nothing at the parent of `{0}`")]
    NoParent(String),
    /// A key to remove is not there.
    #[error("the object has no `{0}` to remove")]
    NoKey(String),
    /// The last part of a pointer is no index of the list that it meets.
    #[error("the list has no index `{0}`")]
    NoIndex(String),
    /// The value is another one.
    #[error("the test failed: the object has another value")]
    TestFailed,
    /// The whole object is replaced by something that is no mapping.
    #[error("the whole object can only be replaced by a mapping")]
    NotAMapping,
    /// The copies grow beyond any manifest.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// What is put in is nested too deeply.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    /// The object has a value that JSON has not.
    #[error(
        "the object has a value that JSON cannot say: `.inf`, `.nan`, or a text that a replacement put in place of a number, a date, a boolean or a null among annotations"
    )]
    NotJson,
}
