//! Merge keys (`<<`), expanded where the mapping ends.

use std::collections::BTreeSet;

use super::super::fault::Fault;
use super::super::{Dialect, Node, Pair, Text, Value};
use super::unique::unique;

/// The pairs of a mapping and the merge values between them, as they stand in the text.
#[derive(Default)]
pub(super) struct Merging {
    pub(super) pairs: Vec<Pair>,
    /// The value of each `<<`, with the number of pairs before it.
    pub(super) merges: Vec<(usize, Node)>,
}

impl Merging {
    /// The mapping with all merges carried out.
    ///
    /// By kyaml's rules own keys win wherever they stand and a second `<<` is an error; in
    /// go-yaml v2 whatever comes later in the text wins. In a list of mappings the first wins.
    pub(super) fn finish(self, dialect: Dialect) -> Result<super::super::Mapping, Fault> {
        let Self { pairs, merges } = self;
        if merges.is_empty() {
            return unique(pairs, dialect);
        }
        match dialect {
            Dialect::V3 => Self::keep_own(pairs, merges),
            Dialect::V2 => Self::in_order(pairs, merges),
        }
    }

    fn keep_own(
        pairs: Vec<Pair>,
        merges: Vec<(usize, Node)>,
    ) -> Result<super::super::Mapping, Fault> {
        if let Some((_, second)) = merges.get(1) {
            let offset = second.mark.offset().unwrap_or(0);
            return Err(Fault::new(offset, "a second `<<` in one mapping"));
        }
        let mut mapping = unique(pairs, Dialect::V3)?;
        let mut keys: BTreeSet<Text> = mapping.iter().map(|pair| pair.key.text.clone()).collect();
        for part in merges.into_iter().flat_map(|(_, node)| parts(node)) {
            for pair in part? {
                if keys.insert(pair.key.text.clone()) {
                    mapping.push(pair);
                }
            }
        }
        Ok(mapping)
    }

    fn in_order(
        pairs: Vec<Pair>,
        merges: Vec<(usize, Node)>,
    ) -> Result<super::super::Mapping, Fault> {
        let mut all = Vec::with_capacity(pairs.len());
        let mut merges = merges.into_iter().peekable();
        let mut pairs = pairs.into_iter();
        for before in 0..=pairs.len() {
            while let Some((_, node)) = merges.next_if(|(at, _)| *at == before) {
                let parts: Vec<_> = parts(node).collect::<Result<_, _>>()?;
                all.extend(parts.into_iter().rev().flatten());
            }
            all.extend(pairs.next());
        }
        unique(all, Dialect::V2)
    }
}

/// The mappings that a `<<` names: itself, or the items of a list.
fn parts(node: Node) -> impl Iterator<Item = Result<super::super::Mapping, Fault>> {
    let nodes = match node.value {
        Value::Sequence(items) => items,
        value => vec![Node { value, mark: node.mark }],
    };
    nodes.into_iter().map(|node| match node.value {
        Value::Mapping(mapping) => Ok(mapping),
        _ => Err(Fault::new(
            node.mark.offset().unwrap_or(0),
            "`<<` takes a mapping or a list of mappings",
        )),
    })
}
