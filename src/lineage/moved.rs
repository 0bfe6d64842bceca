//! Which file of the target's stands where one of the source's stood before the source moved it.

use std::collections::{BTreeMap, BTreeSet};

use super::history::History;
use super::names::Names;
use super::request::Folders;
use super::three_way::shared_lines;
use crate::model::{ReadError, RepoPath};

/// A file of the target's that stands where the source's stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// Where the target has it, below its folder.
    pub from: String,
    /// The index of the commit by which the source moved it.
    pub since: usize,
}

/// The files of the source's that were another file of now-a-days the target's, by their paths below the folders. The
/// target's own is one that the source has no more.
pub(super) fn find(
    history: &History<'_>,
    folders: Folders<'_>,
    names: &Names,
    (source, target, taken): (&BTreeSet<String>, &BTreeSet<String>, &BTreeMap<String, String>),
) -> Result<BTreeMap<String, Moved>, ReadError> {
    let taken: BTreeSet<&String> = taken.values().collect();
    let mut waiting: BTreeMap<String, &String> = target
        .iter()
        .filter(|below| !source.contains(*below) && !taken.contains(below))
        .map(|below| (names.neutral_target(below), below))
        .collect();
    let mut moved = BTreeMap::new();
    for below in source.iter().filter(|below| !target.contains(*below)) {
        if waiting.is_empty() {
            break;
        }
        // What names the source would be named otherwise in the target.
        let Ok(path) = folders.source.join(below) else { continue };
        if names.names_source(below) {
            continue;
        }
        let mut now = path.clone();
        for (since, former) in history.former_names(&path, folders.source) {
            let Some(below_then) = former.strip_prefix(folders.source) else { break };
            // Of two that are much unlike, one went and another came.
            if !is_moved(history, since, (former, &now))? {
                break;
            }
            if let Some(from) = waiting.remove(&names.neutral_source(below_then)) {
                moved.insert(below.clone(), Moved { from: from.clone(), since });
                break;
            }
            now = former.clone();
        }
    }
    Ok(moved)
}

/// Whether a commit moved a file, and changed at most half of its lines.
fn is_moved(
    history: &History<'_>,
    since: usize,
    (from, to): (&RepoPath, &RepoPath),
) -> Result<bool, ReadError> {
    let touched = |path: &RepoPath| {
        let touched = &history.commits.get(since)?.touched;
        touched.iter().find(|it| it.path == *path)
    };
    let before = touched(from).and_then(|it| it.before.as_ref());
    let after = touched(to).and_then(|it| it.after.as_ref());
    let (Some(before), Some(after)) = (before, after) else { return Ok(false) };
    if before.blob == after.blob {
        return Ok(true);
    }
    let (before, after) = (history.blobs.blob(&before.blob)?, history.blobs.blob(&after.blob)?);
    let (Some(before), Some(after)) = (before, after) else { return Ok(false) };
    let (before, after) = (String::from_utf8_lossy(&before), String::from_utf8_lossy(&after));
    let most = before.lines().count().max(after.lines().count());
    Ok(2 * shared_lines(&before, &after) >= most)
}
