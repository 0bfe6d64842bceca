//! Lists in a kustomization whose entries name files.

use super::entry::{Subject, describe, is_carried, path_text, subject, subject_of_path};
use super::kustomizations::{Kustomizations, leave};
use crate::kustomize::decode::same_key;
use crate::promotion::draft::Draft;
use crate::promotion::error::PlanError;
use crate::promotion::planned_edit::Cause;
use crate::promotion::remark::NotPromotedReason;
use crate::yaml::edit::{Editor, Fragment, NodePath, SpanKind, SpanNode, quote};

/// The entries of a list field of a kustomization's root, and the key as it is written there:
/// kustomize does not mind its case.
pub(super) fn entries<'e>(editor: &'e Editor, field: &str) -> (String, &'e [SpanNode]) {
    let pairs = editor.root(0).pairs();
    let named =
        |(key, _): &&(SpanNode, SpanNode)| key.text().is_some_and(|key| same_key(key, field));
    match pairs.iter().find(named) {
        Some((key, list)) => (key.text().unwrap_or(field).to_owned(), list.items()),
        None => (field.to_owned(), &[]),
    }
}

/// Carries the entries of fields that count as one.
pub(super) fn wire_family(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
    family: &[&'static str],
) -> Result<(), PlanError> {
    let known: Vec<(Subject, SpanNode)> = family
        .iter()
        .flat_map(|field| entries(&both.target.editor, field).1)
        .map(|entry| (subject(entry, &draft.target.environment.path), entry.clone()))
        .collect();
    let mut matched = vec![false; known.len()];
    for field in family {
        wire_field(draft, both, field, &known, &mut matched)?;
    }
    Ok(())
}

fn wire_field(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
    field: &'static str,
    known: &[(Subject, SpanNode)],
    matched: &mut [bool],
) -> Result<(), PlanError> {
    let (source_key, list) = entries(&both.source.editor, field);
    let list = list.to_vec();
    // New entries that follow each other are added at once, so that many cost no more than one.
    let mut new = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let subject = subject(entry, &draft.source.environment.path);
        let same = |(theirs, _): &(Subject, SpanNode)| *theirs == subject;
        if known.iter().any(same) {
            add(draft, both, field, &list, std::mem::take(&mut new))?;
            // Several entries may name one file; they pair in their order.
            let pair = known.iter().enumerate().find(|(at, known)| !matched[*at] && same(known));
            let theirs = pair.map(|(at, (_, theirs))| {
                matched[at] = true;
                theirs
            });
            if theirs.is_none_or(|theirs| differs(entry, theirs)) {
                let reason = NotPromotedReason::OtherKeys;
                leave(draft, both, entry, field, describe(entry, index), reason);
            }
            continue;
        }
        let reason = match subject {
            Subject::Below(below) if is_carried(draft, &below) => {
                let item = NodePath::root(0).key(&source_key).index(index);
                let item = fragment(both, &item, field, &below)?;
                new.push(New { index, item, below });
                continue;
            }
            Subject::Inline(_) => NotPromotedReason::WithoutFile,
            _ => NotPromotedReason::NotCopied,
        };
        leave(draft, both, entry, field, describe(entry, index), reason);
    }
    add(draft, both, field, &list, new)
}

/// An entry of the source that the target lacks.
struct New {
    /// Its place in the source's list.
    index: usize,
    item: Fragment,
    /// The file it names, below the overlay.
    below: String,
}

/// Adds new entries, between which nothing stands that both lists have.
fn add(
    draft: &Draft<'_>,
    both: &mut Kustomizations,
    field: &'static str,
    list: &[SpanNode],
    new: Vec<New>,
) -> Result<(), PlanError> {
    let Some(first) = new.first() else { return Ok(()) };
    let after = after(draft, both, &list[..first.index], field);
    let (key, _) = entries(&both.target.editor, field);
    let (items, causes): (Vec<Fragment>, Vec<Cause>) =
        new.into_iter().map(|new| (new.item, Cause::Wired { field, entry: new.below })).unzip();
    let added = both.target.editor.add_items(&NodePath::root(0), &key, after, &items);
    added.map_err(both.target.refused(field))?;
    both.causes.extend(causes);
    Ok(())
}

/// Whether two entries for one file say different things beside it.
fn differs(ours: &SpanNode, theirs: &SpanNode) -> bool {
    let others = |entry: &SpanNode| {
        let mut pairs: Vec<(String, SpanNode)> = entry
            .pairs()
            .iter()
            .filter_map(|(key, value)| Some((key.text()?.to_owned(), value.clone())))
            .filter(|(key, _)| key != "path")
            .collect();
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs
    };
    others(ours) != others(theirs)
}

/// The source's entry, whole. A path that takes a way around through the source's own folder
/// would lead back there from the target: it is written straight.
fn fragment(
    both: &Kustomizations,
    item: &NodePath,
    field: &str,
    below: &str,
) -> Result<Fragment, PlanError> {
    let refused = both.source.refused(field);
    let node = both.source.editor.node(item).expect("the entry was just read");
    let around = path_text(node).is_some_and(|text| text.split('/').any(|part| part == ".."));
    if !around {
        return both.source.editor.fragment(item).map_err(refused);
    }
    let mut copy = both.source.editor.clone();
    let path = match node.kind {
        SpanKind::Mapping { .. } => item.key("path"),
        _ => item.clone(),
    };
    let straight = Fragment::parse(&quote(below)).map_err(&refused)?;
    copy.replace(&path, &straight).map_err(&refused)?;
    copy.fragment(item).map_err(&refused)
}

/// The entry of the target's list that is nearest before the new one and in both lists.
fn after(
    draft: &Draft<'_>,
    both: &Kustomizations,
    earlier: &[SpanNode],
    field: &str,
) -> Option<usize> {
    let (source, target) = (&draft.source.environment.path, &draft.target.environment.path);
    let (_, theirs) = entries(&both.target.editor, field);
    let theirs: Vec<Subject> = theirs.iter().map(|entry| subject(entry, target)).collect();
    earlier.iter().rev().find_map(|entry| {
        let ours = subject(entry, source);
        theirs.iter().rposition(|theirs| *theirs == ours)
    })
}

/// Carries the path of `openapi`, which is one mapping and no list.
pub(super) fn wire_openapi(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
) -> Result<(), PlanError> {
    const FIELD: &str = "openapi";
    let Some(ours) = both.source.editor.root(0).get(FIELD).and_then(|field| field.get("path"))
    else {
        return Ok(());
    };
    let (ours, text) = (ours.clone(), ours.text().unwrap_or("").to_owned());
    let wanted = subject_of_path(&text, &draft.source.environment.path);
    let theirs = both.target.editor.root(0).get(FIELD);
    let path = theirs.and_then(|field| field.get("path")).and_then(SpanNode::text);
    if let Some(path) = path {
        if subject_of_path(path, &draft.target.environment.path) != wanted {
            leave(draft, both, &ours, FIELD, text, NotPromotedReason::OtherKeys);
        }
        return Ok(());
    }
    let Subject::Below(below) = wanted else {
        leave(draft, both, &ours, FIELD, text, NotPromotedReason::NotCopied);
        return Ok(());
    };
    if !is_carried(draft, &below) {
        leave(draft, both, &ours, FIELD, text, NotPromotedReason::NotCopied);
        return Ok(());
    }
    let refused = both.target.refused(FIELD);
    let path = Fragment::parse(&quote(&below)).map_err(&refused)?;
    let root = NodePath::root(0);
    let added = if theirs.is_some() {
        both.target.editor.insert_key(&root.key(FIELD), None, "path", &path)
    } else {
        let value = path.below(&["path"]).map_err(&refused)?;
        both.target.editor.insert_key(&root, None, FIELD, &value)
    };
    added.map_err(&refused)?;
    both.causes.push(Cause::Wired { field: FIELD, entry: below });
    Ok(())
}
