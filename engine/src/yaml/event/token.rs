//! What a text is made of before its grammar is known.

use std::ops::Range;

use super::super::Style;

/// A token and the bytes that it is written in; those of structure have none.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    StreamEnd,
    /// `%YAML 1.1`.
    Version(u32, u32),
    /// `%TAG !handle! prefix`.
    TagDirective {
        handle: String,
        prefix: String,
    },
    /// `---`.
    DocumentStart,
    /// `...`.
    DocumentEnd,
    /// A list begins by its indentation.
    BlockSequence,
    /// A mapping begins by its indentation.
    BlockMapping,
    /// One of both ends.
    BlockEnd,
    /// `[`.
    FlowSequence,
    /// `]`.
    FlowSequenceEnd,
    /// `{`.
    FlowMapping,
    /// `}`.
    FlowMappingEnd,
    /// `-`.
    BlockEntry,
    /// `,`.
    FlowEntry,
    /// `?`, or where a key begins without it.
    Key,
    /// `:`.
    Value,
    /// `*name`.
    Alias(String),
    /// `&name`.
    Anchor(String),
    /// `!handle!suffix`. `!<…>` has no handle, and neither has `!` alone.
    Tag {
        handle: String,
        suffix: String,
    },
    Scalar {
        text: String,
        style: Style,
    },
}
