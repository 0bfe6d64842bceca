//! Carrying kustomization fields from the source to the target, entry by entry.
//!
//! Entries are matched by their key. Inside an entry only what differs is touched, so the target's
//! comments and order stay; entries that only the target has stay too.

use super::draft::Draft;
use super::error::PlanError;
use super::planned_edit::Cause;
use super::rules::CarriedField;
use super::wire::Kustomizations;
use crate::model::PairBy;
use crate::yaml::edit::{EditError, Editor, NodePath, SpanKind, SpanNode};

/// Carries the fields that the rules name.
pub(super) fn carry(draft: &Draft<'_>, both: &mut Kustomizations) -> Result<(), PlanError> {
    for field in &draft.rules.fields {
        carry_field(both, *field)?;
    }
    Ok(())
}

/// The texts of both sides; what is copied comes from `source`.
struct Sides<'a> {
    source: &'a Editor,
    target: &'a mut Editor,
}

/// Which side's text could not be followed.
enum Fault {
    Source(EditError),
    Target(EditError),
}

fn carry_field(both: &mut Kustomizations, field: CarriedField) -> Result<(), PlanError> {
    let name = field.name();
    let path = NodePath::root(0).key(name);
    if both.source.editor.node(&path).is_none_or(SpanNode::is_null) {
        return Ok(());
    }
    let mut sides = Sides { source: &both.source.editor, target: &mut both.target.editor };
    let carried = match field.pair_by() {
        PairBy::Keys(keys) => carry_list(&mut sides, name, &|entry| key_of(entry, keys)),
        PairBy::Text | PairBy::File => {
            carry_list(&mut sides, name, &|entry| entry.text().unwrap_or("").to_owned())
        }
        PairBy::Label => carry_labels(&mut sides, name),
        PairBy::Name => carry_mapping(&mut sides, &path),
        PairBy::Whole => carry_value(&mut sides, &NodePath::root(0), name, None)
            .map(|changed| changed.then(Vec::new)),
    };
    let carried = carried.map_err(|fault| match fault {
        Fault::Source(error) => both.source.refused(name)(error),
        Fault::Target(error) => both.target.refused(name)(error),
    })?;
    if let Some(keys) = carried {
        both.causes.push(Cause::Carried { field: name, keys });
    }
    Ok(())
}

/// What tells a list entry from another, as a person would call it.
fn key_of(entry: &SpanNode, keys: &[&str]) -> String {
    let texts = keys.iter().filter_map(|key| entry.get(key).and_then(SpanNode::text));
    texts.collect::<Vec<_>>().join("/")
}

type Carried = Result<Option<Vec<String>>, Fault>;

/// Carries the entries of a list; several with one key pair in their order.
fn carry_list(sides: &mut Sides<'_>, field: &str, key_of: &dyn Fn(&SpanNode) -> String) -> Carried {
    let list = NodePath::root(0).key(field);
    let keys = |editor: &Editor| -> Vec<String> {
        editor.node(&list).map(SpanNode::items).unwrap_or_default().iter().map(key_of).collect()
    };
    let ours = keys(sides.source);
    let mut changed = Vec::new();
    for (index, key) in ours.iter().enumerate() {
        let nth = ours[..index].iter().filter(|earlier| *earlier == key).count();
        let theirs = keys(sides.target);
        let places = theirs.iter().enumerate().filter(|(_, theirs)| *theirs == key);
        let place = places.map(|(at, _)| at).nth(nth);
        let differs = match place {
            Some(at) => sync(sides, &list.index(index), &list.index(at))?,
            None => {
                let after = ours[..index]
                    .iter()
                    .rev()
                    .find_map(|earlier| theirs.iter().rposition(|theirs| theirs == earlier));
                let item = sides.source.fragment(&list.index(index)).map_err(Fault::Source)?;
                let added = sides.target.add_item(&NodePath::root(0), field, after, &item);
                added.map_err(Fault::Target)?;
                true
            }
        };
        if differs {
            changed.push(key.clone());
        }
    }
    Ok((!changed.is_empty()).then_some(changed))
}

/// Carries the keys of a mapping.
fn carry_mapping(sides: &mut Sides<'_>, path: &NodePath) -> Carried {
    let (parent, field) = match path.split_last() {
        Some((parent, crate::yaml::edit::Step::Key(field))) => (parent, field.clone()),
        _ => return Ok(None),
    };
    let ours: Vec<String> = keys(sides.source.node(path));
    if sides.target.node(path).is_none_or(SpanNode::is_null) {
        return Ok(carry_value(sides, &parent, &field, None)?.then_some(ours));
    }
    let mut changed = Vec::new();
    for (index, key) in ours.iter().enumerate() {
        if carry_value(sides, path, key, nearest(sides, path, &ours[..index]))? {
            changed.push(key.clone());
        }
    }
    Ok((!changed.is_empty()).then_some(changed))
}

fn keys(node: Option<&SpanNode>) -> Vec<String> {
    let pairs = node.map(SpanNode::pairs).unwrap_or_default();
    pairs.iter().filter_map(|(key, _)| key.text().map(str::to_owned)).collect()
}

/// The nearest of the earlier keys that the target has.
fn nearest<'k>(sides: &Sides<'_>, path: &NodePath, earlier: &'k [String]) -> Option<&'k str> {
    let theirs = sides.target.node(path)?;
    earlier.iter().rev().find(|key| theirs.get(key).is_some()).map(String::as_str)
}

/// Gives the mapping at `path` the source's value of one key; whether something changed.
fn carry_value(
    sides: &mut Sides<'_>,
    path: &NodePath,
    key: &str,
    after: Option<&str>,
) -> Result<bool, Fault> {
    let at = path.key(key);
    if sides.target.node(&at).is_some() {
        return sync(sides, &at, &at);
    }
    insert(sides, path, path, after, key)?;
    Ok(true)
}

/// Gives the target's mapping at `to` a key of the source's mapping at `from`.
fn insert(
    sides: &mut Sides<'_>,
    from: &NodePath,
    to: &NodePath,
    after: Option<&str>,
    key: &str,
) -> Result<(), Fault> {
    let value = sides.source.fragment(&from.key(key)).map_err(Fault::Source)?;
    let key = sides.source.key_as_written(from, key).unwrap_or(key);
    sides.target.insert_key(to, after, key, &value).map_err(Fault::Target)
}

/// Makes the target's node equal to the source's and touches only what differs; whether it did.
fn sync(sides: &mut Sides<'_>, from: &NodePath, to: &NodePath) -> Result<bool, Fault> {
    let (Some(ours), Some(theirs)) = (sides.source.node(from), sides.target.node(to)) else {
        return Ok(false);
    };
    if same(ours, theirs) {
        return Ok(false);
    }
    let both_mappings = [ours, theirs]
        .iter()
        .all(|node| matches!(node.kind, SpanKind::Mapping { .. }) && !node.pairs().is_empty());
    if !both_mappings {
        let value = sides.source.fragment(from).map_err(Fault::Source)?;
        sides.target.replace(to, &value).map_err(Fault::Target)?;
        return Ok(true);
    }
    let (ours, theirs) = (keys(Some(ours)), keys(Some(theirs)));
    for (index, key) in ours.iter().enumerate() {
        if theirs.contains(key) {
            sync(sides, &from.key(key), &to.key(key))?;
        } else {
            let after = nearest(sides, to, &ours[..index]);
            insert(sides, from, to, after, key)?;
        }
    }
    for key in theirs.iter().filter(|key| !ours.contains(key)) {
        sides.target.remove_key(to, key).map_err(Fault::Target)?;
    }
    Ok(true)
}

/// Whether two nodes say the same; the order of keys says nothing.
fn same(a: &SpanNode, b: &SpanNode) -> bool {
    match (&a.kind, &b.kind) {
        (SpanKind::Mapping { pairs: ours, .. }, SpanKind::Mapping { pairs: theirs, .. }) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, value)| {
                    let theirs = key.text().and_then(|key| b.get(key));
                    theirs.is_some_and(|theirs| same(value, theirs))
                })
        }
        (SpanKind::Sequence { items: ours, .. }, SpanKind::Sequence { items: theirs, .. }) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        _ => a == b,
    }
}

/// Carries `labels`, a list of label sets: label by label, each where the target has it, else in
/// its set with the same settings, else in a set of its own.
fn carry_labels(sides: &mut Sides<'_>, field: &str) -> Carried {
    let list = NodePath::root(0).key(field);
    let sets =
        |editor: &Editor| editor.node(&list).map(|list| list.items().to_vec()).unwrap_or_default();
    let mut changed = Vec::new();
    for (index, set) in sets(sides.source).iter().enumerate() {
        let from = list.index(index).key("pairs");
        let labels = keys(set.get("pairs"));
        let mut missing = Vec::new();
        for label in &labels {
            let has =
                |set: &SpanNode| set.get("pairs").is_some_and(|pairs| pairs.get(label).is_some());
            match sets(sides.target).iter().position(has) {
                Some(at) => {
                    let to = list.index(at).key("pairs").key(label);
                    if sync(sides, &from.key(label), &to)? {
                        changed.push(label.clone());
                    }
                }
                None => missing.push(label.clone()),
            }
        }
        if !missing.is_empty() {
            add_labels(sides, &list, index, &labels, &missing)?;
            changed.extend(missing);
        }
    }
    Ok((!changed.is_empty()).then_some(changed))
}

/// Adds labels that no set of the target has.
fn add_labels(
    sides: &mut Sides<'_>,
    list: &NodePath,
    index: usize,
    labels: &[String],
    missing: &[String],
) -> Result<(), Fault> {
    let from = list.index(index);
    let settings = |set: &SpanNode| {
        let pairs = set.pairs().iter().filter_map(|(key, value)| Some((key.text()?, value)));
        let mut settings: Vec<(String, SpanNode)> = pairs
            .filter(|(key, _)| *key != "pairs")
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect();
        settings.sort_by(|(a, _), (b, _)| a.cmp(b));
        settings
    };
    let ours = sides.source.node(&from).map(settings).unwrap_or_default();
    let theirs = sides.target.node(list).map(|list| list.items().to_vec()).unwrap_or_default();
    let alike =
        theirs.iter().position(|set| settings(set) == ours && !keys(set.get("pairs")).is_empty());
    if let Some(at) = alike {
        let to = list.index(at).key("pairs");
        for label in missing {
            let earlier = labels.iter().position(|other| other == label).unwrap_or(0);
            let after = nearest(sides, &to, &labels[..earlier]);
            insert(sides, &from.key("pairs"), &to, after, label)?;
        }
        return Ok(());
    }
    let mut copy = sides.source.clone();
    for label in labels.iter().filter(|label| !missing.contains(label)) {
        copy.remove_key(&from.key("pairs"), label).map_err(Fault::Source)?;
    }
    let set = copy.fragment(&from).map_err(Fault::Source)?;
    let (parent, field) = (NodePath::root(0), list_field(list));
    sides.target.add_item(&parent, &field, None, &set).map_err(Fault::Target)
}

fn list_field(list: &NodePath) -> String {
    match list.split_last() {
        Some((_, crate::yaml::edit::Step::Key(field))) => field.clone(),
        _ => String::new(),
    }
}
