//! One operation on an object.

use super::error::Reason;
use super::operation::{Operation, pointer};
use crate::kustomize::growth::{Growth, check_depth, levels, weight};
use crate::kustomize::json;
use crate::yaml::{Mapping, Node, Text, Value};

/// Carries out one operation. What it puts in is counted: a `copy` can double the object.
pub(super) fn apply(
    operation: &Operation,
    root: &mut Node,
    growth: &mut Growth,
) -> Result<(), Reason> {
    let mut value = || {
        let value = operation.value.as_ref();
        growth.add_to_each(value.map_or(0, weight), 1)?;
        Ok::<_, Reason>(value.cloned().unwrap_or_else(Node::null))
    };
    match operation.kind.as_str() {
        "add" => add(root, path(operation)?, value()?),
        "remove" => remove(root, path(operation)?).map(drop),
        "replace" => replace(root, path(operation)?, value()?),
        "move" => {
            let from = from(operation)?;
            let (parent, key) = parent(root, from)?;
            get(parent, &key)?;
            let value = remove(root, from)?;
            add(root, path(operation)?, value)
        }
        "copy" => {
            let (parent, key) = parent(root, from(operation)?)?;
            let value = get(parent, &key)?;
            growth.add(value.map_or(0, weight))?;
            let value = value.cloned().unwrap_or_else(Node::null);
            add(root, path(operation)?, value)
        }
        "test" => test(root, path(operation)?, operation),
        _ => Err(Reason::UnknownKind),
    }
}

fn path(operation: &Operation) -> Result<&str, Reason> {
    operation.path.as_deref().ok_or(Reason::Missing("path"))
}

fn from(operation: &Operation) -> Result<&str, Reason> {
    operation.from.as_deref().ok_or(Reason::Missing("from"))
}

fn add(root: &mut Node, path: &str, value: Node) -> Result<(), Reason> {
    check_depth(path.matches('/').count(), levels(&value))?;
    let (parent, key) = parent(root, path)?;
    match &mut parent.value {
        Value::Mapping(mapping) => {
            set(mapping, key, value);
        }
        Value::Sequence(items) if key == "-" => items.push(value),
        Value::Sequence(items) => {
            let at = index(&key, items.len() + 1)?;
            items.insert(at, value);
        }
        Value::Scalar(_) => return Err(Reason::NoParent(path.to_owned())),
    }
    Ok(())
}

fn set(mapping: &mut Mapping, key: Text, value: Node) {
    let pair = json::pair(key, value);
    match mapping.iter_mut().find(|there| there.key.text == pair.key.text) {
        Some(there) => (there.key_mark, there.value) = (pair.key_mark, pair.value),
        None => {
            mapping.push(pair);
        }
    }
}

fn remove(root: &mut Node, path: &str) -> Result<Node, Reason> {
    let (parent, key) = parent(root, path)?;
    match &mut parent.value {
        Value::Mapping(mapping) => {
            mapping.remove(&key).ok_or_else(|| Reason::NoKey(key.to_string()))
        }
        Value::Sequence(items) => {
            let at = index(&key, items.len())?;
            Ok(items.remove(at))
        }
        Value::Scalar(_) => Err(Reason::NoParent(path.to_owned())),
    }
}

fn replace(root: &mut Node, path: &str, new: Node) -> Result<(), Reason> {
    check_depth(path.matches('/').count(), levels(&new))?;
    if path.is_empty() {
        *root = new;
        return Ok(());
    }
    let (parent, key) = parent(root, path)?;
    match &mut parent.value {
        Value::Mapping(mapping) => {
            set(mapping, key, new);
        }
        Value::Sequence(items) => {
            let at = index(&key, items.len())?;
            items[at] = new;
        }
        Value::Scalar(_) => return Err(Reason::NoParent(path.to_owned())),
    }
    Ok(())
}

fn test(root: &mut Node, path: &str, operation: &Operation) -> Result<(), Reason> {
    let null = Node::null();
    let expected = operation.value.as_ref().unwrap_or(&null);
    let same = |node: &Node, expected: &Node| match &operation.raw {
        Some(raw) => raw.is(node),
        None => node == expected,
    };
    let equal = if path.is_empty() {
        same(root, expected)
    } else {
        let (parent, key) = parent(root, path)?;
        same(get(parent, &key)?.unwrap_or(&null), expected)
    };
    if equal { Ok(()) } else { Err(Reason::TestFailed) }
}

/// The value of a key or index; a key that is missing is no error.
fn get<'n>(parent: &'n Node, key: &Text) -> Result<Option<&'n Node>, Reason> {
    match &parent.value {
        Value::Mapping(mapping) => Ok(mapping.get(key)),
        Value::Sequence(items) => index(key, items.len()).map(|at| items.get(at)),
        Value::Scalar(_) => Err(Reason::NoParent(key.to_string())),
    }
}

/// The mapping or list that holds what the pointer points at, and the last part of the pointer.
fn parent<'n>(root: &'n mut Node, path: &str) -> Result<(&'n mut Node, Text), Reason> {
    let missing = || Reason::NoParent(path.to_owned());
    let mut parts = pointer(path).ok_or_else(missing)?;
    let key = parts.pop().ok_or_else(missing)?;
    let mut node = root;
    for part in &parts {
        node = match &mut node.value {
            Value::Mapping(mapping) => mapping.get_mut(part).ok_or_else(missing)?,
            Value::Sequence(items) => {
                let at = index(part, items.len()).map_err(|_| missing())?;
                &mut items[at]
            }
            Value::Scalar(_) => return Err(missing()),
        };
    }
    if node.as_scalar().is_some() {
        return Err(missing());
    }
    Ok((node, key))
}

/// An index into `length` places, negative ones from the end.
fn index(key: &str, length: usize) -> Result<usize, Reason> {
    let refuse = || Reason::NoIndex(key.to_owned());
    let index: i64 = key.parse().map_err(|_| refuse())?;
    let length = i64::try_from(length).map_err(|_| refuse())?;
    let at = if index < 0 { index + length } else { index };
    if (0..length).contains(&at) {
        usize::try_from(at).map_err(|_| refuse())
    } else {
        Err(refuse())
    }
}
