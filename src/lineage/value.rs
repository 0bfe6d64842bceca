//! A tree of values without layout: two are equal if a reader of YAML sees the same, and what a Secret holds in base64 is
//! the text that it stands for.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use foldhash::fast::FixedState;

use crate::model::text_in_base64;
use crate::yaml::edit::{SpanKind, SpanNode};
use crate::yaml::{self, Dialect, Node, Pair, Tag, resolve_plain};

/// A value and a digest of it, by which most unequal values are told apart at once.
#[derive(Clone, Debug)]
pub(super) struct Value {
    digest: u64,
    pub shape: Shape,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A scalar.
    Scalar {
        /// Its text.
        text: String,
        /// Its type as kustomize reads it; `None` for an alias.
        tag: Option<Tag>,
    },
    /// A list.
    List(Vec<Value>),
    /// A mapping, in the order of the file.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self::new(Shape::Scalar { text: text.to_owned(), tag: Some(Tag::Str) })
    }

    pub(super) fn new(shape: Shape) -> Self {
        // No key of a table, where it would matter who chose the texts: what has one digest is compared.
        let hasher = FixedState::default();
        let mut hash = hasher.build_hasher();
        match &shape {
            Shape::Scalar { text, tag } => (text, tag.map(|tag| tag as u8)).hash(&mut hash),
            Shape::List(items) => {
                1_u8.hash(&mut hash);
                items.iter().for_each(|item| item.digest.hash(&mut hash));
            }
            Shape::Map(pairs) => {
                2_u8.hash(&mut hash);
                // The order of keys is layout, so that what is added up does not know it.
                let pair = |(key, value): &(String, Self)| hasher.hash_one((key, value.digest));
                pairs.iter().map(pair).fold(0_u64, u64::wrapping_add).hash(&mut hash);
            }
        }
        Self { digest: hash.finish(), shape }
    }

    /// The value of a document as our own reader sees it, which resolves aliases and tags.
    pub(super) fn of_node(node: &Node) -> Self {
        Self::new(match &node.value {
            yaml::Value::Scalar(scalar) if scalar.style.is_plain() => plain(&scalar.text),
            yaml::Value::Scalar(scalar) => {
                Shape::Scalar { text: scalar.text.to_string(), tag: Some(Tag::Str) }
            }
            yaml::Value::Sequence(items) => Shape::List(items.iter().map(Self::of_node).collect()),
            yaml::Value::Mapping(mapping) => {
                let pair = |pair: &Pair| (pair.key.text.to_string(), Self::of_node(&pair.value));
                Shape::Map(said_by_secret(mapping.iter().map(pair).collect()))
            }
        })
    }

    /// The value of a node of the editor's tree, whose children keep their order.
    pub(super) fn of(node: &SpanNode) -> Self {
        Self::new(match &node.kind {
            SpanKind::Alias(name) => Shape::Scalar { text: format!("*{name}"), tag: None },
            SpanKind::Scalar { text, plain: true } => plain(text),
            SpanKind::Scalar { text, plain: false } => {
                Shape::Scalar { text: text.clone(), tag: Some(Tag::Str) }
            }
            SpanKind::Sequence { items, .. } => Shape::List(items.iter().map(Self::of).collect()),
            SpanKind::Mapping { pairs, .. } => {
                let pair = |(key, value): &(SpanNode, SpanNode)| {
                    (key.text().unwrap_or_default().to_owned(), Self::of(value))
                };
                Shape::Map(said_by_secret(pairs.iter().map(pair).collect()))
            }
        })
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().find(|(found, _)| found == key).map(|(_, value)| value)
    }

    /// Keys and values; empty if this is no mapping.
    pub(super) fn pairs(&self) -> &[(String, Self)] {
        if let Shape::Map(pairs) = &self.shape { pairs } else { &[] }
    }

    /// Items; empty if this is no list.
    pub(super) fn items(&self) -> &[Self] {
        if let Shape::List(items) = &self.shape { items } else { &[] }
    }

    /// The text of a scalar.
    pub(super) fn as_text(&self) -> Option<&str> {
        if let Shape::Scalar { text, .. } = &self.shape { Some(text) } else { None }
    }

    /// The text of the scalar at `key`.
    pub(super) fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_text)
    }

    /// Whether documents are encrypted as a whole: what SOPS wrote, whose values are bound to each other by a
    /// code over all of them, or nothing but SealedSecrets.
    pub(super) fn is_sealed(&self) -> bool {
        let by_sops =
            |document: &Self| document.get("sops").is_some_and(|it| it.get("mac").is_some());
        let sealed = |document: &Self| document.text_at("kind") == Some("SealedSecret");
        let documents = self.items();
        documents.iter().any(by_sops) || !documents.is_empty() && documents.iter().all(sealed)
    }

    /// Whether a document is encrypted, in part or as a whole.
    pub(super) fn is_sealed_document(&self) -> bool {
        self.get("sops").is_some_and(|it| !it.pairs().is_empty())
            || self.text_at("kind") == Some("SealedSecret")
    }

    /// The number of scalars here and below that are the same in both, for telling how alike they are.
    pub(super) fn likeness(&self, other: &Self) -> usize {
        if self == other {
            return self.weight();
        }
        match (&self.shape, &other.shape) {
            (Shape::Map(pairs), Shape::Map(_)) => {
                let alike = |(key, value): &(String, Self)| {
                    other.get(key).map_or(0, |theirs| value.likeness(theirs))
                };
                pairs.iter().map(alike).sum()
            }
            (Shape::List(items), Shape::List(others)) => {
                items.iter().zip(others).map(|(a, b)| a.likeness(b)).sum()
            }
            _ => 0,
        }
    }

    /// Whether two mappings say something of the same keys, here and below.
    pub(super) fn has_keys_of(&self, other: &Self) -> bool {
        let is_map = |value: &Self| matches!(value.shape, Shape::Map(_));
        let fits = |(key, value): &(String, Self)| {
            let other = other.get(key);
            other.is_some_and(|other| {
                is_map(value) == is_map(other) && (!is_map(value) || value.has_keys_of(other))
            })
        };
        let (pairs, others) = (self.pairs(), other.pairs());
        !pairs.is_empty() && pairs.len() == others.len() && pairs.iter().all(fits)
    }

    /// The number of scalars here and below.
    pub(super) fn weight(&self) -> usize {
        match &self.shape {
            Shape::Scalar { .. } => 1,
            Shape::List(items) => items.iter().map(Self::weight).sum::<usize>().max(1),
            Shape::Map(pairs) => {
                pairs.iter().map(|(_, value)| value.weight()).sum::<usize>().max(1)
            }
        }
    }
}

/// The keys and values of a mapping, where it is a Secret with what its `data` says.
fn said_by_secret(mut pairs: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let is_secret = |(key, value): &(String, Value)| key == "kind" && is_secret(value.as_text());
    if pairs.iter().any(is_secret)
        && let Some((_, data)) = pairs.iter_mut().find(|(key, _)| key == "data")
        && let Shape::Map(written) = &data.shape
    {
        let said = |(key, value): &(String, Value)| {
            let text = value.as_text().and_then(text_in_base64);
            (key.clone(), text.map_or_else(|| value.clone(), |text| Value::text(&text)))
        };
        *data = Value::new(Shape::Map(written.iter().map(said).collect()));
    }
    pairs
}

/// Whether a `kind` is that of what holds texts in base64.
pub(super) fn is_secret(kind: Option<&str>) -> bool {
    kind == Some("Secret")
}

/// A scalar without quotes, typed as kustomize types it.
fn plain(text: &str) -> Shape {
    let tag = resolve_plain(text, Dialect::V3);
    let text = if tag == Tag::Null { String::new() } else { text.to_owned() };
    Shape::Scalar { text, tag: Some(tag) }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        if self.digest != other.digest {
            return false;
        }
        match (&self.shape, &other.shape) {
            (Shape::Scalar { text: a, tag: at }, Shape::Scalar { text: b, tag: bt }) => {
                a == b && at == bt
            }
            (Shape::List(a), Shape::List(b)) => a == b,
            (Shape::Map(a), Shape::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| other.get(key).is_some_and(|it| it == value))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::edit::Editor;

    fn value(text: &str) -> Value {
        Value::of(Editor::parse(text).unwrap().root(0))
    }

    #[test]
    fn what_is_encrypted_as_a_whole_is_seen() {
        let sealed = |text: &str| value(text).is_sealed();
        assert!(sealed("[{kind: Secret, data: {a: x}, sops: {mac: y}}]"));
        assert!(sealed("[{kind: SealedSecret}]"));
        assert!(!sealed("[{kind: SealedSecret}, {kind: Service}]"));
        assert!(!sealed("[{kind: Secret, sops: here}]") && !sealed("[]"));
    }

    #[test]
    fn layout_is_no_difference_and_a_type_is() {
        assert_eq!(value("{a: 1, b: [x]}"), value("b:\n- 'x'\na: 1 # one\n"));
        assert_eq!(value("a: ~"), value("a:"));
        assert_ne!(value("a: '1'"), value("a: 1"));
        assert_ne!(value("[a, b]"), value("[b, a]"));
        assert_ne!(value("a: 1"), value("{a: 1, b: 2}"));
    }
}
