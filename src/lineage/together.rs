//! Decisions that hold together or not at all: what says one thing in several fields comes whole, or stays.

use std::ops::Range;

use super::coupling::{Coupling, Part, couplings};
use super::decision::{Decision, Op, Reason};
use super::value::Value;
use super::verdict::Verdict;
use crate::model::quantity;

/// Fields that stay if one of some others does.
#[derive(Clone, Debug)]
pub(super) struct Together {
    moving: Vec<Field>,
    needed: Vec<Field>,
}

/// A field of a mapping.
#[derive(Clone, Debug)]
struct Field {
    key: String,
    /// Its decisions among those that were found.
    decisions: Range<usize>,
    /// The field in it that is meant, or in its items.
    below: Option<String>,
    /// Whether it may stay where the source has not changed it.
    is_lenient: bool,
}

/// The decisions of a mapping's keys among those that were found.
pub(super) type Spans<'v> = [(&'v str, Range<usize>)];

impl Together {
    /// What says one thing in a mapping at `key` that both sides have.
    pub(super) fn find(
        key: &str,
        (source, target): (&Value, &Value),
        spans: &Spans<'_>,
    ) -> Vec<Self> {
        let rules = couplings(key, source, target);
        let mut all: Vec<Self> = rules.map(|rule| Self::of_rule(rule, source, spans)).collect();
        all.extend(ordered((source, target), spans, ("minReplicas", None), ("maxReplicas", None)));
        let of_scaler = (("minReplicaCount", None), ("maxReplicaCount", None));
        all.extend(ordered((source, target), spans, of_scaler.0, of_scaler.1));
        let requests = |side: &'_ Value| {
            let pairs = side.get("requests").map(Value::pairs).unwrap_or_default();
            pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        for name in requests(source).into_iter().chain(requests(target)) {
            let of = |key| (key, Some(name.as_str()));
            all.extend(ordered((source, target), spans, of("requests"), of("limits")));
        }
        all
    }

    fn of_rule(rule: &Coupling, source: &Value, spans: &Spans<'_>) -> Self {
        let field = |(key, decisions): &(&str, Range<usize>)| {
            let part = rule.part(key)?;
            let below = if let Part::TellsIn(name) = part { Some(name.to_owned()) } else { None };
            let is_lenient = part == Part::Goes && source.get(key).is_some();
            Some(Field { key: (*key).to_owned(), decisions: decisions.clone(), below, is_lenient })
        };
        let fields: Vec<Field> = spans.iter().filter_map(field).collect();
        Self { moving: fields.clone(), needed: fields }
    }

    /// The same where the decisions stand behind as many others.
    pub(super) fn behind(mut self, others: usize) -> Self {
        for field in self.moving.iter_mut().chain(&mut self.needed) {
            field.decisions = field.decisions.start + others..field.decisions.end + others;
        }
        self
    }

    /// Takes back what would come or go alone, and says whether there was something.
    fn keep(&self, found: &mut [Decision]) -> bool {
        let mut needed = self.needed.iter().filter(|field| field.stays(found));
        let Some(with) = needed.next().map(Field::shown) else { return false };
        let moving: Vec<usize> = self.moving.iter().flat_map(|it| it.decisions(found)).collect();
        keep_all(found, moving, &with)
    }
}

impl Field {
    fn shown(&self) -> String {
        let below = self.below.as_ref().map_or(String::new(), |below| format!(".{below}"));
        format!("{}{below}", self.key)
    }

    fn decisions(&self, found: &[Decision]) -> Vec<usize> {
        let is_meant = |at: &usize| {
            let ends = |key: &str| {
                let above = found[*at].field.strip_suffix(key);
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            };
            self.below.as_ref().is_none_or(|below| ends(below) || ends(&self.key))
        };
        self.decisions.clone().filter(is_meant).collect()
    }

    /// Whether it stays so that nothing else of what it belongs to may come.
    fn stays(&self, found: &[Decision]) -> bool {
        let is_elsewhere = |decision: &Decision| {
            self.is_lenient
                && matches!(
                    decision.reason,
                    Reason::Judged(
                        Verdict::Counterpart
                            | Verdict::AbsentOnPurpose
                            | Verdict::Own { source_moved: false, .. }
                    )
                )
        };
        let decisions = self.decisions(found);
        decisions.into_iter().any(|at| found[at].op.is_none() && !is_elsewhere(&found[at]))
    }
}

/// A key, and the key below it that is meant.
type Place<'p> = (&'p str, Option<&'p str>);

/// What may not come alone where the one number must not be above the other, in either place.
fn ordered(
    (source, target): (&Value, &Value),
    spans: &Spans<'_>,
    low: Place<'_>,
    high: Place<'_>,
) -> Vec<Together> {
    let number = |side: &'_ Value, (key, below): Place<'_>| {
        let value = side.get(key)?;
        let value = below.map_or(Some(value), |below| value.get(below))?;
        quantity(value.as_text()?)
    };
    let field = |(key, below): Place<'_>| {
        let decisions = spans.iter().find(|(it, _)| *it == key)?.1.clone();
        let (key, below) = (key.to_owned(), below.map(str::to_owned));
        Some(Field { key, decisions, below, is_lenient: false })
    };
    let pair = |moving, needed| {
        Some(Together { moving: vec![field(moving)?], needed: vec![field(needed)?] })
    };
    let is_above =
        |low: Option<f64>, high: Option<f64>| low.zip(high).is_some_and(|(low, high)| low > high);
    let rises = is_above(number(source, low), number(target, high));
    let falls = is_above(number(target, low), number(source, high));
    let rises = rises.then(|| pair(low, high)).flatten();
    let falls = falls.then(|| pair(high, low)).flatten();
    rises.into_iter().chain(falls).collect()
}

/// Takes back what would come or go alone, and says whether there was something.
pub(super) fn keep_together(found: &mut [Decision], all: &[Together]) -> bool {
    let mut changed = false;
    loop {
        let mut again = keep_mounts(found);
        for together in all {
            again |= together.keep(found);
        }
        if !again {
            return changed;
        }
        changed = true;
    }
}

fn keep_all(found: &mut [Decision], moving: Vec<usize>, with: &str) -> bool {
    let mut changed = false;
    for at in moving {
        let decision = &mut found[at];
        if decision.op.is_some() && decision.reason != Reason::Taken {
            decision.leave(Reason::Together { with: with.to_owned() });
            changed = true;
        }
    }
    changed
}

/// Keeps mounts away whose volumes stay away, and volumes where they are whose mounts stay.
fn keep_mounts(found: &mut [Decision]) -> bool {
    let mut changed = false;
    for at in 0..found.len() {
        let Some(volume) = list_item(&found[at].field, "olumes") else { continue };
        let stays = found[at].op.is_none();
        let goes = found[at].op.as_ref().is_some_and(Op::removes);
        let is_new = found[at].is_new;
        if !(goes || stays && is_new) {
            continue;
        }
        let with = found[at].field.rsplit('.').next().unwrap_or_default().to_owned();
        let is_mount = |it: &usize| {
            let mount = list_item(&found[*it].field, "olumeMounts");
            found[*it].document == found[at].document
                && mount.is_some_and(|mount| mount.is_none() || volume.is_none() || mount == volume)
        };
        let mounts: Vec<usize> = (0..found.len()).filter(is_mount).collect();
        if goes {
            let left = mounts.into_iter().find(|it| found[*it].op.is_none() && !found[*it].is_new);
            if let Some(left) = left {
                let with = found[left].field.rsplit('.').next().unwrap_or_default().to_owned();
                changed |= keep_all(found, vec![at], &with);
            }
        } else {
            let new = mounts.into_iter().filter(|it| found[*it].is_new).collect();
            changed |= keep_all(found, new, &with);
        }
    }
    changed
}

/// The name of an item of such a list, `None` for the whole list.
fn list_item<'f>(field: &'f str, list: &str) -> Option<Option<&'f str>> {
    if field.ends_with(list) {
        return Some(None);
    }
    let (above, name) = field.strip_suffix(']')?.rsplit_once("[name=")?;
    above.ends_with(list).then_some(Some(name))
}
