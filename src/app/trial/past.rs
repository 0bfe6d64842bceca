//! The past on its way into the process of a trial.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::super::known_past::{Found, KnownPast};
use super::super::pipe::{read_bytes, write_bytes};
use crate::lineage::Point;
use crate::model::{BlobId, CommitSha, FileMode, FileState, PastCommit, RepoPath, Touched};

#[derive(Serialize, Deserialize)]
struct WirePast {
    head: String,
    commits: Vec<WireCommit>,
    points: Vec<WirePoint>,
    /// How many contents follow, each with its id before it.
    contents: usize,
}

#[derive(Serialize, Deserialize)]
struct WireCommit {
    id: String,
    parent: Option<String>,
    subject: String,
    author: String,
    merged: Vec<String>,
    touched: Vec<(String, Option<WireState>, Option<WireState>)>,
}

#[derive(Serialize, Deserialize)]
struct WireState(u8, String);

#[derive(Serialize, Deserialize)]
struct WirePoint {
    seen: Option<usize>,
    by: Option<String>,
    settles_versions: bool,
    claimed: bool,
}

const MODES: [FileMode; 3] = [FileMode::Regular, FileMode::Executable, FileMode::Symlink];

impl WireState {
    fn of(state: &FileState) -> Self {
        let mode = MODES.iter().zip(0..).find(|(mode, _)| **mode == state.mode);
        Self(mode.map_or(0, |(_, number)| number), state.blob.0.clone())
    }

    fn state(self) -> Option<FileState> {
        Some(FileState { mode: *MODES.get(usize::from(self.0))?, blob: BlobId(self.1) })
    }
}

pub(super) fn write(out: &mut impl Write, past: &KnownPast) -> io::Result<()> {
    let found = past.found();
    let commits = past.commits.iter().map(|commit| WireCommit {
        id: commit.id.as_str().to_owned(),
        parent: commit.parent.as_ref().map(|it| it.as_str().to_owned()),
        subject: commit.subject.clone(),
        author: commit.author.clone(),
        merged: commit.merged.iter().map(|it| it.as_str().to_owned()).collect(),
        touched: commit
            .touched
            .iter()
            .map(|it| {
                let state = |state: &Option<FileState>| state.as_ref().map(WireState::of);
                (it.path.as_str().to_owned(), state(&it.before), state(&it.after))
            })
            .collect(),
    });
    let point = |point: &Point| WirePoint {
        seen: point.seen,
        by: point.by.as_ref().map(|by| by.as_str().to_owned()),
        settles_versions: point.settles_versions,
        claimed: point.claimed,
    };
    let points = past.points.iter().map(point).collect();
    let head = past.head.as_str().to_owned();
    let wire = WirePast { head, commits: commits.collect(), points, contents: found.len() };
    write_bytes(out, &serde_json::to_vec(&wire)?)?;
    for (id, content) in &found {
        write_bytes(out, id.0.as_bytes())?;
        out.write_all(&[u8::from(content.is_some())])?;
        write_bytes(out, content.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

/// `None` if it is not understood; `Some(None)` if there is no past.
pub(super) fn read(input: &mut impl Read) -> Option<Option<KnownPast>> {
    let head = read_bytes(input)?;
    if head.is_empty() {
        return Some(None);
    }
    let wire: WirePast = serde_json::from_slice(&head).ok()?;
    let commits = wire.commits.into_iter().map(read_commit).collect::<Option<Vec<_>>>()?;
    let point = |point: WirePoint| Point {
        seen: point.seen,
        by: point.by.and_then(|by| CommitSha::parse(&by).ok()),
        settles_versions: point.settles_versions,
        claimed: point.claimed,
    };
    let points = wire.points.into_iter().map(point).collect();
    let mut found = Found::new();
    for _ in 0..wire.contents {
        let id = BlobId(String::from_utf8(read_bytes(input)?).ok()?);
        let mut is_here = [0];
        input.read_exact(&mut is_here).ok()?;
        let content = read_bytes(input)?;
        found.insert(id, (is_here[0] == 1).then(|| content.into()));
    }
    let past = KnownPast::new(CommitSha::parse(&wire.head).ok()?, commits, points);
    past.add(found);
    Some(Some(past))
}

fn read_commit(wire: WireCommit) -> Option<PastCommit> {
    let touched = wire.touched.into_iter().map(|(path, before, after)| {
        Some(Touched {
            path: RepoPath::parse(&path).ok()?,
            before: before.and_then(WireState::state),
            after: after.and_then(WireState::state),
        })
    });
    Some(PastCommit {
        id: CommitSha::parse(&wire.id).ok()?,
        parent: wire.parent.and_then(|it| CommitSha::parse(&it).ok()),
        subject: wire.subject,
        author: wire.author,
        merged: wire.merged.iter().filter_map(|it| CommitSha::parse(it).ok()).collect(),
        touched: touched.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_arrives() {
        let id = CommitSha::parse(&"1".repeat(40)).unwrap();
        let state = |mode| Some(FileState { mode, blob: BlobId("2".repeat(40)) });
        let touched = vec![Touched {
            path: RepoPath::parse("a/b").unwrap(),
            before: state(FileMode::Executable),
            after: state(FileMode::Symlink),
        }];
        let commit = PastCommit {
            id: id.clone(),
            parent: Some(id.clone()),
            subject: "x".to_owned(),
            author: "mona".to_owned(),
            merged: vec![id.clone()],
            touched,
        };
        let point =
            Point { seen: Some(0), by: Some(id.clone()), settles_versions: true, claimed: true };
        let past = KnownPast::new(id.clone(), vec![commit], vec![point]);
        let content = |text: &str| Some(text.as_bytes().into());
        past.add([(BlobId("3".into()), content("y")), (BlobId("4".into()), None)].into());
        let mut wire = Vec::new();
        write(&mut wire, &past).unwrap();
        let arrived = read(&mut &wire[..]).unwrap().unwrap();
        assert_eq!((&arrived.commits, &arrived.points), (&past.commits, &past.points));
        assert_eq!(arrived.found(), past.found());
    }
}
