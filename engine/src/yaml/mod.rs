//! Reading YAML with places, editing it with comments and layout kept, writing the canonical form.
//!
//! Reading follows go-yaml v3 for resources and go-yaml v2 for `kustomization.yaml`, because
//! kustomize does; writing follows go-yaml v2, because `kustomize build` prints with it.

mod dialect;
pub mod edit;
mod error;
mod event;
mod fault;
mod folding;
mod node;
mod number;
mod read;
mod resolve;
mod timestamp;
mod write;

pub use dialect::Dialect;
pub use error::SyntaxError;
#[doc(hidden)]
pub use event::outline;
pub use node::{MERGE_KEY, Mapping, Mark, Node, Pair, Scalar, Style, Tag, Text, TextId, Value};
pub use number::{Number, may_be_float, number};
pub use read::{
    MAX_DEPTH, can_be_printed, parse_manifests, parse_one_of, parse_patch, parse_stream,
    parse_stream_by_events,
};
pub use resolve::{is_no_text_in_yaml_1_1, is_string_when_plain, resolve_plain};
pub use write::{
    NotStyled, is_block, join_documents, may_be_plain, read_again, write_document,
    write_scalar_value, write_stream, write_styled,
};
