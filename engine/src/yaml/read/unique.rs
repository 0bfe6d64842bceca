//! Keys that are there twice.

use std::collections::BTreeMap;

use super::super::fault::Fault;
use super::super::{Dialect, Mapping, Pair};

/// Mappings up to this size are compared key by key, which needs no memory.
const FEW: usize = 16;

/// Applies the dialect's rule for duplicate keys to the pairs of a mapping, in their order:
/// [`Dialect::V3`] refuses them, as go-yaml v3 does, which compares the text of the keys alone;
/// in [`Dialect::V2`] the last one counts, as in sigs.k8s.io/yaml without strictness.
pub(super) fn unique(pairs: Vec<Pair>, dialect: Dialect) -> Result<Mapping, Fault> {
    let Some((first, second)) = duplicate(&pairs) else { return Ok(pairs.into_iter().collect()) };
    if dialect == Dialect::V3 {
        let offset = pairs[second].key_mark.offset().unwrap_or(0);
        let key = shown(&pairs[first].key.text);
        return Err(Fault::new(offset, format!("the key {key} is already set in this mapping")));
    }
    let mut last = BTreeMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        last.insert(pair.key.text.clone(), at);
    }
    let counts = |at: usize, pair: &Pair| last.get(&pair.key.text) == Some(&at);
    Ok(pairs.into_iter().enumerate().filter(|(at, pair)| counts(*at, pair)).map(|p| p.1).collect())
}

/// The first key that repeats an earlier one, as (earlier, repeated).
fn duplicate(pairs: &[Pair]) -> Option<(usize, usize)> {
    let key = |at: usize| pairs[at].key.text.as_str();
    if pairs.len() <= FEW {
        return (1..pairs.len()).find_map(|second| {
            (0..second).find(|first| key(*first) == key(second)).map(|first| (first, second))
        });
    }
    let mut seen = BTreeMap::new();
    (0..pairs.len())
        .find_map(|second| seen.insert(key(second), second).map(|first| (first, second)))
}

/// A key for a message: never longer than a line.
fn shown(key: &str) -> String {
    if key.chars().count() <= 60 {
        return format!("`{}`", key.escape_debug());
    }
    let cut: String = key.chars().take(57).collect();
    format!("`{}…`", cut.escape_debug())
}
