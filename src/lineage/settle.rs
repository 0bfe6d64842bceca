//! The last promotion that the history knows, by whoever's hand.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::Form;
use super::history::History;
use super::names::Names;
use super::value::Value;
use super::value_change::{ValueChange, value_changes};
use super::verdict::is_version;
use crate::model::{BlobId, CommitSha, ReadError, RepoPath};

/// Up to where the source's changes are settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The index of the last commit that counts as seen, in the history's order; `None` for none of them.
    pub seen: Option<usize>,
    /// The promotion, for people.
    pub by: Option<CommitSha>,
    /// Whether it settles versions too. A commit by somebody's hand that brought none says nothing of them.
    pub settles_versions: bool,
    /// Whether nothing but the promotion's own words tell it so far.
    pub claimed: bool,
}

/// The last commit in the target's folder that gave a field the value that the source had before it.
///
/// # Errors
/// [`ReadError`] if contents cannot be read.
pub fn last_by_hand(
    history: &History<'_>,
    source: &RepoPath,
    target: &RepoPath,
    names: &Names,
) -> Result<Option<Point>, ReadError> {
    last_of(history, (source, target), names, &|_| true)
}

/// The same for some of the target's files, by their paths below its folder.
///
/// # Errors
/// [`ReadError`] if contents cannot be read.
pub(super) fn last_of(
    history: &History<'_>,
    (source, target): (&RepoPath, &RepoPath),
    names: &Names,
    is_meant: &dyn Fn(&str) -> bool,
) -> Result<Option<Point>, ReadError> {
    for (index, commit) in history.commits.iter().enumerate().rev() {
        let mut given = Given::default();
        for touched in &commit.touched {
            let (Some(below), Some(after)) = (touched.path.strip_prefix(target), &touched.after)
            else {
                continue;
            };
            if !is_meant(below) {
                continue;
            }
            let ours = source_then(history, index, source, below, names).flatten();
            let Some(ours) = ours else { continue };
            let before = touched.before.as_ref().map(|state| &state.blob);
            took(history, touched.path.as_str(), (before, &after.blob), &ours, names, &mut given)?;
        }
        if given.values > 0 {
            return Ok(Some(Point {
                seen: index.checked_sub(1),
                by: Some(commit.id.clone()),
                settles_versions: given.versions > 0,
                claimed: false,
            }));
        }
    }
    Ok(None)
}

/// The content that the source's counterpart of a file had before a commit; `Some(None)` if it had gone.
pub(super) fn source_then(
    history: &History<'_>,
    index: usize,
    source: &RepoPath,
    below: &str,
    names: &Names,
) -> Option<Option<BlobId>> {
    let same = source.join(below).ok()?;
    let neutral = names.neutral_target(below);
    let counterpart = |path: &RepoPath| {
        path.strip_prefix(source).is_some_and(|below| names.neutral_source(below) == neutral)
    };
    let mut found = None;
    for commit in history.commits[..index].iter().rev() {
        for touched in &commit.touched {
            if touched.path == same {
                return Some(touched.after.as_ref().map(|state| state.blob.clone()));
            }
            if found.is_none() && counterpart(&touched.path) {
                found = Some(touched.after.as_ref().map(|state| state.blob.clone()));
            }
        }
    }
    found
}

/// What a commit gave the target of what the source had.
#[derive(Default)]
struct Given {
    values: usize,
    versions: usize,
}

/// Counts the fields that a file's change gave the source's value.
fn took(
    history: &History<'_>,
    path: &str,
    (before, after): (Option<&BlobId>, &BlobId),
    source: &BlobId,
    names: &Names,
    given: &mut Given,
) -> Result<(), ReadError> {
    if before.is_none() {
        if after == source {
            given.values += 1;
        }
        return Ok(());
    }
    let now = history.blobs.blob(after)?;
    // Asked by what it says, which is kept for what follows.
    let is_yaml = |content: &&[u8]| {
        Form::by_name(path) == Form::Yaml && history.value(Form::Yaml, (after, content)).is_some()
    };
    let form = match now.as_deref().filter(is_yaml) {
        Some(_) => Form::Yaml,
        None => Form::of(path, now.as_deref().into_iter()),
    };
    let read = |id: Option<&BlobId>| -> Result<Option<Arc<Value>>, ReadError> {
        let content = id.map(|id| history.blobs.blob(id)).transpose()?.flatten();
        Ok(id.zip(content).and_then(|(id, content)| history.value(form, (id, &content))))
    };
    let (before, after, source) = (read(before)?, read(Some(after))?, read(Some(source))?);
    if let (Some(after), Some(source)) = (after, source) {
        let sides = (before.as_deref(), &*after, Some(&*source));
        value_changes(sides, names, &mut |change, keys| {
            if let ValueChange::Set { after, source } = change
                && source == Some(after)
            {
                given.values += 1;
                given.versions += usize::from(is_version(after, keys));
            }
        });
    }
    Ok(())
}
