//! The items of lists through their past: what each was, also under the name that it had before.

use super::value::{Shape, Value};
use super::verdict::Column;

/// So many items that one side alone has are looked at for another name.
const MOST_RENAMED: usize = 20;

/// The items of a list in the past, by the items of a list of now.
pub(super) struct Past<'w> {
    pub source: Vec<(Option<&'w Value>, Vec<Option<usize>>)>,
    pub target: Vec<(Option<&'w Value>, Vec<Option<usize>>)>,
}

impl<'w> Past<'w> {
    /// What an item of now was, if it is the source's or the target's.
    pub(super) fn column(
        &self,
        source: Option<&'w Value>,
        target: Option<&'w Value>,
        index: usize,
    ) -> Column<'w> {
        let then = |(value, partners): &(Option<&'w Value>, Vec<Option<usize>>)| {
            value.and_then(|value| value.items().get(partners[index]?))
        };
        Column {
            source,
            target,
            source_past: self.source.iter().map(then).collect(),
            target_past: self.target.iter().map(then).collect(),
        }
    }
}

/// An item's place in the source's list and in the target's, and what it was.
pub(super) type Renamed<'w> = (usize, usize, Column<'w>);

/// Items that the source gave another name to in one commit, while the target has the old one: one item, and no two.
pub(super) fn renamed<'w>(
    (of_source, of_target): (&Past<'w>, &Past<'w>),
    (source, target): (&'w [Value], &'w [Value]),
    partners: &[Option<usize>],
    is_image: bool,
) -> Vec<Renamed<'w>> {
    let new: Vec<usize> = (0..source.len()).filter(|at| partners[*at].is_none()).collect();
    let old: Vec<usize> = (0..target.len()).filter(|at| !partners.contains(&Some(*at))).collect();
    if new.len() > MOST_RENAMED || old.len() > MOST_RENAMED {
        return Vec::new();
    }
    let is_image = is_image && new.len() == 1 && old.len() == 1;
    let mut found: Vec<Renamed<'w>> = Vec::new();
    for from in new {
        let column = of_source.column(Some(&source[from]), None, from);
        for to in &old {
            let before = of_target.column(None, Some(&target[*to]), *to);
            found.extend(one_of_two(&column, &before, is_image).map(|it| (from, *to, it)));
        }
    }
    let is_alone = |(from, to, _): &Renamed<'w>| {
        found.iter().filter(|it| it.0 == *from || it.1 == *to).count() == 1
    };
    found.iter().filter(|it| is_alone(it)).cloned().collect()
}

/// What the source had in one place first and what it had last in another, if one commit put the one in place of the
/// other.
pub(super) fn swapped<'w>(new: &Column<'w>, old: &Column<'w>) -> Option<(&'w Value, &'w Value)> {
    let came = new.source_past.iter().position(Option::is_some)?;
    let went = old.source_past.iter().rposition(Option::is_some)?;
    (went + 1 == came).then_some((new.source_past[came]?, old.source_past[went]?))
}

/// What an item was under two names, if the source had it under the old one until a commit gave it the new one.
fn one_of_two<'w>(new: &Column<'w>, old: &Column<'w>, is_image: bool) -> Option<Column<'w>> {
    let (now, then) = swapped(new, old)?;
    let are_maps = matches!((&now.shape, &then.shape), (Shape::Map(_), Shape::Map(_)));
    let are_alike = || 2 * now.likeness(then) >= now.weight().max(then.weight());
    if !(is_image || are_maps && are_alike()) {
        return None;
    }
    let either = new.source_past.iter().zip(&old.source_past).map(|(a, b)| a.or(*b));
    Some(Column {
        source: new.source,
        target: old.target,
        source_past: either.collect(),
        target_past: old.target_past.clone(),
    })
}
