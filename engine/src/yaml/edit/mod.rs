//! Changing a YAML file in place: what is not changed keeps every byte.
//!
//! Comments, order, quotes, indentation, flow style, line endings, a byte order mark and a missing
//! final newline stay as they are. Every edit is a splice of bytes whose place comes from the
//! parser's own marks; the result is read again and compared with the tree that was meant. If the
//! two differ, the edit is refused and the text stays: a wrong file is never written.

mod document;
mod editor;
mod error;
mod flow;
mod fragment;
mod line;
mod list;
mod literal;
mod mapping;
mod path;
mod span;

pub use editor::Editor;
pub use error::EditError;
pub use fragment::{Fragment, quote};
pub use path::{NodePath, Step};
pub use span::{SpanKind, SpanNode};

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
