//! Where in a file something is, for messages and annotations.

use std::cell::Cell;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::RepoPath;

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset in `text`; an offset past the end is the end.
    #[must_use]
    pub fn of_offset(text: &str, offset: usize) -> Self {
        Positions::new(text).of_offset(offset)
    }

    /// The position of `end`, before which there are so many line breaks.
    fn in_line(text: &str, end: usize, breaks: usize) -> Self {
        let line_start = memchr::memrchr(b'\n', &text.as_bytes()[..end]).map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: count(breaks + 1), column: count(text[line_start..end].chars().count() + 1) }
    }
}

/// The nearest place before `offset` where a character begins.
fn char_boundary(text: &str, offset: usize) -> usize {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Positions in one text for somebody who asks for many: each answer counts lines from where the
/// last one was, so that answers in order cost one reading of the text.
#[derive(Clone, Debug)]
pub struct Positions<'t> {
    text: &'t str,
    /// The offset of the last answer, and how many line breaks are before it.
    last: Cell<(usize, usize)>,
}

impl<'t> Positions<'t> {
    /// Positions in this text.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self { text, last: Cell::new((0, 0)) }
    }

    /// As [`Position::of_offset`].
    #[must_use]
    pub fn of_offset(&self, offset: usize) -> Position {
        let end = char_boundary(self.text, offset);
        let bytes = self.text.as_bytes();
        let breaks = |from: usize, to: usize| memchr::memchr_iter(b'\n', &bytes[from..to]).count();
        let (last, lines) = self.last.get();
        let lines = match last <= end {
            true => lines + breaks(last, end),
            false => lines - breaks(end, last),
        };
        self.last.set((end, lines));
        Position::in_line(self.text, end, lines)
    }
}

/// A place that a person can go to: a file, perhaps a position in it, perhaps a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The file, from the repository's root.
    pub path: RepoPath,
    /// Where in the file, if known.
    pub position: Option<Position>,
    /// The field, such as `patches[0].target`; empty if none is meant.
    pub field: String,
}

impl Location {
    /// A whole file.
    #[must_use]
    pub const fn file(path: RepoPath) -> Self {
        Self { path, position: None, field: String::new() }
    }

    /// The same place with a position.
    #[must_use]
    pub const fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// The same place with a field path.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }
}

/// `path:line:column (field)`, as compilers write it, so that editors and terminals can jump there.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.field.is_empty() {
            write!(f, " ({})", self.field)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let text = "a: b\nä: ö\n";
        assert_eq!(Position::of_offset(text, 0), Position { line: 1, column: 1 });
        assert_eq!(
            Position::of_offset(text, text.find('ö').unwrap()),
            Position { line: 2, column: 4 }
        );
        assert_eq!(Position::of_offset(text, 999), Position { line: 3, column: 1 });
    }

    #[test]
    fn answers_in_any_order() {
        let text = "a: b\nä: ö\n\nc\n";
        let positions = Positions::new(text);
        for offset in [9, 0, 14, 3, 99, 5, 6, 12, 1] {
            let alone = Position::of_offset(text, offset);
            assert_eq!(positions.of_offset(offset), alone, "{offset}");
        }
    }
}
