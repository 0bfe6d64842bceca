//! The tree that a YAML document becomes: scalars keep their text and how it was written, so that
//! a reader can resolve types by its own rules and a writer can tell `"1"` from `1`.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The key that takes in other mappings, and is hardly ever a text: kustomize writes it without quotes.
pub const MERGE_KEY: &str = "<<";

/// Text of a scalar; up to 24 bytes without an allocation, which covers most keys and values.
pub type Text = CompactString;

/// Which of several texts a mark is in; who reads them gives the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextId(pub u32);

impl TextId {
    /// The only text, the one at hand.
    pub const ONLY: Self = Self(0);
}

/// A byte offset into the text a node was read from; [`Mark::NONE`] for nodes made by the program.
///
/// Which text that is goes with it, and no further: what is written down and read again has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
pub struct Mark {
    at: u32,
    text: TextId,
}

impl Default for Mark {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<u32> for Mark {
    fn from(at: u32) -> Self {
        Self { at, text: TextId::ONLY }
    }
}

impl From<Mark> for u32 {
    fn from(mark: Mark) -> Self {
        mark.at
    }
}

impl Mark {
    /// No place: the node was made, not read.
    pub const NONE: Self = Self { at: u32::MAX, text: TextId::ONLY };

    /// Set in the marks of shared nodes.
    const SHARED: u32 = 1 << 31;
    /// Set in the marks of lists and mappings that are written in brackets.
    const FLOW: u32 = 1 << 30;
    /// Set in the marks of values that stand elsewhere than their keys.
    const MOVED: u32 = 1 << 29;
    const FLAGS: u32 = Self::SHARED | Self::FLOW | Self::MOVED;

    /// The place `offset` bytes into a text. Texts are limited far below 512 MiB.
    #[must_use]
    pub fn at(offset: usize) -> Self {
        let fits = |at: &u32| at & Self::FLAGS == 0;
        u32::try_from(offset).ok().filter(fits).map_or(Self::NONE, Self::from)
    }

    /// The same place, in one of several texts.
    #[must_use]
    pub const fn in_text(self, text: TextId) -> Self {
        Self { text, ..self }
    }

    /// The text that the place is in.
    #[must_use]
    pub const fn text(self) -> TextId {
        self.text
    }

    /// The same place, where a list or mapping begins that is written in brackets.
    #[must_use]
    pub fn in_flow(self) -> Self {
        if self.at == Self::NONE.at { self } else { Self { at: self.at | Self::FLOW, ..self } }
    }

    /// The same place, of a list or mapping that is written without brackets.
    #[must_use]
    pub const fn out_of_flow(self) -> Self {
        if self.is_flow() { Self { at: self.at & !Self::FLOW, ..self } } else { self }
    }

    /// Whether a list or mapping is written in brackets.
    #[must_use]
    pub const fn is_flow(self) -> bool {
        self.at & (Self::SHARED | Self::FLOW) == Self::FLOW
    }

    /// No offset, but a group: nodes of one tree with the same mark were made as one node in several
    /// places, so that who changes one changes them all. `text` says where that node is from.
    #[must_use]
    pub const fn shared(group: u32, text: TextId) -> Self {
        Self { at: group | Self::SHARED, text }
    }

    /// Whether both are of one group.
    #[must_use]
    pub const fn is_one_with(self, other: Self) -> bool {
        self.at == other.at && self.is_shared()
    }

    /// The same node, with the value of another place.
    ///
    /// Of nodes that were made as one only the text is kept, which says enough where it stands for one place.
    #[must_use]
    pub const fn moved_to(self, place: Self) -> Self {
        if self.is_shared() {
            let text = if place.is_shared() { place.text } else { TextId::ONLY };
            return Self { text, ..self };
        }
        let flow = if self.is_flow() { Self::FLOW } else { 0 };
        let flags = flow | Self::MOVED;
        if place.is_shared() {
            return Self { at: flags, ..place };
        }
        match place.offset() {
            Some(_) => Self { at: place.at & !Self::FLAGS | flags, ..place },
            None if flow > 0 => Self { text: TextId::ONLY, ..self },
            None => Self::NONE,
        }
    }

    /// The place of a copy, which is one with no other node.
    #[must_use]
    pub const fn apart(self) -> Self {
        if self.is_shared() { Self::NONE.moved_to(self) } else { self }
    }

    /// Whether a value stands elsewhere than its key.
    #[must_use]
    pub const fn is_moved(self) -> bool {
        self.is_shared() || self.at & (Self::SHARED | Self::MOVED) == Self::MOVED
    }

    /// Whether the node belongs to a group of shared ones.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        self.at != Self::NONE.at && self.at & Self::SHARED != 0
    }

    /// The byte offset, if the node was read.
    #[must_use]
    pub const fn offset(self) -> Option<usize> {
        if self.at & Self::SHARED == 0 { Some((self.at & !Self::FLAGS) as usize) } else { None }
    }
}

/// The type a scalar resolved to, by the rules of the dialect it was read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tag {
    /// `!!null`.
    Null,
    /// `!!bool`.
    Bool,
    /// `!!int`, in any base; the text is as written.
    Int,
    /// `!!float`; the text is as written.
    Float,
    /// `!!timestamp`.
    Timestamp,
    /// `!!str`, resolved or explicit; `!!binary` is decoded into it.
    Str,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// Without quotes, and made without a type: a text that is put in its place is whatever that reads like.
    Untyped,
    /// Without quotes, behind a tag.
    Tagged,
    /// In quotes, behind a tag that says more than they do.
    TaggedInQuotes,
    /// As [`Style::Untyped`], where a tag or brackets were: kustomize puts no text there in quotes.
    Bare,
    /// Without quotes and within brackets, where it reads like a time with a colon: kyaml puts it in quotes once it is
    /// written, and takes it for a time until then.
    TimeInBrackets,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// A scalar: its text after unescaping and folding, its type, how it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scalar {
    /// The text.
    pub text: Text,
    /// The resolved type.
    pub tag: Tag,
    /// The style in the source; `Plain` for made scalars.
    pub style: Style,
}

impl Style {
    /// Whether it is one without quotes, or with some that say nothing.
    #[must_use]
    pub const fn is_plain(self) -> bool {
        !matches!(self, Self::SingleQuoted | Self::DoubleQuoted | Self::Literal | Self::Folded)
    }

    /// Whether it is one of what has no type until it is read again.
    #[must_use]
    pub const fn is_untyped(self) -> bool {
        matches!(self, Self::Untyped | Self::Bare)
    }
}

impl Scalar {
    /// A string that was made, not read.
    #[must_use]
    pub fn string(text: impl Into<Text>) -> Self {
        Self { text: text.into(), tag: Tag::Str, style: Style::Plain }
    }

    /// Whether it has the type of nulls; what was made without a type has none until it is read again.
    #[must_use]
    pub fn is_tagged_null(&self) -> bool {
        self.tag == Tag::Null && !self.style.is_untyped()
    }
}

/// A node with the place it was read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it began in its text.
    pub mark: Mark,
}

/// The three shapes of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping.
    Mapping(Mapping),
}

/// One key with its value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The key. Mappings and lists as keys are refused by the reader.
    pub key: Scalar,
    /// Where the key began.
    pub key_mark: Mark,
    /// The value.
    pub value: Node,
}

/// Keys and values in the order of the file. Keys are unique: the reader refuses duplicates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Mapping {
    pairs: Vec<Pair>,
}

/// Equal content: same shape, same text and type of scalars. Neither style nor place counts, and
/// mappings are equal whatever the order of their keys.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar(a), Value::Scalar(b)) => a.tag == b.tag && a.text == b.text,
            (Value::Sequence(a), Value::Sequence(b)) => a == b,
            (Value::Mapping(a), Value::Mapping(b)) => a.len() == b.len() && same_pairs(a, b),
            _ => false,
        }
    }
}

/// Most mappings that are equal have their keys in the same order; the others are looked up in an
/// index, since a mapping may have very many keys.
fn same_pairs(a: &Mapping, b: &Mapping) -> bool {
    if a.iter().zip(b).all(|(a, b)| a.key.text == b.key.text) {
        return a.iter().zip(b).all(|(a, b)| a.value == b.value);
    }
    let b: BTreeMap<&str, &Node> =
        b.iter().map(|pair| (pair.key.text.as_str(), &pair.value)).collect();
    a.iter().all(|pair| b.get(pair.key.text.as_str()).is_some_and(|value| **value == pair.value))
}

impl Node {
    /// A node that was made, not read.
    #[must_use]
    pub const fn made(value: Value) -> Self {
        Self { value, mark: Mark::NONE }
    }

    /// A string that was made, not read.
    #[must_use]
    pub fn string(text: impl Into<Text>) -> Self {
        Self::made(Value::Scalar(Scalar::string(text)))
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        let text = Text::const_new("null");
        Self::made(Value::Scalar(Scalar { text, tag: Tag::Null, style: Style::Plain }))
    }

    /// An empty mapping.
    #[must_use]
    pub const fn mapping() -> Self {
        Self::made(Value::Mapping(Mapping { pairs: Vec::new() }))
    }

    /// The scalar, if it is one.
    #[must_use]
    pub const fn as_scalar(&self) -> Option<&Scalar> {
        if let Value::Scalar(scalar) = &self.value { Some(scalar) } else { None }
    }

    /// The text of a scalar of type string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().filter(|scalar| scalar.tag == Tag::Str).map(|scalar| scalar.text.as_str())
    }

    /// The text of a scalar of any type, as it was written.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// Whether it is a null scalar.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.tag == Tag::Null)
    }

    /// What it is, as a word for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.value {
            Value::Mapping(_) => "mapping",
            Value::Sequence(_) => "list",
            Value::Scalar(scalar) if scalar.tag == Tag::Null => "null",
            Value::Scalar(_) => "scalar",
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Self]> {
        if let Value::Sequence(items) = &self.value { Some(items) } else { None }
    }

    /// The items for changing, if it is a list.
    pub const fn as_sequence_mut(&mut self) -> Option<&mut Vec<Self>> {
        if let Value::Sequence(items) = &mut self.value { Some(items) } else { None }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub const fn as_mapping(&self) -> Option<&Mapping> {
        if let Value::Mapping(mapping) = &self.value { Some(mapping) } else { None }
    }

    /// The mapping for changing, if it is one.
    pub const fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        if let Value::Mapping(mapping) = &mut self.value { Some(mapping) } else { None }
    }

    /// The value of `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// The value of `key` for changing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.as_mapping_mut()?.get_mut(key)
    }

    /// The text of the scalar at the end of these keys; empty if there is none.
    #[must_use]
    pub fn text_at(&self, keys: &[&str]) -> &str {
        self.at(keys).and_then(Self::text).unwrap_or_default()
    }

    /// The value at the end of a chain of mapping keys.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }
}

impl Mapping {
    /// Number of keys.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The pairs in the order of the file.
    #[must_use]
    pub fn as_slice(&self) -> &[Pair] {
        &self.pairs
    }

    /// The pairs in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Pair> {
        self.pairs.iter()
    }

    /// The pairs for changing values.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Pair> {
        self.pairs.iter_mut()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pairs.iter().find(|pair| pair.key.text == key).map(|pair| &pair.value)
    }

    /// The value of `key` for changing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.pairs.iter_mut().find(|pair| pair.key.text == key).map(|pair| &mut pair.value)
    }

    /// Whether `key` is there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets `key`, in its place if it is there, else at the end; returns the value it had.
    pub fn insert(&mut self, key: impl Into<Text>, value: Node) -> Option<Node> {
        let key = key.into();
        if let Some(place) = self.get_mut(&key) {
            return Some(std::mem::replace(place, value));
        }
        self.push(Pair { key: Scalar::string(key), key_mark: Mark::NONE, value });
        None
    }

    /// Adds a pair at the end, and returns its value. The caller knows that the key is not there yet.
    pub fn push(&mut self, pair: Pair) -> &mut Node {
        let at = self.pairs.len();
        self.pairs.push(pair);
        &mut self.pairs[at].value
    }

    /// Makes room for so many pairs more and no others.
    pub fn reserve(&mut self, pairs: usize) {
        self.pairs.reserve_exact(pairs);
    }

    /// Takes `key` out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.pairs.iter().position(|pair| pair.key.text == key)?;
        Some(self.pairs.remove(at).value)
    }

    /// Keeps the pairs for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Pair) -> bool) {
        self.pairs.retain(keep);
    }
}

impl FromIterator<Pair> for Mapping {
    fn from_iter<I: IntoIterator<Item = Pair>>(pairs: I) -> Self {
        Self { pairs: pairs.into_iter().collect() }
    }
}

impl IntoIterator for Mapping {
    type Item = Pair;
    type IntoIter = std::vec::IntoIter<Pair>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = &'a Pair;
    type IntoIter = std::slice::Iter<'a, Pair>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
