//! JSON 6902 patches, applied as kustomize applies them with evanphx/json-patch v4.
//!
//! What differs from the RFC: `replace` and `test` take a missing key of a mapping for null, negative
//! indexes count from the end, a pointer's text before its first slash is ignored, `copy` of a missing
//! key copies null. kustomize turns the object into JSON and back for it, which is why every number
//! and quote of the object is written anew ([`json`]), not only those that the patch names.

mod apply;
pub mod json;
mod raw;

use crate::kustomize::growth::{Growth, TooMuch};
use crate::yaml::{Dialect, Node, Text, Value, parse_stream};
use raw::Raw;

/// A JSON 6902 patch.
#[derive(Clone, Debug, Default)]
pub struct JsonPatch {
    operations: Vec<Operation>,
}

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
    /// The object has a number that JSON has not.
    #[error("the object has a number that JSON cannot say (`.inf` or `.nan`)")]
    NotJson,
}

/// One operation as written.
#[derive(Clone, Debug)]
struct Operation {
    kind: String,
    path: Option<String>,
    from: Option<String>,
    /// `None` if the key is absent.
    value: Option<Node>,
    /// For `test`, the value as JSON has it; `None` if the patch is YAML.
    raw: Option<Raw>,
}

impl JsonPatch {
    /// Reads a patch: JSON if it begins with `[`, else YAML.
    ///
    /// # Errors
    /// [`ParseError`] if the text is neither, or no list of mappings.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let list = if text.starts_with('[') {
            json::parse(text)?
        } else {
            // go-yaml decodes the first document and leaves the rest alone.
            parse_stream(text, Dialect::V2)?.into_iter().next().unwrap_or_else(Node::null)
        };
        if list.is_null() {
            return Ok(Self::default());
        }
        let Value::Sequence(items) = list.value else { return Err(ParseError::NotOperations) };
        let operations = items.into_iter().map(operation).collect::<Option<Vec<_>>>();
        let mut operations = operations.ok_or(ParseError::NotOperations)?;
        if text.starts_with('[') && operations.iter().any(|operation| operation.kind == "test") {
            let raw = Raw::parse(text);
            let Some(Raw::List(list)) = raw else { return Err(ParseError::NotOperations) };
            for (operation, raw) in operations.iter_mut().zip(list) {
                operation.raw = raw.get("value").cloned();
            }
        }
        Ok(Self { operations })
    }

    /// Whether there is no operation.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Whether an operation puts something in place of all annotations, or takes them away.
    #[must_use]
    pub fn takes_annotations(&self) -> bool {
        let takes = |path: &Option<String>| {
            path.as_deref().and_then(pointer).is_none_or(|parts| {
                matches!(
                    parts.iter().map(Text::as_str).collect::<Vec<_>>()[..],
                    ["metadata"] | ["metadata", "annotations"]
                )
            })
        };
        self.operations.iter().any(|operation| match operation.kind.as_str() {
            "add" | "replace" | "remove" | "copy" => takes(&operation.path),
            "move" => takes(&operation.path) || takes(&operation.from),
            _ => false,
        })
    }

    /// Applies the operations in order, and counts what they put in.
    ///
    /// # Errors
    /// [`ApplyError`] at the first operation that does not apply; the object is then half changed.
    pub fn apply(&self, object: &mut Node, growth: &mut Growth) -> Result<(), ApplyError> {
        let fail = |number, operation: Option<&Operation>, reason| ApplyError {
            number,
            kind: operation.map(|operation| operation.kind.clone()).unwrap_or_default(),
            path: operation.and_then(|operation| operation.path.clone()).unwrap_or_default(),
            reason,
        };
        json::renew(object).map_err(|_| fail(0, None, Reason::NotJson))?;
        for (at, operation) in self.operations.iter().enumerate() {
            apply::apply(operation, object, growth)
                .map_err(|reason| fail(at + 1, Some(operation), reason))?;
        }
        if object.as_mapping().is_none() {
            let last = self.operations.last();
            return Err(fail(self.operations.len(), last, Reason::NotAMapping));
        }
        Ok(())
    }
}

fn operation(node: Node) -> Option<Operation> {
    if node.is_null() {
        let kind = "unknown".to_owned();
        return Some(Operation { kind, path: None, from: None, value: None, raw: None });
    }
    let Value::Mapping(mut mapping) = node.value else { return None };
    let text = |key: &str| mapping.get(key).and_then(Node::as_str).map(str::to_owned);
    let kind = text("op").unwrap_or_else(|| "unknown".to_owned());
    let (path, from) = (text("path"), text("from"));
    let mut value = mapping.remove("value");
    if let Some(value) = &mut value
        && json::renew(value).is_err()
    {
        return None;
    }
    Some(Operation { kind, path, from, value, raw: None })
}

/// The parts of a pointer; `None` if it has no slash and so points at nothing.
fn pointer(path: &str) -> Option<Vec<Text>> {
    let (_, rest) = path.split_once('/')?;
    Some(rest.split('/').map(unescape).collect())
}

/// `~1` is a slash and `~0` a tilde.
fn unescape(part: &str) -> Text {
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~").into() } else { part.into() }
}

#[cfg(test)]
mod tests;
