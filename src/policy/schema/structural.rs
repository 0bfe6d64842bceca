//! A structural schema: OpenAPI v3 as Kubernetes narrows and extends it.
//!
//! Source of the rules: Kubernetes documentation, "Specifying a structural schema", and the field
//! list of `JSONSchemaProps` in `apiextensions.k8s.io/v1`.

use std::collections::BTreeMap;

use regex::Regex;

use super::cel_rule::Rule;
use crate::yaml::{Node, Tag, Text};

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

/// What may stand under keys that `properties` does not name.
#[derive(Debug, Default)]
pub(super) enum Additional {
    /// Nothing: unknown fields are faults.
    #[default]
    None,
    /// Anything.
    Any,
    /// Values of a schema.
    Schema(Box<Schema>),
}

/// How the items of a list are told apart.
#[derive(Debug, Default)]
pub(super) enum ListType {
    /// By position only.
    #[default]
    Atomic,
    /// By value: no value twice.
    Set,
    /// By these keys: no combination twice.
    Map(Vec<Text>),
}

/// Limits on a number, a text's characters, a list's items or an object's keys.
#[derive(Debug, Default)]
pub(super) struct Range {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

/// One level of a schema.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The name of the schema that stands here; then nothing else does.
    pub(super) reference: Option<Text>,
    pub(super) kind: Option<Type>,
    pub(super) nullable: bool,
    pub(super) int_or_string: bool,
    pub(super) preserve_unknown: bool,
    pub(super) embedded_resource: bool,
    pub(super) has_default: bool,
    pub(super) properties: BTreeMap<Text, Self>,
    pub(super) additional: Additional,
    pub(super) items: Option<Box<Self>>,
    pub(super) list_type: ListType,
    pub(super) required: Vec<Text>,
    pub(super) allowed: Option<Vec<Node>>,
    pub(super) value: Range,
    pub(super) exclusive_min: bool,
    pub(super) exclusive_max: bool,
    pub(super) multiple_of: Option<f64>,
    pub(super) length: Range,
    pub(super) item_count: Range,
    pub(super) property_count: Range,
    pub(super) unique_items: bool,
    pub(super) pattern: Option<Regex>,
    pub(super) format: Option<Text>,
    pub(super) all_of: Vec<Self>,
    pub(super) any_of: Vec<Self>,
    pub(super) one_of: Vec<Self>,
    pub(super) not: Option<Box<Self>>,
    pub(super) rules: Vec<Rule>,
}

/// Why a schema cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchema {
    /// `type` is none of the six.
    #[error("`{0}` is no type of a schema")]
    UnknownType(String),
    /// A `pattern` that is no regular expression of ours.
    #[error("the pattern `{0}` cannot be compiled")]
    Pattern(String),
    /// A schema is not a mapping, or nested deeper than any real one.
    #[error("a schema is not a mapping, or nested more than {MAX_DEPTH} deep")]
    Shape,
}

/// Real definitions stay below 60.
const MAX_DEPTH: usize = 200;

impl Schema {
    /// Reads a schema from its node.
    ///
    /// # Errors
    /// [`InvalidSchema`] if a keyword that decides about validity cannot be understood.
    pub(super) fn parse(node: &Node) -> Result<Self, InvalidSchema> {
        Self::parse_at(node, 0)
    }

    fn parse_at(node: &Node, depth: usize) -> Result<Self, InvalidSchema> {
        if depth > MAX_DEPTH || node.as_mapping().is_none() {
            return Err(InvalidSchema::Shape);
        }
        let one = |key: &str| -> Result<Option<Box<Self>>, InvalidSchema> {
            node.get(key).map(|n| Self::parse_at(n, depth + 1).map(Box::new)).transpose()
        };
        let many = |key: &str| -> Result<Vec<Self>, InvalidSchema> {
            let items = node.get(key).and_then(Node::as_sequence).unwrap_or_default();
            items.iter().map(|n| Self::parse_at(n, depth + 1)).collect()
        };
        let flag = |key: &str| node.get(key).and_then(Node::text) == Some("true");
        let range = |min: &str, max: &str| Range {
            min: node.get(min).and_then(number),
            max: node.get(max).and_then(number),
        };
        let mut properties = BTreeMap::new();
        for pair in node.get("properties").and_then(Node::as_mapping).into_iter().flatten() {
            properties.insert(pair.key.text.clone(), Self::parse_at(&pair.value, depth + 1)?);
        }
        Ok(Self {
            reference: node.get("$ref").and_then(Node::text).map(Text::from),
            kind: node.get("type").and_then(Node::text).map(parse_type).transpose()?,
            nullable: flag("nullable"),
            int_or_string: flag("x-kubernetes-int-or-string"),
            preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            embedded_resource: flag("x-kubernetes-embedded-resource"),
            has_default: node.get("default").is_some(),
            properties,
            additional: match node.get("additionalProperties") {
                None => Additional::None,
                Some(n) if n.text() == Some("true") => Additional::Any,
                Some(n) if n.text() == Some("false") => Additional::None,
                Some(n) => Additional::Schema(Box::new(Self::parse_at(n, depth + 1)?)),
            },
            items: one("items")?,
            list_type: parse_list_type(node),
            required: texts(node.get("required")),
            allowed: node.get("enum").and_then(Node::as_sequence).map(<[Node]>::to_vec),
            value: range("minimum", "maximum"),
            exclusive_min: flag("exclusiveMinimum"),
            exclusive_max: flag("exclusiveMaximum"),
            multiple_of: node.get("multipleOf").and_then(number),
            length: range("minLength", "maxLength"),
            item_count: range("minItems", "maxItems"),
            property_count: range("minProperties", "maxProperties"),
            unique_items: flag("uniqueItems"),
            pattern: node.get("pattern").and_then(Node::text).map(parse_pattern).transpose()?,
            format: node.get("format").and_then(Node::text).map(Text::from),
            all_of: many("allOf")?,
            any_of: many("anyOf")?,
            one_of: many("oneOf")?,
            not: one("not")?,
            rules: node
                .get("x-kubernetes-validations")
                .and_then(Node::as_sequence)
                .unwrap_or_default()
                .iter()
                .filter_map(Rule::parse)
                .collect(),
        })
    }
}

fn parse_type(text: &str) -> Result<Type, InvalidSchema> {
    Ok(match text {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        other => return Err(InvalidSchema::UnknownType(other.to_owned())),
    })
}

fn parse_list_type(node: &Node) -> ListType {
    match node.get("x-kubernetes-list-type").and_then(Node::text) {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(texts(node.get("x-kubernetes-list-map-keys"))),
        _ => ListType::Atomic,
    }
}

fn parse_pattern(text: &str) -> Result<Regex, InvalidSchema> {
    Regex::new(text).map_err(|_| InvalidSchema::Pattern(text.to_owned()))
}

fn texts(node: Option<&Node>) -> Vec<Text> {
    let items = node.and_then(Node::as_sequence).unwrap_or_default();
    items.iter().filter_map(Node::text).map(Text::from).collect()
}

/// The value of a numeric scalar.
pub(super) fn number(node: &Node) -> Option<f64> {
    let scalar = node.as_scalar()?;
    if !matches!(scalar.tag, Tag::Int | Tag::Float) {
        return None;
    }
    crate::yaml::number(scalar).map(|number| number.as_f64())
}
