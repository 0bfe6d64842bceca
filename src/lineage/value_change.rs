//! What a commit changed in a file of the target, value by value, beside what the source had there.

use super::names::Names;
use super::pairing::{Pairing, Side};
use super::value::{Shape, Value};

/// One value that a commit changed.
pub(super) enum ValueChange<'v> {
    /// It is now this, and the source had that in its place, if anything.
    Set { after: &'v Value, source: Option<&'v Value> },
    /// It went, and the source had it still or not.
    Gone { source_has_it: bool },
}

/// A file of the target before and after a commit, and the source's.
pub(super) type Beside<'v> = (Option<&'v Value>, &'v Value, Option<&'v Value>);

/// Shows each value that a commit changed, with the keys that lead to it.
pub(super) fn value_changes<'v>(
    sides: Beside<'v>,
    names: &Names,
    see: &mut dyn FnMut(ValueChange<'v>, &[&'v str]),
) {
    below(sides, &mut Vec::new(), names, see);
}

fn below<'v>(
    (before, after, source): Beside<'v>,
    keys: &mut Vec<&'v str>,
    names: &Names,
    see: &mut dyn FnMut(ValueChange<'v>, &[&'v str]),
) {
    if before == Some(after) {
        return;
    }
    let of_source = |key: &str| source.and_then(|source| source.get(key));
    match (&after.shape, source.map(|source| &source.shape)) {
        (Shape::Map(pairs), Some(Shape::Map(_))) => {
            for (key, value) in pairs {
                let before = before.and_then(|before| before.get(key));
                keys.push(key);
                below((before, value, of_source(key)), keys, names, see);
                keys.pop();
            }
            let then = before.map(Value::pairs).unwrap_or_default();
            for (key, _) in then.iter().filter(|(key, _)| after.get(key).is_none()) {
                see(ValueChange::Gone { source_has_it: of_source(key).is_some() }, keys);
            }
        }
        (Shape::List(items), Some(Shape::List(others))) => {
            let pairing = Pairing { field: keys.last().copied().unwrap_or_default(), names };
            let then = before.map(Value::items).unwrap_or_default();
            let mine = pairing.pair((items, Side::Target), (then, Side::Target));
            let theirs = pairing.pair((items, Side::Target), (others, Side::Source));
            for (index, item) in items.iter().enumerate() {
                let before = mine[index].map(|at| &then[at]);
                below((before, item, theirs[index].map(|at| &others[at])), keys, names, see);
            }
            let gone: Vec<usize> =
                (0..then.len()).filter(|at| !mine.contains(&Some(*at))).collect();
            if !gone.is_empty() {
                let there = pairing.pair((then, Side::Target), (others, Side::Source));
                for at in gone {
                    see(ValueChange::Gone { source_has_it: there[at].is_some() }, keys);
                }
            }
        }
        _ => see(ValueChange::Set { after, source }, keys),
    }
}
