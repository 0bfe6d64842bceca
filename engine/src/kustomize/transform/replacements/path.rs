//! Field paths of replacements, and the walk along them.
//!
//! As kyaml's `PathGetter` (sources) and `PathMatcher` (targets). They differ from
//! [`FieldPath`](crate::model::FieldPath): a value in brackets is a regular expression that may
//! match anywhere, `-` is a source's last item, and a bracket that is never closed is a name.

use std::fmt::Write as _;

use regex::Regex;

use crate::kustomize::field_spec::split;
use crate::kustomize::go_regex;
use crate::kustomize::growth::{TooDeep, check_depth};
use crate::kustomize::scalar;
use crate::yaml::{Node, Scalar, Style, Tag, Text, Value};

/// The field of a source or target that names none.
pub(super) const DEFAULT_PATH: &str = "metadata.name";

/// A field path.
#[derive(Clone, Debug)]
pub(super) struct Path {
    steps: Vec<Segment>,
}

#[derive(Clone, Debug)]
enum Segment {
    /// The value of a key.
    Key(String),
    /// A number: an item of a list.
    Index(usize, String),
    /// Items that have a field with a value, or are it.
    Match { key: String, value: String, regex: Option<Regex> },
    /// `*`: all items.
    Every,
}

/// What happens where a field is missing.
#[derive(Clone, Debug)]
pub(super) enum Absent {
    /// The walk ends without having found it.
    Skip,
    /// The field is made, with this at the end of the path.
    Make(Value),
}

/// A scalar that was made just now: it takes the type that its text reads like.
pub(super) const FRESH: Scalar =
    Scalar { text: Text::const_new(""), tag: Tag::Null, style: Style::Folded };
/// The same within brackets, where an empty text is written in quotes and is one.
pub(super) const FRESH_IN_FLOW: Scalar =
    Scalar { text: Text::const_new(""), tag: Tag::Null, style: Style::Literal };

/// Whether a scalar was made just now.
pub(super) fn is_fresh(scalar: &Scalar) -> bool {
    *scalar == FRESH || *scalar == FRESH_IN_FLOW
}

impl Absent {
    /// The same for what is written in brackets.
    fn in_flow(&self) -> Self {
        match self {
            Self::Make(Value::Scalar(scalar)) if *scalar == FRESH => {
                Self::Make(Value::Scalar(FRESH_IN_FLOW))
            }
            other => other.clone(),
        }
    }
}

/// Why a path does not lead anywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    #[error("`{0}` stands where the path needs `[field=value]`")]
    NoValue(String),
    #[error("`{0}` is no regular expression")]
    Pattern(String),
    #[error("`{step}` meets a {found} where it needs a {expected}")]
    Kind { step: String, expected: &'static str, found: &'static str },
    #[error("there is no item {index}, the list has {length}")]
    Index { index: usize, length: usize },
    #[error("`*` is not possible in a source")]
    Wildcard,
    #[error("`-` meets an empty list")]
    Last,
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
}

impl Path {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, PathError> {
        let parts = split_smart(text);
        check_depth(parts.len(), 0)?;
        let steps = parts.into_iter().map(|part| Segment::parse(&part));
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }

    /// The path's first `steps` steps, and the rest.
    pub(super) fn split_at(&self, steps: usize) -> (Self, Self) {
        let (before, after) = self.steps.split_at(steps);
        (Self { steps: before.to_vec() }, Self { steps: after.to_vec() })
    }

    /// Whether these keys are its first steps.
    pub(super) fn begins_with(&self, keys: &[&str]) -> bool {
        let is_key =
            |(step, key): (&Segment, &&str)| matches!(step, Segment::Key(text) if text == key);
        self.steps.len() >= keys.len() && self.steps.iter().zip(keys).all(is_key)
    }

    /// Whether it has a step at this place, and one with a name.
    pub(super) fn names_step(&self, at: usize) -> bool {
        self.steps.get(at).is_some_and(|step| !matches!(step, Segment::Key(key) if key.is_empty()))
    }

    /// Number of steps.
    pub(super) const fn len(&self) -> usize {
        self.steps.len()
    }

    /// The first node that the path leads to.
    pub(super) fn look_up<'n>(&self, node: &'n Node) -> Result<Option<&'n Node>, PathError> {
        let mut node = node;
        for step in &self.steps {
            if let Segment::Key(key) = step
                && key.trim().is_empty()
            {
                continue;
            }
            match step.get(node)? {
                Some(next) => node = next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// Calls `change` with every node that the path leads to, and returns how many these are.
    pub(super) fn visit<E: From<PathError>>(
        &self,
        node: &mut Node,
        absent: &Absent,
        change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
    ) -> Result<usize, E> {
        visit(node, &self.steps, absent, change)
    }
}

impl Segment {
    fn parse(part: &str) -> Result<Self, PathError> {
        if let Ok(index) = part.trim_start_matches('+').parse::<usize>() {
            return Ok(Self::Index(index, part.to_owned()));
        }
        if part == "*" {
            return Ok(Self::Every);
        }
        let inner = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let Some(inner) = inner else { return Ok(Self::Key(part.to_owned())) };
        let Some((key, value)) = inner.split_once('=') else {
            return Err(PathError::NoValue(part.to_owned()));
        };
        Ok(Self::Match {
            key: key.to_owned(),
            value: value.to_owned(),
            regex: go_regex::compile(value).ok(),
        })
    }

    /// The node one step on, as a source reads it.
    fn get<'n>(&self, node: &'n Node) -> Result<Option<&'n Node>, PathError> {
        if node.is_null() {
            return Ok(None);
        }
        match self {
            Self::Every => Err(PathError::Wildcard),
            Self::Index(index, _) => Ok(self.items(node)?.get(*index)),
            Self::Key(key) if key == "-" => {
                self.items(node)?.last().map(Some).ok_or(PathError::Last)
            }
            Self::Key(key) => match &node.value {
                Value::Mapping(mapping) => Ok(mapping.get(key)),
                _ => Err(self.kind("mapping", node)),
            },
            Self::Match { key, value, .. } => {
                let fits = |item: &&Node| {
                    let field = if key.is_empty() { Some(*item) } else { item.get(key) };
                    field.is_some_and(|field| field.text().unwrap_or_default() == value)
                };
                Ok(self.items(node)?.iter().find(fits))
            }
        }
    }

    fn items<'n>(&self, node: &'n Node) -> Result<&'n [Node], PathError> {
        node.as_sequence().ok_or_else(|| self.kind("list", node))
    }

    fn kind(&self, expected: &'static str, found: &Node) -> PathError {
        let step = match self {
            Self::Key(text) | Self::Index(_, text) => text.clone(),
            Self::Match { key, value, .. } => format!("[{key}={value}]"),
            Self::Every => "*".to_owned(),
        };
        PathError::Kind { step, expected, found: found.kind_name() }
    }
}

fn visit<E: From<PathError>>(
    node: &mut Node,
    steps: &[Segment],
    absent: &Absent,
    change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<usize, E> {
    let Some((step, rest)) = steps.split_first() else {
        change(node)?;
        return Ok(1);
    };
    let in_flow = node.mark.is_flow().then(|| absent.in_flow());
    let absent = in_flow.as_ref().unwrap_or(absent);
    if let Segment::Key(key) = step
        && key.is_empty()
    {
        return visit_itself(node, step, rest, absent, change);
    }
    if is_null(node) && matches!(absent, Absent::Make(_)) && !matches!(step, Segment::Every) {
        // kustomize puts what it makes below a null into a node that stays a null: it is lost.
        let mut lost = match step {
            Segment::Key(_) => Node::mapping(),
            _ => Node::made(Value::Sequence(Vec::new())),
        };
        return visit(&mut lost, steps, absent, change);
    }
    match step {
        Segment::Key(key) => visit_key(node, step, key, rest, absent, change),
        Segment::Index(index, _) => visit_index(node, step, *index, rest, absent, change),
        Segment::Match { .. } => visit_matching(node, step, rest, absent, change),
        Segment::Every => {
            let Some(items) = list(node, step)? else { return Ok(0) };
            let mut count = 0;
            for item in items {
                count += visit(item, rest, absent, change)?;
            }
            Ok(count)
        }
    }
}

/// Whether a node is a null to kustomize: what it made just now for a step without a name has no type.
fn is_null(node: &Node) -> bool {
    node.is_null() && !node.as_scalar().is_some_and(is_fresh)
}

/// The items of a list; `None` for null.
fn list<'n>(node: &'n mut Node, step: &Segment) -> Result<Option<&'n mut Vec<Node>>, PathError> {
    if is_null(node) {
        return Ok(None);
    }
    if node.as_sequence().is_none() {
        return Err(step.kind("list", node));
    }
    Ok(node.as_sequence_mut())
}

/// What is made for a field, by the step behind it.
fn made(rest: &[Segment], absent: &Absent) -> Option<Node> {
    let Absent::Make(leaf) = absent else { return None };
    Some(Node::made(match rest.first() {
        None => leaf.clone(),
        // A step without a name stands for what is there.
        Some(Segment::Key(key)) if key.is_empty() => leaf.clone(),
        Some(Segment::Index(..) | Segment::Match { .. }) => Value::Sequence(Vec::new()),
        Some(Segment::Key(_) | Segment::Every) => Node::mapping().value,
    }))
}

/// A step without a name, which stands for a scalar without text. Where it may make one, kustomize puts it in
/// place of the scalar and goes on with a copy.
fn visit_itself<E: From<PathError>>(
    node: &mut Node,
    step: &Segment,
    rest: &[Segment],
    absent: &Absent,
    change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<usize, E> {
    let Value::Scalar(scalar) = &node.value else { return Err(step.kind("scalar", node).into()) };
    if scalar.text.is_empty() && (scalar.tag == Tag::Str || is_fresh(scalar)) {
        return visit(node, rest, absent, change);
    }
    let Some(mut made) = made(rest, absent) else { return Ok(0) };
    node.value = match &made.value {
        Value::Scalar(_) => Node::string("").value,
        other => other.clone(),
    };
    visit(&mut made, rest, absent, change)
}

fn visit_key<E: From<PathError>>(
    node: &mut Node,
    step: &Segment,
    key: &str,
    rest: &[Segment],
    absent: &Absent,
    change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<usize, E> {
    if is_null(node) {
        return Ok(0);
    }
    let Value::Mapping(mapping) = &mut node.value else {
        return Err(step.kind("mapping", node).into());
    };
    if !mapping.contains(key) {
        let Some(made) = made(rest, absent) else { return Ok(0) };
        mapping.insert(key, made);
    }
    let field = mapping.get_mut(key).expect("it is there or was made");
    visit(field, rest, absent, change)
}

fn visit_index<E: From<PathError>>(
    node: &mut Node,
    step: &Segment,
    index: usize,
    rest: &[Segment],
    absent: &Absent,
    change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<usize, E> {
    let Some(items) = list(node, step)? else {
        return Err(PathError::Index { index, length: 0 }.into());
    };
    if items.len() == index {
        items.extend(made(rest, absent));
    }
    let length = items.len();
    let item = items.get_mut(index).ok_or(PathError::Index { index, length })?;
    visit(item, rest, absent, change)
}

fn visit_matching<E: From<PathError>>(
    node: &mut Node,
    step: &Segment,
    rest: &[Segment],
    absent: &Absent,
    change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<usize, E> {
    let Segment::Match { key, value, regex } = step else { return Ok(0) };
    let Some(items) = list(node, step)? else { return Ok(0) };
    let Some(regex) = regex.as_ref() else {
        // Only where there is an item to compare does kustomize read the pattern.
        return if items.is_empty() {
            Ok(0)
        } else {
            Err(PathError::Pattern(value.clone()).into())
        };
    };
    let mut count = visit_items(items, key, regex, rest, absent, change)?;
    if count == 0 && matches!(absent, Absent::Make(_)) {
        let value = scalar::plain(value.as_str().into());
        items.push(if key.is_empty() {
            value
        } else {
            let mut item = Node::mapping();
            item.as_mapping_mut().map(|mapping| mapping.insert(key.as_str(), value));
            item
        });
        count = visit_items(items, key, regex, rest, absent, change)?;
    }
    Ok(count)
}

fn visit_items<E: From<PathError>>(
    items: &mut [Node],
    key: &str,
    regex: &Regex,
    rest: &[Segment],
    absent: &Absent,
    change: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<usize, E> {
    let mut count = 0;
    for item in items {
        let text =
            if key.is_empty() { Some(as_written(item)) } else { item.get(key).map(as_written) };
        if !text.is_some_and(|text| regex.is_match(&text)) {
            continue;
        }
        // A scalar that matches is the end of the path, whatever comes behind it.
        let rest = if key.is_empty() { &[] } else { rest };
        count += visit(item, rest, absent, change)?;
    }
    Ok(count)
}

/// A scalar as go-yaml writes it, quotes included: that is what kustomize's patterns are matched with.
fn as_written(node: &Node) -> String {
    let Value::Scalar(scalar) = &node.value else { return String::new() };
    match scalar.style {
        Style::DoubleQuoted => quoted(scalar),
        Style::SingleQuoted => format!("'{}'", scalar.text.replace('\'', "''")),
        style
            if style.is_plain()
                && !style.is_untyped()
                && scalar.tag == Tag::Str
                && scalar::plain(scalar.text.clone()).as_str().is_none() =>
        {
            quoted(scalar)
        }
        _ => scalar.text.trim().to_owned(),
    }
}

fn quoted(scalar: &Scalar) -> String {
    let mut text = String::with_capacity(scalar.text.len() + 2);
    text.push('"');
    for c in scalar.text.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => {
                write!(text, "\\x{:02X}", u32::from(c)).expect("a String takes any text");
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Splits a path at its dots, save those that are escaped or in brackets; brackets without `=` go.
fn split_smart(path: &str) -> Vec<String> {
    let mut parts = split(path, '.').into_iter();
    let mut steps = Vec::new();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            steps.push(part);
            continue;
        }
        let mut whole = part;
        for part in parts.by_ref() {
            whole.push('.');
            whole.push_str(&part);
            if part.ends_with(']') {
                break;
            }
        }
        steps.push(if whole.contains('=') {
            whole
        } else {
            whole.trim_matches(['[', ']']).to_owned()
        });
    }
    steps
}
