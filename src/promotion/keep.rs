//! Keeping fields that belong to the target in files that are copied from the source.
//!
//! The rest of the file comes from the source, comments and layout too; a kept value is the
//! target's text, at the indentation of its new place. Documents pair by the identity of their
//! resource. List items that only the source has are new and come whole. A comment on the line of a kept value
//! is the target's too.

use super::draft::Draft;
use super::error::PlanError;
use super::overlay::{Overlay, open_editor};
use super::planned_edit::Cause;
use super::rules::Keep;
use super::wire::Kustomizations;
use crate::model::{FieldPath, FieldStep, File, FileMode, Location, Pairing};
use crate::yaml::edit::{EditError, Editor, Fragment, NodePath, SpanKind, SpanNode, Step};

/// Puts the target's values of the kept fields into the copied files.
pub(super) fn keep(draft: &mut Draft<'_>) -> Result<(), PlanError> {
    for keep in &draft.rules.keep {
        let all = draft.source.below.union(&draft.target.below);
        let meant: Vec<String> =
            all.filter(|below| keep.file.matches(below)).map(Clone::clone).collect();
        if meant.is_empty() {
            let at = draft.target.environment.path.join(keep.file.as_str()).ok();
            let message = "`promotion.keep` names a file that neither side has";
            draft.warn(at.map(Location::file), message);
        }
        for below in meant {
            keep_in_file(draft, keep, &below)?;
        }
    }
    Ok(())
}

fn keep_in_file(draft: &mut Draft<'_>, keep: &Keep, below: &str) -> Result<(), PlanError> {
    if !draft.is_copied(below) || !draft.target.below.contains(below) {
        let is_carried = Overlay::is_kustomization(below) && !draft.rules.fields.is_empty();
        if !is_carried {
            warn_of_useless(draft, below);
        }
        return Ok(());
    }
    let Some(theirs) = draft.target.file(below)? else { return Ok(()) };
    let Some(ours) = draft.changes.get(below).and_then(|change| change.after.clone()) else {
        return Ok(());
    };
    if theirs == ours {
        return Ok(());
    }
    let (source_at, target_at) = (draft.source.location(below), draft.target.location(below));
    for (file, at) in [(&ours, &source_at), (&theirs, &target_at)] {
        if file.mode == FileMode::Symlink {
            return Err(PlanError::KeepInSymlink { at: at.clone() });
        }
    }
    let mut editor = open_editor(&ours, &source_at)?;
    let target = open_editor(&theirs, &target_at)?;
    let mut kept = Vec::new();
    let mut left = KEPT_VALUES_LIMIT;
    for field in &keep.fields {
        let outcome = keep_field(&mut editor, &target, field, &mut left).map_err(|fault| {
            let place = |at: &Location| at.clone().in_field(field.as_str());
            fault.at(&place(&source_at), &place(&target_at))
        })?;
        match outcome {
            Outcome::Nowhere => draft.warn(
                Some(target_at.clone().in_field(field.as_str())),
                "`promotion.keep` names a field that neither side has",
            ),
            Outcome::Unplaced => draft.warn(
                Some(source_at.clone().in_field(field.as_str())),
                "the source has no list item to keep this field in, so the target's value goes",
            ),
            Outcome::Same => {}
            Outcome::Kept => kept.push(field.as_str().to_owned()),
        }
    }
    if let Some(change) = draft.changes.get_mut(below).filter(|_| !kept.is_empty()) {
        change.after = Some(File { mode: ours.mode, content: editor.text().into_bytes().into() });
        change.causes.push(Cause::Kept { fields: kept });
    }
    Ok(())
}

fn warn_of_useless(draft: &mut Draft<'_>, below: &str) {
    if draft.source.below.contains(below) && !draft.is_copied(below) {
        let at = Some(draft.target.location(below));
        draft.warn(at, "`promotion.keep` names a file that `promotion.copy` does not copy");
    }
}

/// Gives the target's kustomization back the kept fields of what was carried into it.
pub(super) fn keep_carried(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
) -> Result<(), PlanError> {
    let before = draft.target.kustomization()?;
    let mut kept = Vec::new();
    let mut left = KEPT_VALUES_LIMIT;
    for keep in draft.rules.keep.iter().filter(|keep| keep.file.matches(&both.target.below)) {
        for field in &keep.fields {
            let outcome = keep_field(&mut both.target.editor, &before.editor, field, &mut left)
                .map_err(|fault| {
                    let at = |below| draft.target.location(below).in_field(field.as_str());
                    fault.at(&at(&both.target.below), &at(&before.below))
                })?;
            if outcome == Outcome::Kept {
                kept.push(field.as_str().to_owned());
            }
        }
    }
    if !kept.is_empty() {
        both.causes.push(Cause::Kept { fields: kept });
    }
    Ok(())
}

/// What became of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Neither side has it.
    Nowhere,
    /// Both sides have the same text.
    Same,
    /// The source has no place for the target's value.
    Unplaced,
    /// The copied file has the target's value.
    Kept,
}

/// A file has at most so many kept values: each one that differs reads the file again.
const KEPT_VALUES_LIMIT: usize = 200;

/// Why a field cannot be kept.
enum Fault {
    TooMany,
    InSource(EditError),
    InTarget(EditError),
}

impl Fault {
    /// The error for a field at its place in the source's or the target's file.
    fn at(self, source: &Location, target: &Location) -> PlanError {
        match self {
            Self::InSource(error) => PlanError::edit(source, error),
            Self::InTarget(error) => PlanError::edit(target, error),
            Self::TooMany => {
                PlanError::TooManyKept { at: target.clone(), limit: KEPT_VALUES_LIMIT }
            }
        }
    }
}

fn keep_field(
    editor: &mut Editor,
    target: &Editor,
    field: &FieldPath,
    left: &mut usize,
) -> Result<Outcome, Fault> {
    let mut count = |outcome| {
        if outcome == Outcome::Kept {
            *left = left.checked_sub(1).ok_or(Fault::TooMany)?;
        }
        Ok(outcome)
    };
    let mut outcome = Outcome::Nowhere;
    for (document, theirs) in pair_documents(editor, target) {
        let root = target.root(theirs);
        for path in resolve(root, field.steps()) {
            let from =
                NodePath { document: theirs, steps: path.iter().map(|s| s.at.clone()).collect() };
            outcome = outcome.max(count(keep_value(editor, document, target, &from, &path)?)?);
        }
        while let Some(path) = first_only_in_source(editor.root(document), root, field) {
            remove(editor, &NodePath { document, steps: path }).map_err(Fault::InSource)?;
            outcome = count(Outcome::Kept)?;
        }
    }
    Ok(outcome)
}

/// A step that was taken in one tree, and how to take it in another.
#[derive(Clone, Debug)]
struct Taken<'f> {
    at: Step,
    by: By<'f>,
}

/// How a list item was found.
#[derive(Clone, Debug)]
enum By<'f> {
    Key,
    Index,
    /// The how-manieth of the items that match.
    Match(&'f FieldStep, usize),
}

/// All ways from `node` that a field path describes.
fn resolve<'f>(node: &SpanNode, steps: &'f [FieldStep]) -> Vec<Vec<Taken<'f>>> {
    let Some((step, rest)) = steps.split_first() else { return vec![Vec::new()] };
    let mut ways = Vec::new();
    for (taken, below) in take(node, step) {
        for way in resolve(below, rest) {
            ways.push(std::iter::once(taken.clone()).chain(way).collect());
        }
    }
    ways
}

/// The nodes that one step leads to.
fn take<'n, 'f>(node: &'n SpanNode, step: &'f FieldStep) -> Vec<(Taken<'f>, &'n SpanNode)> {
    let items = || node.items().iter().enumerate();
    let index = |at| Taken { at: Step::Index(at), by: By::Index };
    match step {
        FieldStep::Key(key) => match &node.kind {
            SpanKind::Sequence { .. } => {
                let at = key.parse::<usize>().ok();
                at.and_then(|at| Some((index(at), node.items().get(at)?))).into_iter().collect()
            }
            _ => node
                .get(key)
                .map(|value| (Taken { at: Step::Key(key.clone()), by: By::Key }, value))
                .into_iter()
                .collect(),
        },
        FieldStep::Match { key, value } => items()
            .filter(|(_, item)| match key {
                Some(key) => item.get(key).and_then(SpanNode::text) == Some(value),
                None => item.text() == Some(value),
            })
            .enumerate()
            .map(|(nth, (at, item))| {
                (Taken { at: Step::Index(at), by: By::Match(step, nth) }, item)
            })
            .collect(),
        FieldStep::Every if matches!(node.kind, SpanKind::Sequence { .. }) => {
            items().map(|(at, item)| (index(at), item)).collect()
        }
        FieldStep::Every => node
            .pairs()
            .iter()
            .filter_map(|(key, value)| Some((key.text()?, value)))
            .map(|(key, value)| (Taken { at: Step::Key(key.to_owned()), by: By::Key }, value))
            .collect(),
    }
}

/// Takes the same step in another tree.
fn follow<'n>(node: &'n SpanNode, taken: &Taken<'_>) -> Option<(Step, &'n SpanNode)> {
    match (&taken.at, &taken.by) {
        (Step::Key(key), _) => Some((taken.at.clone(), node.get(key)?)),
        (Step::Index(_), By::Match(step, nth)) => {
            take(node, step).into_iter().nth(*nth).map(|(taken, item)| (taken.at, item))
        }
        (Step::Index(at), _) => Some((taken.at.clone(), node.items().get(*at)?)),
    }
}

/// Puts one value of the target to its place in the source's document.
fn keep_value(
    editor: &mut Editor,
    document: usize,
    target: &Editor,
    from: &NodePath,
    way: &[Taken<'_>],
) -> Result<Outcome, Fault> {
    let mut to = NodePath::root(document);
    let mut node = editor.root(document);
    let mut passed = 0;
    for taken in way {
        let Some((step, below)) = follow(node, taken) else { break };
        to = to.step(step);
        node = below;
        passed += 1;
    }
    let fragment = target.fragment(from).map_err(Fault::InTarget)?.with_its_comment();
    if passed == way.len() {
        let same = editor.fragment(&to).is_ok_and(|ours| ours.is_written_like(&fragment));
        if same {
            return Ok(Outcome::Same);
        }
        editor.replace(&to, &fragment).map_err(Fault::InSource)?;
        return Ok(Outcome::Kept);
    }
    let mut above = from.clone();
    above.steps.truncate(passed);
    insert(editor, &to, target, &above, &way[passed..], fragment)
}

/// Gives the source's document a field that only the target has, behind the nearest earlier
/// neighbour that both have.
fn insert(
    editor: &mut Editor,
    to: &NodePath,
    target: &Editor,
    above: &NodePath,
    missing: &[Taken<'_>],
    fragment: Fragment,
) -> Result<Outcome, Fault> {
    let Some(theirs) = target.node(above) else { return Ok(Outcome::Unplaced) };
    let Some(ours) = editor.node(to) else { return Ok(Outcome::Unplaced) };
    let (first, rest) = missing.split_first().expect("something is missing");
    match &first.at {
        Step::Key(key) => {
            let mut keys = Vec::new();
            let mut at = above.clone();
            for taken in missing {
                let Step::Key(key) = &taken.at else { return Ok(Outcome::Unplaced) };
                keys.extend(target.key_as_written(&at, key));
                at = at.key(key);
            }
            let earlier = theirs.pairs().iter().filter_map(|(key, _)| key.text());
            let earlier: Vec<&str> = earlier.take_while(|earlier| earlier != key).collect();
            let after = earlier.into_iter().rev().find(|earlier| ours.get(earlier).is_some());
            let value = fragment.below(&keys[1..]).map_err(Fault::InTarget)?;
            editor.insert_key(to, after, keys[0], &value).map_err(Fault::InSource)?;
        }
        Step::Index(at) => {
            let Some((parent, Step::Key(key))) = to.split_last() else {
                return Ok(Outcome::Unplaced);
            };
            if !rest.is_empty() {
                return Ok(Outcome::Unplaced);
            }
            let earlier = theirs.items()[..*at].iter().rev();
            let after = earlier
                .filter_map(|item| ours.items().iter().position(|other| other == item))
                .next();
            editor.add_item(&parent, key, after, &fragment).map_err(Fault::InSource)?;
        }
    }
    Ok(Outcome::Kept)
}

/// The first place of a field that the source has and the target lacks, although the target has
/// every list item on the way: there the field stays absent.
fn first_only_in_source(
    source: &SpanNode,
    target: &SpanNode,
    field: &FieldPath,
) -> Option<Vec<Step>> {
    resolve(source, field.steps()).into_iter().find_map(|way| {
        let mut node = target;
        for (count, taken) in way.iter().enumerate() {
            match follow(node, taken) {
                Some((_, below)) => node = below,
                None => {
                    let rest = &way[count..];
                    let (_, on_the_way) = rest.split_last().expect("the step that failed");
                    let is_item = |taken: &Taken<'_>| matches!(taken.at, Step::Index(_));
                    let new_item = on_the_way.iter().any(is_item);
                    return (!new_item).then(|| way.iter().map(|taken| taken.at.clone()).collect());
                }
            }
        }
        None
    })
}

fn remove(editor: &mut Editor, path: &NodePath) -> Result<(), EditError> {
    let Some((parent, last)) = path.split_last() else { return Ok(()) };
    let siblings = editor.node(&parent).map_or(0, |node| node.items().len() + node.pairs().len());
    match last {
        // A null would be a value of its own; in a patch it deletes the field.
        Step::Key(_) if siblings == 1 && !parent.steps.is_empty() => {
            editor.replace(&parent, &Fragment::parse("{}")?)
        }
        Step::Index(_) if siblings == 1 && !parent.steps.is_empty() => {
            editor.replace(&parent, &Fragment::parse("[]")?)
        }
        Step::Key(key) => editor.remove_key(&parent, key),
        Step::Index(index) => editor.remove_item(&parent, *index),
    }
}

/// Pairs documents of the source's file with those of the target's; versions do not count.
fn pair_documents(source: &Editor, target: &Editor) -> Vec<(usize, usize)> {
    let (ours, theirs) = (identities(source), identities(target));
    let mut pairing = Pairing::new(ours.len(), theirs.len());
    pairing.in_order(|at| Some(&ours[at]), |at| Some(&theirs[at]));
    // Under another name or namespace it is the only one of its kind that is left on both sides.
    let kind = |identity: &Option<[String; 4]>| {
        identity.as_ref().map(|[group, kind, ..]| [group.clone(), kind.clone()])
    };
    pairing.by_unique(|at| kind(&ours[at]), |at| kind(&theirs[at]));
    let partners = pairing.partners().iter().enumerate();
    partners.filter_map(|(ours, theirs)| Some((ours, (*theirs)?))).collect()
}

/// What tells the documents apart: group and kind, namespace and name.
fn identities(editor: &Editor) -> Vec<Option<[String; 4]>> {
    (0..editor.document_count()).map(|document| identity(editor.root(document))).collect()
}

fn identity(root: &SpanNode) -> Option<[String; 4]> {
    let text = |node: Option<&SpanNode>| node.and_then(SpanNode::text).unwrap_or("").to_owned();
    let kind = text(root.get("kind"));
    let metadata = root.get("metadata");
    let name = text(metadata.and_then(|metadata| metadata.get("name")));
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    let api_version = text(root.get("apiVersion"));
    let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let namespace = text(metadata.and_then(|metadata| metadata.get("namespace")));
    Some([group, kind, namespace, name])
}
