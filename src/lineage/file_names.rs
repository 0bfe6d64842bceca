//! Files that both environments have, each under its own environment's name, in what a kustomization is to name:
//! the target's own stands there, also where everything is asked for.

use super::difference::{Because, Then};
use super::named::join;
use super::request::{Change, Outcome, Request};
use super::sides::Sides;
use crate::model::{File, KUSTOMIZATION_NAMES, ReadError};
use crate::yaml::edit::{Editor, Fragment, NodePath, SpanNode, Step};

/// Names the target's files in the kustomizations that change.
pub(super) fn name_files(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut [Outcome],
) -> Result<(), ReadError> {
    if sides.counterparts.iter().all(|(source, target)| source == target) {
        return Ok(());
    }
    for outcome in outcomes {
        let Some(change) = outcome.change.as_mut() else { continue };
        let Some((after, named)) = renamed(sides, change) else { continue };
        for difference in &mut outcome.differences {
            let is_named = |text: &str| named.iter().any(|(ours, _)| ours == text);
            if difference.source.as_deref().is_some_and(is_named) && difference.then == Then::Comes
            {
                difference.then = Then::Stays;
                difference.because = Because::Counterpart;
            }
        }
        let now = request.files.file(&sides.target_path(&change.below))?;
        match now.is_some_and(|now| now.content[..] == *after.as_bytes()) {
            true => outcome.change = None,
            false => {
                let mode = change.after.as_ref().map(|file| file.mode);
                let content = after.into_bytes().into();
                change.after = mode.map(|mode| File { mode, content });
            }
        }
    }
    Ok(())
}

/// A kustomization that names the target's files, and what was named before and is named now.
fn renamed(sides: &Sides<'_>, change: &Change) -> Option<(String, Vec<(String, String)>)> {
    let (dir, name) = change.below.rsplit_once('/').unwrap_or(("", change.below.as_str()));
    let text = change.after.as_ref().and_then(|file| std::str::from_utf8(&file.content).ok())?;
    if !KUSTOMIZATION_NAMES.contains(&name) {
        return None;
    }
    let mut editor = Editor::parse(text).ok()?;
    let mut places = Vec::new();
    for document in 0..editor.document_count() {
        let root = NodePath::root(document);
        find(sides, dir, (editor.root(document), &root), &mut places);
    }
    let mut named = Vec::new();
    for (path, ours, theirs) in places {
        let put = Fragment::parse(&theirs).is_ok_and(|it| editor.replace(&path, &it).is_ok());
        if put {
            named.push((ours, theirs));
        }
    }
    (!named.is_empty()).then(|| (editor.text(), named))
}

fn find(
    sides: &Sides<'_>,
    dir: &str,
    (node, path): (&SpanNode, &NodePath),
    places: &mut Vec<(NodePath, String, String)>,
) {
    if let Some(text) = node.text() {
        let theirs = of_target(sides, dir, text);
        places.extend(theirs.map(|theirs| (path.clone(), text.to_owned(), theirs)));
    }
    for (index, item) in node.items().iter().enumerate() {
        find(sides, dir, (item, &path.index(index)), places);
    }
    for (key, value) in node.pairs() {
        let Some(key) = key.text() else { continue };
        find(sides, dir, (value, &path.step(Step::Key(key.to_owned()))), places);
    }
}

/// What names the target's file where a text names the source's; `key=` before it stays.
fn of_target(sides: &Sides<'_>, dir: &str, text: &str) -> Option<String> {
    let (key, file) = text.split_once('=').map_or(("", text), |(key, file)| (key, file));
    let ours = join(dir, file)?;
    let theirs = sides.counterparts.get(&ours).filter(|theirs| **theirs != ours)?;
    let from = if dir.is_empty() { sides.target_root() } else { sides.target_path(dir) };
    let file = sides.target_path(theirs).relative_to(&from);
    Some(if key.is_empty() { file } else { format!("{key}={file}") })
}
