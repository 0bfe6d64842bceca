//! What the events of a text say.

use std::ops::Range;

use super::super::Style;

/// Something begins or ends, or a scalar is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::yaml) struct Event {
    pub(in crate::yaml) kind: Kind,
    /// The bytes of its text that it is written in, with anchor and tag; those of a list or mapping in a
    /// block end before its first item.
    pub(in crate::yaml) span: Range<usize>,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::yaml) enum Kind {
    /// A document, with the version that it says it is in.
    DocumentStart {
        version: Option<(u32, u32)>,
    },
    DocumentEnd,
    /// `*name`.
    Alias(String),
    Scalar {
        properties: Properties,
        text: String,
        style: Style,
    },
    SequenceStart {
        properties: Properties,
        is_flow: bool,
    },
    SequenceEnd,
    MappingStart {
        properties: Properties,
        is_flow: bool,
    },
    MappingEnd,
    StreamEnd,
}

/// What stands before a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::yaml) struct Properties {
    pub(in crate::yaml) anchor: Option<String>,
    /// With its handle resolved.
    pub(in crate::yaml) tag: Option<String>,
}

impl Properties {
    pub(in crate::yaml) const fn is_empty(&self) -> bool {
        self.anchor.is_none() && self.tag.is_none()
    }
}
