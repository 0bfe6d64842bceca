//! From YAML nodes to typed fields, with the rules of Go's JSON decoder that kustomize reads with:
//! types are strict, null is as good as absent, and a key may be written in any case.

use super::error::BuildError;
use super::resource_id::Gvk;
use super::version::{Change, Version};
use crate::model::{Location, Positions, RepoPath, nearest};
use crate::yaml::{Mapping, Mark, Node, Number, Scalar, Style, Tag, Value, number};

/// A text that nodes were read from, for telling where in it they are.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file.
    pub path: &'a RepoPath,
    /// Where its nodes are.
    pub places: Places<'a>,
    /// The kustomize that reads it.
    pub version: Version,
}

/// Where the nodes of a text are.
#[derive(Clone, Copy, Debug)]
pub enum Places<'a> {
    /// Where their marks say.
    Marked(&'a Positions<'a>),
    /// All at one place: the text is not at hand.
    One(&'a Location),
}

impl Source<'_> {
    /// The place of a node.
    #[must_use]
    pub fn at(&self, mark: Mark, field: impl Into<String>) -> Location {
        match (self.places, mark.offset()) {
            (Places::One(place), _) => place.clone().in_field(field),
            (Places::Marked(positions), Some(offset)) => Location {
                path: self.path.clone(),
                position: Some(positions.of_offset(offset)),
                field: field.into(),
            },
            (Places::Marked(_), None) => Location::file(self.path.clone()).in_field(field),
        }
    }
}

/// How a text of a file is written there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Where it begins.
    pub mark: Mark,
    /// Whether it is a block, whose lines are lines of the file.
    pub is_block: bool,
}

impl Written {
    fn of(node: &Node) -> Self {
        let style = node.as_scalar().map(|scalar| scalar.style);
        Self { mark: node.mark, is_block: style == Some(Style::Literal) }
    }
}

/// A key of a mapping with its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextEntry {
    /// The key.
    pub key: String,
    /// The text.
    pub value: String,
    /// Where the text is written.
    pub mark: Mark,
}

/// What to do with fields that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They are errors: `kustomization.yaml` itself.
    Refused,
    /// They are passed over: configuration of plugins, replacements in files.
    Ignored,
}

/// A mapping whose keys are fields.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    source: Source<'a>,
    node: &'a Node,
    field: String,
    unknown: Unknown,
}

impl<'a> Object<'a> {
    /// A mapping with these fields; `None` for null.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if it is no mapping, [`BuildError::UnknownField`] for a field
    /// that is not in `known`.
    pub fn open(
        source: Source<'a>,
        node: &'a Node,
        field: String,
        known: &[&str],
        unknown: Unknown,
    ) -> Result<Option<Self>, BuildError> {
        if node.is_null() {
            return Ok(None);
        }
        let object = Self { source, node, field, unknown };
        let Some(mapping) = node.as_mapping() else {
            return Err(object.wrong(node, object.field.clone(), "a mapping"));
        };
        for pair in mapping {
            let key = pair.key.text.as_str();
            if unknown == Unknown::Refused && !known.iter().any(|name| same_key(name, key)) {
                return Err(BuildError::UnknownField {
                    at: source.at(pair.key_mark, object.path_of(key)),
                    field: key.to_owned(),
                    nearest: nearest(key, known).map(str::to_owned),
                });
            }
        }
        Ok(Some(object))
    }

    /// The kustomize that reads it.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.source.version
    }

    /// A mapping of its own whose unknown fields are passed over if they are true or false.
    ///
    /// # Errors
    /// As [`Object::open`].
    pub fn flags(&self, key: &str) -> Result<Option<Self>, BuildError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let flags = Self::open(self.source, node, self.path_of(key), &[], Unknown::Ignored)?;
        for pair in flags.iter().filter_map(|flags| flags.node.as_mapping()).flatten() {
            flags.as_ref().map_or(Ok(false), |flags| flags.flag(&pair.key.text))?;
        }
        Ok(flags)
    }

    /// Refuses a field that this version does not know yet.
    ///
    /// # Errors
    /// [`BuildError::TooNew`] if it is there.
    pub fn refuse_new(&self, key: &'static str, change: &Change) -> Result<(), BuildError> {
        if self.get(key).is_some() && !self.version().has(change) {
            return Err(BuildError::TooNew {
                at: self.location_of(key),
                field: key,
                since: change.since,
                version: self.version(),
            });
        }
        Ok(())
    }

    /// Where the mapping begins.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        self.node.mark
    }

    /// The place of the mapping.
    #[must_use]
    pub fn location(&self) -> Location {
        self.source.at(self.node.mark, self.field.clone())
    }

    /// The place of a field's value; of the mapping, if the field is not there.
    #[must_use]
    pub fn location_of(&self, key: &str) -> Location {
        let mark = self.get(key).map_or(self.node.mark, |node| node.mark);
        self.source.at(mark, self.path_of(key))
    }

    /// How the text of a field is written; nothing if it is absent.
    #[must_use]
    pub fn written(&self, key: &str) -> Written {
        self.get(key).map_or_else(Written::default, Written::of)
    }

    /// The value of a field; `None` if it is absent or null. Of several spellings the last counts.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        get(self.node.as_mapping()?, key)
    }

    /// Reads group, version and kind; what is absent is empty.
    ///
    /// # Errors
    /// [`BuildError`] where one of them is no text.
    pub fn gvk(&self) -> Result<Gvk, BuildError> {
        Ok(Gvk {
            group: self.text("group")?.into(),
            version: self.text("version")?.into(),
            kind: self.text("kind")?.into(),
        })
    }

    /// That it contradicts itself, or lacks what it needs.
    #[must_use]
    pub fn conflict(&self, reason: &'static str) -> BuildError {
        BuildError::Conflict { at: self.location(), reason }
    }

    /// A text; empty if it is absent.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if the value is anything else.
    pub fn text(&self, key: &str) -> Result<String, BuildError> {
        match self.get(key) {
            None => Ok(String::new()),
            Some(node) => self.text_of(node, || self.path_of(key)),
        }
    }

    /// A boolean; false if it is absent.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if the value is anything else.
    pub fn flag(&self, key: &str) -> Result<bool, BuildError> {
        match self.get(key) {
            None => Ok(false),
            Some(node) => match node.as_scalar() {
                Some(Scalar { tag: Tag::Bool, text, .. }) => Ok(is_true(text)),
                _ => Err(self.wrong(node, self.path_of(key), "true or false")),
            },
        }
    }

    /// A whole number; zero if it is absent.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if the value is anything else.
    pub fn integer(&self, key: &str) -> Result<i64, BuildError> {
        let Some(node) = self.get(key) else { return Ok(0) };
        let scalar = node.as_scalar().filter(|scalar| matches!(scalar.tag, Tag::Int | Tag::Float));
        scalar
            .and_then(whole_number)
            .ok_or_else(|| self.wrong(node, self.path_of(key), "a whole number"))
    }

    /// A list of texts with their places; empty if it is absent.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if the value or an item is anything else.
    pub fn texts(&self, key: &str) -> Result<Vec<(String, Location, Written)>, BuildError> {
        self.items(key)?
            .iter()
            .enumerate()
            .map(|(at, node)| {
                let field = || format!("{}[{at}]", self.path_of(key));
                let text = if node.is_null() { String::new() } else { self.text_of(node, field)? };
                Ok((text, self.source.at(node.mark, field()), Written::of(node)))
            })
            .collect()
    }

    /// A list of texts; empty if it is absent.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if the value or an item is anything else.
    pub fn plain_texts(&self, key: &str) -> Result<Vec<String>, BuildError> {
        Ok(self.texts(key)?.into_iter().map(|(text, ..)| text).collect())
    }

    /// A mapping from texts to texts, in the order of its keys; empty if it is absent.
    ///
    /// # Errors
    /// [`BuildError::WrongType`] if the value or a member is anything else.
    pub fn text_map(&self, key: &str) -> Result<Vec<TextEntry>, BuildError> {
        let Some(node) = self.get(key) else { return Ok(Vec::new()) };
        let Some(mapping) = node.as_mapping() else {
            return Err(self.wrong(node, self.path_of(key), "a mapping"));
        };
        let mut pairs = Vec::with_capacity(mapping.len());
        for pair in mapping {
            let field = || format!("{}.{}", self.path_of(key), pair.key.text);
            let value = if pair.value.is_null() {
                String::new()
            } else {
                self.text_of(&pair.value, field)?
            };
            let (key, mark) = (pair.key.text.to_string(), pair.value.mark);
            pairs.push(TextEntry { key, value, mark });
        }
        pairs.sort();
        Ok(pairs)
    }

    /// A mapping of its own; `None` if it is absent.
    ///
    /// # Errors
    /// As [`Object::open`].
    pub fn object(&self, key: &str, known: &[&str]) -> Result<Option<Self>, BuildError> {
        match self.get(key) {
            None => Ok(None),
            Some(node) => Self::open(self.source, node, self.path_of(key), known, self.unknown),
        }
    }

    /// A list of mappings, each turned into a value; null items are as good as empty ones.
    ///
    /// # Errors
    /// As [`Object::open`], and what `make` finds wrong.
    pub fn objects<T>(
        &self,
        key: &str,
        known: &[&str],
        mut make: impl FnMut(&Self) -> Result<T, BuildError>,
    ) -> Result<Vec<T>, BuildError> {
        let mut made = Vec::new();
        for (at, node) in self.items(key)?.iter().enumerate() {
            let field = format!("{}[{at}]", self.path_of(key));
            let object = Self::open(self.source, node, field.clone(), known, self.unknown)?;
            let object =
                object.unwrap_or(Self { source: self.source, node, field, unknown: self.unknown });
            made.push(make(&object)?);
        }
        Ok(made)
    }

    fn items(&self, key: &str) -> Result<&'a [Node], BuildError> {
        match self.get(key) {
            None => Ok(&[]),
            Some(node) => {
                node.as_sequence().ok_or_else(|| self.wrong(node, self.path_of(key), "a list"))
            }
        }
    }

    fn text_of(&self, node: &Node, field: impl FnOnce() -> String) -> Result<String, BuildError> {
        match node.as_scalar() {
            // Configurations of plugins are decoded knowing that a text is wanted.
            Some(Scalar { tag: Tag::Bool | Tag::Int | Tag::Float, text, .. })
                if self.unknown == Unknown::Ignored =>
            {
                Ok(text.to_string())
            }
            // A date is a text to go-yaml v2 unless a program asks for a time.
            Some(Scalar { tag: Tag::Str | Tag::Timestamp, text, .. }) => Ok(text.to_string()),
            _ => Err(self.wrong(node, field(), "a text")),
        }
    }

    fn wrong(&self, node: &Node, field: String, expected: &'static str) -> BuildError {
        BuildError::WrongType {
            at: self.source.at(node.mark, field),
            expected,
            found: describe(node),
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.field.is_empty() { key.to_owned() } else { format!("{}.{key}", self.field) }
    }
}

/// Whether two keys are one to kustomize: case does not matter, and two letters fold to ASCII ones
/// (Go's `encoding/json` compares with Unicode's simple folding): `ſ` to `s` and the Kelvin sign to `k`.
///
/// Reading, wiring, masking and the checks before an installed kustomize all ask here.
#[must_use]
pub fn same_key(a: &str, b: &str) -> bool {
    // Most differ in their first letter.
    let first =
        |key: &str| key.bytes().next().filter(u8::is_ascii).map(|it| it.to_ascii_lowercase());
    if let (Some(a), Some(b)) = (first(a), first(b))
        && a != b
    {
        return false;
    }
    let is_ascii = || a.is_ascii() && b.is_ascii();
    a.eq_ignore_ascii_case(b) || !is_ascii() && a.chars().map(folded).eq(b.chars().map(folded))
}

const fn folded(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => letter.to_ascii_lowercase(),
    }
}

/// The value of a key, in whatever case it is written; of several the last counts. `None` if it is null.
#[must_use]
pub fn get<'a>(mapping: &'a Mapping, key: &str) -> Option<&'a Node> {
    let pair = mapping.iter().rfind(|pair| same_key(&pair.key.text, key))?;
    (!pair.value.is_null()).then_some(&pair.value)
}

/// What a node is, in words that tell nothing of its content.
#[must_use]
pub fn describe(node: &Node) -> &'static str {
    match &node.value {
        Value::Mapping(_) => "a mapping",
        Value::Sequence(_) => "a list",
        Value::Scalar(scalar) => match scalar.tag {
            Tag::Null => "nothing",
            Tag::Bool => "a boolean (quote it to make it a text)",
            Tag::Int | Tag::Float => "a number (quote it to make it a text)",
            Tag::Timestamp | Tag::Str => "a text",
        },
    }
}

/// Whether the text of a boolean of either dialect is a true one.
fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "y" | "on")
}

fn whole_number(scalar: &Scalar) -> Option<i64> {
    match number(scalar)? {
        Number::Int(value) => Some(value),
        Number::Uint(value) => i64::try_from(value).ok(),
        // Beyond 2^53 a float does not tell whole numbers apart.
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        Number::Float(value) => {
            (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
        }
    }
}
