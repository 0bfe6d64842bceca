//! The file as a tree with places: where in it something is, and whether it has the right shape.

use super::shape::{Absent, Key, Shape};
use crate::config::error::ConfigError;
use crate::model::{Location, Position, RepoPath, nearest};
use crate::yaml::{Dialect, Mark, Node, Tag, Value, parse_stream};

/// A configuration's text with its tree.
pub(super) struct Places<'a> {
    path: &'a RepoPath,
    text: &'a str,
    root: Node,
}

/// One step to a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Key(&'static str),
    /// A key that people make up.
    Name(&'a str),
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
    pub(super) fn at(&self, steps: &[Step<'_>]) -> Location {
        let mut node = &self.root;
        let mut field = String::new();
        for step in steps {
            let next = match step {
                Step::Key(key) | Step::Name(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.push_str(key);
                    node.get(key)
                }
                Step::Item(index) => {
                    field.push_str(&format!("[{index}]"));
                    node.as_sequence().and_then(|items| items.get(*index))
                }
            };
            node = next.unwrap_or(node);
        }
        self.location(node.mark, field)
    }

    /// Checks the whole tree: no unknown keys, right types, nothing missing.
    pub(super) fn check(&self, shape: &Shape) -> Result<(), ConfigError> {
        self.check_node(&self.root, shape, String::new())
    }

    fn check_node(&self, node: &Node, shape: &Shape, field: String) -> Result<(), ConfigError> {
        match (shape, &node.value) {
            (Shape::Mapping(keys), Value::Mapping(_)) => self.check_keys(node, keys, &field),
            (Shape::List { items, least, most }, Value::Sequence(values)) => {
                if values.len() < *least || values.len() > *most {
                    return Err(ConfigError::WrongCount {
                        at: self.location(node.mark, field),
                        expected: count(*least, *most),
                        found: values.len(),
                    });
                }
                values.iter().enumerate().try_for_each(|(index, value)| {
                    self.check_node(value, items, format!("{field}[{index}]"))
                })
            }
            (Shape::Words(values), Value::Mapping(mapping)) => {
                mapping.iter().try_for_each(|pair| {
                    let name: String = pair.key.text.chars().take(100).collect();
                    self.check_node(&pair.value, values, format!("{field}.{name}"))
                })
            }
            (Shape::Day, Value::Scalar(scalar))
                if matches!(scalar.tag, Tag::Str | Tag::Timestamp) =>
            {
                Ok(())
            }
            (Shape::Release, Value::Scalar(scalar)) if is_release(&scalar.text) => Ok(()),
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
                found: kind(node),
            }),
        }
    }

    fn check_keys(
        &self,
        node: &Node,
        keys: &'static [Key],
        field: &str,
    ) -> Result<(), ConfigError> {
        let inside =
            |key: &str| if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") };
        for pair in node.as_mapping().into_iter().flatten() {
            let name = pair.key.text.as_str();
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                let known: Vec<&'static str> = keys.iter().map(|key| key.name).collect();
                return Err(ConfigError::UnknownKey {
                    at: self.location(
                        pair.key_mark,
                        inside(&name.chars().take(100).collect::<String>()),
                    ),
                    key: name.chars().take(100).collect(),
                    nearest: nearest(name, &known),
                    known: known.into(),
                });
            };
            self.check_node(&pair.value, &key.shape, inside(name))?;
        }
        let missing = keys
            .iter()
            .find(|key| matches!(key.absent, Absent::Refused) && node.get(key.name).is_none());
        missing.map_or(Ok(()), |key| {
            let at = self.location(node.mark, field.to_owned());
            Err(ConfigError::MissingKey { at, key: key.name })
        })
    }

    fn location(&self, mark: Mark, field: String) -> Location {
        let file = Location::file(self.path.clone()).in_field(field);
        match mark.offset() {
            Some(offset) => file.at(Position::of_offset(self.text, offset)),
            None => file,
        }
    }
}

/// `1.34`, in quotes or not.
fn is_release(text: &str) -> bool {
    let minor = text.strip_prefix("1.").unwrap_or_default();
    !minor.is_empty() && minor.len() <= 3 && minor.bytes().all(|byte| byte.is_ascii_digit())
}

fn count(least: usize, most: usize) -> String {
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
        Shape::Release => "a version of Kubernetes, such as 1.34".to_owned(),
        Shape::List { .. } => "a list".to_owned(),
        Shape::Mapping(_) => "a mapping".to_owned(),
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
