//! The events of a YAML text, each with the bytes that it is written in.
//!
//! The grammar is that of go-yaml (v2 and v3 agree on it), because kustomize reads with go-yaml: YAML 1.1
//! as libyaml knows it, where a `?` begins a key anywhere in a flow collection, a tag may have a comma in
//! it, and JSON's `\/` is no escape. [`Tokens`](tokens::Tokens) cuts the text into tokens,
//! [`Events`] knows the grammar; both trees are made from it, [`Node`](super::Node) and the spans of the
//! editor.

mod cursor;
mod decoration;
mod directive;
mod folding;
mod grammar;
mod kind;
mod literal;
mod outline;
mod plain;
mod quoted;
#[cfg(test)]
mod tests;
mod token;
mod tokens;

pub(super) use grammar::Events;
pub(super) use kind::{Event, Kind, Properties};
pub use outline::outline;
