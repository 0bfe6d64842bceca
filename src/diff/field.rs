//! Changes said by field: `spec.http[0].timeout: 5s → 10s`.

use std::collections::{BTreeMap, BTreeSet};

use super::item::item_name;
use crate::yaml::{Dialect, Mapping, Node, Scalar, Tag, Value, resolve_plain};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The way to the field: dots between keys, `["a.b"]` for a key with dots, `[app]` for an item by its
    /// name, `[0]` for one without.
    pub path: String,
    /// What was there.
    pub before: FieldValue,
    /// What is there now.
    pub after: FieldValue,
}

/// The value of a field in as many words as fit a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// The field is not there.
    Absent,
    /// A scalar's text.
    Scalar(String),
    /// A list of so many items.
    Items(usize),
    /// A mapping of so many keys.
    Keys(usize),
}

/// No resource's changes are told field by field beyond this number.
const LIMIT: usize = 200;

/// The fields that differ between two trees, in the order of `before`, new ones after those; at
/// most 200. Lists of one length are compared item by item, others where their items differ.
#[must_use]
pub fn field_changes(before: &Node, after: &Node) -> Vec<FieldChange> {
    let mut changes = Changes { path: String::new(), found: Vec::new() };
    changes.compare(before, after);
    changes.found
}

struct Changes {
    path: String,
    found: Vec<FieldChange>,
}

impl Changes {
    fn compare(&mut self, before: &Node, after: &Node) {
        if self.found.len() >= LIMIT {
            return;
        }
        match (&before.value, &after.value) {
            (Value::Mapping(before), Value::Mapping(after)) => self.compare_keys(before, after),
            (Value::Sequence(before), Value::Sequence(after)) => self.compare_items(before, after),
            _ if before == after => {}
            _ => self.push(FieldValue::of(before), FieldValue::of(after)),
        }
    }

    fn compare_keys(&mut self, before: &Mapping, after: &Mapping) {
        let (before_by_key, after_by_key) = (by_key(before), by_key(after));
        for pair in before {
            let key = pair.key.text.as_str();
            self.inside(&key_step(key), |changes| match after_by_key.get(key) {
                Some(other) => changes.compare(&pair.value, other),
                None => changes.push(FieldValue::of(&pair.value), FieldValue::Absent),
            });
        }
        for pair in after.iter().filter(|pair| !before_by_key.contains_key(pair.key.text.as_str()))
        {
            self.inside(&key_step(&pair.key.text), |changes| {
                changes.push(FieldValue::Absent, FieldValue::of(&pair.value));
            });
        }
    }

    /// Items go by their names, where all have one of their own.
    fn compare_items(&mut self, before: &[Node], after: &[Node]) {
        match (named(before).as_deref(), named(after).as_deref()) {
            // The only one of a list is the same one under another name.
            (Some([name]), Some([other])) if name != other => self.compare_places(before, after),
            (Some(names_before), Some(names_after)) => {
                self.compare_named(before, names_before, after, names_after);
            }
            _ => self.compare_places(before, after),
        }
    }

    fn compare_named(
        &mut self,
        before: &[Node],
        names_before: &[&str],
        after: &[Node],
        names_after: &[&str],
    ) {
        let by_name: BTreeMap<&str, &Node> = names_after.iter().copied().zip(after).collect();
        for (item, name) in before.iter().zip(names_before) {
            self.inside(&format!("[{name}]"), |changes| match by_name.get(name) {
                Some(other) => changes.compare(item, other),
                None => changes.push(FieldValue::of(item), FieldValue::Absent),
            });
        }
        let known: BTreeSet<&str> = names_before.iter().copied().collect();
        for (item, name) in after.iter().zip(names_after).filter(|(_, name)| !known.contains(*name))
        {
            self.inside(&format!("[{name}]"), |changes| {
                changes.push(FieldValue::Absent, FieldValue::of(item));
            });
        }
    }

    /// Items that are equal at both ends are left out; what remains is compared item by item if it is
    /// as long on both sides, else said as a number.
    fn compare_places(&mut self, before: &[Node], after: &[Node]) {
        let same_start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let (rest_before, rest_after) = (&before[same_start..], &after[same_start..]);
        let same_end = rest_before
            .iter()
            .rev()
            .zip(rest_after.iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        let rest_before = &rest_before[..rest_before.len() - same_end];
        let rest_after = &rest_after[..rest_after.len() - same_end];
        match (rest_before, rest_after) {
            (before, after) if before.len() == after.len() => {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    let step = format!("[{}]", same_start + index);
                    self.inside(&step, |changes| changes.compare(before, after));
                }
            }
            ([], [only]) => self.inside(&format!("[{same_start}]"), |changes| {
                changes.push(FieldValue::Absent, FieldValue::of(only));
            }),
            ([only], []) => self.inside(&format!("[{same_start}]"), |changes| {
                changes.push(FieldValue::of(only), FieldValue::Absent);
            }),
            _ => self.push(FieldValue::Items(before.len()), FieldValue::Items(after.len())),
        }
    }

    fn push(&mut self, before: FieldValue, after: FieldValue) {
        if self.found.len() >= LIMIT {
            return;
        }
        let path = self.path.trim_start_matches('.').to_owned();
        self.found.push(FieldChange { path, before, after });
    }

    fn inside(&mut self, step: &str, compare: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        compare(self);
        self.path.truncate(length);
    }
}

/// The names of items, if each has one that no other has.
fn named(items: &[Node]) -> Option<Vec<&str>> {
    let names: Vec<&str> = items.iter().map(item_name).collect::<Option<_>>()?;
    let is_plain = |name: &&str| !name.contains([']', '[', '\n', '"']);
    let unlike: BTreeSet<&str> = names.iter().copied().filter(is_plain).collect();
    (unlike.len() == names.len()).then_some(names)
}

/// Mappings look a key up by going through all of them.
fn by_key(mapping: &Mapping) -> BTreeMap<&str, &Node> {
    mapping.iter().map(|pair| (pair.key.text.as_str(), &pair.value)).collect()
}

impl FieldValue {
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Scalar(scalar) => Self::Scalar(written(scalar)),
            Value::Sequence(items) => Self::Items(items.len()),
            Value::Mapping(mapping) => Self::Keys(mapping.len()),
        }
    }
}

/// The text; in quotes where it would be a number or a switch without them.
fn written(scalar: &Scalar) -> String {
    if scalar.tag == Tag::Str && resolve_plain(&scalar.text, Dialect::V3) != Tag::Str {
        format!("\"{}\"", scalar.text)
    } else {
        scalar.text.to_string()
    }
}

fn key_step(key: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    if !key.is_empty() && key.chars().all(plain) { format!(".{key}") } else { format!("[{key:?}]") }
}
