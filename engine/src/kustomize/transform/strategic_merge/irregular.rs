//! Lists with items that lack their key, have one that comes twice, or are no mappings.
//!
//! What kustomize makes of them follows from the order of its steps (kyaml/yaml/walk and the setters
//! of kyaml/yaml/fns.go): an item without its key can, for one, drop all others. The steps are kept
//! here one for one. Items are numbers into a pool, because one item can stand in several lists.

use super::directive;
use super::error::MergeError;
use super::merger::{Form, Merger, Outcome};
use super::sides::{Sides, text};
use crate::kustomize::scalar;
use crate::kustomize::schema::Known;
use crate::yaml::{Mapping, Node, Style, Value};

/// Steps here compare all pairs of items.
const MAX_ITEMS: usize = 5_000;

/// An item of the pool.
type Item = usize;

/// The lists under way and the pool of their items.
struct Lists {
    pool: Vec<Node>,
    dest: Vec<Item>,
    /// `None` if the patch has no list; not used if the list stands on both sides.
    patch: Option<Vec<Item>>,
    same: bool,
}

/// Merges lists that are not regular.
pub(super) fn merge<'a>(
    merger: &mut Merger<'a>,
    sides: Sides,
    keys: &[&str],
    item: Option<Known<'a>>,
) -> Result<Vec<Node>, MergeError> {
    let mut lists = Lists::new(sides);
    if lists.pool.len() > MAX_ITEMS {
        return Err(MergeError::TooLong { field: merger.field(), limit: MAX_ITEMS });
    }
    let (mut rows, keys) =
        if keys.is_empty() { (lists.scalars(), [""].as_slice()) } else { (lists.rows(keys), keys) };
    if keys.len() > 1 {
        complete(&mut rows);
    }
    let mut added = Vec::new();
    for row in &rows {
        let (keys, row) = used_keys(&rows, row, keys);
        let Some(merged) = lists.merge_items(merger, &keys, &row, item)? else {
            set(&lists.pool, &mut lists.dest, None, &keys, &row, merger)?;
            continue;
        };
        lists.name(merged, &keys, &row);
        set(&lists.pool, &mut added, Some(merged), &keys, &row, merger)?;
    }
    if let Some(row) = rows.last() {
        let (keys, _) = used_keys(&rows, row, keys);
        let dest = std::mem::take(&mut lists.dest);
        lists.dest = append(&lists.pool, added, &dest, &keys, merger)?;
    }
    Ok(lists.finish())
}

impl Lists {
    fn new(sides: Sides) -> Self {
        match sides {
            Sides::One(list) | Sides::Same(list) if matches!(list.len(), 0) => {
                Self { pool: list, dest: Vec::new(), patch: None, same: true }
            }
            Sides::One(list) => {
                let dest = (0..list.len()).collect();
                Self { pool: list, dest, patch: None, same: false }
            }
            Sides::Same(list) => {
                let dest = (0..list.len()).collect();
                Self { pool: list, dest, patch: None, same: true }
            }
            Sides::Both(ours, theirs) => {
                let dest = (0..ours.len()).collect();
                let patch = (ours.len()..ours.len() + theirs.len()).collect();
                let pool = ours.into_iter().chain(theirs).collect();
                Self { pool, dest, patch: Some(patch), same: false }
            }
        }
    }

    /// The items of the patch, then those of the object.
    fn items(&self) -> impl Iterator<Item = &Node> {
        self.patch.iter().flatten().chain(&self.dest).map(|item| &self.pool[*item])
    }

    /// The different values of the keys.
    fn rows(&self, keys: &[&str]) -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for node in self.items() {
            let row = keys.iter().map(|key| text(node, key).to_owned()).collect();
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows
    }

    /// The different scalars.
    fn scalars(&self) -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for node in self.items() {
            let row = vec![raw(node).to_owned()];
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows
    }

    /// Merges the first item of each list that fits the row.
    fn merge_items<'a>(
        &mut self,
        merger: &mut Merger<'a>,
        keys: &[&str],
        row: &[String],
        known: Option<Known<'a>>,
    ) -> Result<Option<Item>, MergeError> {
        let rows = [row.to_vec()];
        let (keys, row) = used_keys(&rows, row, keys);
        let ours = find(&self.pool, &self.dest, &keys, &row);
        if self.same {
            let Some(item) = ours else { return Ok(None) };
            let mut node = std::mem::replace(&mut self.pool[item], Node::null());
            let there = merger.adopt(&mut node, known)? && !is_empty_mapping(&node);
            self.pool[item] = node;
            return Ok(there.then_some(item));
        }
        let theirs = self.patch.as_ref().and_then(|list| find(&self.pool, list, &keys, &row));
        let patch = theirs.map(|item| {
            let patch = self.pool[item].clone();
            // kustomize takes a directive out where it reads it: who comes to the item again sees none.
            directive::take(&mut self.pool[item]).ok();
            patch
        });
        let dest = ours.map(|item| &mut self.pool[item]);
        let merged = match (merger.merge(dest, patch, known)?, ours, theirs) {
            (Outcome::Kept, Some(item), _) => item,
            (Outcome::Taken(node), _, Some(item)) => {
                self.pool[item] = node;
                item
            }
            _ => return Ok(None),
        };
        Ok((!is_empty_mapping(&self.pool[merged])).then_some(merged))
    }

    /// Makes sure that the keys are set. A scalar is set to its own text then, which takes its type.
    fn name(&mut self, item: Item, keys: &[&str], row: &[String]) {
        let has_value = |(_, value): &(&&str, &String)| !value.is_empty();
        for (key, value) in keys.iter().zip(row).filter(has_value) {
            match &mut self.pool[item].value {
                Value::Mapping(mapping) if !mapping.contains(key) => {
                    mapping.insert(*key, Node::string(value.as_str()));
                }
                Value::Scalar(scalar) if scalar.style != Style::TimeInBrackets => {
                    scalar::assign(scalar, value.into(), None);
                }
                _ => {}
            }
        }
    }

    fn finish(self) -> Vec<Node> {
        let mut pool: Vec<(Node, usize)> = self.pool.into_iter().map(|node| (node, 0)).collect();
        for item in &self.dest {
            pool[*item].1 += 1;
        }
        let take = |item: Item| {
            let (node, uses) = &mut pool[item];
            *uses -= 1;
            if *uses == 0 { std::mem::replace(node, Node::null()) } else { node.clone() }
        };
        self.dest.into_iter().map(take).collect()
    }
}

/// Completes rows that agree with another one and lack some of its keys.
fn complete(rows: &mut [Vec<String>]) {
    for at in 0..rows.len() {
        let row = rows[at].clone();
        for other in 0..rows.len() {
            if let Some(both) = agree(&row, &rows[other]) {
                rows[at].clone_from(&both);
                rows[other] = both;
            }
        }
    }
}

/// Two rows agree if they share a key and differ only where one has none.
fn agree(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let fits = |(a, b): (&String, &String)| a == b || a.is_empty() || b.is_empty();
    if !a.iter().zip(b).all(fits) || !a.iter().zip(b).any(|(a, b)| a == b) {
        return None;
    }
    Some(a.iter().zip(b).map(|(a, b)| if a.is_empty() { b } else { a }.clone()).collect())
}

/// The keys that any row has, with this row's values; all keys if no row has any.
fn used_keys<'k>(
    rows: &[Vec<String>],
    row: &[String],
    keys: &[&'k str],
) -> (Vec<&'k str>, Vec<String>) {
    let used = |at: usize| rows.iter().any(|row| !row[at].is_empty());
    if !(0..keys.len()).any(used) {
        return (keys.to_vec(), row.to_vec());
    }
    let places: Vec<usize> = (0..keys.len()).filter(|at| used(*at)).collect();
    (
        places.iter().map(|at| keys[*at]).collect(),
        places.iter().map(|at| row[*at].clone()).collect(),
    )
}

/// The first item whose keys have these values.
fn find(pool: &[Node], list: &[Item], keys: &[&str], row: &[String]) -> Option<Item> {
    let fits = |node: &Node| {
        if keys[0].is_empty() {
            return raw(node) == row[0];
        }
        let Some(mapping) = node.as_mapping() else { return false };
        keys.iter().zip(row).all(|(key, value)| mapping.get(key).is_some_and(|v| raw(v) == value))
    };
    list.iter().copied().find(|item| fits(&pool[*item]))
}

/// Puts `item` in the place of every item that fits, or at the end if none does; without an item the
/// fitting ones go. Nulls and empty mappings go in any case.
fn set(
    pool: &[Node],
    list: &mut Vec<Item>,
    item: Option<Item>,
    keys: &[&str],
    row: &[String],
    merger: &Merger<'_>,
) -> Result<(), MergeError> {
    let for_mappings = !keys[0].is_empty() && row.first().is_some_and(|value| !value.is_empty());
    let mut found = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for old in list.drain(..) {
        let node = &pool[old];
        if node.is_null() || is_empty_mapping(node) {
            continue;
        }
        if for_mappings && node.as_mapping().is_none() {
            kept.push(old);
        } else if !fits(node, keys, row, merger)? {
            // kustomize keeps nothing that was compared with no value at all.
            kept.extend((!row.is_empty()).then_some(old));
        } else {
            found = true;
            kept.extend(item);
        }
    }
    if let Some(item) = item.filter(|item| !found && !pool[*item].is_null()) {
        kept.push(item);
    }
    *list = kept;
    Ok(())
}

/// Whether an item has these values; an empty value fits whatever the key has, and a missing one what
/// the key before it fitted.
fn fits(
    node: &Node,
    keys: &[&str],
    row: &[String],
    merger: &Merger<'_>,
) -> Result<bool, MergeError> {
    let mut last = false;
    for (at, key) in keys.iter().enumerate() {
        if let Some(value) = row.get(at) {
            last = if key.is_empty() {
                if node.as_scalar().is_none() {
                    return Err(mismatch(merger, Form::Scalar, node));
                }
                raw(node) == value
            } else {
                let mapping = mapping(node, merger)?;
                mapping.get(key).is_some_and(|field| value.is_empty() || raw(field) == value)
            };
        }
        if !last {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends the object's items to the merged ones, each in the place of the one with its keys.
fn append(
    pool: &[Node],
    mut merged: Vec<Item>,
    dest: &[Item],
    keys: &[&str],
    merger: &Merger<'_>,
) -> Result<Vec<Item>, MergeError> {
    for item in dest.iter().copied() {
        let node = &pool[item];
        if keys[0].is_empty() {
            set(pool, &mut merged, Some(item), keys, &[raw(node).to_owned()], merger)?;
            continue;
        }
        let mut row = Vec::with_capacity(keys.len());
        for key in keys {
            let field = if node.is_null() { None } else { mapping(node, merger)?.get(key) };
            match field {
                Some(value) => row.push(raw(value).to_owned()),
                None => merged.push(item),
            }
        }
        if keys.len() > 1 {
            set(pool, &mut merged, None, keys, &row, merger)?;
        }
        set(pool, &mut merged, Some(item), keys, &row, merger)?;
    }
    Ok(merged)
}

fn mapping<'n>(node: &'n Node, merger: &Merger<'_>) -> Result<&'n Mapping, MergeError> {
    node.as_mapping().ok_or_else(|| mismatch(merger, Form::Mapping, node))
}

fn mismatch(merger: &Merger<'_>, expected: Form, found: &Node) -> MergeError {
    MergeError::Mismatch {
        field: merger.field(),
        expected: expected.name(),
        found: Form::of(Some(found)).name(),
    }
}

fn is_empty_mapping(node: &Node) -> bool {
    matches!(&node.value, Value::Mapping(mapping) if mapping.is_empty())
}

/// The text of a scalar, nulls included; nothing for lists and mappings.
fn raw(node: &Node) -> &str {
    node.text().unwrap_or_default()
}
