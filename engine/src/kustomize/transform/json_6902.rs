//! JSON 6902 patches, applied as kustomize applies them with evanphx/json-patch v4.
//!
//! What differs from the RFC: `replace` and `test` take a missing key of a mapping for null, negative
//! indexes count from the end, a pointer's text before its first slash is ignored, `copy` of a missing
//! key copies null. kustomize turns the object into JSON and back for it, which is why every number
//! and quote of the object is written anew ([`json`]), not only those that the patch names.

mod apply;
mod error;
mod operation;
mod raw;

use crate::kustomize::growth::Growth;
use crate::kustomize::json;
use crate::yaml::{Dialect, Node, Text, TextId, Value, parse_one_of};
use operation::{Operation, operation, pointer};
use raw::Raw;

/// A JSON 6902 patch.
#[derive(Clone, Debug, Default)]
pub struct JsonPatch {
    operations: Vec<Operation>,
}

impl JsonPatch {
    /// Reads a patch: JSON if it begins with `[`, else YAML. `id` is the text's number.
    ///
    /// # Errors
    /// [`ParseError`] if the text is neither, or no list of mappings.
    pub fn parse(text: &str, id: TextId) -> Result<Self, ParseError> {
        let list = if text.starts_with('[') {
            json::parse(text, id)
                .map_err(|error| ParseError::Json { line: error.line(), column: error.column() })?
        } else {
            // go-yaml decodes the first document and leaves the rest alone.
            parse_one_of(text, id, Dialect::V2)?.into_iter().next().unwrap_or_else(Node::null)
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
        json::renew_object(object).map_err(|_| fail(0, None, Reason::NotJson))?;
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

#[cfg(test)]
mod tests;

pub use error::{ApplyError, ParseError, Reason};
