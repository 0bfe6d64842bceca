//! A fault at a byte, before it has a line and a column.

use super::SyntaxError;
use crate::model::Position;

/// What is wrong at a byte of the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::yaml) struct Fault {
    pub(in crate::yaml) offset: usize,
    pub(in crate::yaml) reason: String,
}

impl Fault {
    pub(in crate::yaml) fn new(offset: usize, reason: impl Into<String>) -> Self {
        Self { offset, reason: reason.into() }
    }

    /// The same fault in a text that this one's is a piece of, so many bytes from its beginning.
    pub(in crate::yaml) fn behind(self, start: usize) -> Self {
        Self { offset: start + self.offset, ..self }
    }

    pub(in crate::yaml) fn in_text(self, text: &str) -> SyntaxError {
        let position = Some(Position::of_offset(text, self.offset));
        SyntaxError { position, reason: self.reason }
    }
}
