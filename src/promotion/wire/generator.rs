//! Generators: lists whose entries are matched by name and namespace and name several files each.

use super::entry::{Subject, is_carried, subject_of_path};
use super::field::entries;
use super::kustomizations::{Kustomizations, leave};
use crate::promotion::draft::Draft;
use crate::promotion::error::PlanError;
use crate::promotion::planned_edit::Cause;
use crate::promotion::remark::NotPromotedReason;
use crate::yaml::edit::{EditError, Editor, Fragment, NodePath, SpanNode};

/// The keys of a generator with lines that name files.
pub(super) const LINE_KEYS: [&str; 2] = ["files", "envs"];

/// What tells a generator from another.
fn name(generator: &SpanNode) -> (String, String) {
    let text = |key| generator.get(key).and_then(SpanNode::text).unwrap_or("").to_owned();
    (text("namespace"), text("name"))
}

/// What a generator says beside its name and what it generates from.
fn settings(generator: &SpanNode) -> Vec<(String, SpanNode)> {
    let content = ["namespace", "name", "files", "envs", "env", "literals"];
    let pairs = generator.pairs().iter();
    let mut settings: Vec<(String, SpanNode)> = pairs
        .filter_map(|(key, value)| Some((key.text()?.to_owned(), value.clone())))
        .filter(|(key, _)| !content.contains(&key.as_str()))
        .collect();
    settings.sort_by(|(a, _), (b, _)| a.cmp(b));
    settings
}

/// The path in a line `path` or `key=path`.
pub(super) fn line_path(line: &str) -> &str {
    line.split_once('=').map_or(line, |(_, path)| path)
}

/// Carries the file lines of one field's generators.
pub(super) fn wire(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
    field: &'static str,
) -> Result<(), PlanError> {
    let (source_key, ours) = entries(&both.source.editor, field);
    let ours = ours.to_vec();
    for (index, generator) in ours.iter().enumerate() {
        let (target_key, theirs) = entries(&both.target.editor, field);
        let theirs = theirs.iter().position(|theirs| name(theirs) == name(generator));
        let from = NodePath::root(0).key(&source_key).index(index);
        match theirs {
            Some(at) => {
                let to = NodePath::root(0).key(&target_key).index(at);
                add_lines(draft, both, field, &from, &to)?;
            }
            None => add_generator(draft, both, field, &from, &ours[..index])?,
        }
    }
    Ok(())
}

/// Adds the file lines that the target's generator lacks.
fn add_lines(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
    field: &'static str,
    from: &NodePath,
    to: &NodePath,
) -> Result<(), PlanError> {
    let generator = both.source.editor.node(from).expect("the generator was just read").clone();
    let theirs = both.target.editor.node(to).map(settings);
    if theirs.is_some_and(|theirs| theirs != settings(&generator)) {
        let (_, name) = name(&generator);
        leave(draft, both, &generator, field, name, NotPromotedReason::OtherKeys);
    }
    for key in LINE_KEYS {
        let lines = generator.get(key).map(|lines| lines.items().to_vec()).unwrap_or_default();
        for (index, line) in lines.iter().enumerate() {
            let after = match look_for(draft, both, to, key, line) {
                Found::Same => continue,
                Found::OtherKey => {
                    leave_line(draft, both, field, &generator, line, NotPromotedReason::OtherKeys);
                    continue;
                }
                Found::Missing => lines[..index]
                    .iter()
                    .rev()
                    .find_map(|earlier| position_of(draft, both, to, key, earlier)),
            };
            let Some(below) = carried(draft, line) else {
                leave_line(draft, both, field, &generator, line, NotPromotedReason::NotCopied);
                continue;
            };
            let place = InsertAt { generator: to, key, after };
            add_line(both, field, &from.key(key).index(index), &place)?;
            both.causes.push(Cause::Wired { field, entry: below });
        }
    }
    add_env(draft, both, field, &generator, (from, to))?;
    leave_literals(draft, both, field, &generator, Some(to));
    Ok(())
}

/// Adds the older spelling with one file; as a line of `envs` it means the same.
fn add_env(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
    field: &'static str,
    generator: &SpanNode,
    (from, to): (&NodePath, &NodePath),
) -> Result<(), PlanError> {
    let Some(line) = generator.get("env").filter(|line| line.text().is_some()) else {
        return Ok(());
    };
    match (look_for(draft, both, to, "envs", line), carried(draft, line)) {
        (Found::Same | Found::OtherKey, _) => {}
        (Found::Missing, Some(below)) => {
            let place = InsertAt { generator: to, key: "envs", after: None };
            add_line(both, field, &from.key("env"), &place)?;
            both.causes.push(Cause::Wired { field, entry: below });
        }
        (Found::Missing, None) => {
            leave_line(draft, both, field, generator, line, NotPromotedReason::NotCopied);
        }
    }
    Ok(())
}

/// Where a line goes in the target's generator.
struct InsertAt<'a> {
    generator: &'a NodePath,
    key: &'a str,
    after: Option<usize>,
}

fn add_line(
    both: &mut Kustomizations,
    field: &'static str,
    from: &NodePath,
    place: &InsertAt<'_>,
) -> Result<(), PlanError> {
    let line = both.source.editor.fragment(from).map_err(both.source.refused(field))?;
    let added = both.target.editor.add_item(place.generator, place.key, place.after, &line);
    added.map_err(both.target.refused(field))
}

/// Whether the target's generator has a line.
enum Found {
    /// It has one for the same file under the same key.
    Same,
    /// It has one for the same file under another key.
    OtherKey,
    /// It has none for the file.
    Missing,
}

fn look_for(
    draft: &Draft<'_>,
    both: &Kustomizations,
    to: &NodePath,
    key: &str,
    line: &SpanNode,
) -> Found {
    let data_key = |line: &SpanNode| {
        line.text().and_then(|text| text.split_once('=')).map(|(key, _)| key.to_owned())
    };
    let Some(generator) = both.target.editor.node(to) else { return Found::Missing };
    let mut found = Found::Missing;
    for theirs in lines_of(generator, key) {
        if same_file(draft, line, theirs) {
            if data_key(line) == data_key(theirs) {
                return Found::Same;
            }
            found = Found::OtherKey;
        }
    }
    found
}

/// The lines of a generator under `key`, the older `env` with those of `envs`.
fn lines_of<'g>(generator: &'g SpanNode, key: &str) -> Vec<&'g SpanNode> {
    let mut lines: Vec<&SpanNode> =
        generator.get(key).map(|lines| lines.items().iter().collect()).unwrap_or_default();
    if key == "envs" {
        lines.extend(generator.get("env"));
    }
    lines
}

fn position_of(
    draft: &Draft<'_>,
    both: &Kustomizations,
    to: &NodePath,
    key: &str,
    line: &SpanNode,
) -> Option<usize> {
    let lines = both.target.editor.node(&to.key(key))?.items();
    lines.iter().rposition(|theirs| same_file(draft, line, theirs))
}

fn same_file(draft: &Draft<'_>, ours: &SpanNode, theirs: &SpanNode) -> bool {
    let subject = |line: &SpanNode, dir| subject_of_path(line_path(line.text().unwrap_or("")), dir);
    subject(ours, &draft.source.environment.path) == subject(theirs, &draft.target.environment.path)
}

/// The file of a line, below the overlay, if `copy` matches it.
fn carried(draft: &Draft<'_>, line: &SpanNode) -> Option<String> {
    let path = line_path(line.text()?);
    // A way around through the source's own folder leads back there from the target.
    let straight = !path.split('/').any(|part| part == "..");
    match subject_of_path(path, &draft.source.environment.path) {
        Subject::Below(below) if straight && is_carried(draft, &below) => Some(below),
        _ => None,
    }
}

/// Adds a generator that the target lacks: its files and options, without its literals.
fn add_generator(
    draft: &mut Draft<'_>,
    both: &mut Kustomizations,
    field: &'static str,
    from: &NodePath,
    earlier: &[SpanNode],
) -> Result<(), PlanError> {
    let generator = both.source.editor.node(from).expect("the generator was just read").clone();
    let all = LINE_KEYS.iter().flat_map(|key| lines_of(&generator, key));
    let (mut files, mut left) = (Vec::new(), Vec::new());
    for line in all {
        match carried(draft, line) {
            Some(below) => files.push(below),
            None => left.push(line.clone()),
        }
    }
    if files.is_empty() {
        let (_, name) = name(&generator);
        let reason = if left.is_empty() {
            NotPromotedReason::WithoutFile
        } else {
            NotPromotedReason::NotCopied
        };
        leave(draft, both, &generator, field, name, reason);
        return Ok(());
    }
    let item = without_literals(draft, &both.source.editor, from);
    let item = item.map_err(both.source.refused(field))?;
    let (key, theirs) = entries(&both.target.editor, field);
    let names: Vec<_> = theirs.iter().map(name).collect();
    let after = earlier
        .iter()
        .rev()
        .find_map(|earlier| names.iter().rposition(|theirs| *theirs == name(earlier)));
    let added = both.target.editor.add_item(&NodePath::root(0), &key, after, &item);
    added.map_err(both.target.refused(field))?;
    both.causes.extend(files.into_iter().map(|entry| Cause::Wired { field, entry }));
    for line in left {
        leave_line(draft, both, field, &generator, &line, NotPromotedReason::NotCopied);
    }
    leave_literals(draft, both, field, &generator, None);
    Ok(())
}

/// The generator's entry without literals and without lines whose file is not carried.
fn without_literals(
    draft: &Draft<'_>,
    source: &Editor,
    from: &NodePath,
) -> Result<Fragment, EditError> {
    let mut copy = source.clone();
    let has = |copy: &Editor, key| copy.node(&from.key(key)).is_some();
    if has(&copy, "literals") {
        copy.remove_key(from, "literals")?;
    }
    let env = copy.node(&from.key("env"));
    if env.is_some_and(|line| carried(draft, line).is_none()) {
        copy.remove_key(from, "env")?;
    }
    for key in LINE_KEYS.into_iter().filter(|key| source.node(&from.key(key)).is_some()) {
        let lines = from.key(key);
        let left = |copy: &Editor| {
            let items = copy.node(&lines).map(SpanNode::items).unwrap_or_default();
            items.iter().position(|line| carried(draft, line).is_none())
        };
        while let Some(at) = left(&copy) {
            copy.remove_item(&lines, at)?;
        }
        if copy.node(&lines).is_none_or(|lines| lines.items().is_empty()) {
            copy.remove_key(from, key)?;
        }
    }
    copy.fragment(from)
}

fn leave_line(
    draft: &mut Draft<'_>,
    both: &Kustomizations,
    field: &'static str,
    generator: &SpanNode,
    line: &SpanNode,
    reason: NotPromotedReason,
) {
    let (_, name) = name(generator);
    let entry = format!("{name}: {}", line_path(line.text().unwrap_or("")));
    leave(draft, both, line, field, entry, reason);
}

/// Notes the literals that the target lacks, by their keys: the values may be secret.
fn leave_literals(
    draft: &mut Draft<'_>,
    both: &Kustomizations,
    field: &'static str,
    generator: &SpanNode,
    to: Option<&NodePath>,
) {
    let (_, name) = name(generator);
    // What is carried comes a moment later.
    if draft.rules.fields.iter().any(|carried| carried.name() == field) {
        return;
    }
    let theirs = to.and_then(|to| both.target.editor.node(&to.key("literals")));
    let theirs = theirs.map(|literals| literals.items().to_vec()).unwrap_or_default();
    let Some(ours) = generator.get("literals") else { return };
    for literal in ours.items() {
        if theirs.iter().any(|theirs| theirs.text() == literal.text()) {
            continue;
        }
        let key = literal.text().and_then(|text| text.split_once('=')).map_or("?", |(key, _)| key);
        let entry = format!("{name}: literal {key}");
        leave(draft, both, literal, field, entry, NotPromotedReason::WithoutFile);
    }
}
