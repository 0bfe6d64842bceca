//! Walking a resource along its schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::cel_rule::{Outcome, Words};
use super::cel_value::cel_value;
use super::format;
use super::kubernetes::KubernetesSchemas;
use super::structural::{Additional, ListType, Range, Schema, Type, number};
use super::verdict::{Verdict, Violation};
use crate::kustomize::Gvk;
use crate::yaml::{Mark, Node, Scalar, Tag, Text, Value};

/// Checks a whole resource: its type's fields, and what every object has (`apiVersion`, `kind`, `metadata`).
///
/// `named` are the schemas that `$ref` may mean.
pub(super) fn check_resource(
    schema: &Schema,
    resource: &Node,
    named: Option<&KubernetesSchemas>,
) -> (Vec<Violation>, Vec<String>) {
    let mut walk = Walk::new(named);
    walk.resource(schema, resource);
    (walk.violations, walk.unchecked)
}

impl KubernetesSchemas {
    /// What the schema of the resource's kind says of it.
    pub(super) fn validate(&self, gvk: &Gvk, resource: &Node) -> Verdict {
        let key = (gvk.group.to_string(), gvk.kind.to_string());
        let Some(versions) = self.kinds.get(&key) else {
            return if self.has_group(&gvk.group) {
                Verdict::NotInKubernetes(Vec::new())
            } else {
                Verdict::NoSchema
            };
        };
        let Some(name) = versions.get(gvk.version.as_str()) else {
            return Verdict::NotInKubernetes(versions.keys().cloned().collect());
        };
        self.named(name).map_or(Verdict::NoSchema, |schema| {
            Verdict::of(check_resource(schema, resource, Some(self)))
        })
    }
}

struct Walk<'s> {
    named: Option<&'s KubernetesSchemas>,
    path: String,
    violations: Vec<Violation>,
    unchecked: Vec<String>,
    words: Words,
}

impl<'s> Walk<'s> {
    const fn new(named: Option<&'s KubernetesSchemas>) -> Self {
        Self {
            named,
            path: String::new(),
            violations: Vec::new(),
            unchecked: Vec::new(),
            words: Words::Expressed,
        }
    }

    /// The schema that a schema stands for.
    fn meant(&self, schema: &'s Schema) -> &'s Schema {
        let named = schema.reference.as_deref().zip(self.named);
        named.and_then(|(name, schemas)| schemas.named(name)).unwrap_or(schema)
    }

    fn fault(&mut self, mark: Mark, message: impl Into<String>) {
        self.violations.push(Violation { field: self.path.clone(), mark, message: message.into() });
    }

    /// Runs `inside` with the path extended by a key or an index.
    fn at(&mut self, step: impl FnOnce(&mut String), inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        step(&mut self.path);
        inside(self);
        self.path.truncate(length);
    }

    fn at_key(&mut self, key: &str, inside: impl FnOnce(&mut Self)) {
        self.at(|path| push_key(path, key), inside);
    }

    fn at_index(&mut self, index: usize, inside: impl FnOnce(&mut Self)) {
        self.at(|path| write!(path, "[{index}]").expect("a String takes any text"), inside);
    }

    fn resource(&mut self, schema: &'s Schema, node: &Node) {
        if node.get("kind").and_then(Node::text) == Some("Secret") {
            self.words = Words::Fixed;
        }
        if let Some(metadata) = node.get("metadata") {
            self.at_key("metadata", |walk| walk.metadata(metadata));
        }
        self.value(schema, node, true);
    }

    /// Labels and annotations are the part of the metadata that people get wrong.
    fn metadata(&mut self, metadata: &Node) {
        if metadata.as_mapping().is_none() {
            return self.fault(metadata.mark, "must be of type object");
        }
        for field in ["labels", "annotations"] {
            for pair in metadata.get(field).and_then(Node::as_mapping).into_iter().flatten() {
                if pair.value.as_str().is_none() && !pair.value.is_null() {
                    self.at_key(field, |walk| {
                        walk.at_key(&pair.key.text, |walk| {
                            walk.fault(pair.value.mark, "must be of type string");
                        });
                    });
                }
            }
        }
    }

    fn value(&mut self, schema: &'s Schema, node: &Node, is_resource: bool) {
        let schema = self.meant(schema);
        if node.is_null() && (schema.nullable || schema.has_default) {
            return;
        }
        if !self.has_type(schema, node) {
            return;
        }
        self.keywords(schema, node);
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => self.items(schema, items, node.mark),
            Value::Mapping(_) => self.properties(schema, node, is_resource),
        }
        self.combinations(schema, node);
        self.rules(schema, node);
    }

    fn has_type(&mut self, schema: &Schema, node: &Node) -> bool {
        if schema.int_or_string {
            let fits = is_type(Type::Integer, node) || is_type(Type::String, node);
            if !fits {
                self.fault(node.mark, "must be of type integer or string");
            }
            return fits;
        }
        let Some(kind) = schema.kind else { return true };
        let fits = is_type(kind, node);
        if !fits {
            self.fault(node.mark, format!("must be of type {}", type_name(kind)));
        }
        fits
    }

    fn keywords(&mut self, schema: &Schema, node: &Node) {
        if let Some(allowed) = &schema.allowed
            && !allowed.contains(node)
        {
            let names: Vec<&str> = allowed.iter().filter_map(Node::text).collect();
            self.fault(
                node.mark,
                format!("unsupported value: must be one of {}", names.join(", ")),
            );
        }
        match &node.value {
            Value::Scalar(scalar) => self.scalar_keywords(schema, node, scalar),
            Value::Sequence(items) => {
                self.range(&schema.item_count, items.len(), node.mark, "have", "items");
                if schema.unique_items && has_duplicates(items) {
                    self.fault(node.mark, "must not hold a value twice");
                }
            }
            Value::Mapping(mapping) => {
                let keys = mapping.len();
                self.range(&schema.property_count, keys, node.mark, "have", "properties");
            }
        }
    }

    fn scalar_keywords(&mut self, schema: &Schema, node: &Node, scalar: &Scalar) {
        if let Some(value) = number(node) {
            self.number_keywords(schema, value, node.mark);
        }
        if !matches!(scalar.tag, Tag::Str | Tag::Timestamp) {
            return;
        }
        let characters = scalar.text.chars().count();
        self.range(&schema.length, characters, node.mark, "be", "chars long");
        if let Some(pattern) = &schema.pattern
            && !pattern.is_match(&scalar.text)
        {
            self.fault(node.mark, format!("should match `{pattern}`"));
        }
        if let Some(name) = &schema.format
            && format::matches(name, &scalar.text) == Some(false)
        {
            self.fault(node.mark, format!("must be of format {name}"));
        }
    }

    fn number_keywords(&mut self, schema: &Schema, value: f64, mark: Mark) {
        if let Some(min) = schema.value.min
            && (value < min || schema.exclusive_min && value <= min)
        {
            let or_equal = if schema.exclusive_min { "" } else { " or equal to" };
            self.fault(mark, format!("should be greater than{or_equal} {min}"));
        }
        if let Some(max) = schema.value.max
            && (value > max || schema.exclusive_max && value >= max)
        {
            let or_equal = if schema.exclusive_max { "" } else { " or equal to" };
            self.fault(mark, format!("should be less than{or_equal} {max}"));
        }
        if let Some(unit) = schema.multiple_of
            && unit > 0.0
            && (value / unit).fract() != 0.0
        {
            self.fault(mark, format!("should be a multiple of {unit}"));
        }
    }

    fn range(&mut self, range: &Range, count: usize, mark: Mark, verb: &str, noun: &str) {
        #[expect(clippy::cast_precision_loss, reason = "no list has 2^52 items")]
        let count = count as f64;
        if let Some(min) = range.min.filter(|min| count < *min) {
            self.fault(mark, format!("should {verb} at least {min} {noun}"));
        }
        if let Some(max) = range.max.filter(|max| count > *max) {
            self.fault(mark, format!("should {verb} at most {max} {noun}"));
        }
    }

    fn items(&mut self, schema: &'s Schema, items: &[Node], mark: Mark) {
        if let Some(item_schema) = &schema.items {
            for (index, item) in items.iter().enumerate() {
                self.at_index(index, |walk| walk.value(item_schema, item, false));
            }
        }
        match &schema.list_type {
            ListType::Atomic => {}
            ListType::Set if has_duplicates(items) => self.fault(mark, "duplicate value"),
            ListType::Set => {}
            ListType::Map(keys) => self.unique_entries(keys, items),
        }
    }

    fn unique_entries(&mut self, keys: &[Text], items: &[Node]) {
        let mut seen = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            let key: Vec<Option<&str>> =
                keys.iter().map(|key| item.get(key).and_then(Node::text)).collect();
            if seen.insert(key, index).is_some() {
                self.at_index(index, |walk| {
                    walk.fault(item.mark, format!("duplicate value of {}", keys.join(", ")));
                });
            }
        }
    }

    fn properties(&mut self, schema: &'s Schema, node: &Node, is_resource: bool) {
        let mapping = node.as_mapping().expect("the caller has looked");
        let is_resource = is_resource || schema.embedded_resource;
        for required in &schema.required {
            if !mapping.contains(required) && !has_default(schema, required) {
                self.at_key(required, |walk| walk.fault(node.mark, "required value"));
            }
        }
        for pair in mapping {
            let key = pair.key.text.as_str();
            if is_resource && matches!(key, "apiVersion" | "kind" | "metadata") {
                continue;
            }
            self.at_key(key, |walk| match (schema.properties.get(key), &schema.additional) {
                (Some(property), _) => walk.value(property, &pair.value, false),
                (None, Additional::Schema(additional)) => {
                    walk.value(additional, &pair.value, false)
                }
                (None, Additional::Any) => {}
                (None, Additional::None) if schema.preserve_unknown || is_open(schema) => {}
                (None, Additional::None) => walk.fault(pair.key_mark, "unknown field"),
            });
        }
    }

    fn combinations(&mut self, schema: &'s Schema, node: &Node) {
        for part in &schema.all_of {
            self.value_part(part, node);
        }
        let named = self.named;
        let holds = |part: &&'s Schema| part_holds(named, part, node);
        if !schema.any_of.is_empty() && !schema.any_of.iter().any(|part| holds(&part)) {
            self.fault(node.mark, "must validate at least one of the schema's alternatives");
        }
        if !schema.one_of.is_empty() && schema.one_of.iter().filter(holds).count() != 1 {
            self.fault(node.mark, "must validate one and only one of the schema's alternatives");
        }
        if schema.not.as_deref().is_some_and(|part| holds(&part)) {
            self.fault(node.mark, "must not validate what the schema excludes");
        }
    }

    /// A part of `allOf` and its like constrains values; it does not say which fields exist.
    fn value_part(&mut self, part: &'s Schema, node: &Node) {
        let part = self.meant(part);
        if node.is_null() && part.nullable || !self.has_type(part, node) {
            return;
        }
        self.keywords(part, node);
        if let Some(mapping) = node.as_mapping() {
            for required in &part.required {
                if !mapping.contains(required) {
                    self.at_key(required, |walk| walk.fault(node.mark, "required value"));
                }
            }
            for pair in mapping {
                if let Some(property) = part.properties.get(&pair.key.text) {
                    self.at_key(&pair.key.text, |walk| walk.value_part(property, &pair.value));
                }
            }
        }
        if let (Some(items), Some(item_schema)) = (node.as_sequence(), &part.items) {
            for (index, item) in items.iter().enumerate() {
                self.at_index(index, |walk| walk.value_part(item_schema, item));
            }
        }
        self.combinations(part, node);
    }

    fn rules(&mut self, schema: &Schema, node: &Node) {
        if schema.rules.is_empty() {
            return;
        }
        let value = cel_value(Some(schema), node);
        for rule in &schema.rules {
            match rule.evaluate(&value, self.words) {
                Outcome::Holds => {}
                Outcome::Broken { message, field_path: None } => self.fault(node.mark, message),
                Outcome::Broken { message, field_path: Some(below) } => {
                    self.at(|path| path.push_str(&below), |walk| walk.fault(node.mark, message));
                }
                Outcome::Unchecked(reason) => self.unchecked.push(reason),
            }
        }
    }
}

fn push_key(path: &mut String, key: &str) {
    if key.contains(['.', '[', ']', '/']) || key.is_empty() {
        write!(path, "[{key}]").expect("a String takes any text");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

fn part_holds(named: Option<&KubernetesSchemas>, part: &Schema, node: &Node) -> bool {
    let mut walk = Walk::new(named);
    walk.value_part(part, node);
    walk.violations.is_empty()
}

fn has_default(schema: &Schema, key: &str) -> bool {
    schema.properties.get(key).is_some_and(|property| property.has_default)
}

/// An object schema that names no property at all says nothing about fields.
fn is_open(schema: &Schema) -> bool {
    schema.kind.is_none() && schema.properties.is_empty()
}

fn is_type(kind: Type, node: &Node) -> bool {
    match (&node.value, kind) {
        (Value::Mapping(_), Type::Object) | (Value::Sequence(_), Type::Array) => true,
        (Value::Scalar(scalar), kind) => match kind {
            Type::String => matches!(scalar.tag, Tag::Str | Tag::Timestamp),
            Type::Boolean => scalar.tag == Tag::Bool,
            Type::Number => matches!(scalar.tag, Tag::Int | Tag::Float),
            // JSON knows one kind of number: 3.0 is an integer.
            Type::Integer => number(node).is_some_and(|value| value.fract() == 0.0),
            Type::Object | Type::Array => false,
        },
        _ => false,
    }
}

const fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::Object => "object",
        Type::Array => "array",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
    }
}

fn has_duplicates(items: &[Node]) -> bool {
    let mut seen = BTreeSet::new();
    !items.iter().all(|item| {
        let mut text = String::new();
        write_canonical(item, &mut text);
        seen.insert(text)
    })
}

/// A text that equal values have in common, and no others: lists may be long, so that nobody compares pairs.
fn write_canonical(node: &Node, out: &mut String) {
    let quote = |tag: char, text: &str, out: &mut String| {
        let _ = write!(out, "{tag}{}:{text}", text.len());
    };
    match &node.value {
        Value::Scalar(scalar) => {
            let tag = match scalar.tag {
                Tag::Null => 'n',
                Tag::Bool => 'b',
                Tag::Int | Tag::Float => 'd',
                Tag::Timestamp | Tag::Str => 's',
            };
            quote(tag, &scalar.text, out);
        }
        Value::Sequence(items) => {
            out.push('[');
            items.iter().for_each(|item| write_canonical(item, out));
            out.push(']');
        }
        Value::Mapping(mapping) => {
            let mut pairs: Vec<(&str, &Node)> =
                mapping.iter().map(|pair| (pair.key.text.as_str(), &pair.value)).collect();
            pairs.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in pairs {
                quote('k', key, out);
                write_canonical(value, out);
            }
            out.push('}');
        }
    }
}
