//! The file as a tree with places: where in it something is, and whether it has the right shape.

use super::shape::{Absent, Key, Shape};
use std::collections::BTreeSet;

use crate::config::error::ConfigError;
use crate::model::{Location, Position, RepoPath, nearest};
use crate::yaml::{Dialect, Mark, Node, Tag, Value, parse_stream};

/// A configuration's text with its tree.
#[derive(Debug)]
pub(super) struct Places<'a> {
    path: &'a RepoPath,
    text: &'a str,
    root: Node,
}

/// One step to a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Segment<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Places<'a> {
    /// Reads a text; an empty one is an empty mapping.
    pub(super) fn read(text: &'a str, path: &'a RepoPath) -> Result<Self, ConfigError> {
        let file = Location::file(path.clone());
        let mut documents = parse_stream(text, Dialect::V3).map_err(|source| {
            let at = match source.position {
                Some(position) => file.clone().at(position),
                None => file.clone(),
            };
            ConfigError::Syntax { at, source: source.into() }
        })?;
        documents.retain(|document| !document.is_null());
        if documents.len() > 1 {
            let at = documents[1].mark;
            let at = Self { path, text, root: Node::null() }.location(at, String::new());
            return Err(ConfigError::WrongType {
                at,
                expected: "one document".to_owned(),
                found: "a second one",
            });
        }
        let root = documents.pop().unwrap_or_else(Node::mapping);
        Ok(Self { path, text, root })
    }

    /// The tree.
    pub(super) const fn root(&self) -> &Node {
        &self.root
    }

    /// The place of the value at the end of a way, or of the last part of the way that is there.
    pub(super) fn at(&self, steps: &[Segment<'_>]) -> Location {
        let mut node = &self.root;
        let mut field = String::new();
        for step in steps {
            let next = match step {
                Segment::Key(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.push_str(key);
                    node.get(key)
                }
                Segment::Item(index) => {
                    field.push_str(&format!("[{index}]"));
                    node.as_sequence().and_then(|items| items.get(*index))
                }
            };
            node = next.unwrap_or(node);
        }
        self.location(node.mark, field)
    }

    /// The place of an item of a list that may be one value instead.
    pub(super) fn at_or_before(&self, steps: &[Segment<'_>], items: usize) -> Location {
        match steps.split_last() {
            Some((_, list)) if items == 1 => self.at(list),
            _ => self.at(steps),
        }
    }

    /// Checks the whole tree: no unknown keys, right types, nothing missing.
    pub(super) fn check(&self, shape: &Shape) -> Result<(), ConfigError> {
        let mut faults = Faults::default();
        self.check_node(&self.root, shape, String::new(), &mut faults);
        faults.end()
    }

    fn check_node(&self, node: &Node, shape: &Shape, field: String, faults: &mut Faults) {
        match (shape, &node.value) {
            (Shape::Mapping(keys), Value::Mapping(_)) => {
                self.check_keys(node, keys, &field, faults);
            }
            (Shape::List { items, least, most }, Value::Sequence(values)) => {
                if values.len() < *least || values.len() > *most {
                    return faults.add(ConfigError::WrongCount {
                        at: self.location(node.mark, field),
                        expected: count(*least, *most),
                        found: values.len(),
                    });
                }
                for (index, value) in values.iter().enumerate() {
                    self.check_node(value, items, format!("{field}[{index}]"), faults);
                }
            }
            (Shape::OneOrSeveral(items), Value::Sequence(_)) => {
                let list = Shape::List { items, least: 1, most: usize::MAX };
                self.check_node(node, &list, field, faults);
            }
            (Shape::OneOrSeveral(item), _) => self.check_node(node, item, field, faults),
            (Shape::TextOr(_, more), Value::Mapping(_)) => {
                self.check_node(node, more, field, faults);
            }
            (Shape::TextOr(text, _), _) => self.check_node(node, text, field, faults),
            (Shape::Words(values), Value::Mapping(mapping)) => {
                for pair in mapping {
                    let name: String = pair.key.text.chars().take(100).collect();
                    self.check_node(&pair.value, values, format!("{field}.{name}"), faults);
                }
            }
            _ => faults.extend(self.check_scalar(node, shape, field).err()),
        }
    }

    fn check_scalar(&self, node: &Node, shape: &Shape, field: String) -> Result<(), ConfigError> {
        match (shape, &node.value) {
            (Shape::Day | Shape::Moment, Value::Scalar(scalar))
                if matches!(scalar.tag, Tag::Str | Tag::Timestamp) =>
            {
                Ok(())
            }
            (Shape::Release, Value::Scalar(scalar)) if is_release(&scalar.text) => Ok(()),
            (Shape::Percent, Value::Scalar(scalar))
                if scalar.tag == Tag::Int
                    && scalar.text.parse().is_ok_and(|it: u32| (1..=100).contains(&it)) =>
            {
                Ok(())
            }
            (Shape::Choice(known), Value::Scalar(scalar)) if scalar.tag == Tag::Str => {
                if known.contains(&scalar.text.as_str()) {
                    return Ok(());
                }
                Err(ConfigError::UnknownValue {
                    at: self.location(node.mark, field),
                    value: scalar.text.chars().take(100).collect(),
                    nearest: nearest(&scalar.text, known),
                    known,
                })
            }
            (Shape::Text { .. }, Value::Scalar(scalar)) if scalar.tag == Tag::Str => Ok(()),
            (Shape::Flag, Value::Scalar(scalar)) if scalar.tag == Tag::Bool => Ok(()),
            (Shape::Version, Value::Scalar(scalar))
                if scalar.tag == Tag::Int && scalar.text == "1" =>
            {
                Ok(())
            }
            _ => Err(ConfigError::WrongType {
                at: self.location(node.mark, field),
                expected: expected(shape),
                found: if matches!(shape, Shape::Version) { version(node) } else { kind(node) },
            }),
        }
    }

    fn check_keys(&self, node: &Node, keys: &'static [Key], field: &str, faults: &mut Faults) {
        let inside =
            |key: &str| if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") };
        for pair in node.as_mapping().into_iter().flatten() {
            let name = pair.key.text.as_str();
            match keys.iter().find(|key| key.name == name) {
                Some(key) => self.check_node(&pair.value, &key.shape, inside(name), faults),
                None => faults.add(self.unknown_key(pair.key_mark, name, keys, &inside)),
            }
        }
        let missing =
            |key: &&Key| matches!(key.absent, Absent::Refused) && node.get(key.name).is_none();
        for key in keys.iter().filter(missing) {
            let at = self.location(node.mark, field.to_owned());
            faults.add(ConfigError::MissingKey { at, key: key.name });
        }
    }

    fn unknown_key(
        &self,
        mark: Mark,
        name: &str,
        keys: &'static [Key],
        inside: &dyn Fn(&str) -> String,
    ) -> ConfigError {
        let known: Vec<&'static str> = keys.iter().map(|key| key.name).collect();
        let key: String = name.chars().take(100).collect();
        ConfigError::UnknownKey {
            at: self.location(mark, inside(&key)),
            key,
            nearest: nearest(name, &known),
            known: known.into(),
        }
    }

    fn location(&self, mark: Mark, field: String) -> Location {
        let file = Location::file(self.path.clone()).in_field(field);
        match mark.offset() {
            Some(offset) => file.at(Position::of_offset(self.text, offset)),
            None => file,
        }
    }
}

/// A part of the file, such as `promotion` of one environment.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    places: &'a Places<'a>,
    steps: Vec<Segment<'a>>,
}

impl<'a> Section<'a> {
    /// The part at the end of a way.
    pub(super) fn new(places: &'a Places<'a>, steps: &[Segment<'a>]) -> Self {
        Self { places, steps: steps.to_vec() }
    }

    /// A part of it.
    pub(super) fn inside(&self, steps: &[Segment<'a>]) -> Self {
        Self { places: self.places, steps: [&self.steps, steps].concat() }
    }

    /// The place of a value in it.
    pub(super) fn at(&self, steps: &[Segment<'_>]) -> Location {
        let all: Vec<Segment<'_>> = self.steps.iter().chain(steps).copied().collect();
        self.places.at(&all)
    }

    /// What is wrong with a value in it.
    pub(super) fn fault(
        &self,
        steps: &[Segment<'_>],
        because: &dyn std::fmt::Display,
    ) -> ConfigError {
        ConfigError::Gate { at: self.at(steps), because: because.to_string() }
    }
}

/// Faults, so that all can be told at once.
#[derive(Debug, Default)]
pub(super) struct Faults {
    faults: Vec<ConfigError>,
}

/// More faults than this are told by the first ones.
const MOST_FAULTS: usize = 50;

impl Faults {
    pub(super) fn add(&mut self, fault: ConfigError) {
        self.extend(Some(fault));
    }

    fn extend(&mut self, faults: impl IntoIterator<Item = ConfigError>) {
        for fault in faults {
            match fault {
                ConfigError::Several(several) => self.extend(several),
                // One fault may be met on two ways, once for each environment.
                fault if self.faults.iter().any(|it| it.to_string() == fault.to_string()) => {}
                fault if self.faults.len() < MOST_FAULTS => self.faults.push(fault),
                _ => {}
            }
        }
    }

    /// The value, if there is one; else its fault is kept.
    pub(super) fn keep<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|fault| self.add(fault)).ok()
    }

    /// The faults in the order of the file, if there are some. Files that are not here come first.
    pub(super) fn end(self) -> Result<(), ConfigError> {
        let mut unknown = BTreeSet::new();
        let mut faults = Vec::new();
        for fault in self.faults {
            match fault {
                ConfigError::Unknown(paths) => unknown.extend(paths),
                fault => faults.push(fault),
            }
        }
        if !unknown.is_empty() {
            return Err(ConfigError::Unknown(unknown));
        }
        faults.sort_by_key(|fault| {
            let at = fault.location().map(|at| (at.path.clone(), at.position));
            (at.is_none(), at)
        });
        match faults.len() {
            0 => Ok(()),
            1 => faults.pop().map_or(Ok(()), Err),
            _ => Err(ConfigError::Several(faults)),
        }
    }
}

/// `1.34`, in quotes or not.
fn is_release(text: &str) -> bool {
    let minor = text.strip_prefix("1.").unwrap_or_default();
    !minor.is_empty() && minor.len() <= 3 && minor.bytes().all(|byte| byte.is_ascii_digit())
}

fn count(least: usize, most: usize) -> String {
    if most == usize::MAX {
        return format!("at least {least} {}", if least == 1 { "item" } else { "items" });
    }
    if least > 0 { format!("{least} to {most} items") } else { format!("at most {most} items") }
}

fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Version => "the version `1`".to_owned(),
        Shape::Text { .. } => "a text".to_owned(),
        Shape::Choice(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
        }
        Shape::Flag => "`true` or `false`".to_owned(),
        Shape::Words(_) => "a mapping".to_owned(),
        Shape::Day => "a day, such as 2027-01-31".to_owned(),
        Shape::Moment => "a day or a time, such as 2027-01-31 16:00".to_owned(),
        Shape::TextOr(text, _) => format!("{} or a mapping", expected(text)),
        Shape::Release => "a version of Kubernetes, such as 1.34".to_owned(),
        Shape::Percent => "a whole number from 1 to 100".to_owned(),
        Shape::OneOrSeveral(item) => format!("{} or a list of them", expected(item)),
        Shape::List { .. } => "a list".to_owned(),
        Shape::Mapping(_) => "a mapping".to_owned(),
    }
}

/// What stands in place of the version: whoever has it wrong has to know whether to unquote it or to update.
fn version(node: &Node) -> &'static str {
    match &node.value {
        Value::Scalar(scalar) if scalar.tag == Tag::Str && scalar.text == "1" => {
            "a text (leave out the quotes)"
        }
        Value::Scalar(scalar) if scalar.tag == Tag::Int => {
            "another version, which this Overlift does not know (a newer one may)"
        }
        _ => kind(node),
    }
}

fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::Mapping(_) => "a mapping",
        Value::Sequence(_) => "a list",
        Value::Scalar(scalar) => match scalar.tag {
            Tag::Null => "nothing",
            Tag::Bool => "a switch (quote it to make it a text)",
            Tag::Int | Tag::Float => "a number (quote it to make it a text)",
            Tag::Timestamp => "a date (quote it to make it a text)",
            Tag::Str => "a text",
        },
    }
}
