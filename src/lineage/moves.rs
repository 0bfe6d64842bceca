//! Files that the source gave another name or another folder, while the target has them where they were: they move in
//! the target too, with what is the target's own in them, as soon as its kustomizations name them there.

use std::collections::BTreeMap;

use super::difference::{Because, Difference, Then};
use super::entries::named_after;
use super::moved::Moved;
use super::request::{Change, Outcome, Request};
use super::sides::Sides;
use crate::model::{File, ReadError};

/// Moves the files that the target names where the source has them, and no more where they were.
pub(super) fn move_files(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), ReadError> {
    let mut left: BTreeMap<&String, &Moved> = sides.moved.iter().collect();
    let before = if left.is_empty() { return Ok(()) } else { named_after(request, sides, &[])? };
    loop {
        let named = named_after(request, sides, outcomes)?;
        let may_move = |(to, moved): &(&&String, &&Moved)| {
            let asked = |below: &str| (request.asked)(below, "", "") && !(request.excluded)(below);
            let was_named = before.has(&moved.from);
            !named.has(&moved.from)
                && (named.has(to) || !was_named)
                && (asked(&moved.from) && asked(to))
        };
        let ready: Vec<(&String, &Moved)> = left
            .iter()
            .filter(|(to, moved)| may_move(&(to, moved)))
            .map(|(a, b)| (*a, *b))
            .collect();
        if ready.is_empty() {
            return Ok(());
        }
        for (to, moved) in ready {
            left.remove(to);
            move_file(request, sides, (to, moved), outcomes)?;
        }
    }
}

fn move_file(
    request: &Request<'_>,
    sides: &Sides<'_>,
    (to, moved): (&String, &Moved),
    outcomes: &mut Vec<Outcome>,
) -> Result<(), ReadError> {
    let (path, source) = (sides.target_path(&moved.from), sides.source_path(to));
    let known = outcomes.iter().position(|outcome| outcome.below.1 == moved.from);
    let was = known.map(|at| outcomes.remove(at));
    let change = was.as_ref().and_then(|outcome| outcome.change.clone());
    let (after, fields) = match change {
        // It goes for a reason of its own.
        Some(Change { after: None, .. }) => {
            outcomes.extend(was);
            return Ok(());
        }
        Some(Change { after, fields, .. }) => (after, fields),
        None => (request.files.file(&path)?, Vec::new()),
    };
    let since = request.history.commits.get(moved.since).map(|commit| commit.id.clone());
    let difference = |below: &str, then| {
        let because = Because::Behind { since: since.clone() };
        Difference::of_file(sides.target_path(below), source.clone(), then, because)
    };
    let outcome = |below: &String, after: Option<File>, fields, differences| Outcome {
        below: (to.clone(), below.clone()),
        change: Some(Change {
            below: below.clone(),
            after,
            fields,
            from: source.clone(),
            moved: Some((path.clone(), sides.target_path(to))),
        }),
        differences,
    };
    let mut differences = was.map(|outcome| outcome.differences).unwrap_or_default();
    differences.push(difference(to, Then::Comes));
    outcomes.push(outcome(to, after, fields, differences));
    let goes = vec![difference(&moved.from, Then::Goes)];
    outcomes.push(outcome(&moved.from, None, Vec::new(), goes));
    Ok(())
}
