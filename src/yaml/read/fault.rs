//! A fault at a byte, before it has a line and a column.

use super::super::SyntaxError;
use crate::model::Position;

/// What is wrong at a byte of the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn new(offset: usize, reason: impl Into<String>) -> Self {
        Self { offset, reason: reason.into() }
    }

    pub(super) fn in_text(self, text: &str) -> SyntaxError {
        let position = Some(Position::of_offset(text, self.offset));
        SyntaxError { position, reason: self.reason }
    }
}
